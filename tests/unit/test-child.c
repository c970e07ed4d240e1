/* SPDX-License-Identifier: GPL-2.0-or-later */
/* launcher/child.c: programs that answer, that do not end, and that write for ever. */
#include "launcher/child.h"
#include "tests/lan/rows.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

typedef struct {
    const char *name;
    const char *script; /* of sh */
    const char *output;
    gint64 at_most_ms;
} OutputRow;

static const OutputRow output_rows[] = {
    { "nothing", "exit 3", "", 5000 },
    { "lines", "echo one; echo two", "one\ntwo\n", 5000 },
    { "stderr-is-not-read", "echo x >&2; echo y", "y\n", 5000 },
    { "no-input", "cat; echo end", "end\n", 5000 },
    { "output-is-cut", "echo 0123456789", "01234567", 5000 },
    { "never-stops-to-write", "while :; do echo; done", "\n\n\n\n\n\n\n\n", 5000 },
    { "never-ends", "echo x; exec sleep 60", "x\n", 5000 },
    { "closes-and-does-not-end", "echo x; exec >&-; exec sleep 60", "x\n", 5000 },
    { "ignores-signals", "trap '' TERM HUP INT; echo x; sleep 60", "x\n", 5000 },
};

static void
test_output(gconstpointer data)
{
    const OutputRow *row = data;
    const char *const argv[] = { "/bin/sh", "-c", row->script, NULL };

    gint64 begin_us = g_get_monotonic_time();
    g_autofree char *output = child_output(argv, 8, 200);
    g_assert_cmpstr(output, ==, row->output);
    g_assert_cmpint((g_get_monotonic_time() - begin_us) / 1000, <, row->at_most_ms);
    g_assert_cmpint(waitpid(-1, NULL, WNOHANG), ==, -1); /* nothing is left to bury */
    g_assert_cmpint(errno, ==, ECHILD);
}

static void
test_no_program(void)
{
    const char *const argv[] = { "/no/such/program", NULL };
    g_assert_null(child_output(argv, 8, 200));
}

static void
test_end(void)
{
    pid_t pid = fork();

    if (pid == 0) {
        (void)signal(SIGTERM, SIG_IGN);
        for (;;)
            (void)pause();
    }
    g_assert_true(child_end(pid, 5000));
    g_assert_true(child_end(pid, 0)); /* is no child any more */
}

/* A parent that is killed takes its child with it. */
static void
test_die_with_parent(void)
{
    int fds[2];
    char byte;

    g_assert_cmpint(pipe(fds), ==, 0);
    pid_t parent = fork();
    if (parent == 0) {
        pid_t self = getpid();
        if (fork() == 0) {
            child_die_with_parent(GINT_TO_POINTER((gint)self));
            if (write(fds[1], "", 1) == 1)
                (void)pause();
            _exit(0);
        }
        (void)pause();
    }
    (void)close(fds[1]);
    g_assert_cmpint(read(fds[0], &byte, 1), ==, 1);
    g_assert_true(child_end(parent, 5000));
    g_assert_cmpint(read(fds[0], &byte, 1), ==, 0); /* its end of the pipe is closed */
    (void)close(fds[0]);
}

/* One whose parent ended before it could ask for that. */
static void
test_orphan(void)
{
    int status;

    pid_t pid = fork();
    if (pid == 0) {
        child_die_with_parent(GINT_TO_POINTER(1));
        _exit(0);
    }
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), ==, 1);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/child/output", output_rows, test_output);
    g_test_add_func("/child/no-program", test_no_program);
    g_test_add_func("/child/end", test_end);
    g_test_add_func("/child/die-with-parent", test_die_with_parent);
    g_test_add_func("/child/orphan", test_orphan);
    return g_test_run();
}
