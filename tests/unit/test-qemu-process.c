/* SPDX-License-Identifier: GPL-2.0-or-later */
/* launcher/qemu-process.c with shell scripts in QEMU's place. */
#include "base/autofd.h"
#include "launcher/qemu-process.h"
#include "tests/lan/rows.h"
#include "tests/unit/support/ends.h"
#include "tests/unit/support/tmp-dir.h"
#include "tests/unit/support/told.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>

/* A script, its end, and what it inherits. */
typedef struct {
    QemuProcess *process;
    gboolean ended;
    int status;
} Bench;

static void
on_exited(int status, gpointer data)
{
    Bench *self = data;
    g_assert_false(self->ended); /* once */
    self->ended = TRUE;
    self->status = status;
}

static void
spawn_with(Bench *self, const char *script, const QemuFd *fds, guint n_fds, gboolean terminal)
{
    char *argv[] = { (char *)(guintptr) "/bin/sh", (char *)(guintptr) "-c",
                     (char *)(guintptr)script, NULL };
    const QemuSpawn spawn = { argv, fds, n_fds, terminal };
    g_autoptr(GError) error = NULL;

    *self = (Bench){ 0 };
    self->process = qemu_process_spawn(&spawn, on_exited, self, &error);
    g_assert_no_error(error);
    g_assert_nonnull(self->process);
}

static void
wait_for_end(Bench *self)
{
    while (!self->ended)
        g_main_context_iteration(NULL, TRUE);
}

static gboolean
has_children(void)
{
    return waitpid(-1, NULL, WNOHANG) >= 0 || errno != ECHILD;
}

typedef struct {
    const char *name;
    const char *script;
    int exit_status; /* -1: by a signal */
    int signal;
    const char *said;
} RunRow;

static const RunRow run_rows[] = {
    { "silent", "exit 0", 0, 0, "" },
    { "status", "exit 7", 7, 0, "" },
    { "signal", "kill -SEGV $$", -1, SIGSEGV, "" },
    { "stderr", "echo one >&2; echo two >&2; exit 1", 1, 0, "one; two" },
    { "stdout-too", "echo help; exit 1", 1, 0, "help" },
    { "no-line-end", "printf 'half a line' >&2", 0, 0, "half a line" },
    { "line-in-parts", "printf 'a ' >&2; sleep 0.02; echo line >&2", 0, 0, "a line" },
    { "blank-lines", "printf '\\n  \\na\\r\\n\\nb\\n' >&2", 0, 0, "a; b" },
    { "nul", "printf 'a\\0b\\n' >&2", 0, 0, "ab" },
    { "no-input", "cat; echo end", 0, 0, "end" },
    { "signals-of-a-terminal-do-not-reach-it", "kill -INT $$; kill -HUP $$; echo alive", 0, 0,
      "alive" },
    { "but-others-do", "kill -TERM $$; echo alive", -1, SIGTERM, "" },
    { "someone-holds-its-stderr", "sleep 60 & echo x; kill -9 $$", -1, SIGKILL, "x" },
};

static void
test_run(gconstpointer data)
{
    const RunRow *row = data;
    Bench bench;

    spawn_with(&bench, row->script, NULL, 0, FALSE);
    wait_for_end(&bench);
    g_assert_cmpstr(qemu_process_said(bench.process), ==, row->said);
    if (row->exit_status >= 0) {
        g_assert_true(WIFEXITED(bench.status));
        g_assert_cmpint(WEXITSTATUS(bench.status), ==, row->exit_status);
    } else {
        g_assert_true(WIFSIGNALED(bench.status));
        g_assert_cmpint(WTERMSIG(bench.status), ==, row->signal);
    }
    qemu_process_signal(bench.process, SIGKILL); /* nobody any more */
    qemu_process_free(bench.process);
    g_assert_false(has_children());
}

/* Much text, and one line without an end: kept up to a limit. */
static void
test_much_said(void)
{
    Bench bench;

    spawn_with(&bench, "i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); done >&2", NULL, 0,
               FALSE);
    wait_for_end(&bench);
    g_assert_true(g_str_has_prefix(qemu_process_said(bench.process), "line 0; line 1; "));
    g_assert_cmpuint(strlen(qemu_process_said(bench.process)), ==, 4096);
    qemu_process_free(bench.process);
    spawn_with(&bench, "head -c 100000 /dev/zero | tr '\\0' x >&2", NULL, 0, FALSE);
    wait_for_end(&bench);
    g_assert_cmpuint(strlen(qemu_process_said(bench.process)), ==, 4096);
    qemu_process_free(bench.process);
}

/* It has the descriptors that it is to have, under the numbers that they are to have, and no more;
 * ours are of all kinds. */
