/* SPDX-License-Identifier: GPL-2.0-or-later */
/* launcher/output.c: nobody waits for a slow reader, nothing is lost or disordered. */
#include "base/autofd.h"
#include "launcher/output.h"
#include "tests/lan/rows.h"
#include "tests/unit/support/ends.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>

/* More than any pipe, socket or terminal takes at once. */
#define MANY_BYTES (1u << 20)

static Ends
any_terminal(void)
{
    return terminal_ends(0);
}

typedef struct {
    const char *name;
    Ends (*ends)(void);
} KindRow;

static const KindRow kind_rows[] = {
    { "pipe", pipe_ends },
    { "socket", socket_ends },
    { "terminal", any_terminal },
};

static void
count(gpointer counter)
{
    ++*(guint *)counter;
}

static void
test_slow_reader(gconstpointer data)
{
    const KindRow *row = data;
    g_auto(Ends) ends = row->ends();
    g_autofree guint8 *bytes = g_malloc(MANY_BYTES);
    g_autoptr(GString) got = g_string_new(NULL);
    g_autoptr(Output) output = output_new(ends.fd);
    guint written = 0;

    int flags = fcntl(ends.fd, F_GETFL);
    row_pattern(bytes, MANY_BYTES, 1);
    output_set_written(output, count, &written);
    output_write(output, (const char *)bytes, MANY_BYTES / 2);
    g_assert_cmpuint(output_waiting(output), >, 0);
    output_write(output, (const char *)bytes + MANY_BYTES / 2, MANY_BYTES / 2);
    g_assert_cmpint(output_error(output), ==, 0);
    g_assert_cmpint(fcntl(ends.fd, F_GETFL), ==, flags); /* others write there, too */
    while (got->len < MANY_BYTES) {
        ends_read(&ends, got);
        g_main_context_iteration(NULL, FALSE);
    }
    ROW_CMPMEM(got->str, got->len, bytes, (gsize)MANY_BYTES);
    g_assert_cmpuint(output_waiting(output), ==, 0);
    g_assert_cmpuint(written, ==, 1);
}

/* One who does not read at all, and goes away. */
static void
test_reader_gone(gconstpointer data)
{
    const KindRow *row = data;
    g_auto(Ends) ends = row->ends();
    g_autofree char *bytes = g_malloc0(MANY_BYTES);
    g_autoptr(Output) output = output_new(ends.fd);
    guint written = 0;

    output_set_written(output, count, &written);
    output_write(output, bytes, MANY_BYTES);
    g_assert_cmpuint(output_waiting(output), >, 0);
    autofd_clear(&ends.reader);
    while (written == 0)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpint(output_error(output), !=, 0);
    output_write(output, bytes, MANY_BYTES);
    g_assert_cmpuint(output_waiting(output), ==, 0);
    output_finish(output, 10000);
}

static void
test_finish(gconstpointer data)
{
    const KindRow *row = data;
    g_auto(Ends) ends = row->ends();
    g_autofree char *bytes = g_malloc0(MANY_BYTES);
    g_autoptr(Output) output = output_new(ends.fd);

    output_write(output, bytes, MANY_BYTES);
    gint64 begin_us = g_get_monotonic_time();
    output_finish(output, 30); /* nobody reads */
    g_assert_cmpint(g_get_monotonic_time() - begin_us, >=, 20000);
    g_assert_cmpint(g_get_monotonic_time() - begin_us, <, 10 * G_USEC_PER_SEC);
    g_assert_cmpuint(output_waiting(output), ==, 0);
}

static gpointer
read_all(gpointer reader)
{
    guint8 bytes[4096];
    gsize got = 0;

    while (got < MANY_BYTES) {
        ssize_t n = read(GPOINTER_TO_INT(reader), bytes, sizeof bytes);
        g_assert_cmpint(n, >, 0);
        got += (gsize)n;
    }
    return NULL;
}

