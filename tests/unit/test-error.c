/* SPDX-License-Identifier: GPL-2.0-or-later */
/* base/error.c: the exit statuses are a documented interface. */
#include "base/error.h"
#include "tests/lan/rows.h"

#include <signal.h>

typedef struct {
    const char *name;
    int code, status;
} StatusRow;

/* The numbers, written down a second time: scripts rely on them. */
static const StatusRow status_rows[] = {
    { "ok", PXE_RUN_OK, 0 },
    { "internal", PXE_RUN_ERROR_INTERNAL, 1 },
    { "usage", PXE_RUN_ERROR_USAGE, 2 },
    { "medium", PXE_RUN_ERROR_MEDIUM, 3 },
    { "host", PXE_RUN_ERROR_HOST, 4 },
    { "qemu", PXE_RUN_ERROR_QEMU, 5 },
    { "timeout", PXE_RUN_ERROR_TIMEOUT, 6 },
    { "ended", PXE_RUN_ERROR_ENDED, 7 },
    { "interrupted", EXIT_SIGNAL(SIGINT), 130 },
    { "terminated", EXIT_SIGNAL(SIGTERM), 143 },
};

/* Each row is in the table under its name, once, in this order. */
static void
test_status(gconstpointer data)
{
    const StatusRow *row = data;
    const ExitStatus *entry = &exit_statuses[row - status_rows];

    g_assert_cmpint(row->code, ==, row->status);
    g_assert_cmpstr(entry->name, ==, row->name);
    g_assert_cmpint(entry->status, ==, row->status);
    g_assert_cmpuint(strlen(entry->meaning), >, 0);
    if (row->status >= 128)
        return;
    g_autoptr(GError) error = g_error_new_literal(PXE_RUN_ERROR, row->code, "");
    g_assert_cmpint(error_exit_status(error), ==, row->status);
}

static void
test_unique(void)
{
    gsize n = 0;

    for (; exit_statuses[n].name != NULL; n++) {
        g_assert_cmpint(exit_statuses[n].status, >=, 0);
        g_assert_cmpint(exit_statuses[n].status, <=, 255);
        for (gsize i = 0; i < n; i++) {
            g_assert_cmpint(exit_statuses[i].status, !=, exit_statuses[n].status);
            g_assert_cmpstr(exit_statuses[i].name, !=, exit_statuses[n].name);
            g_assert_cmpstr(exit_statuses[i].meaning, !=, exit_statuses[n].meaning);
        }
    }
    g_assert_cmpuint(n, ==, G_N_ELEMENTS(status_rows));
}

static void
test_no_error(void)
{
    g_assert_cmpint(error_exit_status(NULL), ==, 0);
}

/* What GOption finds wrong is the user's; a failure of a file has no name among ours. */
static void
test_foreign_domains(void)
{
    g_autoptr(GError) option = g_error_new(G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, " ");
    g_autoptr(GError) file = g_error_new(G_FILE_ERROR, G_FILE_ERROR_NOENT, " ");

    g_assert_cmpint(error_exit_status(option), ==, PXE_RUN_ERROR_USAGE);
    g_assert_cmpint(error_exit_status(file), ==, PXE_RUN_ERROR_INTERNAL);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/error/status", status_rows, test_status);
    g_test_add_func("/error/unique", test_unique);
    g_test_add_func("/error/no-error", test_no_error);
    g_test_add_func("/error/foreign-domains", test_foreign_domains);
    return g_test_run();
}
