/* SPDX-License-Identifier: GPL-2.0-or-later */
/* images/vfs-ufs.c: trees that are drawn field by field, and what is wrong with some of them. */
#include "tests/lan/rows.h"
#include "tests/unit/support/told.h"
#include "tests/unit/support/tree-check.h"
#include "tests/unit/support/ufs-maker.h"

#include <errno.h>
#include <string.h>

static Vfs *
open_sketch(const UfsSketch *sketch, GError **error)
{
    return vfs_ufs_new(ufs_sketch_source(sketch), error);
}

/* A file of more than 4 GiB, nearly all of it a hole. */
static void
test_large(void)
{
    g_autoptr(UfsSketch) sketch = ufs_sketch_new(2, 0);
    const guint64 size = ((guint64)5 << 30) + 7;
    guint8 bytes[1024], zeros[1024] = { 0 };
    VfsAttr attr;

    ufs_sketch_sample(sketch);
    le_put(sketch->image, ufs_sketch_inode_at(sketch, 8) + 16, 8, size);
    g_autoptr(Vfs) vfs = open_sketch(sketch, NULL);
    (void)tree_check(vfs);
    VfsId map = tree_id(vfs, "/map");
    g_assert_cmpint(vfs_getattr(vfs, map, &attr), ==, 0);
    g_assert_cmpuint(attr.size, ==, size);
    g_assert_cmpint(vfs_read(vfs, map, (guint64)4 << 30, bytes, 1024), ==, 1024);
    ROW_CMPMEM(bytes, 1024, zeros, 1024);
    g_assert_cmpint(vfs_read(vfs, map, size - 7, bytes, 1024), ==, 7);
}

static void
test_sample(void)
{
    for (guint version = 1; version <= 2; version++) {
        g_autoptr(UfsSketch) sketch = ufs_sketch_new(version, version == 1 ? 8192 : 65536);
        char path[VFS_PATH_MAX];
        VfsAttr attr;
        ufs_sketch_sample(sketch);
        g_autoptr(Vfs) vfs = open_sketch(sketch, NULL);
        g_assert_cmpuint(tree_check(vfs), ==, 9);
        g_autofree char *text = tree_text(vfs, "/boot/dir/deep");
        g_assert_cmpstr(text, ==, "deep");
        g_assert_cmpint(vfs_getattr(vfs, tree_id(vfs, "/null"), &attr), ==, 0);
        g_assert_cmpuint(attr.rdev_major, ==, 0xff);
        g_assert_cmphex(attr.rdev_minor, ==, 0x0d120002);
        /* Two names of one file, of which the first is its own. */
        g_assert_cmpuint(tree_id(vfs, "/boot/loader.old"), ==, tree_id(vfs, "/boot/loader"));
        g_assert_cmpint(vfs_getattr(vfs, tree_id(vfs, "/boot/loader"), &attr), ==, 0);
        g_assert_cmpuint(attr.nlink, ==, 2);
        g_assert_cmpint(vfs_path(vfs, tree_id(vfs, "/boot/loader.old"), path, sizeof path), ==, 0);
        g_assert_cmpstr(path, ==, "/boot/loader");
    }
}

/* FreeBSD 12 and later have 64 bits: the upper halves of both numbers are in the upper word. */
static void
test_wide_device(void)
{
    g_autoptr(UfsSketch) sketch = ufs_sketch_new(2, 0);
    VfsAttr attr;

    ufs_sketch_sample(sketch);
    ufs_sketch_set_address(sketch, 7, 0, 0x1234567889abcdef);
    g_autoptr(Vfs) vfs = open_sketch(sketch, NULL);
    g_assert_cmpint(vfs_getattr(vfs, tree_id(vfs, "/null"), &attr), ==, 0);
    g_assert_cmphex(attr.rdev_major, ==, 0x123456cd);
    g_assert_cmphex(attr.rdev_minor, ==, 0x89ab78ef);
}

/* An object exists once it was listed, or looked up; an inode as such does not. */
static void
test_handed_out(void)
{
    g_autoptr(UfsSketch) sketch = ufs_sketch_new(1, 8192);
    VfsAttr attr;

    ufs_sketch_sample(sketch);
    ufs_sketch_file(sketch, 9, "orphan", 6);
    g_autoptr(Vfs) vfs = open_sketch(sketch, NULL);
    g_assert_cmpint(vfs_getattr(vfs, 4, &attr), ==, -ESTALE);
    (void)tree_check(vfs);
    g_assert_cmpint(vfs_getattr(vfs, 4, &attr), ==, 0);
    static const VfsId others[] = { 0, 1, 9, 10, 127, 128, G_MAXUINT32, G_MAXUINT64 };
    for (gsize i = 0; i < G_N_ELEMENTS(others); i++)
        g_assert_cmpint(vfs_getattr(vfs, others[i], &attr), ==, -ESTALE);
}

static void
draw_good(UfsSketch *sketch)
{
    (void)sketch;
}