static void
test_inherited(void)
{
    Bench bench;
    Ends a = pipe_ends(), b = pipe_ends();
    auto_fd leaky = open("/dev/null", O_RDONLY); /* not O_CLOEXEC, on purpose */
    const QemuFd fds[] = { { a.fd, 4 }, { b.fd, 3 }, { leaky, 9 } };
    g_autoptr(GString) got_a = g_string_new(NULL);
    g_autoptr(GString) got_b = g_string_new(NULL);

    spawn_with(&bench, "echo four >&4; echo three >&3; ls /proc/$$/fd; :", fds, 3, FALSE);
    wait_for_end(&bench);
    ends_read(&a, got_a);
    ends_read(&b, got_b);
    g_assert_cmpstr(got_a->str, ==, "four\n");
    g_assert_cmpstr(got_b->str, ==, "three\n");
    g_assert_cmpstr(qemu_process_said(bench.process), ==, "0; 1; 2; 3; 4; 9");
    qemu_process_free(bench.process);
    ends_clear(&a);
    ends_clear(&b);
}

/* Freed while it runs: it is ended, and buried. */
static void
test_free(void)
{
    Bench bench;

    spawn_with(&bench, "trap '' TERM; sleep 60", NULL, 0, FALSE);
    qemu_process_signal(bench.process, SIGTERM);
    g_assert_true(has_children());
    qemu_process_free(bench.process);
    g_assert_false(has_children());
    g_assert_false(bench.ended); /* nobody is told */
    g_assert_false(g_main_context_pending(NULL));
    qemu_process_free(NULL);
}

static void
test_cannot_start(void)
{
    char *argv[] = { (char *)(guintptr) "/no/such/qemu", NULL };
    const QemuSpawn spawn = { argv, NULL, 0, FALSE };
    g_autoptr(GError) error = NULL;

    g_assert_null(qemu_process_spawn(&spawn, on_exited, NULL, &error));
    assert_told(error, PXE_RUN_ERROR_QEMU, "cannot start QEMU: ");
    g_assert_false(has_children());
}

/* In a child that is killed: what it has started ends, too. */
static void
test_dies_with_us(void)
{
    Ends ends = pipe_ends();
    char byte;

    pid_t pid = fork();
    if (pid == 0) {
        const QemuFd fds[] = { { ends.fd, 5 } };
        Bench bench;
        spawn_with(&bench, "printf x >&5; exec sleep 60", fds, 1, FALSE);
        autofd_clear(&ends.fd);
        for (;;)
            (void)pause();
    }
    autofd_clear(&ends.fd);
    g_assert_cmpint(read(ends.reader, &byte, 1), ==, 1);
    g_assert_cmpint(kill(pid, SIGKILL), ==, 0);
    g_assert_cmpint(waitpid(pid, NULL, 0), ==, pid);
    g_assert_cmpint(read(ends.reader, &byte, 1), ==, 0);
    ends_clear(&ends);
}

typedef struct {
    const char *name;
    const char *script; /* draws on a terminal; "raw" has come to it when it prints "\r" */
    gboolean kill;      /* by us, when it has printed */
    gboolean reset;     /* whether we must clean the screen */
} TerminalRow;

static const TerminalRow terminal_rows[] = {
    { "ends-by-itself", "stty raw -echo; printf '\\r'; exit 0", FALSE, FALSE },
    { "crashes", "stty raw -echo; printf '\\r'; kill -SEGV $$", FALSE, TRUE },
    { "is-killed", "stty raw -echo; printf '\\r'; exec sleep 60", TRUE, TRUE },
};

/* In a child whose stdin and stdout are a terminal: its modes are afterwards what they were. */
static int
terminal_child(const TerminalRow *row, const Ends *ends)
{
    struct termios before = { 0 }, after = { 0 };
    char byte = 0;
    Bench bench;

    if (dup2(ends->fd, 0) < 0 || dup2(ends->fd, 1) < 0 || tcgetattr(0, &before) < 0)
        return 1;
    spawn_with(&bench, row->script, NULL, 0, TRUE);
    while (byte != '\r') {
        if (read(ends->reader, &byte, 1) != 1)
            return 2;
    }
    if (!row->kill)
        wait_for_end(&bench);
    qemu_process_free(bench.process);
    if (tcgetattr(0, &after) < 0)
        return 3;
    return after.c_lflag == before.c_lflag && after.c_iflag == before.c_iflag ? 0 : 4;
}

static void
test_terminal(gconstpointer data)
{
    const TerminalRow *row = data;
    Ends ends = terminal_ends(80);
    g_autoptr(GString) text = g_string_new(NULL);
    struct termios modes;
    int status;

    g_assert_cmpint(tcgetattr(ends.fd, &modes), ==, 0);
    modes.c_lflag |= ICANON | ECHO | ISIG;
    g_assert_cmpint(tcsetattr(ends.fd, TCSANOW, &modes), ==, 0);
    pid_t pid = fork();
    if (pid == 0)
        _exit(terminal_child(row, &ends));
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), ==, 0);
    ends_read(&ends, text);
    g_assert_cmpint(strstr(text->str, "\033[?1049l") != NULL, ==, row->reset);
    ends_clear(&ends);
}

