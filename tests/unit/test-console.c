/* SPDX-License-Identifier: GPL-2.0-or-later */
/* launcher/console.c and terminal.c: a serial line between a guest and a terminal. */
#include "base/autofd.h"
#include "launcher/console.h"
#include "launcher/terminal.h"
#include "tests/lan/rows.h"
#include "tests/unit/support/ends.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define MANY_BYTES (4u << 20)

/* The guest at one end of the serial line, what the console tells, and where it shows. */
typedef struct {
    int guest;
    Console *console;
    Ends shown, keys;
    GString *heard; /* by the output function */
    guint quits, failures;
    int error;
} Bench;

static void
on_output(const char *bytes, gsize len, gpointer data)
{
    g_string_append_len(((Bench *)data)->heard, bytes, (gssize)len);
}

static void
on_quit(gpointer data)
{
    ((Bench *)data)->quits++;
}

static void
on_failed(int error, gpointer data)
{
    ((Bench *)data)->failures++;
    ((Bench *)data)->error = error;
}

static void
bench_init(Bench *self)
{
    static const ConsoleFuncs funcs = { on_output, on_quit, on_failed };
    int pair[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), ==, 0);
    *self = (Bench){
        .guest = pair[1], .shown = { -1, -1 }, .keys = { -1, -1 }, .heard = g_string_new(NULL)
    };
    self->console = console_new(pair[0], &funcs, self);
}

static void
bench_clear(Bench *self)
{
    console_free(self->console);
    ends_clear(&self->shown);
    ends_clear(&self->keys);
    autofd_clear(&self->guest);
    g_string_free(self->heard, TRUE);
}

static void
turn(void)
{
    while (g_main_context_iteration(NULL, FALSE))
        ;
}

/* Returns: (transfer full): what the guest has got */
static char *
guest_read(const Bench *self)
{
    const Ends line = { -1, self->guest };
    GString *text = g_string_new(NULL);

    turn();
    ends_read(&line, text);
    return g_string_free(text, FALSE);
}

static void
guest_write(const Bench *self, const char *text)
{
    g_assert_cmpint(write(self->guest, text, strlen(text)), ==, (ssize_t)strlen(text));
    turn();
}

static void
show_on_pipe(Bench *self)
{
    self->shown = pipe_ends();
    g_assert_false(console_show(self->console, output_new(self->shown.fd), -1));
}

static void
test_hear(void)
{
    Bench bench;

    bench_init(&bench);
    guest_write(&bench, "login: ");
    g_assert_cmpstr(bench.heard->str, ==, "login: ");
    autofd_clear(&bench.guest);
    turn();
    turn();
    g_assert_cmpuint(bench.quits + bench.failures, ==, 0);
    bench_clear(&bench);
}

static void
test_show(void)
{
    Bench bench;
    g_autoptr(GString) text = g_string_new(NULL);

    bench_init(&bench);
    show_on_pipe(&bench);
    guest_write(&bench, "a\033[1mb\r\n");
    ends_read(&bench.shown, text);
    g_assert_cmpstr(text->str, ==, "a\033[1mb\r\n");
    g_assert_cmpstr(bench.heard->str, ==, text->str);
    bench_clear(&bench);
}

/* What the guest wrote last, before QEMU ended: read although no event told of it. */
static void
test_drain(void)
{
    Bench bench;

    bench_init(&bench);
    g_assert_cmpint(write(bench.guest, "last words", 10), ==, 10);
    autofd_clear(&bench.guest);
    console_drain(bench.console);
    g_assert_cmpstr(bench.heard->str, ==, "last words");
    console_drain(bench.console);
    turn();
    bench_clear(&bench);
}

static gpointer
write_much(gpointer fd)
{
    g_autofree char *bytes = g_malloc(MANY_BYTES);

    row_pattern((guint8 *)bytes, MANY_BYTES, 3);
    for (gsize done = 0; done < MANY_BYTES;) {
        ssize_t n = write(GPOINTER_TO_INT(fd), bytes + done, MANY_BYTES - done);
        g_assert_cmpint(n, >, 0);
        done += (gsize)n;
    }
    return NULL;
}