static void
draw_cycle(UfsSketch *sketch)
{
    (void)ufs_sketch_name(sketch, 65, "up", 3);
}

static void
draw_root_in_root(UfsSketch *sketch)
{
    (void)ufs_sketch_name(sketch, 2, "self", 2);
}

static void
draw_root_below(UfsSketch *sketch)
{
    (void)ufs_sketch_name(sketch, 65, "top", 2);
}

static void
draw_self(UfsSketch *sketch)
{
    (void)ufs_sketch_name(sketch, 65, "self", 65);
}

static void
draw_two_names(UfsSketch *sketch)
{
    (void)ufs_sketch_name(sketch, 3, "dir2", 65);
}

static void
draw_two_places(UfsSketch *sketch)
{
    (void)ufs_sketch_name(sketch, 2, "dir2", 65);
}

static void
draw_wrong_up(UfsSketch *sketch)
{
    (void)ufs_sketch_dir(sketch, 10, 65);
    (void)ufs_sketch_name(sketch, 3, "wrong", 10);
}

/* A file that is a directory in its inode. */
static void
draw_file_as_dir(UfsSketch *sketch)
{
    le_put(sketch->image, ufs_sketch_inode_at(sketch, 66), 2, 040755);
}

static void
draw_dir_as_file(UfsSketch *sketch)
{
    le_put(sketch->image, ufs_sketch_inode_at(sketch, 65), 2, 0100644);
    le_put(sketch->image, ufs_sketch_inode_at(sketch, 3) + 2, 2, 2);
}

static void
draw_free_inode(UfsSketch *sketch)
{
    (void)ufs_sketch_name(sketch, 65, "free", 100);
}

static void
draw_no_inode(UfsSketch *sketch)
{
    (void)ufs_sketch_name(sketch, 65, "none", 4000000);
}

static void
draw_whiteout_inode(UfsSketch *sketch)
{
    le_put(sketch->image, ufs_sketch_inode_at(sketch, 66), 2, 0160000);
}

static void
draw_wrong_type(UfsSketch *sketch)
{
    le_put(sketch->image, ufs_sketch_inode_at(sketch, 66), 2, 0170644);
}

static void
draw_huge_file(UfsSketch *sketch)
{
    le_put(sketch->image, ufs_sketch_inode_at(sketch, 66) + 16, 8, G_MAXUINT64);
}

static void
draw_hole(UfsSketch *sketch)
{
    ufs_sketch_set_address(sketch, 65, 0, 0);
}

static void
draw_huge_dir(UfsSketch *sketch)
{
    le_put(sketch->image, ufs_sketch_inode_at(sketch, 65) + 16, 8, (guint64)1 << 30);
}

static void
draw_dir_outside(UfsSketch *sketch)
{
    ufs_sketch_set_address(sketch, 65, 0, 1u << 30);
}

typedef struct {
    const char *name;
    void (*draw)(UfsSketch *sketch);
    const char *damaged; /* the directory that cannot be read */
    const char *good;    /* one that can */
} TreeRow;

static const TreeRow tree_rows[] = {
    { "good", draw_good, NULL, "/boot/dir" },
    { "cycle", draw_cycle, "/boot/dir", "/boot" },
    { "root-below-itself", draw_root_below, "/boot/dir", "/boot" },
    { "directory-in-itself", draw_self, "/boot/dir", "/boot" },
    { "directory-with-two-names", draw_two_names, "/boot", "/" },
    { "way-up-lies", draw_wrong_up, "/boot", "/" },
    { "file-is-a-directory", draw_file_as_dir, "/boot/dir", "/boot" },
    { "directory-is-a-file", draw_dir_as_file, NULL, "/boot" },
    { "free-inode", draw_free_inode, "/boot/dir", "/boot" },
    { "no-such-inode", draw_no_inode, "/boot/dir", "/boot" },
    { "whiteout", draw_whiteout_inode, "/boot/dir", "/boot" },
    { "wrong-type", draw_wrong_type, "/boot/dir", "/boot" },
    { "file-of-2^64-bytes", draw_huge_file, "/boot/dir", "/boot" },
    { "directory-is-a-hole", draw_hole, "/boot", "/" },
    { "directory-of-1-gib", draw_huge_dir, "/boot/dir", "/boot" },
    { "directory-outside", draw_dir_outside, "/boot", "/" },
};

