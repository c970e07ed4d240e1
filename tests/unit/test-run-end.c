/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * launcher/run-end.c and run-events.c: how a run ends, and what it counts as. QEMU is a shell that
 * sleeps, and a test that speaks QMP, writes to the serial line and paints the screen.
 */
#include "base/autofd.h"
#include "launcher/run-internal.h"
#include "tests/lan/rows.h"
#include "tests/unit/support/ends.h"
#include "tests/unit/support/fake-qemu.h"
#include "tests/unit/support/told.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>

#define SCREEN_SIZE (32u << 10)

typedef struct {
    RunConfig config;
    Run run;
    Ends stderr_ends;
    FakeQemu *qemu;
    int guest;  /* the guest's end of the serial line */
    int memory; /* of the screen */
    gboolean over;
    GString *told;
} Bench;

static void
make_config(RunConfig *config, const char *expect)
{
    config->text.iso = g_strdup("x.iso");
    config->text.expect = g_strdup(expect);
    config->text.timeout = g_strdup("7");
    g_assert_true(run_config_validate(config, NULL));
}

static void
make_process(Bench *self, const char *script)
{
    char *argv[] = { (char *)(guintptr) "/bin/sh", (char *)(guintptr) "-c",
                     (char *)(guintptr)script, NULL };
    const QemuSpawn spawn = { .argv = argv };

    self->run.process = qemu_process_spawn(&spawn, on_qemu_exit, &self->run, NULL);
    g_assert_nonnull(self->run.process);
}

/* @expect: (nullable); @script: QEMU's process */
static void
bench_init(Bench *self, const char *expect, const char *script)
{
    static const ConsoleFuncs funcs = { on_serial, on_console_quit, on_console_failed };
    int pair[2];

    *self = (Bench){ .stderr_ends = pipe_ends(), .told = g_string_new(NULL) };
    make_config(&self->config, expect);
    const ProgressSetup setup = { .style = PROGRESS_LINES,
                                  .idle = IDLE_NEVER,
                                  .output = output_new(self->stderr_ends.fd),
                                  .start_us = g_get_monotonic_time() };
    self->run = (Run){ .config = &self->config,
                       .progress = boot_progress_new(&setup),
                       .loop = g_main_loop_new(NULL, FALSE),
                       .qemu = g_strdup("/bin/sh"),
                       .expect = expect_new(self->config.expect),
                       .prompt_done = TRUE,
                       .ends = { -1, -1, -1, -1 } };
    self->qemu = fake_qemu_new(on_qmp_event, &self->run);
    self->run.qmp = self->qemu->qmp;
    self->memory = memfd_create("screen", MFD_CLOEXEC);
    self->run.screen = screen_new(dup(self->memory), 6, on_screen, &self->run);
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), ==, 0);
    self->guest = pair[1];
    self->run.console = console_new(pair[0], &funcs, &self->run);
    make_process(self, script);
}

static void
bench_clear(Bench *self)
{
    boot_progress_free(self->run.progress);
    g_clear_error(&self->run.failure);
    run_clear(&self->run);
    fake_qemu_free(self->qemu);
    autofd_clear(&self->guest);
    autofd_clear(&self->memory);
    ends_clear(&self->stderr_ends);
    run_config_clear(&self->config);
    g_string_free(self->told, TRUE);
}

static const char *
told(Bench *self)
{
    ends_read(&self->stderr_ends, self->told);
    return self->told->str;
}

static void
greet(Bench *self)
{
    fake_qemu_say(self->qemu, FAKE_GREETING "{\"return\": {}}");
}

static void
serial(Bench *self, const char *text)
{
    g_assert_cmpint(write(self->guest, text, strlen(text)), ==, (ssize_t)strlen(text));
}

static void
paint(Bench *self, const char *text)
{
    guint8 cells[SCREEN_SIZE] = { 0 };

    for (guint i = 0; text[i] != '\0'; i++)
        cells[i * 2] = (guint8)text[i];
    g_assert_cmpint(pwrite(self->memory, cells, sizeof cells, 0), ==, (ssize_t)sizeof cells);
}

/* QEMU's process ends, when it is asked to. */
static void
quit(Bench *self)
{
    g_autofree char *commands = fake_qemu_commands(self->qemu);
    g_assert_nonnull(strstr(commands, "\"quit\""));
    qemu_process_signal(self->run.process, SIGKILL);
}

static void
run_loop(Bench *self)
{
    if (!self->run.ending || !self->run.qemu_ended)
        g_main_loop_run(self->run.loop);
}

static void
assert_end(Bench *self, int status, const char *message)
{
    g_assert_true(self->run.ending);
    g_assert_cmpint(self->run.exit_status, ==, status);
    if (message == NULL)
        g_assert_no_error(self->run.failure);
    else
        assert_told(self->run.failure, (PxeRunError)status, message);
}

