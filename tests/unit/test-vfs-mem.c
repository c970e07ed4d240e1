/* SPDX-License-Identifier: GPL-2.0-or-later */
/* images/vfs-mem.c: what can be added, what cannot, and that what was added is there. */
#include "images/vfs.h"
#include "tests/lan/rows.h"
#include "tests/unit/support/tree-check.h"

#include <errno.h>

static GBytes *
text(const char *content)
{
    return g_bytes_new(content, strlen(content));
}

static int
add_file(Vfs *vfs, const char *path, const char *content)
{
    g_autoptr(GBytes) bytes = text(content);
    return vfs_mem_add_file(vfs, path, bytes, 0644);
}

static void
test_empty(void)
{
    g_autoptr(Vfs) vfs = vfs_mem_new();
    VfsDirent entry;

    g_assert_cmpuint(tree_check(vfs), ==, 0);
    g_assert_cmpint(vfs_readdir(vfs, vfs_root(vfs), 0, &entry), ==, 0);
    g_assert_cmpint(vfs_readdir(vfs, vfs_root(vfs), G_MAXUINT64, &entry), ==, 0);
    g_assert_cmpuint(vfs_total_bytes(vfs), ==, 0);
}

static void
test_tree(void)
{
    g_autoptr(Vfs) vfs = vfs_mem_new();

    g_assert_cmpint(add_file(vfs, "/boot/loader.conf", "console=\"vidconsole\"\n"), ==, 0);
    g_assert_cmpint(add_file(vfs, "boot//kernel/kernel", "elf"), ==, 0);
    g_assert_cmpint(add_file(vfs, "/empty", ""), ==, 0);
    g_assert_cmpint(vfs_mem_add_dir(vfs, "/dev", 0555), ==, 0);
    g_assert_cmpint(vfs_mem_add_symlink(vfs, "/sys", "usr/src/sys"), ==, 0);
    g_assert_cmpuint(tree_check(vfs), ==, 7);
    g_assert_cmpuint(vfs_total_bytes(vfs), ==, 21 + 3 + 11);
    g_autofree char *dump = tree_dump(vfs);
    g_assert_cmpstr(dump, ==,
                    "/boot d 0755 0:0\n"
                    "/boot/kernel d 0755 0:0\n"
                    "/boot/kernel/kernel - 0644 0:0 3 "
                    "780d84b20d7ae7e6292919399348bdbf96025270136198083fc8a4da398b5ca9\n"
                    "/boot/loader.conf - 0644 0:0 21 "
                    "1f9b49e3ccd11bb8f40b6055b9626de49043d5b0412c1b829437f7e015448893\n"
                    "/dev d 0555 0:0\n"
                    "/empty - 0644 0:0 0 "
                    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
                    "/sys l 0777 0:0 -> usr/src/sys\n");
}

/* Entries come in the order of addition, and the root's own name is none. */
static void
test_order(void)
{
    g_autoptr(Vfs) vfs = vfs_mem_new();
    char path[8];

    g_assert_cmpint(add_file(vfs, "/b", ""), ==, 0);
    g_assert_cmpint(add_file(vfs, "/a", ""), ==, 0);
    g_assert_cmpint(add_file(vfs, "/c/d", ""), ==, 0);
    g_autofree char *names = tree_list(vfs, "/");
    g_assert_cmpstr(names, ==, "b a c");
    g_assert_cmpint(vfs_path(vfs, vfs_root(vfs), path, sizeof path), ==, 0);
    g_assert_cmpstr(path, ==, "/");
}

typedef struct {
    const char *name;
    const char *path;
    int result;
} AddRow;

static const AddRow add_rows[] = {
    { "root-is-there-already", "/", -EEXIST },
    { "nothing-is-the-root", "", -EEXIST },
    { "slashes-are-the-root", "///", -EEXIST },
    { "same-file", "/dir/file", -EEXIST },
    { "same-file-spelled-otherwise", "dir//file/", -EEXIST },
    { "same-directory", "/dir", -EEXIST },
    { "same-link", "/link", -EEXIST },
    { "below-a-file", "/dir/file/x", -ENOTDIR },
    { "far-below-a-file", "/dir/file/x/y", -ENOTDIR },
    { "below-a-link", "/link/x", -ENOTDIR },
    { "dot-is-no-name", "/./x", -EINVAL },
    { "dot-dot-is-no-name", "/dir/../x", -EINVAL },
    { "beside", "/dir/other", 0 },
    { "name-of-spaces", "/ ", 0 },
    { "bytes-that-are-no-utf-8", "/\xff\xfe", 0 },
};

