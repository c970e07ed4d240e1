/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: a run ends once, by run_end(); whoever comes first decides the exit status.
 * Then QEMU is asked to quit, by one road: QMP, SIGTERM, SIGKILL; the main loop ends when it is
 * gone.
 *
 * What the guest showed last counts. While something is expected QEMU does not end by itself when
 * the guest powers off or resets (-no-shutdown): it tells so and waits, and the screen is looked at
 * once more. The same is done when the time limit has passed. When QEMU ends otherwise, what it has
 * written to its sockets is read first.
 *
 * A signal for all processes of a group (`timeout`, a CI job's end) may end QEMU before we see it;
 * so the end by a signal that we did not send waits a moment for ours.
 */
#include "base/error.h"
#include "launcher/run-internal.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#define STOP_GRACE_MS 1500 /* for each of the roads to QEMU's end */
#define LOOK_MS       500  /* for the last look at the screen */
#define SIGNAL_MS     200  /* in which a signal for all reaches us, too */

/* Why the guest has stopped, by QEMU's word (ShutdownCause), and for people. */
static const struct {
    const char *reason, *means;
} reasons[] = {
    { "guest-shutdown", "the guest powered off" }, { "guest-reset", "the guest reset" },
    { "guest-panic", "the guest panicked" },       { "host-ui", "QEMU's window was closed" },
    { "host-qmp-quit", "QEMU was told to quit" },
};

static const char *
reason_text(const Run *self)
{
    for (gsize i = 0; i < G_N_ELEMENTS(reasons); i++) {
        if (g_strcmp0(self->shutdown_reason, reasons[i].reason) == 0)
            return reasons[i].means;
    }
    return "the guest ended";
}

static void
run_stop_harder(Run *self)
{
    static const int signals[] = { SIGTERM, SIGKILL };
    qemu_process_signal(self->process, signals[MIN(self->stops++, 1)]);
}

static gboolean
on_stop_grace(gpointer data)
{
    run_stop_harder(data);
    return G_SOURCE_CONTINUE;
}

/* Ends the run with @status and @failure (transfer full) (nullable), unless it is ending already.
 */
void
run_end(Run *self, int status, GError *failure)
{
    if (self->ending) {
        g_clear_error(&failure);
        return;
    }
    self->ending = TRUE;
    self->exit_status = status;
    self->failure = failure;
    if (self->qemu_ended) {
        g_main_loop_quit(self->loop);
        return;
    }
    if (qmp_is_lost(self->qmp))
        run_stop_harder(self);
    else
        qmp_execute(self->qmp, "quit", NULL, NULL, NULL);
    run_add_timeout(self, STOP_GRACE_MS, on_stop_grace);
}

/* The same, with an error of one line. */
void
run_fail(Run *self, PxeRunError code, const char *message)
{
    run_end(self, (int)code, g_error_new_literal(PXE_RUN_ERROR, (int)code, message));
}

/* Looks at what the matcher says. @where: the place of a match */
void
run_check(Run *self, gboolean matched, const char *where)
{
    const char *trouble = expect_trouble(self->expect);

    if (self->ending)
        return;
    if (matched) {
        const char *text = expect_matched(self->expect);
        g_autofree char *line = g_strndup(text, strcspn(text, "\n"));
        g_autofree char *message = g_strdup_printf("%s: %s", where, line);
        boot_progress_message(self->progress, "expected", message, g_get_monotonic_time());
        run_end(self, PXE_RUN_OK, NULL);
    } else if (trouble != NULL) {
        g_autofree char *message =
            g_strdup_printf("--expect '%s': %s", self->config->text.expect, trouble);
        run_fail(self, PXE_RUN_ERROR_USAGE, message);
    }
}

/* SIGINT, SIGTERM, SIGHUP; the second one does not wait for the first one's road. */
void
run_signal(int number, gpointer data)
{
    Run *self = data;

    if (self->ending && !self->qemu_ended)
        run_stop_harder(self);
    run_end(self, EXIT_SIGNAL(number), NULL);
}

/* Reads what the guest wrote last, and searches it. */
static void
run_take_last(Run *self)
{
    console_drain(self->console);
    run_check(self, expect_finish(self->expect), "serial line");
}

static void
run_finish_look(Run *self)
{
    void (*then)(Run *) = self->after_look;

    self->after_look = NULL;
    if (then == NULL)
        return; /* both the answer and the limit have come */
    run_take_last(self);
    if (!self->ending)
        then(self);
}

static void
on_looked(gpointer data)
{
    run_finish_look(data);
}

static gboolean
on_look_limit(gpointer data)
{
    run_finish_look(data);
    return G_SOURCE_REMOVE;
}

/* Looks at the screen once more; then ends the run by @then, unless that has found a match. */
static void
run_look(Run *self, void (*then)(Run *))
{
    if (self->ending || self->after_look != NULL)
        return;
    self->after_look = then;
    run_add_timeout(self, LOOK_MS, on_look_limit);
    screen_look(self->screen, self->qmp, on_looked, self);
}

static void
fail_ended(Run *self)
{
    g_autofree char *message = g_strdup_printf("%s before --expect matched", reason_text(self));
    run_fail(self, PXE_RUN_ERROR_ENDED, message);
}

static void
fail_timeout(Run *self)
{
    g_autofree char *message = g_strdup_printf(
        "%s within %u s (--timeout)",
        self->config->expect != NULL ? "--expect did not match" : "the guest did not end",
        self->config->timeout_s);
    run_fail(self, PXE_RUN_ERROR_TIMEOUT, message);
}

/* --timeout has passed. */
gboolean
on_timeout(gpointer data)
{
    run_look(data, fail_timeout);
    return G_SOURCE_REMOVE;
}

static gboolean
on_qmp_gone(gpointer data)
{
    if (!((Run *)data)->qemu_ended)
        run_fail(data, PXE_RUN_ERROR_QEMU, "QEMU has closed its control connection");
    return G_SOURCE_REMOVE;
}

/* Whether a SHUTDOWN event is of the guest's doing. */
static gboolean
is_guests(JsonObject *event_data)
{
    JsonObject *guest;
    return json_object_object_get_ex(event_data, "guest", &guest) && json_object_get_boolean(guest);
}

/* QEMU tells something. */
void
on_qmp_event(const char *name, JsonObject *event_data, gpointer data)
{
    Run *self = data;

    g_debug("qmp: %s %s", name != NULL ? name : "closed",
            event_data != NULL ? json_object_to_json_string(event_data) : "");
    if (name == NULL) {
        if (!self->qemu_ended) /* it will in a moment, as a rule */
            run_add_timeout(self, STOP_GRACE_MS, on_qmp_gone);
    } else if (g_str_equal(name, "SHUTDOWN") && event_data != NULL) {
        g_free(self->shutdown_reason);
        self->shutdown_reason = g_strdup(json_get_string(event_data, "reason"));
        if (self->config->expect != NULL && is_guests(event_data))
            run_look(self, fail_ended);
    }
}

static gboolean
on_no_signal(gpointer data)
{
    run_fail(data, PXE_RUN_ERROR_QEMU, "QEMU was ended by a signal");
    return G_SOURCE_REMOVE;
}

static void
fail_qemu(Run *self, int status)
{
    GError *failure = qemu_explain_failure(self->qemu, status, qemu_process_said(self->process));

    if (self->window_guessed && failure->code == PXE_RUN_ERROR_QEMU) {
        char *longer =
            g_strconcat(failure->message, " (--display text or none needs no desktop)", NULL);
        g_free(failure->message);
        failure->message = longer;
    }
    run_end(self, failure->code, failure);
}

/* QEMU has ended by itself. @status: as waitpid() has it */
static void
run_qemu_ended(Run *self, int status)
{
    gboolean terminated = WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM;

    if (terminated || g_strcmp0(self->shutdown_reason, "host-signal") == 0)
        run_add_timeout(self, SIGNAL_MS, on_no_signal);
    else if (status != 0 || !qmp_has_greeted(self->qmp))
        fail_qemu(self, status);
    else if (self->config->expect != NULL)
        fail_ended(self);
    else
        run_end(self, PXE_RUN_OK, NULL);
}

/* QEMU has ended, by our wish or by its own. */
void
on_qemu_exit(int status, gpointer data)
{
    Run *self = data;

    self->qemu_ended = TRUE;
    boot_progress_hold(self->progress, FALSE);
    qmp_drain(self->qmp);
    run_take_last(self);
    if (self->ending)
        g_main_loop_quit(self->loop);
    else
        run_qemu_ended(self, status);
}

/* The last @lines lines of @text. */
static const char *
last_lines(const char *text, guint lines)
{
    const char *from = text + strlen(text);

    while (from > text && (from[-1] != '\n' || from[0] == '\0' || lines-- > 1))
        from--;
    return from;
}

/* Shows what the guest showed last. */
void
run_show_last(Run *self)
{
    g_autofree char *rule = g_strnfill(SCREEN_COLUMNS, '-');
    const struct {
        const char *title, *text;
    } parts[] = {
        { "last screen", screen_text(self->screen) },
        { "last of the serial line", expect_serial_tail(self->expect) },
    };

    boot_progress_end(self->progress, g_get_monotonic_time());
    if (*parts[0].text == '\0')
        boot_progress_message(self->progress, "screen",
                              "shows no text: it is blank, or in a graphics mode",
                              g_get_monotonic_time());
    for (gsize i = 0; i < G_N_ELEMENTS(parts); i++) {
        const char *shown = last_lines(parts[i].text, 2 * SCREEN_ROWS);
        gboolean ended = g_str_has_suffix(shown, "\n");
        if (*shown == '\0')
            continue;
        g_autofree char *part = g_strdup_printf("%s:\n%s\n%s%s%s", parts[i].title, rule, shown,
                                                ended ? "" : "\n", rule);
        boot_progress_line(self->progress, part);
    }
}