#define SLEEP "exec sleep 60"
#define EVENT(guest, reason)                                                                       \
    "{\"event\": \"SHUTDOWN\", \"data\": {\"guest\": " guest ", \"reason\": \"" reason "\"}}"

typedef struct {
    const char *name;
    const char *expect; /* (nullable) */
    const char *script;
    const char *event; /* (nullable): what QEMU says before it ends */
    gboolean greeted;
    const char *last_serial; /* (nullable): what the guest writes before it ends */
    int status;
    const char *message; /* (nullable) */
} ExitRow;

/* QEMU's process ends by itself. */
static const ExitRow exit_rows[] = {
    { "guest-powers-off", NULL, "exit 0", EVENT("true", "guest-shutdown"), TRUE, NULL, PXE_RUN_OK,
      NULL },
    { "user-quits", NULL, "exit 0", EVENT("false", "host-qmp-quit"), TRUE, NULL, PXE_RUN_OK, NULL },
    { "window-closed", NULL, "exit 0", EVENT("false", "host-ui"), TRUE, NULL, PXE_RUN_OK, NULL },
    { "window-closed-too-early", "x", "exit 0", EVENT("false", "host-ui"), TRUE, NULL,
      PXE_RUN_ERROR_ENDED, "QEMU's window was closed before --expect matched" },
    { "user-quits-too-early", "x", "exit 0", EVENT("false", "host-qmp-quit"), TRUE, "y",
      PXE_RUN_ERROR_ENDED, "QEMU was told to quit before --expect matched" },
    { "without-a-word", "x", "exit 0", NULL, TRUE, NULL, PXE_RUN_ERROR_ENDED,
      "the guest ended before --expect matched" },
    { "last-words-match", "bye", "exit 0", NULL, TRUE, "good bye", PXE_RUN_OK, NULL },
    { "last-words-match-in-a-crash", "bye", "kill -SEGV $$", NULL, TRUE, "good bye", PXE_RUN_OK,
      NULL },
    { "somebody-kills-it", NULL, "exit 0", EVENT("false", "host-signal"), TRUE, NULL,
      PXE_RUN_ERROR_QEMU, "QEMU was ended by a signal" },
    { "somebody-kills-it-early", NULL, "kill -TERM $$", NULL, FALSE, NULL, PXE_RUN_ERROR_QEMU,
      "QEMU was ended by a signal" },
    { "never-was-a-qemu", NULL, "exit 0", NULL, FALSE, NULL, PXE_RUN_ERROR_HOST, "is no QEMU" },
    { "fails", NULL, "exit 1", NULL, FALSE, NULL, PXE_RUN_ERROR_HOST, "is no QEMU" },
    { "crashes", NULL, "kill -SEGV $$", NULL, TRUE, NULL, PXE_RUN_ERROR_HOST, "is no QEMU" },
};

static void
test_exit(gconstpointer data)
{
    const ExitRow *row = data;
    Bench bench;

    bench_init(&bench, row->expect, row->script);
    if (row->greeted)
        g_assert_cmpint(write(bench.qemu->fd, FAKE_GREETING, strlen(FAKE_GREETING)), >, 0);
    if (row->event != NULL)
        g_assert_cmpint(write(bench.qemu->fd, row->event, strlen(row->event)), >, 0);
    if (row->last_serial != NULL)
        serial(&bench, row->last_serial);
    run_loop(&bench);
    assert_end(&bench, row->status, row->message);
    bench_clear(&bench);
}

typedef struct {
    const char *name;
    const char *reason;
    const char *painted, *said; /* on the screen and the serial line, just before */
    int status;
    const char *message; /* (nullable) */
    const char *told;    /* (nullable) */
} ShutdownRow;

/* The guest stops while something is expected: QEMU waits, and the screen is looked at. */
static const ShutdownRow shutdown_rows[] = {
    { "powers-off", "guest-shutdown", "", "", PXE_RUN_ERROR_ENDED,
      "the guest powered off before --expect matched", NULL },
    { "resets", "guest-reset", "", "", PXE_RUN_ERROR_ENDED, "the guest reset before", NULL },
    { "panics", "guest-panic", "", "", PXE_RUN_ERROR_ENDED, "the guest panicked before", NULL },
    { "in-another-way", "guest-what", "", "", PXE_RUN_ERROR_ENDED, "the guest ended before", NULL },
    { "last-on-the-screen", "guest-shutdown", "tests passed", "", PXE_RUN_OK, NULL,
      "expected screen: passed" },
    { "last-on-the-serial-line", "guest-reset", "", "tests passed", PXE_RUN_OK, NULL,
      "expected serial line: passed" },
    { "neither", "guest-shutdown", "tests failed", "failed", PXE_RUN_ERROR_ENDED, "powered off",
      NULL },
};

