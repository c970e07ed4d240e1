/* SPDX-License-Identifier: GPL-2.0-or-later */
/* images/tree-unpack.c and tree-walk.c: files on the host, and what the mtree text says of them. */
#include "base/autofd.h"
#include "images/tree-unpack.h"
#include "images/tree-walk.h"
#include "tests/unit/support/tmp-dir.h"
#include "tests/unit/support/told.h"
#include "tests/unit/support/vfs-made.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>

static VfsAttr
attr_of(VfsType type, guint32 mode, guint64 size)
{
    return (VfsAttr){ .type = type, .mode = mode, .size = size, .mtime_s = 12345, .mtime_ns = 678 };
}

/* Returns: (transfer full): the mtree text; NULL with @error */
static char *
unpack(Vfs *tree, const char *directory, TreeUnpackMode mode, GError **error)
{
    GString *text = g_string_new(NULL);
    auto_fd dir = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const TreeUnpackOptions options = { .mode = mode };
    gboolean ok = tree_unpack(tree, dir, &options, text, error);
    return g_string_free(text, !ok);
}

static void
stat_at(const char *directory, const char *name, struct stat *ret)
{
    g_autofree char *path = tmp_dir_path(directory, name);
    g_assert_cmpint(lstat(path, ret), ==, 0);
}

static void
test_permissions(void)
{
    g_autoptr(TmpDir) dir = tmp_dir_new();
    g_autoptr(Vfs) tree = vfs_made_new(0755);
    g_autoptr(GError) error = NULL;
    VfsAttr device = attr_of(VFS_CHR, 0666, 0);
    struct stat a, b;

    device.rdev_major = 13;
    device.rdev_minor = 7;
    VfsId bin = vfs_made_add(tree, 0, "bin", attr_of(VFS_DIR, 0555, 0), NULL);
    VfsId sh = vfs_made_add(tree, bin, "sh", attr_of(VFS_REG, 04555, 300000), NULL);
    vfs_made_link(tree, 0, "a b", sh);
    (void)vfs_made_add(tree, 0, "up", attr_of(VFS_LNK, 0755, 0), "../..");
    (void)vfs_made_add(tree, 0, "dev", device, NULL);
    VfsId sparse = vfs_made_add(tree, 0, "sparse", attr_of(VFS_REG, 0600, 100u << 20), NULL);
    vfs_made_set_holes(tree, sparse, 8u << 20);

    g_autofree char *text = unpack(tree, dir, TREE_UNPACK_PERMISSIONS, &error);
    g_assert_no_error(error);
    g_assert_true(g_str_has_prefix(text, "#mtree\n. type=dir "));
    g_assert_nonnull(
        strstr(text, "./a\\040b type=file uid=0 gid=0 mode=04555 time=12345.000000678\n"));
    g_assert_nonnull(strstr(text, " device=freebsd,13,7\n"));
    g_assert_nonnull(strstr(text, " link=../..\n"));
    stat_at(dir, "bin/sh", &a);
    stat_at(dir, "a b", &b);
    g_assert_cmpuint(a.st_ino, ==, b.st_ino);
    g_assert_cmpuint(a.st_mode & 07777, ==, 0555); /* nobody gets a set-user-ID file of theirs */
    g_assert_cmpint(a.st_mtim.tv_sec, ==, 12345);
    stat_at(dir, "bin", &a);
    g_assert_cmpuint(a.st_mode & 07777, ==, 0555);
    stat_at(dir, "sparse", &a);
    g_assert_cmpint(a.st_size, ==, 100 << 20);
    g_assert_cmpint(a.st_blocks * 512, <, 10 << 20);
    g_autofree char *missing = tmp_dir_path(dir, "dev");
    g_assert_cmpint(lstat(missing, &a), <, 0);
    g_autofree char *read_only = tmp_dir_path(dir, "bin"); /* so that it can be removed */
    g_assert_cmpint(g_chmod(read_only, 0755), ==, 0);
}

static void
test_contents(void)
{
    g_autoptr(TmpDir) dir = tmp_dir_new();
    g_autoptr(Vfs) tree = vfs_made_new(0755);
    VfsAttr device = attr_of(VFS_BLK, 0, 0);
    struct stat st;

    device.rdev_major = 0x123;
    device.rdev_minor = 0xffffffff;
    (void)vfs_made_add(tree, 0, "da0", device, NULL);
    (void)vfs_made_add(tree, 0, "secret", attr_of(VFS_REG, 0, 5), NULL);
    g_autofree char *text = unpack(tree, dir, TREE_UNPACK_CONTENTS, NULL);
    g_assert_nonnull(strstr(text, " device=0x1ffffff23ff\n"));
    stat_at(dir, "secret", &st);
    g_assert_cmpuint(st.st_mode & 0777, ==, 0600); /* makefs must be able to read it */
}