static void
test_finish_with_a_reader(gconstpointer data)
{
    const KindRow *row = data;
    g_auto(Ends) ends = row->ends();
    g_autofree char *bytes = g_malloc0(MANY_BYTES);
    g_autoptr(Output) output = output_new(ends.fd);

    output_write(output, bytes, MANY_BYTES);
    GThread *thread = g_thread_new("reader", read_all, GINT_TO_POINTER(ends.reader));
    output_finish(output, 10000);
    g_assert_cmpuint(output_waiting(output), ==, 0);
    g_assert_cmpint(output_error(output), ==, 0);
    g_thread_join(thread);
}

static gboolean
set_flag(gpointer flag)
{
    *(gboolean *)flag = TRUE;
    return G_SOURCE_REMOVE;
}

/* Ctrl-S. */
static void
test_stopped_terminal(void)
{
    g_auto(Ends) ends = terminal_ends(0);
    g_autoptr(GString) got = g_string_new(NULL);
    g_autoptr(Output) output = output_new(ends.fd);
    gboolean over = FALSE;
    guint turns = 0;

    g_assert_cmpint(tcflow(ends.fd, TCOOFF), ==, 0);
    output_write(output, "text", 4);
    g_assert_cmpuint(output_waiting(output), ==, 4);
    g_timeout_add(50, set_flag, &over);
    while (!over) {
        g_main_context_iteration(NULL, TRUE);
        turns++;
    }
    g_assert_cmpuint(turns, <, 30); /* it does not spin */
    g_assert_cmpint(tcflow(ends.fd, TCOON), ==, 0);
    while (output_waiting(output) > 0)
        g_main_context_iteration(NULL, TRUE);
    ends_read(&ends, got);
    ROW_CMPMEM(got->str, got->len, "text", (gsize)4);
}

static void
test_file(void)
{
    g_autofree char *path = NULL;
    g_autofree char *content = NULL;
    auto_fd fd = g_file_open_tmp(NULL, &path, NULL);
    g_autoptr(Output) output = output_new(fd);

    g_assert_cmpint(write(fd, "before ", 7), ==, 7);
    output_write(output, "after", 5);
    g_assert_cmpuint(output_waiting(output), ==, 0);
    g_assert_true(g_file_get_contents(path, &content, NULL, NULL));
    g_assert_cmpstr(content, ==, "before after");
    g_assert_cmpuint(output_columns(output), ==, 80);
    (void)unlink(path);
}

static void
test_errors(void)
{
    auto_fd full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    g_autoptr(Output) output = output_new(full);
    g_autoptr(Output) closed = output_new(-1);

    output_write(output, "x", 1);
    g_assert_cmpint(output_error(output), ==, ENOSPC);
    output_write(closed, "x", 1);
    g_assert_cmpint(output_error(closed), !=, 0);
    output_free(NULL);
}

static void
test_columns(void)
{
    g_auto(Ends) ends = terminal_ends(0);
    g_autoptr(Output) output = output_new(ends.fd);
    struct winsize size = { .ws_col = 132, .ws_row = 40 };

    g_assert_cmpuint(output_columns(output), ==, 80); /* it does not know */
    g_assert_cmpint(ioctl(ends.reader, TIOCSWINSZ, &size), ==, 0);
    g_assert_cmpuint(output_columns(output), ==, 132);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    ROWS_ADD("/output/slow-reader", kind_rows, test_slow_reader);
    ROWS_ADD("/output/reader-gone", kind_rows, test_reader_gone);
    ROWS_ADD("/output/finish", kind_rows, test_finish);
    ROWS_ADD("/output/finish-with-a-reader", kind_rows, test_finish_with_a_reader);
    g_test_add_func("/output/stopped-terminal", test_stopped_terminal);
    g_test_add_func("/output/file", test_file);
    g_test_add_func("/output/errors", test_errors);
    g_test_add_func("/output/columns", test_columns);
    return g_test_run();
}