static void
test_shutdown(gconstpointer data)
{
    const ShutdownRow *row = data;
    Bench bench;
    g_autofree char *event = g_strdup_printf(EVENT("true", "%s"), row->reason);

    bench_init(&bench, "passed", SLEEP);
    greet(&bench);
    serial(&bench, row->said);
    paint(&bench, row->painted);
    fake_qemu_say(bench.qemu, event);
    if (!bench.run.ending) { /* the serial line has not matched */
        g_autofree char *commands = fake_qemu_commands(bench.qemu);
        g_assert_nonnull(strstr(commands, "pmemsave"));
        fake_qemu_say(bench.qemu, "{\"return\": {}}");
    }
    assert_end(&bench, row->status, row->message);
    if (row->told != NULL)
        g_assert_nonnull(strstr(told(&bench), row->told));
    quit(&bench);
    run_loop(&bench);
    assert_end(&bench, row->status, row->message);
    bench_clear(&bench);
}

/* Without --expect QEMU ends by itself, and nothing is asked. */
static void
test_shutdown_alone(void)
{
    Bench bench;

    bench_init(&bench, NULL, SLEEP);
    greet(&bench);
    g_free(fake_qemu_commands(bench.qemu));
    fake_qemu_say(bench.qemu, EVENT("true", "guest-shutdown"));
    g_assert_false(bench.run.ending);
    g_autofree char *commands = fake_qemu_commands(bench.qemu);
    g_assert_cmpstr(commands, ==, "");
    bench_clear(&bench);
}

typedef struct {
    const char *name;
    const char *expect;  /* (nullable) */
    const char *painted; /* (nullable): the last look finds it; NULL: QEMU does not answer */
    int status;
    const char *message; /* (nullable) */
    const char *shown;   /* on stderr, at last */
} TimeoutRow;

static const TimeoutRow timeout_rows[] = {
    { "not-ended", NULL, "login:", PXE_RUN_ERROR_TIMEOUT,
      "the guest did not end within 7 s (--timeout)", "last screen:\n" },
    { "not-matched", "#", "login:", PXE_RUN_ERROR_TIMEOUT, "--expect did not match within 7 s",
      "\nlogin:\n---" },
    { "screen-of-now", "log.n:", "login:", PXE_RUN_OK, NULL, "expected screen: login:" },
    { "qemu-hangs", "#", NULL, PXE_RUN_ERROR_TIMEOUT, "--expect did not match",
      "screen   shows no text: it is blank, or in a graphics mode" },
};

static void
test_timeout(gconstpointer data)
{
    const TimeoutRow *row = data;
    Bench bench;

    bench_init(&bench, row->expect, SLEEP);
    greet(&bench);
    (void)on_timeout(&bench.run);
    if (row->painted != NULL) {
        paint(&bench, row->painted);
        fake_qemu_say(bench.qemu, "{\"return\": {}}");
    } else {
        while (!bench.run.ending)
            g_main_context_iteration(NULL, TRUE);
    }
    assert_end(&bench, row->status, row->message);
    quit(&bench);
    run_loop(&bench);
    run_show_last(&bench.run);
    g_assert_nonnull(strstr(told(&bench), row->shown));
    bench_clear(&bench);
}

static void
test_signals(void)
{
    Bench bench;

    bench_init(&bench, "x", SLEEP);
    greet(&bench);
    run_signal(SIGINT, &bench.run);
    assert_end(&bench, 130, NULL);
    run_signal(SIGTERM, &bench.run); /* QEMU does not quit; the user does not wait */
    run_loop(&bench);
    assert_end(&bench, 130, NULL);
    bench_clear(&bench);
}

/* A signal for all processes: QEMU ends by it before we have seen ours. */
static void
test_signal_for_all(void)
{
    Bench bench;

    bench_init(&bench, NULL, "exit 0");
    g_assert_cmpint(write(bench.qemu->fd, FAKE_GREETING EVENT("false", "host-signal"),
                          strlen(FAKE_GREETING EVENT("false", "host-signal"))),
                    >, 0);
    while (!bench.run.qemu_ended)
        g_main_context_iteration(NULL, TRUE);
    g_assert_false(bench.run.ending);
    run_signal(SIGTERM, &bench.run);
    run_loop(&bench);
    assert_end(&bench, 143, NULL);
    bench_clear(&bench);
}

