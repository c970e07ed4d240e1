/* SPDX-License-Identifier: GPL-2.0-or-later */
/* images/vfs-replace.c: one file differs, all else is the tree below. */
#include "images/vfs.h"
#include "tests/lan/rows.h"

#include <errno.h>
#include <string.h>

static void
add(Vfs *vfs, const char *path, const char *text)
{
    g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));
    g_assert_cmpint(vfs_mem_add_file(vfs, path, bytes, 0640), ==, 0);
}

static void
assert_file(Vfs *vfs, const char *path, const char *text)
{
    g_autoptr(GBytes) bytes = NULL;
    VfsAttr attr;
    VfsId id;

    g_assert_cmpint(vfs_walk(vfs, path, &id), ==, 0);
    g_assert_cmpint(vfs_getattr(vfs, id, &attr), ==, 0);
    g_assert_cmpuint(attr.size, ==, strlen(text));
    g_assert_cmpuint(attr.mode, ==, 0640);
    g_assert_cmpint(vfs_read_file(vfs, path, 100, &bytes), ==, 0);
    ROW_CMPMEM(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), text, strlen(text));
}

static void
test_replace(void)
{
    g_autoptr(Vfs) tree = vfs_mem_new();
    g_autoptr(GBytes) content = g_bytes_new_static("longer than before", 18);
    char part[8], path[VFS_PATH_MAX];
    VfsId file, other;

    add(tree, "/boot/pxeboot", "before");
    add(tree, "/boot/loader.rc", "start");
    g_assert_cmpint(vfs_mem_add_symlink(tree, "/nbp", "boot/pxeboot"), ==, 0);
    g_assert_cmpint(vfs_walk(tree, "/boot/pxeboot", &file), ==, 0);
    g_autoptr(Vfs) vfs = vfs_replace_new(tree, file, content);

    assert_file(vfs, "/boot/pxeboot", "longer than before");
    assert_file(vfs, "/nbp", "longer than before");
    assert_file(vfs, "/boot/loader.rc", "start");
    assert_file(tree, "/boot/pxeboot", "before");
    g_assert_cmpint(vfs_walk(vfs, "/boot/pxeboot", &other), ==, 0);
    g_assert_cmpuint(other, ==, file);
    g_assert_cmpint(vfs_read(vfs, file, 12, part, sizeof part), ==, 6);
    ROW_CMPMEM(part, 6, "before", 6);
    g_assert_cmpint(vfs_read(vfs, file, 18, part, sizeof part), ==, 0);
    g_assert_cmpint(vfs_read(vfs, file, G_MAXUINT64, part, sizeof part), ==, 0);
    g_assert_cmpint(vfs_open(vfs, file), ==, -ENOTSUP);
    g_assert_cmpint(vfs_path(vfs, file, path, sizeof path), >=, 0);
    g_assert_cmpstr(path, ==, "/boot/pxeboot");
    g_assert_cmpuint(vfs_total_bytes(vfs), ==, vfs_total_bytes(tree));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vfs-replace/one-file", test_replace);
    return g_test_run();
}