/* Nobody reads stdout: the loop goes on, the guest is made to wait, and nothing is lost. */
static void
test_slow_stdout(void)
{
    Bench bench;
    g_autoptr(GString) text = g_string_new(NULL);
    g_autofree char *all = g_malloc(MANY_BYTES);

    bench_init(&bench);
    show_on_pipe(&bench);
    GThread *guest = g_thread_new("guest", write_much, GINT_TO_POINTER(bench.guest));
    gint64 begin_us = g_get_monotonic_time();
    while (g_get_monotonic_time() - begin_us < 100000)
        g_main_context_iteration(NULL, FALSE);
    g_assert_cmpuint(bench.heard->len, <, 512 * 1024); /* it has stopped to read */
    while (text->len < MANY_BYTES) {
        ends_read(&bench.shown, text);
        g_main_context_iteration(NULL, FALSE);
    }
    g_thread_join(guest);
    row_pattern((guint8 *)all, MANY_BYTES, 3);
    ROW_CMPMEM(text->str, text->len, all, (gsize)MANY_BYTES);
    ROW_CMPMEM(bench.heard->str, bench.heard->len, all, (gsize)MANY_BYTES);
    bench_clear(&bench);
}

/* `pxe-run … | head -1` */
static void
test_stdout_gone(void)
{
    Bench bench;

    bench_init(&bench);
    show_on_pipe(&bench);
    autofd_clear(&bench.shown.reader);
    guest_write(&bench, "x");
    guest_write(&bench, "y");
    g_assert_cmpuint(bench.failures, ==, 1);
    g_assert_cmpint(bench.error, ==, EPIPE);
    g_assert_cmpstr(bench.heard->str, ==, "xy"); /* still heard */
    bench_clear(&bench);
}

typedef struct {
    const char *name;
    const char *typed;
    const char *sent;
    guint quits;
} KeysRow;

static const KeysRow keys_rows[] = {
    { "plain", "ls\r", "ls\r", 0 },
    { "ctrl-c", "\003", "\003", 0 },
    { "ctrl-d-z-s-q-backslash", "\004\032\023\021\034", "\004\032\023\021\034", 0 },
    { "escape", "\033[A", "\033[A", 0 },
    { "newline-and-return", "\n\r", "\n\r", 0 },
    { "leave", "\001x", "", 1 },
    { "leave-capital", "a\001X", "a", 1 },
    { "x-alone", "x", "x", 0 },
    { "one-ctrl-a", "\001\001", "\001", 0 },
    { "ctrl-a-then-x", "\001\001x", "\001x", 0 },
    { "other-key-behind-ctrl-a", "\001e", "\001e", 0 },
    { "waits-for-the-key", "\001", "", 0 },
    { "high-bytes", "\xc3\xbc\xff", "\xc3\xbc\xff", 0 },
};

/* As a terminal is when a shell starts a program. */
static Ends
cooked_terminal(void)
{
    Ends ends = terminal_ends(80);
    struct termios modes;

    g_assert_cmpint(tcgetattr(ends.fd, &modes), ==, 0);
    modes.c_iflag |= ICRNL | IXON | BRKINT;
    modes.c_oflag |= OPOST | ONLCR;
    modes.c_lflag |= ICANON | ECHO | ISIG | IEXTEN;
    g_assert_cmpint(tcsetattr(ends.fd, TCSANOW, &modes), ==, 0);
    return ends;
}

static void
test_keys(gconstpointer data)
{
    const KeysRow *row = data;
    Bench bench;
    struct termios before, during, after;
    g_autoptr(GString) echo = g_string_new(NULL);

    bench_init(&bench);
    bench.keys = cooked_terminal();
    bench.shown = pipe_ends();
    g_assert_cmpint(tcgetattr(bench.keys.fd, &before), ==, 0);
    g_assert_true(console_show(bench.console, output_new(bench.shown.fd), bench.keys.fd));
    g_assert_cmpint(tcgetattr(bench.keys.fd, &during), ==, 0);
    g_assert_cmpint((int)(during.c_lflag & (ICANON | ECHO | ISIG)), ==, 0);
    g_assert_cmpint((int)(during.c_oflag & (OPOST | ONLCR)), ==, OPOST | ONLCR);
    gsize len = strlen(row->typed);
    g_assert_cmpint(write(bench.keys.reader, row->typed, len), ==, (ssize_t)len);
    g_autofree char *sent = guest_read(&bench);
    g_assert_cmpstr(sent, ==, row->sent);
    g_assert_cmpuint(bench.quits, ==, row->quits);
    ends_read(&bench.keys, echo);
    g_assert_cmpstr(echo->str, ==, "");
    g_clear_pointer(&bench.console, console_free);
    g_assert_cmpint(tcgetattr(bench.keys.fd, &after), ==, 0);
    ROW_CMPMEM(&after, offsetof(struct termios, c_cc) + VMIN + 1, &before,
               offsetof(struct termios, c_cc) + VMIN + 1);
    bench_clear(&bench);
}

