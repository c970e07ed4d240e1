/* SPDX-License-Identifier: GPL-2.0-or-later */
/* base/file-copy.c: all of it, by the kernel or without. */
#include "base/autofd.h"
#include "base/file-copy.h"
#include "tests/lan/rows.h"
#include "tests/unit/support/tmp-dir.h"

#include <errno.h>
#include <fcntl.h>

typedef struct {
    const char *name;
    int flags; /* O_APPEND, where sendfile() refuses */
    const char *holds;
} CopyRow;

static const CopyRow copy_rows[] = {
    { "over", 0, "newer" },
    { "append", O_APPEND, "old,newernewer" },
};

static void
test_copy(gconstpointer data)
{
    const CopyRow *row = data;
    g_autoptr(TmpDir) dir = tmp_dir_new();
    g_autofree char *from = tmp_dir_file(dir, "from", "newer", -1);
    g_autofree char *to = tmp_dir_file(dir, "to", "old,", -1);
    auto_fd source = open(from, O_RDONLY | O_CLOEXEC);
    auto_fd target = open(to, O_WRONLY | row->flags | O_CLOEXEC);
    g_autofree char *text = NULL;

    for (guint i = 0; i < 2; i++) { /* from the beginning each time */
        g_assert_true(file_copy(source, target));
        if (row->flags == 0)
            g_assert_cmpint(lseek(target, 0, SEEK_SET), ==, 0);
    }
    g_assert_true(g_file_get_contents(to, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, row->holds);
}

static void
test_trouble(void)
{
    g_autoptr(TmpDir) dir = tmp_dir_new();
    g_autofree char *from = tmp_dir_file(dir, "from", "new", -1);
    auto_fd source = open(from, O_RDONLY | O_CLOEXEC);
    auto_fd full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    auto_fd directory = open(dir, O_RDONLY | O_CLOEXEC);

    g_assert_false(file_copy(source, full));
    g_assert_cmpint(errno, ==, ENOSPC);
    g_assert_false(file_copy(directory, full));
    g_assert_cmpint(errno, ==, EISDIR);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/file-copy/copy", copy_rows, test_copy);
    g_test_add_func("/file-copy/trouble", test_trouble);
    return g_test_run();
}
