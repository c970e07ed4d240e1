/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an operator can be told: one GError domain, whose codes are the exit statuses.
 */
#pragma once

#include <glib.h>

#define PXE_RUN_ERROR (pxe_run_error_quark())
GQuark pxe_run_error_quark(void);

/* The codes are in the order of `exit_statuses` in error.c; the numbers are a documented interface.
 */
typedef enum {
    PXE_RUN_OK = 0,
    PXE_RUN_ERROR_INTERNAL = 1, /* a bug, or the host failed in a way that nothing else names */
    PXE_RUN_ERROR_USAGE = 2,    /* a wrong option, or options that do not go together */
    PXE_RUN_ERROR_MEDIUM = 3, /* the image or tree: missing, unreadable, damaged, nothing to boot */
    PXE_RUN_ERROR_HOST = 4,   /* the host lacks something: a program, a file, memory, a socket */
    PXE_RUN_ERROR_QEMU = 5,   /* QEMU did not start, or ended by itself in trouble */
    PXE_RUN_ERROR_TIMEOUT = 6, /* --timeout passed first */
    PXE_RUN_ERROR_ENDED = 7,   /* the guest ended before what --expect waits for */
} PxeRunError;

typedef struct {
    int status;
    const char *name;
    const char *meaning;
} ExitStatus;

/* exit_statuses: all documented exit statuses, ended by an entry whose name is NULL. */
extern const ExitStatus exit_statuses[];

/* Exit status of a run that a signal ended: 128 + its number, as shells have it. */
#define EXIT_SIGNAL(n) (128 + (n))

int error_exit_status(const GError *error);
