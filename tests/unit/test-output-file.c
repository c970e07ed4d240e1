/* SPDX-License-Identifier: GPL-2.0-or-later */
/* launcher/output-file.c: all of a file or none of it, under the name that was given. */
#include "base/autofd.h"
#include "launcher/output-file.h"
#include "tests/unit/support/tmp-dir.h"
#include "tests/unit/support/told.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

static int
memory_of(const char *text)
{
    int fd = memfd_create("test", MFD_CLOEXEC);
    g_assert_cmpint(write(fd, text, strlen(text)), ==, (gssize)strlen(text));
    return fd;
}

static void
assert_holds(const char *path, const char *want)
{
    g_autofree char *text = NULL;
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, want);
}

static void
test_write(void)
{
    g_autoptr(TmpDir) dir = tmp_dir_new();
    g_autofree char *path = tmp_dir_path(dir, "out");
    auto_fd one = memory_of("one"), two = memory_of("two");
    struct stat st;

    g_assert_true(output_file_write(path, one, NULL));
    assert_holds(path, "one");
    auto_fd reader = open(path, O_RDONLY | O_CLOEXEC);
    g_assert_true(output_file_write(path, two, NULL));
    g_assert_true(output_file_write(path, two, NULL)); /* from the beginning again */
    assert_holds(path, "two");
    g_assert_cmpint(fstat(reader, &st), ==, 0); /* who has the old one open reads on */
    g_assert_cmpuint(st.st_nlink, ==, 0);
    g_assert_cmpuint(tmp_dir_count_names(dir), ==, 1);
}

/* A link stays, and so does a pipe. */
static void
test_in_place(void)
{
    g_autoptr(TmpDir) dir = tmp_dir_new();
    g_autofree char *target = tmp_dir_file(dir, "target", "old", 3);
    g_autofree char *link = tmp_dir_path(dir, "link");
    g_autofree char *fifo = tmp_dir_path(dir, "fifo");
    auto_fd source = memory_of("new");
    char text[4] = "";

    tmp_dir_symlink(dir, "link", "target");
    g_assert_true(output_file_write(link, source, NULL));
    g_assert_true(g_file_test(link, G_FILE_TEST_IS_SYMLINK));
    assert_holds(target, "new");
    g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
    auto_fd reader = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    g_assert_true(output_file_write(fifo, source, NULL));
    g_assert_cmpint(read(reader, text, 3), ==, 3);
    g_assert_cmpstr(text, ==, "new");
}

static void
test_trouble(void)
{
    g_autoptr(TmpDir) dir = tmp_dir_new();
    g_autofree char *path = tmp_dir_path(dir, "no/out");
    g_autoptr(GError) error = NULL, full = NULL;
    auto_fd source = memory_of("new");

    g_assert_false(output_file_write(path, source, &error));
    assert_told(error, PXE_RUN_ERROR_HOST, "/no/out': No such file or directory");
    g_assert_false(output_file_write("/dev/full", source, &full));
    assert_told(full, PXE_RUN_ERROR_HOST, "cannot write '/dev/full': No space left on device");
    g_assert_cmpuint(tmp_dir_count_names(dir), ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/output-file/write", test_write);
    g_test_add_func("/output-file/in-place", test_in_place);
    g_test_add_func("/output-file/trouble", test_trouble);
    return g_test_run();
}