/* Programs that stand for a QEMU when it is asked about itself. */
static char *
make_program(const TmpDir *dir, const char *script)
{
    g_autofree char *text = g_strconcat("#!/bin/sh\n", script, "\n", NULL);
    char *path = tmp_dir_file(dir, "qemu", text, -1);

    g_assert_cmpint(chmod(path, 0755), ==, 0);
    return path;
}

typedef struct {
    const char *name;
    const char *script;
    int status; /* as waitpid() has it */
    const char *said;
    PxeRunError code;
    const char *part;
} ExplainRow;

#define EXIT(status)  ((status) << 8)
#define VERSION(text) "echo 'QEMU emulator version " text "'"

static const ExplainRow explain_rows[] = {
    { "no-qemu", "echo hello", EXIT(1), "", PXE_RUN_ERROR_HOST, "is no QEMU" },
    { "says-nothing", "exit 1", EXIT(1), "x", PXE_RUN_ERROR_HOST, "is no QEMU" },
    { "too-old", VERSION("7.1.0"), EXIT(1), "", PXE_RUN_ERROR_HOST, "is QEMU 7.1: 7.2 or later" },
    { "very-old", VERSION("2.11.1(Debian)"), EXIT(1), "", PXE_RUN_ERROR_HOST, "QEMU 2.11" },
    { "just-new-enough", VERSION("7.2.0"), EXIT(1), "no such card", PXE_RUN_ERROR_QEMU,
      "QEMU ended with status 1: no such card" },
    { "newer", VERSION("10.0.2"), EXIT(2), "", PXE_RUN_ERROR_QEMU,
      "QEMU ended with status 2 and said nothing" },
    { "killed", VERSION("8.0"), SIGKILL, "", PXE_RUN_ERROR_QEMU, "was ended by signal 9 (Killed)" },
    { "crashed", VERSION("8.0"), SIGSEGV, "x", PXE_RUN_ERROR_QEMU,
      "signal 11 (Segmentation fault): x" },
    { "number-that-is-none", "echo 'QEMU emulator version next'", EXIT(1), "", PXE_RUN_ERROR_HOST,
      "is no QEMU" },
};

static void
test_explain(gconstpointer data)
{
    const ExplainRow *row = data;
    g_autoptr(TmpDir) dir = tmp_dir_new();
    g_autofree char *program = make_program(dir, row->script);

    g_autoptr(GError) error = qemu_explain_failure(program, row->status, row->said);
    assert_told(error, row->code, row->part);
}

static void
test_display(void)
{
    static const char *const windows[] = { "gtk", "sdl", NULL };
    static const char *const terminals[] = { "curses", NULL };
    g_autoptr(TmpDir) dir = tmp_dir_new();
    g_autofree char *program =
        make_program(dir, "echo 'Available display backend types:'; echo none; echo sdl");
    const char *found = NULL;

    g_assert_true(qemu_has_display(program, windows, &found));
    g_assert_cmpstr(found, ==, "sdl");
    g_assert_false(qemu_has_display(program, terminals, &found));
    g_assert_false(qemu_has_display("/no/such/qemu", windows, &found));
    g_assert_cmpstr(found, ==, "sdl");
}

static void
test_find(void)
{
    g_autoptr(TmpDir) dir = tmp_dir_new();
    g_autofree char *program = make_program(dir, "exit 0");
    g_autofree char *plain = tmp_dir_file(dir, "plain", "x", 1);
    g_autoptr(GError) error = NULL;

    g_autofree char *found = qemu_find(program, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(found, ==, program);
    g_assert_null(qemu_find(plain, &error)); /* not executable */
    assert_told(error, PXE_RUN_ERROR_HOST, "qemu-system-x86");
    g_clear_error(&error);
    g_assert_null(qemu_find("no-such-qemu", &error));
    assert_told(error, PXE_RUN_ERROR_HOST, "'no-such-qemu'");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/qemu-process/run", run_rows, test_run);
    g_test_add_func("/qemu-process/much-said", test_much_said);
    g_test_add_func("/qemu-process/inherited", test_inherited);
    g_test_add_func("/qemu-process/free", test_free);
    g_test_add_func("/qemu-process/cannot-start", test_cannot_start);
    g_test_add_func("/qemu-process/dies-with-us", test_dies_with_us);
    ROWS_ADD("/qemu-process/terminal", terminal_rows, test_terminal);
    ROWS_ADD("/qemu-process/explain", explain_rows, test_explain);
    g_test_add_func("/qemu-process/display", test_display);
    g_test_add_func("/qemu-process/find", test_find);
    return g_test_run();
}
