/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Takes the command line apart, runs a command, prints the one error, exits. */
#include "base/error.h"
#include "base/log.h"
#include "images/ipxe-iso.h"
#include "launcher/cli.h"
#include "launcher/config.h"
#include "launcher/inspect.h"
#include "launcher/run.h"
#include "launcher/serve.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static void
print_log_line(const char *line, gpointer data)
{
    boot_progress_line(data, line);
}

static ProgressStyle
progress_style(const RunConfig *config)
{
    const char *term = g_getenv("TERM");
    const char *no_color = g_getenv("NO_COLOR"); /* counts unless empty: https://no-color.org */

    if (config->text.quiet)
        return PROGRESS_QUIET;
    /* The serial console writes to the same terminal, where a line in place would be torn. */
    if (isatty(STDERR_FILENO) && config->console == CONSOLE_VGA && g_strcmp0(term, "dumb") != 0 &&
        (no_color == NULL || *no_color == '\0'))
        return PROGRESS_TERMINAL;
    return PROGRESS_LINES;
}

static BootProgress *
make_progress(const RunConfig *config, gint64 start_us)
{
    ProgressSetup setup = {
        .style = progress_style(config),
        .idle = IDLE_UNTIL_KERNEL,
        .output = output_new(STDERR_FILENO),
        .start_us = start_us,
    };

    if (config->console == CONSOLE_SERIAL && isatty(STDOUT_FILENO))
        setup.idle = IDLE_NEVER;
    else if (config->expect != NULL || config->timeout_s > 0)
        setup.idle = IDLE_ALWAYS;
    return boot_progress_new(&setup);
}

static int
command_run(RunConfig *config, gint64 start_us, GError **error)
{
    if (!run_config_validate(config, error))
        return PXE_RUN_ERROR_USAGE;
    if (config->text.dry_run)
        return run_dry(config, error) ? PXE_RUN_OK : PXE_RUN_ERROR_INTERNAL;
    g_autoptr(BootProgress) progress = make_progress(config, start_us);
    if (!log_install(config->text.log, print_log_line, progress, error))
        return PXE_RUN_ERROR_USAGE;
    int status = run_boot(config, progress, start_us, error);
    return status;
}

static int
command_inspect(RunConfig *config, GError **error)
{
    return run_config_validate(config, error) && inspect_print(config, error)
               ? PXE_RUN_OK
               : PXE_RUN_ERROR_INTERNAL;
}

static int
command_ipxe_iso(const RunConfig *config, const char *out, GError **error)
{
    const Nic *nic = nic_find(config->text.nic != NULL ? config->text.nic : NIC_DEFAULT, error);

    if (nic == NULL)
        return PXE_RUN_ERROR_USAGE;
    if (out == NULL) {
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_USAGE,
                    "ipxe-iso: where to? give -o FILE, or -o - for standard output");
        return PXE_RUN_ERROR_USAGE;
    }
    return ipxe_iso_write(nic, config->text.firmware_path, out, error) ? PXE_RUN_OK
                                                                       : PXE_RUN_ERROR_INTERNAL;
}

static void
print_plain_line(const char *line, gpointer data)
{
    (void)data;
    (void)fprintf(stderr, "%s\n", line);
}

static int
command_serve(RunConfig *config, GError **error)
{
    if (!run_config_validate_serve(config, error) ||
        !log_install(config->text.log, print_plain_line, NULL, error))
        return PXE_RUN_ERROR_USAGE;
    return serve(config, error);
}

static int
run_command(Command command, RunConfig *config, const char *out, gint64 start_us, GError **error)
{
    switch (command) {
    case COMMAND_INSPECT:
        return command_inspect(config, error);
    case COMMAND_IPXE_ISO:
        return command_ipxe_iso(config, out, error);
    case COMMAND_SERVE:
        return command_serve(config, error);
    case COMMAND_RUN:
    case COMMAND_COUNT:
        break;
    }
    return command_run(config, start_us, error);
}

int
main(int argc, char **argv)
{
    gint64 start_us = g_get_monotonic_time();
    g_autoptr(GError) error = NULL;
    g_auto(RunConfig) config = { 0 };
    g_autofree char *out = NULL;
    Command command;
    int status;

    (void)setlocale(LC_ALL, "");
    g_set_prgname("pxe-run");
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN); /* a limit on file sizes is an error like another */
    if (!cli_parse(argc, argv, &command, &config, &out, &error)) {
        if (error == NULL) {
            (void)fputs(out, stdout);
            return PXE_RUN_OK;
        }
        status = PXE_RUN_ERROR_USAGE;
    } else if (config.text.version) {
        (void)puts("pxe-run " PXE_RUN_VERSION);
        return PXE_RUN_OK;
    } else {
        status = run_command(command, &config, out, start_us, &error);
    }
    if (error == NULL)
        return status;
    (void)fprintf(stderr, "pxe-run: %s\n", error->message);
    return error_exit_status(error);
}
