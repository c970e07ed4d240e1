/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The error domain and the table of exit statuses. It prints nothing and exits nowhere. */
#include "base/error.h"

G_DEFINE_QUARK(pxe_run_error, pxe_run_error)

const ExitStatus exit_statuses[] = {
    { PXE_RUN_OK, "ok", "the guest ended by itself, or what --expect waits for was seen" },
    { PXE_RUN_ERROR_INTERNAL, "internal", "something failed that no other status names" },
    { PXE_RUN_ERROR_USAGE, "usage", "a wrong option or argument" },
    { PXE_RUN_ERROR_MEDIUM, "medium", "the ISO or tree cannot be read, or holds nothing to boot" },
    { PXE_RUN_ERROR_HOST, "host", "this host lacks a program, a file or a resource" },
    { PXE_RUN_ERROR_QEMU, "qemu", "QEMU did not start, or ended in trouble" },
    { PXE_RUN_ERROR_TIMEOUT, "timeout", "--timeout passed first" },
    { PXE_RUN_ERROR_ENDED, "ended", "the guest ended before --expect matched" },
    { EXIT_SIGNAL(2), "interrupted", "Ctrl-C (SIGINT)" },
    { EXIT_SIGNAL(15), "terminated", "SIGTERM, and likewise 128 + n for another signal n" },
    { 0, NULL, NULL },
};

/**
 * error_exit_status:
 * @error: (nullable): what ended the program
 *
 * Returns: its exit status; PXE_RUN_ERROR_USAGE for an error of GOption,
 *   PXE_RUN_ERROR_INTERNAL for one of another foreign domain
 **/
int
error_exit_status(const GError *error)
{
    if (error == NULL)
        return PXE_RUN_OK;
    if (error->domain == PXE_RUN_ERROR)
        return error->code;
    if (error->domain == G_OPTION_ERROR)
        return PXE_RUN_ERROR_USAGE;
    return PXE_RUN_ERROR_INTERNAL;
}
