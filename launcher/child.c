/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Used for QEMU (qemu-process.c), for what is asked of a QEMU beforehand, and for the trial of KVM
 * (accel.c). A child that cannot be ended, because it is inside the kernel, is left behind rather
 * than waited for; it is init's to bury then.
 */
#include "launcher/child.h"

#include "base/autofd.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define END_MS 1000 /* for a child that has closed its output, or is killed */

/* In the child, before exec: has the kernel end it however its parent ends. @parent: its id. */
void
child_die_with_parent(gpointer parent)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != (pid_t)GPOINTER_TO_INT(parent))
        _exit(1); /* it ended in between */
}

/**
 * child_end:
 * @pid: a child of ours
 * @patience_ms: how long its end may take
 *
 * Kills it and waits for its end.
 *
 * Returns: whether it has ended
 **/
gboolean
child_end(pid_t pid, int patience_ms)
{
    gint64 until_us = g_get_monotonic_time() + (gint64)patience_ms * 1000;

    (void)kill(pid, SIGKILL);
    for (gulong pause_us = 100;; pause_us = MIN(pause_us * 2, 10000)) {
        pid_t ended = waitpid(pid, NULL, WNOHANG);
        if (ended == pid || (ended < 0 && errno != EINTR))
            return TRUE;
        if (g_get_monotonic_time() >= until_us)
            return FALSE;
        g_usleep(pause_us);
    }
}

/* Reads up to @max bytes until the end or @until_us. */
static void
read_until(int fd, GString *text, gsize max, gint64 until_us)
{
    char bytes[4096];

    while (text->len < max) {
        gint64 left_ms = (until_us - g_get_monotonic_time()) / 1000;
        struct pollfd wait = { .fd = fd, .events = POLLIN };
        int ready = left_ms > 0 ? poll(&wait, 1, (int)left_ms) : 0;
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready <= 0)
            return;
        ssize_t n = read(fd, bytes, MIN(sizeof bytes, max - text->len));
        if (n <= 0)
            return;
        g_string_append_len(text, bytes, n);
    }
}

/**
 * child_output:
 * @argv: (array zero-terminated): a program, by its path, and its arguments
 * @max_bytes: of its output
 * @patience_ms: how long it may take
 *
 * Runs a program without input, whose stderr is not looked at.
 *
 * Returns: (transfer full) (nullable): what it wrote to stdout; NULL when it could not be started
 **/
char *
child_output(const char *const *argv, gsize max_bytes, int patience_ms)
{
    gint64 until_us = g_get_monotonic_time() + (gint64)patience_ms * 1000;
    GPid pid;
    int out;

    if (!g_spawn_async_with_pipes(NULL, (char **)(guintptr)argv, NULL,
                                  G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDERR_TO_DEV_NULL,
                                  child_die_with_parent, GINT_TO_POINTER((gint)getpid()), &pid,
                                  NULL, &out, NULL, NULL))
        return NULL;
    auto_fd fd = out;
    GString *text = g_string_new(NULL);
    read_until(fd, text, max_bytes, until_us);
    (void)child_end(pid, END_MS);
    return g_string_free(text, FALSE);
}