/* QEMU neither answers nor heeds SIGTERM. */
static void
test_deaf_qemu(void)
{
    Bench bench;

    bench_init(&bench, NULL, "trap '' TERM; echo deaf; while :; do sleep 60; done");
    while (*qemu_process_said(bench.run.process) == '\0')
        g_main_context_iteration(NULL, TRUE);
    run_end(&bench.run, PXE_RUN_OK, NULL);
    gint64 begin_us = g_get_monotonic_time();
    run_loop(&bench);
    g_assert_cmpint(g_get_monotonic_time() - begin_us, <, 10 * G_USEC_PER_SEC);
    assert_end(&bench, PXE_RUN_OK, NULL);
    bench_clear(&bench);
}

/* QEMU closes its control connection and goes on. */
static void
test_qmp_closed(void)
{
    Bench bench;

    bench_init(&bench, "x", SLEEP);
    greet(&bench);
    autofd_clear(&bench.qemu->fd);
    run_loop(&bench);
    assert_end(&bench, PXE_RUN_ERROR_QEMU, "has closed its control connection");
    bench_clear(&bench);
}

static void
test_first_end_counts(void)
{
    Bench bench;

    bench_init(&bench, "x", SLEEP);
    greet(&bench);
    run_fail(&bench.run, PXE_RUN_ERROR_TIMEOUT, "first");
    run_fail(&bench.run, PXE_RUN_ERROR_ENDED, "second");
    on_console_quit(&bench.run);
    serial(&bench, "x");
    fake_qemu_turn();
    assert_end(&bench, PXE_RUN_ERROR_TIMEOUT, "first");
    bench_clear(&bench);
}

static void
test_console_quit(void)
{
    Bench bench;

    bench_init(&bench, NULL, SLEEP);
    on_console_quit(&bench.run);
    assert_end(&bench, PXE_RUN_OK, NULL);
    bench_clear(&bench);
    bench_init(&bench, "x", SLEEP);
    on_console_quit(&bench.run);
    assert_end(&bench, PXE_RUN_ERROR_ENDED, "you left before --expect matched");
    bench_clear(&bench);
    bench_init(&bench, "x", SLEEP);
    on_console_failed(ENOSPC, &bench.run);
    assert_end(&bench, PXE_RUN_ERROR_HOST, "standard output: No space left");
    bench_clear(&bench);
}

static void
test_serial_match(void)
{
    Bench bench;

    bench_init(&bench, "^log.n:", SLEEP);
    greet(&bench);
    serial(&bench, "FreeBSD\r\nlog");
    fake_qemu_turn();
    g_assert_false(bench.run.ending);
    serial(&bench, "in: ");
    while (!bench.run.ending) {
        fake_qemu_turn();
        (void)on_tick(&bench.run);
    }
    assert_end(&bench, PXE_RUN_OK, NULL);
    g_assert_nonnull(strstr(told(&bench), "expected serial line: login:\n"));
    bench_clear(&bench);
}

static void
test_expect_trouble(void)
{
    Bench bench;

    bench_init(&bench, "(a+)+b", SLEEP);
    greet(&bench);
    serial(&bench, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa cb");
    fake_qemu_turn();
    assert_end(&bench, PXE_RUN_ERROR_USAGE, "--expect '(a+)+b': needs too much backtracking");
    bench_clear(&bench);
}

/* iPXE's ROM waits two seconds for Ctrl-B; a space makes it go on. */
static void
test_prompt(void)
{
    Bench bench;

    bench_init(&bench, NULL, SLEEP);
    bench.run.prompt_done = FALSE;
    greet(&bench);
    (void)on_tick(&bench.run);
    paint(&bench, "Press Ctrl-B for the iPXE command line...");
    fake_qemu_say(bench.qemu, "{\"return\": {}}");
    g_autofree char *commands = fake_qemu_commands(bench.qemu);
    g_assert_nonnull(strstr(commands, "\"execute\":\"send-key\""));
    g_assert_nonnull(strstr(commands, "\"data\":\"spc\""));
    g_assert_true(bench.run.prompt_done);
    bench_clear(&bench);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    ROWS_ADD("/run-end/exit", exit_rows, test_exit);
    ROWS_ADD("/run-end/shutdown", shutdown_rows, test_shutdown);
    g_test_add_func("/run-end/shutdown-alone", test_shutdown_alone);
    ROWS_ADD("/run-end/timeout", timeout_rows, test_timeout);
    g_test_add_func("/run-end/signals", test_signals);
    g_test_add_func("/run-end/signal-for-all", test_signal_for_all);
    g_test_add_func("/run-end/deaf-qemu", test_deaf_qemu);
    g_test_add_func("/run-end/qmp-closed", test_qmp_closed);
    g_test_add_func("/run-end/first-end-counts", test_first_end_counts);
    g_test_add_func("/run-end/console-quit", test_console_quit);
    g_test_add_func("/run-end/serial-match", test_serial_match);
    g_test_add_func("/run-end/expect-trouble", test_expect_trouble);
    g_test_add_func("/run-end/prompt", test_prompt);
    return g_test_run();
}