/* A link that the tree brings is not gone through, whatever is named behind it. */
static void
test_escape(void)
{
    g_autoptr(TmpDir) dir = tmp_dir_new();
    g_autoptr(TmpDir) outside = tmp_dir_new();
    g_autoptr(Vfs) tree = vfs_made_new(0755);
    g_autoptr(GError) error = NULL;

    (void)vfs_made_add(tree, 0, "out", attr_of(VFS_LNK, 0777, 0), outside);
    VfsId out = vfs_made_add(tree, 0, "out", attr_of(VFS_DIR, 0755, 0), NULL);
    (void)vfs_made_add(tree, out, "file", attr_of(VFS_REG, 0644, 5), NULL);
    g_autofree char *text = unpack(tree, dir, TREE_UNPACK_PERMISSIONS, &error);
    g_assert_null(text);
    assert_told(error, PXE_RUN_ERROR_HOST, "cannot unpack './out': its directory has another");
    g_autofree char *file = tmp_dir_path(outside, "file");
    g_assert_false(g_file_test(file, G_FILE_TEST_EXISTS));
}

/* All holes, so that it costs nothing but time: of that, too, there is an end. */
static void
test_bytes_max(void)
{
    g_autoptr(TmpDir) dir = tmp_dir_new();
    g_autoptr(Vfs) tree = vfs_made_new(0755);
    g_autoptr(GError) error = NULL;
    guint64 sizes[] = { 1, TREE_UNPACK_BYTES_MAX };

    (void)vfs_made_add(tree, 0, "one", attr_of(VFS_REG, 0644, sizes[0]), NULL);
    (void)vfs_made_add(tree, 0, "huge", attr_of(VFS_REG, 0644, sizes[1]), NULL);
    g_autofree char *text = unpack(tree, dir, TREE_UNPACK_PERMISSIONS, &error);
    g_assert_null(text);
    assert_told(error, PXE_RUN_ERROR_MEDIUM, "cannot unpack './huge': with it the tree has more");
}

static gboolean
count(Vfs *tree, const TreeEntry *entry, gpointer data, GError **error)
{
    (void)tree;
    (void)entry;
    (void)error;
    ++*(guint *)data;
    return TRUE;
}

/* So many names and not one more. */
static void
test_entries_max(void)
{
    g_autoptr(Vfs) tree = vfs_made_new(0755);
    g_autoptr(GError) error = NULL;
    char name[16];
    guint n = 0;

    VfsId file = vfs_made_add(tree, 0, "file", attr_of(VFS_REG, 0644, 0), NULL);
    for (guint i = 2; i < TREE_ENTRIES_MAX; i++) {
        (void)g_snprintf(name, sizeof name, "%x", i);
        vfs_made_link(tree, 0, name, file);
    }
    g_assert_true(tree_walk(tree, count, &n, &error));
    g_assert_cmpuint(n, ==, TREE_ENTRIES_MAX);
    vfs_made_link(tree, 0, "more", file);
    g_assert_false(tree_walk(tree, count, &n, &error));
    assert_told(error, PXE_RUN_ERROR_MEDIUM, "too many files");
}

/* A path that no call would take. */
static void
test_path_max(void)
{
    g_autoptr(Vfs) tree = vfs_made_new(0755);
    g_autoptr(GError) error = NULL;
    g_autofree char *name = g_strnfill(VFS_NAME_MAX, 'n');
    guint n = 0;
    VfsId dir = 0;

    for (guint i = 0; i < VFS_PATH_MAX / (VFS_NAME_MAX + 1); i++)
        dir = vfs_made_add(tree, dir, name, attr_of(VFS_DIR, 0755, 0), NULL);
    g_assert_false(tree_walk(tree, count, &n, &error));
    assert_told(error, PXE_RUN_ERROR_MEDIUM, "a path in it is too long");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tree-unpack/permissions", test_permissions);
    g_test_add_func("/tree-unpack/contents", test_contents);
    g_test_add_func("/tree-unpack/escape", test_escape);
    g_test_add_func("/tree-unpack/bytes-max", test_bytes_max);
    g_test_add_func("/tree-walk/entries-max", test_entries_max);
    g_test_add_func("/tree-walk/path-max", test_path_max);
    return g_test_run();
}
