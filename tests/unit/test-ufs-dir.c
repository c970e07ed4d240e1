/* SPDX-License-Identifier: GPL-2.0-or-later */
/* images/ufs-dir.c: directories of all shapes, and entries that break the rules. */
#include "images/ufs-dir.h"
#include "tests/lan/rows.h"
#include "tests/unit/support/ufs-maker.h"

#include <errno.h>
#include <string.h>

#define DIR_INO 3

static int
load(const UfsSketch *sketch, UfsDir **ret)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(UfsVolume) volume = ufs_volume_new(ufs_sketch_source(sketch), &error);
    UfsInode inode;

    g_assert_no_error(error);
    g_assert_cmpint(ufs_volume_inode(volume, DIR_INO, &inode), ==, 0);
    return ufs_dir_load(volume, &inode, ret);
}

typedef struct {
    const char *name;
    guint entry; /* 0 ".", 1 "..", 2 "first", 3 "last" */
    gsize field; /* in it */
    guint width;
    guint64 value;
    const char *names; /* NULL: the directory is refused */
} EntryRow;

static const EntryRow entry_rows[] = {
    { "good", 0, 6, 1, 0, "first last" },
    { "type-is-not-looked-at", 2, 6, 1, 255, "first last" },
    { "removed", 2, 0, 4, 0, "last" },
    { "whiteout", 2, 0, 4, 1, "last" },
    { "last-removed", 3, 0, 4, 0, "first" },
    { "inode-that-cannot-be", 2, 0, 4, G_MAXUINT32, "first last" },
    { "no-dot", 0, 0, 4, 0, "first last" },
    { "length-0", 2, 4, 2, 0, NULL },
    { "length-4", 2, 4, 2, 4, NULL },
    { "length-odd", 2, 4, 2, 17, NULL },
    { "length-not-of-4", 2, 4, 2, 18, NULL },
    { "length-shorter-than-name", 2, 4, 2, 12, NULL },
    { "length-into-next-chunk", 2, 4, 2, 512, NULL },
    { "length-huge", 2, 4, 2, 65532, NULL },
    { "last-length-into-next-chunk", 3, 4, 2, 476, NULL },
    { "last-length-8-more", 3, 4, 2, 472 + 8, NULL },
    { "removed-length-0", 3, 4, 2, 0, NULL },
    { "skips-one", 2, 4, 2, 512 - 24, "first" },
    { "name-empty", 2, 7, 1, 0, NULL },
    { "name-shorter", 2, 7, 1, 4, NULL },
    { "name-longer", 2, 7, 1, 6, NULL },
    { "name-255", 2, 7, 1, 255, NULL },
    { "name-with-slash", 2, 9, 1, '/', NULL },
    { "name-with-nul", 2, 9, 1, 0, NULL },
    { "name-not-ended", 2, 13, 1, 'x', NULL },
    { "name-in-any-bytes", 2, 9, 1, 0xff, "f\xffrst last" },
    { "name-twice", 3, 8, 8, 0x7473726966, NULL },
};

static void
test_entry(gconstpointer data)
{
    const EntryRow *row = data;
    g_autoptr(UfsSketch) sketch = ufs_sketch_new(2, 0);
    g_autoptr(GString) names = g_string_new(NULL);
    gsize at[4] = { 0 };
    g_autoptr(UfsDir) dir = NULL;

    at[0] = ufs_sketch_dir(sketch, DIR_INO, 2);
    at[1] = at[0] + 12;
    at[2] = ufs_sketch_name(sketch, DIR_INO, "first", 4);
    at[3] = ufs_sketch_name(sketch, DIR_INO, "last", 5);
    if (g_str_equal(row->name, "name-twice"))
        le_put(sketch->image, at[3] + 7, 1, 5);
    le_put(sketch->image, at[row->entry] + row->field, row->width, row->value);
    g_assert_cmpint(load(sketch, &dir), ==, row->names != NULL ? 0 : -EIO);
    for (guint i = 0; row->names != NULL && i < ufs_dir_size(dir); i++) {
        UfsDirEntry entry = ufs_dir_entry(dir, i);
        guint found;
        g_string_append_printf(names, "%s%s", i > 0 ? " " : "", entry.name);
        g_assert_true(ufs_dir_find(dir, entry.name, &found));
        g_assert_cmpuint(found, ==, i);
        g_assert_false(ufs_dir_find(dir, ".", &found));
        g_assert_false(ufs_dir_find(dir, "lasting", &found));
        g_assert_false(ufs_dir_find(dir, "", &found));
    }
    if (row->names != NULL)
        g_assert_cmpstr(names->str, ==, row->names);
}

typedef struct {
    const char *name;
    guint64 size;
    guint entry; /* 0 ".", 1 ".." */
    gsize field;
    guint width;
    guint64 value;
    int result;
    guint32 parent;
} ParentRow;

