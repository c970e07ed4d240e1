/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Takes the command line apart, runs a command, prints the one error, exits. */
#include "base/error.h"
#include "base/log.h"
#include "images/ipxe-iso.h"
#include "launcher/cli.h"
#include "launcher/config.h"
#include "launcher/inspect.h"
#include "launcher/layout-command.h"
#include "launcher/mfsroot-command.h"
#include "launcher/run.h"
#include "launcher/serve.h"
#include "launcher/visible.h"

#include <errno.h>
#include <fcntl.h>
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
make_progress(Command command, const RunConfig *config, gint64 start_us)
{
    ProgressSetup setup = {
        .style = command != COMMAND_IPXE_ISO ? progress_style(config) : PROGRESS_QUIET,
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
command_run(const RunConfig *config, BootProgress *progress, gint64 start_us, GError **error)
{
    if (!config->text.dry_run)
        return run_boot(config, progress, start_us, error);
    (void)run_dry(config, error);
    return PXE_RUN_OK;
}

static void
command_ipxe_iso(const RunConfig *config, const char *out, GError **error)
{
    const Nic *nic = nic_find(config->text.nic != NULL ? config->text.nic : NIC_DEFAULT, error);

    if (nic == NULL)
        return;
    if (out == NULL)
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_USAGE,
                    "ipxe-iso: where to? give -o FILE, or -o - for standard output");
    else
        (void)ipxe_iso_write(nic, config->text.firmware_path, out, error);
}

static gboolean
validate(Command command, RunConfig *config, GError **error)
{
    if (command == COMMAND_SERVE)
        return run_config_validate_serve(config, error);
    if (command == COMMAND_MFSROOT)
        return run_config_validate_changes(config, error);
    if (command == COMMAND_LAYOUT)
        return run_config_validate_layout(config, error);
    return command == COMMAND_IPXE_ISO || run_config_validate(config, error);
}

/* Returns: the exit status, when there is no error */
static int
run_command(Command command, RunConfig *config, const char *out, gint64 start_us, GError **error)
{
    if (!validate(command, config, error))
        return PXE_RUN_ERROR_USAGE;
    g_autoptr(BootProgress) progress = make_progress(command, config, start_us);
    if (!log_install(config->text.log, print_log_line, progress, error))
        return PXE_RUN_ERROR_USAGE;
    switch (command) {
    case COMMAND_INSPECT:
        (void)inspect_print(config, progress, error);
        return PXE_RUN_OK;
    case COMMAND_IPXE_ISO:
        command_ipxe_iso(config, out, error);
        return PXE_RUN_OK;
    case COMMAND_SERVE:
        return serve(config, progress, error);
    case COMMAND_MFSROOT:
        (void)mfsroot_command(config, out, error);
        return PXE_RUN_OK;
    case COMMAND_LAYOUT:
        (void)layout_command(config, out, progress, error);
        return PXE_RUN_OK;
    case COMMAND_RUN:
    case COMMAND_COUNT:
        break;
    }
    return command_run(config, progress, start_us, error);
}

/* A file that is opened must not get the number of a standard one that was closed, and so what is
 * written to that: a capture is no place for messages. */
static void
open_standard_files(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd) /* the lowest one is taken */
            return;
    }
}

/* Returns: @status, or another one if what was printed could not be written */
static int
finish_stdout(int status, GError **error)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    if (errno == EPIPE) /* `pxe-run inspect … | head` is no error, and no success */
        return EXIT_SIGNAL(SIGPIPE);
    if (*error == NULL)
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_HOST, "cannot write to standard output: %s",
                    g_strerror(errno));
    return PXE_RUN_ERROR_HOST;
}

static void
print_text(const char *text)
{
    g_autofree char *visible = visible_text(text);
    (void)fputs(visible, stdout);
}

int
main(int argc, char **argv)
{
    gint64 start_us = g_get_monotonic_time();
    g_autoptr(GError) error = NULL;
    g_auto(RunConfig) config = { 0 };
    g_autofree char *out = NULL;
    Command command;
    int status = PXE_RUN_OK;

    open_standard_files();
    (void)setlocale(LC_CTYPE, ""); /* and no more: messages are English, numbers have points */
    g_set_prgname("pxe-run");
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN); /* a limit on file sizes is an error like another */
    gboolean parsed = cli_parse(argc, argv, &command, &config, &out, &error);
    if (parsed && config.text.version)
        print_text("pxe-run " PXE_RUN_VERSION "\n");
    else if (parsed)
        status = run_command(command, &config, out, start_us, &error);
    else if (error == NULL)
        print_text(out);
    status = finish_stdout(status, &error);
    if (error == NULL)
        return status;
    g_autofree char *line = visible_line(error->message);
    (void)fprintf(stderr, "pxe-run: %s\n", line);
    return error_exit_status(error);
}
