/* SPDX-License-Identifier: GPL-2.0-or-later */
/* images/firmware-files.c: where files are looked for, and what is said when they are not there. */
#include "images/firmware-files.h"
#include "tests/lan/rows.h"
#include "tests/unit/support/tmp-dir.h"
#include "tests/unit/support/told.h"

typedef struct {
    const char *name;
    const char *search; /* directories, relative to the test's own */
    const char *file;
    const char *found; /* (nullable): where, likewise */
} FindRow;

static const FindRow find_rows[] = {
    { "in-the-only-one", "a", "one.rom", "a/one.rom" },
    { "first-directory-wins", "a:b", "both.rom", "a/both.rom" },
    { "in-this-order", "b:a", "both.rom", "b/both.rom" },
    { "in-the-second", "a:b", "two.rom", "b/two.rom" },
    { "behind-a-missing-directory", "none:a", "one.rom", "a/one.rom" },
    { "behind-a-file", "a/one.rom:a", "one.rom", "a/one.rom" },
    { "a-directory-is-no-file", "a:b", "dir.rom", "b/dir.rom" },
    { "through-a-link", "a", "link.rom", "a/link.rom" },
    { "dangling-link", "a", "dangling.rom", NULL },
    { "missing", "a:b", "none.rom", NULL },
    { "nowhere-to-look", "", "none.rom", NULL },
};

static void
put(const TmpDir *dir, const char *name, const char *content)
{
    g_autofree char *path = tmp_dir_file(dir, name, content, -1);
}

static TmpDir *
sample_dir(void)
{
    TmpDir *dir = tmp_dir_new();

    tmp_dir_mkdir(dir, "a/dir.rom");
    tmp_dir_mkdir(dir, "b");
    put(dir, "a/one.rom", "one");
    put(dir, "a/both.rom", "a");
    put(dir, "b/both.rom", "b");
    put(dir, "b/two.rom", "two");
    put(dir, "b/dir.rom", "a file");
    tmp_dir_symlink(dir, "a/link.rom", "one.rom");
    tmp_dir_symlink(dir, "a/dangling.rom", "none");
    return dir;
}

/* Puts @dir in front of each directory. */
static char *
search_path(const TmpDir *dir, const char *search)
{
    g_auto(GStrv) names = g_strsplit(search, ":", -1);
    g_autoptr(GString) path = g_string_new(NULL);

    for (char **name = names; *name != NULL; name++)
        g_string_append_printf(path, "%s%s/%s", path->len > 0 ? ":" : "", dir, *name);
    return g_string_free(g_steal_pointer(&path), FALSE);
}

static void
test_find(gconstpointer data)
{
    const FindRow *row = data;
    g_autoptr(TmpDir) dir = sample_dir();
    g_autofree char *search = search_path(dir, row->search);
    g_autoptr(GError) error = NULL;
    g_autofree char *found = firmware_find(row->file, search, "the-package", &error);

    if (row->found != NULL) {
        g_autofree char *expected = tmp_dir_path(dir, row->found);
        g_assert_no_error(error);
        g_assert_cmpstr(found, ==, expected);
        return;
    }
    g_assert_null(found);
    assert_told(error, PXE_RUN_ERROR_HOST, row->file);
    assert_told(error, PXE_RUN_ERROR_HOST, search);
    assert_told(error, PXE_RUN_ERROR_HOST, "install the Debian package the-package");
}

/* Without a path of the user's, none is in the message: it would be long and say little. */
static void
test_usual_places(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(firmware_find("no-such-file.rom", NULL, "ipxe-qemu", &error));
    assert_told(error, PXE_RUN_ERROR_HOST,
                "cannot find no-such-file.rom: install the Debian package ipxe-qemu");
}

static void
test_read(void)
{
    g_autoptr(TmpDir) dir = sample_dir();
    g_autoptr(GError) error = NULL;
    g_autofree char *search = search_path(dir, "a:b");
    g_autoptr(GBytes) two = firmware_read("two.rom", search, "the-package", &error);
    gsize len;

    g_assert_no_error(error);
    const char *bytes = g_bytes_get_data(two, &len);
    ROW_CMPMEM(bytes, len, "two", 3);
    g_assert_null(firmware_read("none.rom", search, "the-package", &error));
    assert_told(error, PXE_RUN_ERROR_HOST, "the-package");
}

/* Not even root can read what is at the beginning of its memory. */
static void
test_unreadable(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(firmware_read("mem", "/proc/self", "the-package", &error));
    assert_told(error, PXE_RUN_ERROR_HOST, "cannot read mem (");
    assert_told(error, PXE_RUN_ERROR_HOST, "/proc/self/mem");
}

/* Who does not want to know why may pass NULL. */
static void
test_no_error_wanted(void)
{
    g_assert_null(firmware_find("none.rom", "/proc", "the-package", NULL));
    g_assert_null(firmware_read("none.rom", "/proc", "the-package", NULL));
    g_assert_null(firmware_read("mem", "/proc/self", "the-package", NULL));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/firmware-files/find", find_rows, test_find);
    g_test_add_func("/firmware-files/usual-places", test_usual_places);
    g_test_add_func("/firmware-files/read", test_read);
    g_test_add_func("/firmware-files/unreadable", test_unreadable);
    g_test_add_func("/firmware-files/no-error-wanted", test_no_error_wanted);
    return g_test_run();
}