static const ParentRow parent_rows[] = {
    { "good", 512, 0, 6, 1, 0, 0, 2 },
    { "another", 512, 1, 0, 4, 77, 0, 77 },
    { "none", 512, 1, 0, 4, 0, -EIO, 0 },
    { "another-name", 512, 1, 9, 1, 'x', -EIO, 0 },
    { "no-dot", 512, 0, 0, 4, 0, 0, 2 },
    { "dot-hides-it", 512, 0, 4, 2, 512, -EIO, 0 },
    { "dot-damaged", 512, 0, 4, 2, 0, -EIO, 0 },
    { "empty", 0, 0, 6, 1, 0, -EIO, 0 },
    { "cut-short", 20, 0, 6, 1, 0, -EIO, 0 },
    { "larger-than-it-may-be", UFS_DIR_SIZE_MAX + 512, 0, 6, 1, 0, 0, 2 },
};

static void
test_parent(gconstpointer data)
{
    const ParentRow *row = data;
    g_autoptr(UfsSketch) sketch = ufs_sketch_new(1, 8192);
    g_autoptr(GError) error = NULL;
    guint32 parent = 0;
    UfsInode inode;

    gsize at = ufs_sketch_dir(sketch, DIR_INO, 2);
    le_put(sketch->image, ufs_sketch_inode_at(sketch, DIR_INO) + 8, 8, row->size);
    le_put(sketch->image, at + 12 * row->entry + row->field, row->width, row->value);
    g_autoptr(UfsVolume) volume = ufs_volume_new(ufs_sketch_source(sketch), &error);
    g_assert_no_error(error);
    g_assert_cmpint(ufs_volume_inode(volume, DIR_INO, &inode), ==, 0);
    g_assert_cmpint(ufs_dir_parent(volume, &inode, &parent), ==, row->result);
    g_assert_cmpuint(parent, ==, row->parent);
}

/* Writes @n entries that fill the chunk at @at; their names are numbers from @first on. */
static void
put_chunk(UfsSketch *sketch, gsize at, guint n, guint first)
{
    for (guint i = 0; i < n; i++) {
        g_autofree char *name = g_strdup_printf("%05x", first + i);
        le_put(sketch->image, at, 4, 4);
        le_put(sketch->image, at + 4, 2, i + 1 == n ? 512 - 16 * i : 16);
        le_put(sketch->image, at + 7, 1, 5);
        memcpy(sketch->image->data + at + 8, name, 5);
        at += 16;
    }
}

/* A directory of many chunks, whose blocks are behind all else. */
static UfsSketch *
large(guint entries_per_chunk, guint chunks)
{
    UfsSketch *sketch = ufs_sketch_new(1, 8192);
    guint32 first = 2 * sketch->group_frags, table = ufs_sketch_new_block(sketch);
    guint32 all = first + (chunks + 7) / 8 * SKETCH_FRAGS;

    ufs_sketch_inode(sketch, DIR_INO, 040755, 2, (guint64)chunks * 512);
    g_byte_array_set_size(sketch->image, all * SKETCH_FRAG);
    memset(sketch->image->data + first * SKETCH_FRAG, 0, (all - first) * SKETCH_FRAG);
    le_put(sketch->image, 8192 + SUPER_GROUP_FRAGS, 4, (all + 1) / 2);
    le_put(sketch->image, 8192 + SUPER_OLD_SIZE, 4, all);
    ufs_sketch_set_address(sketch, DIR_INO, 12, table);
    for (guint block = 0; block < (chunks + 7) / 8; block++) {
        guint32 frag = first + block * SKETCH_FRAGS;
        if (block < 12)
            ufs_sketch_set_address(sketch, DIR_INO, block, frag);
        else
            le_put(sketch->image, (gsize)table * SKETCH_FRAG + 4 * (block - 12), 4, frag);
    }
    for (guint i = 0; i < chunks; i++)
        put_chunk(sketch, (gsize)first * SKETCH_FRAG + (gsize)i * 512, entries_per_chunk,
                  i * entries_per_chunk);
    return sketch;
}

typedef struct {
    const char *name;
    guint entries_per_chunk, chunks;
    int result;
} LargeRow;

static const LargeRow large_rows[] = {
    { "10000", 25, 400, 0 },
    { "most-entries", 32, UFS_DIR_ENTRIES_MAX / 32, 0 },
    { "too-many-entries", 32, UFS_DIR_ENTRIES_MAX / 32 + 1, -EIO },
    { "largest", 4, UFS_DIR_SIZE_MAX / 512, 0 },
    { "too-large", 1, UFS_DIR_SIZE_MAX / 512 + 1, -EFBIG },
};

static void
test_large(gconstpointer data)
{
    const LargeRow *row = data;
    g_autoptr(UfsSketch) sketch = large(row->entries_per_chunk, row->chunks);
    guint n = row->entries_per_chunk * row->chunks;
    g_autoptr(UfsDir) dir = NULL;

    g_assert_cmpint(load(sketch, &dir), ==, row->result);
    if (row->result < 0)
        return;
    g_assert_cmpuint(ufs_dir_size(dir), ==, n);
    for (guint i = 0; i < n; i++) {
        g_autofree char *name = g_strdup_printf("%05x", i);
        guint found;
        g_assert_true(ufs_dir_find(dir, name, &found));
        g_assert_cmpuint(found, ==, i);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/ufs-dir/entry", entry_rows, test_entry);
    ROWS_ADD("/ufs-dir/parent", parent_rows, test_parent);
    ROWS_ADD("/ufs-dir/large", large_rows, test_large);
    return g_test_run();
}
