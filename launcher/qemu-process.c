/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The child gets PR_SET_PDEATHSIG, so that the kernel ends it however we end, SIGKILL included.
 * What it says on stderr is logged line by line, and kept for the case that it fails.
 */
#include "launcher/qemu-process.h"

#include "base/autofd.h"
#include "base/error.h"

#include <errno.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define QEMU_MAJOR_MIN 7 /* -netdev dgram came with 7.2 */
#define QEMU_MINOR_MIN 2
#define SAID_MAX       4096

struct QemuProcess {
    pid_t pid; /* 0 when it has ended */
    int stderr_fd;
    guint child_source, stderr_source;
    GString *said;
    QemuExitFunc exited;
    gpointer data;
};

/**
 * qemu_find:
 * @program: a name to look for in PATH, or a path
 * @error: PXE_RUN_ERROR_HOST
 *
 * Returns: (transfer full): the path of the program
 **/
char *
qemu_find(const char *program, GError **error)
{
    char *path = g_find_program_in_path(program);

    if (path == NULL)
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_HOST,
                    "cannot find the program '%s': install the Debian package qemu-system-x86, or "
                    "name one with --qemu",
                    program);
    return path;
}

/* Runs `program OPTION…` to its end. Returns: (transfer full) (nullable): its output */
static char *
qemu_ask(const char *program, const char *option, const char *value)
{
    const char *argv[] = { program, option, value, NULL };
    char *out = NULL;

    if (!g_spawn_sync(NULL, (char **)(gpointer)argv, NULL, G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL,
                      &out, NULL, NULL, NULL))
        return NULL;
    return out;
}

/**
 * qemu_explain_failure:
 * @program: the QEMU that failed
 * @status: its wait status
 * @said: what it wrote to stderr
 *
 * Finds out why; a QEMU that is too old does not know our options, so the version is asked for only
 * now, where the time that it takes matters no more.
 *
 * Returns: (transfer full): PXE_RUN_ERROR_HOST for a QEMU that is too old, or is none;
 *   PXE_RUN_ERROR_QEMU otherwise
 **/
GError *
qemu_explain_failure(const char *program, int status, const char *said)
{
    g_autofree char *version = qemu_ask(program, "--version", NULL);
    const char *number = version != NULL ? strstr(version, "version ") : NULL;
    unsigned major = 0, minor = 0;

    if (number == NULL || sscanf(number, "version %u.%u", &major, &minor) != 2)
        return g_error_new(PXE_RUN_ERROR, PXE_RUN_ERROR_HOST,
                           "'%s' is no QEMU: it does not tell its version", program);
    if (major < QEMU_MAJOR_MIN || (major == QEMU_MAJOR_MIN && minor < QEMU_MINOR_MIN))
        return g_error_new(PXE_RUN_ERROR, PXE_RUN_ERROR_HOST,
                           "'%s' is QEMU %u.%u: %d.%d or later is needed", program, major, minor,
                           QEMU_MAJOR_MIN, QEMU_MINOR_MIN);
    g_autofree char *why = WIFSIGNALED(status)
                               ? g_strdup_printf("was ended by signal %d", WTERMSIG(status))
                               : g_strdup_printf("ended with status %d", WEXITSTATUS(status));
    return g_error_new(PXE_RUN_ERROR, PXE_RUN_ERROR_QEMU, "QEMU %s%s%s", why,
                       *said != '\0' ? ": " : " and said nothing", said);
}

/**
 * qemu_has_display:
 * @program: the QEMU
 * @wanted: (array zero-terminated): names of displays, the best one first
 * @ret: (out): the first of them that this QEMU has
 **/
gboolean
qemu_has_display(const char *program, const char *const *wanted, const char **ret)
{
    g_autofree char *help = qemu_ask(program, "-display", "help");
    g_auto(GStrv) lines = g_strsplit(help != NULL ? help : "", "\n", -1);

    for (; *wanted != NULL; wanted++) {
        if (g_strv_contains((const char *const *)lines, *wanted)) {
            *ret = *wanted;
            return TRUE;
        }
    }
    return FALSE;
}

/* In the child, before exec. @data: our process id. */
static void
child_setup(gpointer data)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != (pid_t)GPOINTER_TO_INT(data))
        _exit(1); /* we ended in between */
}

static void
process_log_line(const char *line)
{
    g_log("qemu", G_LOG_LEVEL_INFO, "%s", line);
}

