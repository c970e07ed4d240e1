/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: a run goes through the steps of `run_steps`; the first one that fails ends
 * it. The order is what makes it fast and what makes errors come early: all that can be known to be
 * wrong is found before QEMU starts, and the dear work (the tree of a large ISO, what its kernel
 * says) comes after, beside the firmware's start. Frames that QEMU sends meanwhile wait in the
 * socket.
 *
 * The last step is the main loop. It ends by the first of: the expected text, the time limit, a
 * signal, QEMU's end; see run-end.c.
 *
 * The run leaves nothing behind, since it creates nothing that has a name: the boot CD, the copies
 * for TFTP and the screen are memory (memfd), all connections are socketpairs.
 */
#include "launcher/run.h"

#include "base/autofd.h"
#include "base/error.h"
#include "launcher/run-internal.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

/* @source: (transfer full): is removed with the run, if not before */
static void
run_add_source(Run *self, GSource *source, GSourceFunc func)
{
    g_source_set_callback(source, func, self, NULL);
    (void)g_source_attach(source, NULL);
    g_assert(self->n_sources < RUN_SOURCES_MAX);
    self->sources[self->n_sources++] = source;
}

/* Calls @func with @self after @ms milliseconds, if the run still is. */
void
run_add_timeout(Run *self, guint ms, GSourceFunc func)
{
    run_add_source(self, g_timeout_source_new(ms), func);
}

static void
show_console(Run *self)
{
    if (self->config->console == CONSOLE_SERIAL &&
        console_show(self->console, output_new(STDOUT_FILENO), STDIN_FILENO))
        boot_progress_message(self->progress, "console", "Ctrl-A x leaves; all else is the guest's",
                              g_get_monotonic_time());
}

/* The time limit counts from the program's start, whatever the image took to be read. */
static void
run_add_limit(Run *self)
{
    gint64 passed_ms = (g_get_monotonic_time() - self->start_us) / 1000;
    gint64 limit_ms = (gint64)self->config->timeout_s * 1000;

    if (limit_ms > 0)
        run_add_timeout(self, (guint)MAX(limit_ms - passed_ms, 0), on_timeout);
}

static gboolean
step_boot(Run *self, GError **error)
{
    self->prompt_done = self->config->boot != BOOT_ROM || self->config->text.menu;
    end_signals_watch(&self->signals, run_signal, self);
    show_console(self); /* now that a signal cannot leave the terminal as it is then */
    run_add_limit(self);
    run_add_timeout(self, RUN_TICK_MS, on_tick);
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

/* Frees all, in the order opposite to that of the steps; @self may be half-made. */
void
run_clear(Run *self)
{
    while (self->n_sources > 0) {
        GSource *source = self->sources[--self->n_sources];
        g_source_destroy(source);
        g_source_unref(source);
    }
    end_signals_clear(&self->signals);
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
    g_free(self->shutdown_reason);
    g_main_loop_unref(self->loop);
}

/**
 * run_boot:
 * @config: (transfer none): a valid configuration
 * @progress: (transfer none): where to tell how it goes
 * @start_us: when the program began, monotonic
 * @error: what ended the run, unless it was success or a signal
 *
 * Boots, and returns when it is over and nothing of it is left.
 *
 * Returns: the exit status
 **/
int
run_boot(const RunConfig *config, BootProgress *progress, gint64 start_us, GError **error)
{
    g_autoptr(GError) failure = NULL;
    Run run = {
        .config = config,
        .progress = progress,
        .start_us = start_us,
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

/* What the command lacks, and what must be made before it. */
static void
print_remarks(const RunConfig *config)
{
    const char *words[] = { "pxe-run",
                            "ipxe-iso",
                            "--nic",
                            config->nic->name,
                            config->text.firmware_path != NULL ? "--firmware-path" : NULL,
                            config->text.firmware_path,
                            NULL };
    g_autofree char *line = qemu_argv_quote((char *const *)(guintptr)words);

    (void)printf("# QEMU as this run starts it, with QEMU's own user networking in place of\n"
                 "# pxe-run's LAN: DHCP answers late, %s.\n",
                 config->root != NULL ? "and there is no NFS"
                                      : "and neither TFTP nor NFS serves the image");
    if (config->boot == BOOT_ISO)
        (void)printf("%s -o pxe-run-ipxe.iso &&\n", line);
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
        print_remarks(config);
        (void)printf("%s\n", line);
    }
    run_clear(&run);
    boot_progress_free(run.progress);
    return ok;
}
