/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: a run goes through the steps of `run_steps`; the first one that fails ends
 * it. The order is what makes it fast and what makes errors come early: all that can be known to be
 * wrong is found before QEMU starts, and the dear work (the tree of a large ISO, what its kernel
 * says) comes after, beside the firmware's start. Frames that QEMU sends meanwhile wait in the
 * socket.
 *
 * The last step is the main loop. It ends by the first of: the expected text, the time limit, a
 * signal, QEMU's end. Then QEMU is asked to quit, by one road: QMP, SIGTERM, SIGKILL.
 *
 * The run leaves nothing behind, since it creates nothing that has a name: the boot CD, the copies
 * for TFTP and the screen are memory (memfd), all connections are socketpairs.
 */
#include "launcher/run.h"

#include "base/autofd.h"
#include "base/error.h"
#include "launcher/run-internal.h"

#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define STOP_GRACE_MS 1500 /* for each of the roads to QEMU's end */

static gboolean
run_stop_harder(gpointer data)
{
    static const int signals[] = { SIGTERM, SIGKILL };
    Run *self = data;

    qemu_process_signal(self->process, signals[MIN(self->stop_signal++, 1)]);
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
    if (self->qmp != NULL)
        qmp_execute(self->qmp, "quit", NULL, NULL, NULL);
    g_timeout_add(STOP_GRACE_MS, run_stop_harder, self);
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

static void
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

static gboolean
on_sigint(gpointer data)
{
    run_end(data, EXIT_SIGNAL(SIGINT), NULL);
    return G_SOURCE_CONTINUE;
}

static gboolean
on_sigterm(gpointer data)
{
    run_end(data, EXIT_SIGNAL(SIGTERM), NULL);
    return G_SOURCE_CONTINUE;
}

static gboolean
on_sighup(gpointer data)
{
    run_end(data, EXIT_SIGNAL(SIGHUP), NULL);
    return G_SOURCE_CONTINUE;
}

static void
show_console(Run *self)
{
    if (self->config->console == CONSOLE_SERIAL &&
        console_show(self->console, output_new(STDOUT_FILENO), STDIN_FILENO))
        boot_progress_message(self->progress, "console", "Ctrl-A x leaves; all else is the guest's",
                              g_get_monotonic_time());
}

static gboolean
step_boot(Run *self, GError **error)
{
    static const struct {
        int number;
        GSourceFunc func;
    } signals[] = { { SIGINT, on_sigint }, { SIGTERM, on_sigterm }, { SIGHUP, on_sighup } };

    self->prompt_done = self->config->boot != BOOT_ROM || self->config->text.menu;
    for (gsize i = 0; i < G_N_ELEMENTS(signals); i++)
        g_unix_signal_add(signals[i].number, signals[i].func, self);
    show_console(self); /* now that a signal cannot leave the terminal as it is then */
    if (self->config->timeout_s > 0)
        g_timeout_add_seconds(self->config->timeout_s, on_timeout, self);
    g_timeout_add(RUN_TICK_MS, on_tick, self);
    g_main_loop_run(self->loop);
    if (self->exit_status == PXE_RUN_ERROR_TIMEOUT || self->exit_status == PXE_RUN_ERROR_ENDED)
        run_show_last(self);
    if (self->failure != NULL)
        g_propagate_error(error, g_steal_pointer(&self->failure));
    return self->exit_status == PXE_RUN_OK;
}

typedef struct {
    const char *name;
    gboolean (*func)(Run *self, GError **error);
} RunStep;

static const RunStep run_steps[] = {
    { "medium", step_medium }, { "host", step_host },   { "channels", step_channels },
    { "lan", step_lan },       { "spawn", step_spawn }, { "plan", step_plan },
    { "boot", step_boot },
};

/* In the order opposite to that of the steps. */
static void
run_clear(Run *self)
{
    g_clear_pointer(&self->console, console_free);
    g_clear_pointer(&self->process, qemu_process_free);
    g_clear_pointer(&self->qmp, qmp_free);
    g_clear_pointer(&self->screen, screen_free);
    g_clear_pointer(&self->expect, expect_free);
    g_clear_pointer(&self->port, qemu_port_free);
    g_clear_pointer(&self->watch, boot_watch_free);
    g_clear_pointer(&self->gateway, gateway_free);
    g_clear_pointer(&self->tcp, boot_tcp_free);
    g_clear_pointer(&self->server, boot_server_free);
    g_clear_pointer(&self->lan, lan_free);
    for (guint i = 0; i < DHCP_VARIABLES_MAX; i++)
        g_free(self->variables[i]);
    for (guint i = 0; i < G_N_ELEMENTS(self->ends); i++)
        autofd_clear(&self->ends[i]);
    for (guint i = 0; i < self->n_fds; i++)
        autofd_clear(&self->fds[i].source);
    medium_clear(&self->medium);
    g_free(self->qemu);
    g_free(self->rom);
    g_main_loop_unref(self->loop);
}

/**
 * run_boot:
 * @config: (transfer none): a valid configuration
 * @progress: (transfer none): where to tell how it goes
 * @error: what ended the run, unless it was success or a signal
 *
 * Boots, and returns when it is over and nothing of it is left.
 *
 * Returns: the exit status
 **/
int
run_boot(const RunConfig *config, BootProgress *progress, GError **error)
{
    g_autoptr(GError) failure = NULL;
    Run run = {
        .config = config,
        .progress = progress,
        .loop = g_main_loop_new(NULL, FALSE),
        .ends = { -1, -1, -1, -1 },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(run_steps); i++) {
        g_debug("step %s", run_steps[i].name);
        if (!run_steps[i].func(&run, &failure))
            break;
    }
    boot_progress_end(progress, g_get_monotonic_time());
    if (run.port != NULL && qemu_port_lost(run.port) > 0)
        g_warning("%" G_GUINT64_FORMAT " frames to the guest were lost", qemu_port_lost(run.port));
    int status = failure != NULL ? error_exit_status(failure) : run.exit_status;
    run_clear(&run);
    if (!pcap_close(run.pcap, failure == NULL ? &failure : NULL) && status == PXE_RUN_OK)
        status = PXE_RUN_ERROR_HOST;
    if (failure != NULL)
        g_propagate_error(error, g_steal_pointer(&failure));
    return status;
}

/**
 * run_dry:
 * @config: (transfer none): a valid configuration
 * @error: as run_boot(), for what is found out before QEMU starts
 *
 * Prints, instead of a run, commands that can be pasted: QEMU as it would be started, but with its
 * own user networking where our LAN would be.
 **/
gboolean
run_dry(const RunConfig *config, GError **error)
{
    Run run = { .config = config,
                .loop = g_main_loop_new(NULL, FALSE),
                .ends = { -1, -1, -1, -1 } };

    const ProgressSetup quiet = { .style = PROGRESS_QUIET, .output = output_new(STDERR_FILENO) };

    run.progress = boot_progress_new(&quiet);
    gboolean ok = step_medium(&run, error) && step_host(&run, error);
    if (ok) {
        run.setup.stand_alone = TRUE;
        g_auto(GStrv) argv = qemu_argv_build(config, &run.setup);
        g_autofree char *line = qemu_argv_quote(argv);
        (void)printf("# QEMU as this run starts it, with QEMU's own user networking in place of\n"
                     "# pxe-run's LAN: DHCP answers late, and there is no NFS.\n");
        if (config->boot == BOOT_ISO)
            (void)printf("pxe-run ipxe-iso --nic %s -o pxe-run-ipxe.iso &&\n", config->nic->name);
        (void)printf("%s\n", line);
    }
    boot_progress_free(run.progress);
    run_clear(&run);
    return ok;
}