/* Reads what QEMU has said so far. Returns: FALSE at the end */
static gboolean
process_read_stderr(QemuProcess *self)
{
    char bytes[1024];

    ssize_t n = read(self->stderr_fd, bytes, sizeof bytes - 1);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return TRUE;
    if (n <= 0)
        return FALSE;
    bytes[n] = '\0';
    g_auto(GStrv) lines = g_strsplit(bytes, "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        if (*g_strstrip(*line) == '\0')
            continue;
        process_log_line(*line);
        if (self->said->len < SAID_MAX)
            g_string_append_printf(self->said, "%s%s", self->said->len > 0 ? "; " : "", *line);
    }
    return TRUE;
}

static gboolean
process_stderr_ready(gint fd, GIOCondition condition, gpointer data)
{
    QemuProcess *self = data;

    (void)fd, (void)condition;
    if (process_read_stderr(self))
        return G_SOURCE_CONTINUE;
    self->stderr_source = 0;
    return G_SOURCE_REMOVE;
}

static void
process_exited(GPid pid, gint status, gpointer data)
{
    QemuProcess *self = data;

    (void)pid;
    self->pid = 0;
    self->child_source = 0;
    (void)process_read_stderr(self);
    self->exited(status, self->data);
}

/**
 * qemu_process_spawn:
 * @spawn: (transfer none): what to run
 * @exited: is called once, when QEMU has ended
 * @data: for @exited
 * @error: PXE_RUN_ERROR_QEMU
 *
 * Must be called from the main thread, with which QEMU then lives and dies.
 *
 * Returns: (transfer full): the running child
 **/
QemuProcess *
qemu_process_spawn(const QemuSpawn *spawn, QemuExitFunc exited, gpointer data, GError **error)
{
    g_autofree int *sources = g_new(int, spawn->n_fds);
    g_autofree int *targets = g_new(int, spawn->n_fds);
    GSpawnFlags flags = G_SPAWN_DO_NOT_REAP_CHILD;
    int stderr_fd = -1;
    GPid pid;

    for (guint i = 0; i < spawn->n_fds; i++) {
        sources[i] = spawn->fds[i].source;
        targets[i] = spawn->fds[i].target;
    }
    flags |= spawn->terminal ? G_SPAWN_CHILD_INHERITS_STDIN : G_SPAWN_STDOUT_TO_DEV_NULL;
    if (!g_spawn_async_with_pipes_and_fds(NULL, (const char *const *)spawn->argv, NULL, flags,
                                          child_setup, GINT_TO_POINTER((gint)getpid()), -1, -1, -1,
                                          sources, targets, spawn->n_fds, &pid, NULL, NULL,
                                          &stderr_fd, error)) {
        g_prefix_error(error, "cannot start QEMU: ");
        if (error != NULL && *error != NULL) {
            (*error)->domain = PXE_RUN_ERROR;
            (*error)->code = PXE_RUN_ERROR_QEMU;
        }
        return NULL;
    }
    QemuProcess *self = g_new0(QemuProcess, 1);
    self->pid = pid;
    self->stderr_fd = stderr_fd;
    self->said = g_string_new(NULL);
    self->exited = exited;
    self->data = data;
    (void)g_unix_set_fd_nonblocking(stderr_fd, TRUE, NULL);
    self->stderr_source = g_unix_fd_add(stderr_fd, G_IO_IN | G_IO_HUP, process_stderr_ready, self);
    self->child_source = g_child_watch_add(pid, process_exited, self);
    return self;
}

/* Returns: (transfer none): all that QEMU wrote to stderr, its lines joined by "; " */
const char *
qemu_process_said(const QemuProcess *self)
{
    return self->said->str;
}

/* Sends a signal, unless QEMU has ended. */
void
qemu_process_signal(QemuProcess *self, int signal_number)
{
    if (self->pid > 0)
        (void)kill(self->pid, signal_number);
}

/* Ends QEMU at once if it still runs. */
void
qemu_process_free(QemuProcess *self)
{
    if (self == NULL)
        return;
    if (self->child_source != 0)
        g_source_remove(self->child_source);
    if (self->stderr_source != 0)
        g_source_remove(self->stderr_source);
    if (self->pid > 0) {
        (void)kill(self->pid, SIGKILL);
        while (waitpid(self->pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    autofd_clear(&self->stderr_fd);
    g_string_free(self->said, TRUE);
    g_free(self);
}