/* A guest that reads nothing while much is pasted: nothing is lost, and the loop goes on. */
static void
test_many_keys(void)
{
    Bench bench;
    g_autoptr(GString) got = g_string_new(NULL);
    char paste[1024];
    gsize typed = 0;

    bench_init(&bench);
    bench.keys = cooked_terminal();
    bench.shown = pipe_ends();
    g_assert_true(console_show(bench.console, output_new(bench.shown.fd), bench.keys.fd));
    memset(paste, 'p', sizeof paste);
    g_assert_cmpint(fcntl(bench.keys.reader, F_SETFL, O_NONBLOCK), ==, 0);
    for (guint i = 0; i < 4000; i++) { /* more than a socket takes */
        ssize_t n = write(bench.keys.reader, paste, sizeof paste);
        typed += n > 0 ? (gsize)n : 0;
        turn();
    }
    const Ends line = { -1, bench.guest };
    while (got->len < typed) {
        ends_read(&line, got);
        turn();
    }
    g_assert_cmpuint(got->len, ==, typed);
    g_assert_cmpuint(strspn(got->str, "p"), ==, typed);
    bench_clear(&bench);
}

/* The terminal goes away: no more keys, and no busy loop. */
static void
test_keys_end(void)
{
    Bench bench;

    bench_init(&bench);
    bench.keys = cooked_terminal();
    bench.shown = pipe_ends();
    g_assert_true(console_show(bench.console, output_new(bench.shown.fd), bench.keys.fd));
    autofd_clear(&bench.keys.reader);
    turn();
    g_assert_false(g_main_context_pending(NULL));
    guest_write(&bench, "on");
    g_assert_cmpstr(bench.heard->str, ==, "on");
    bench_clear(&bench);
}

typedef struct {
    const char *name;
    const char *path;
} NoTerminalRow;

static const NoTerminalRow no_terminal_rows[] = {
    { "null", "/dev/null" },
    { "closed", NULL },
    { "file", "/proc/self/status" },
};

static void
test_no_terminal(gconstpointer data)
{
    const NoTerminalRow *row = data;
    Bench bench;
    auto_fd fd = row->path != NULL ? open(row->path, O_RDONLY | O_CLOEXEC) : -1;

    bench_init(&bench);
    bench.shown = pipe_ends();
    g_assert_false(console_show(bench.console, output_new(bench.shown.fd), fd));
    guest_write(&bench, "x");
    g_assert_cmpstr(bench.heard->str, ==, "x");
    g_assert_false(g_main_context_pending(NULL));
    bench_clear(&bench);
}

/* In a child that has a terminal of its own, in whose background it is. Returns: what it found */
static int
background_child(const Ends *ends)
{
    TerminalModes modes = { 0 };

    if (setsid() < 0 || ioctl(ends->fd, TIOCSCTTY, 0) < 0 || !terminal_is_ours(ends->fd))
        return 1;
    if (!terminal_save(&modes, ends->fd) || !terminal_make_raw(&modes))
        return 2;
    pid_t pid = fork();
    if (pid == 0) { /* another process group: in the background */
        (void)setpgid(0, 0);
        if (terminal_is_ours(ends->fd))
            _exit(3);
        terminal_restore(&modes); /* would stop, if SIGTTOU came through */
        _exit(0);
    }
    int status;
    if (waitpid(pid, &status, WUNTRACED) != pid || !WIFEXITED(status))
        return 4;
    return WEXITSTATUS(status);
}

static void
test_background(void)
{
    Ends ends = cooked_terminal();
    int status;

    pid_t pid = fork();
    if (pid == 0) {
        (void)signal(SIGHUP, SIG_IGN);
        _exit(background_child(&ends));
    }
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), ==, 0);
    ends_clear(&ends);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    g_test_add_func("/console/hear", test_hear);
    g_test_add_func("/console/show", test_show);
    g_test_add_func("/console/drain", test_drain);
    g_test_add_func("/console/slow-stdout", test_slow_stdout);
    g_test_add_func("/console/stdout-gone", test_stdout_gone);
    ROWS_ADD("/console/keys", keys_rows, test_keys);
    g_test_add_func("/console/many-keys", test_many_keys);
    g_test_add_func("/console/keys-end", test_keys_end);
    ROWS_ADD("/console/no-terminal", no_terminal_rows, test_no_terminal);
    g_test_add_func("/console/background", test_background);
    return g_test_run();
}