static void
test_tree(gconstpointer data)
{
    const TreeRow *row = data;
    g_autoptr(UfsSketch) sketch = ufs_sketch_new(2, 0);
    VfsDirent entry = { .cookie = 0 };
    VfsId found;

    ufs_sketch_sample(sketch);
    row->draw(sketch);
    g_autoptr(Vfs) vfs = open_sketch(sketch, NULL);
    for (guint again = 0; again < 2 && row->damaged != NULL; again++) {
        VfsId dir = tree_id(vfs, row->damaged);
        g_assert_cmpint(vfs_readdir(vfs, dir, 0, &entry), ==, -EIO);
        g_assert_cmpint(vfs_readdir(vfs, dir, 1, &entry), ==, -EIO);
        g_assert_cmpint(vfs_lookup(vfs, dir, "deep", &found), ==, -EIO);
        g_assert_cmpint(vfs_lookup(vfs, dir, "..", &found), ==, 0);
    }
    g_autofree char *names = tree_list(vfs, row->good);
    g_assert_cmpstr(names, !=, "");
    if (row->damaged == NULL)
        (void)tree_check(vfs);
}

static const TreeRow root_rows[] = {
    { "root-in-root", draw_root_in_root, "/", NULL },
    { "directory-in-two-places", draw_two_places, "/", NULL },
};

static void
test_root(gconstpointer data)
{
    const TreeRow *row = data;
    g_autoptr(UfsSketch) sketch = ufs_sketch_new(2, 0);
    g_autoptr(GError) error = NULL;

    ufs_sketch_sample(sketch);
    row->draw(sketch);
    g_assert_null(open_sketch(sketch, &error));
    assert_told(error, PXE_RUN_ERROR_MEDIUM, "the root directory cannot be read");
}

/* Reads all that can be reached; there is an end to it. */
static guint
visit(Vfs *vfs, VfsId dir)
{
    VfsDirent entry = { .cookie = 0 };
    char bytes[VFS_PATH_MAX];
    guint n = 1;

    while (vfs_readdir(vfs, dir, entry.cookie, &entry) == 1) {
        VfsAttr attr;
        g_assert_cmpint(vfs_path(vfs, entry.id, bytes, sizeof bytes), ==, 0);
        (void)vfs_getattr(vfs, entry.id, &attr);
        (void)vfs_read(vfs, entry.id, 0, bytes, sizeof bytes);
        (void)vfs_read(vfs, entry.id, (guint64)1 << 31, bytes, sizeof bytes);
        (void)vfs_readlink(vfs, entry.id, bytes, sizeof bytes);
        n += visit(vfs, entry.id);
    }
    return n;
}

/* Every byte of what makes the tree has other values, one at a time. */
static void
test_every_byte(void)
{
    static const guint8 values[] = { 0x00, 0x01, 0x7f, 0x80, 0xff };

    for (guint version = 1; version <= 2; version++) {
        g_autoptr(UfsSketch) sketch = ufs_sketch_new(version, version == 1 ? 8192 : 0);
        ufs_sketch_sample(sketch);
        gsize first = ufs_sketch_inode_at(sketch, 2);
        gsize last = (gsize)sketch->next_frag * SKETCH_FRAG;
        for (gsize at = first; at < last; at++) {
            guint8 before = sketch->image->data[at];
            if (before == 0 && at % 16 != 0) /* most is empty */
                continue;
            sketch->image->data[at] = values[at % G_N_ELEMENTS(values)];
            g_autoptr(Vfs) vfs = open_sketch(sketch, NULL);
            if (vfs != NULL)
                g_assert_cmpuint(visit(vfs, vfs_root(vfs)), <=, 100);
            sketch->image->data[at] = before;
        }
    }
}

/* More directories are used in turn than are kept in memory. */
static void
test_turns(void)
{
    g_autoptr(UfsSketch) sketch = ufs_sketch_new(2, 0);
    g_autoptr(GRand) random = g_rand_new_with_seed(1);

    for (guint i = 0; i < 12; i++) {
        g_autofree char *name = g_strdup_printf("dir-%u", i);
        (void)ufs_sketch_dir(sketch, 10 + i, 2);
        (void)ufs_sketch_name(sketch, 2, name, 10 + i);
        ufs_sketch_inode(sketch, 30 + i, 0100000 | (guint16)i, 1, 0);
        (void)ufs_sketch_name(sketch, 10 + i, name, 30 + i);
    }
    g_autoptr(Vfs) vfs = open_sketch(sketch, NULL);
    for (guint turn = 0; turn < 200; turn++) {
        guint i = (guint)g_rand_int_range(random, 0, 12);
        g_autofree char *path = g_strdup_printf("/dir-%u/dir-%u", i, i);
        g_assert_cmpuint(tree_id(vfs, path), ==, 30 + i);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vfs-ufs-odd/large", test_large);
    g_test_add_func("/vfs-ufs-odd/sample", test_sample);
    g_test_add_func("/vfs-ufs-odd/wide-device", test_wide_device);
    g_test_add_func("/vfs-ufs-odd/handed-out", test_handed_out);
    ROWS_ADD("/vfs-ufs-odd/tree", tree_rows, test_tree);
    ROWS_ADD("/vfs-ufs-odd/root", root_rows, test_root);
    g_test_add_func("/vfs-ufs-odd/every-byte", test_every_byte);
    g_test_add_func("/vfs-ufs-odd/turns", test_turns);
    return g_test_run();
}