static void
test_add(gconstpointer data)
{
    const AddRow *row = data;
    g_autoptr(Vfs) vfs = vfs_mem_new();

    g_assert_cmpint(add_file(vfs, "/dir/file", "x"), ==, 0);
    g_assert_cmpint(vfs_mem_add_symlink(vfs, "/link", "dir"), ==, 0);
    g_assert_cmpint(add_file(vfs, row->path, "new"), ==, row->result);
    g_assert_cmpuint(tree_check(vfs), ==, row->result == 0 ? 4 : 3);
    g_autofree char *old = tree_text(vfs, "/dir/file");
    g_assert_cmpstr(old, ==, "x");
}

static void
test_long_names(void)
{
    g_autoptr(Vfs) vfs = vfs_mem_new();
    g_autofree char *longest = g_strnfill(VFS_NAME_MAX, 'n');
    g_autofree char *longer = g_strnfill(VFS_NAME_MAX + 1, 'n');
    g_autofree char *in_the_middle = g_strconcat("/a/", longer, "/b", NULL);
    g_autofree char *path = g_strnfill(VFS_PATH_MAX, '/');

    g_assert_cmpint(add_file(vfs, longest, ""), ==, 0);
    g_assert_cmpint(add_file(vfs, longer, ""), ==, -ENAMETOOLONG);
    g_assert_cmpint(add_file(vfs, in_the_middle, ""), ==, -ENAMETOOLONG);
    g_assert_cmpint(add_file(vfs, path, ""), ==, -ENOSPC);
    (void)tree_check(vfs);
    g_assert_cmpint(vfs_is_file(vfs, longest), ==, TRUE);
}

/* The table has an end, and what is full stays as it is. */
static void
test_full(void)
{
    g_autoptr(Vfs) vfs = vfs_mem_new();
    char path[32];
    guint added = 0;
    int r;

    do {
        (void)g_snprintf(path, sizeof path, "/%x/%x/%x", added >> 12, added >> 6 & 63, added & 63);
        r = vfs_mem_add_dir(vfs, path, 0755);
        added += r == 0;
    } while (r == 0 && added < 1u << 17);
    g_assert_cmpint(r, ==, -ENOSPC);
    g_assert_cmpuint(added, >, 1u << 15);
    g_assert_cmpint(vfs_mem_add_dir(vfs, path, 0755), ==, -ENOSPC);
    g_autofree char *names = tree_list(vfs, "/0/0");
    g_assert_true(g_str_has_prefix(names, "0 1 2 3"));
}

/* The tree keeps what it needs of the bytes that it was given. */
static void
test_content_is_kept(void)
{
    g_autoptr(Vfs) vfs = vfs_mem_new();
    GBytes *bytes = g_bytes_new_take(g_strdup("kept"), 4);
    char read[4];

    g_assert_cmpint(vfs_mem_add_file(vfs, "/f", bytes, 04755), ==, 0);
    g_bytes_unref(bytes);
    VfsAttr attr;
    g_assert_cmpint(vfs_getattr(vfs, tree_id(vfs, "/f"), &attr), ==, 0);
    g_assert_cmphex(attr.mode, ==, 04755);
    g_assert_cmpint(vfs_read(vfs, tree_id(vfs, "/f"), 1, read, sizeof read), ==, 3);
    g_assert_cmpint(memcmp(read, "ept", 3), ==, 0);
    g_assert_cmpint(vfs_open(vfs, tree_id(vfs, "/f")), ==, -ENOTSUP);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vfs-mem/empty", test_empty);
    g_test_add_func("/vfs-mem/tree", test_tree);
    g_test_add_func("/vfs-mem/order", test_order);
    ROWS_ADD("/vfs-mem/add", add_rows, test_add);
    g_test_add_func("/vfs-mem/long-names", test_long_names);
    g_test_add_func("/vfs-mem/full", test_full);
    g_test_add_func("/vfs-mem/content-is-kept", test_content_is_kept);
    return g_test_run();
}
