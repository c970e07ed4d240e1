/* SPDX-License-Identifier: GPL-2.0-or-later */
/* images/ufs-super.c: where superblocks are found, and what each wrong field leads to. */
#include "images/ufs-super.h"
#include "tests/lan/rows.h"
#include "tests/unit/support/told.h"
#include "tests/unit/support/ufs-maker.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef struct {
    const char *name;
    guint version;
    guint32 place;
    gboolean found;
} PlaceRow;

static const PlaceRow place_rows[] = {
    { "ufs1", 1, 8192, TRUE },
    { "ufs1-of-a-floppy", 1, 0, TRUE },
    { "ufs1-copy", 1, 65536, FALSE },
    { "ufs2", 2, 65536, TRUE },
    { "ufs2-of-a-floppy", 2, 0, TRUE },
    { "ufs2-behind-256-k", 2, 262144, TRUE },
    { "ufs2-at-8-k", 2, 8192, TRUE },
    { "ufs2-elsewhere", 2, 16384, FALSE },
    { "ufs1-elsewhere", 1, 4096, FALSE },
};

static void
test_place(gconstpointer data)
{
    const PlaceRow *row = data;
    g_autoptr(UfsSketch) sketch = ufs_sketch_new(row->version, row->place);
    g_autoptr(ByteSource) source = ufs_sketch_source(sketch);
    g_autoptr(GError) error = NULL;
    UfsSuper super;

    g_assert_cmpint(ufs_super_is_there(source), ==, row->found);
    g_assert_cmpint(ufs_super_read(source, &super, &error), ==, row->found);
    if (!row->found) {
        assert_told(error, PXE_RUN_ERROR_MEDIUM, "no UFS");
        return;
    }
    g_assert_cmpuint(super.version, ==, row->version);
    g_assert_cmpuint(super.block, ==, SKETCH_BLOCK);
    g_assert_cmpuint(super.frag, ==, SKETCH_FRAG);
    g_assert_cmpuint(super.n_frags, ==, sketch->image->len / SKETCH_FRAG);
    g_assert_cmpuint(ufs_super_inodes(&super), ==, 2 * SKETCH_GROUP);
    for (guint32 ino = 0; ino < 2 * SKETCH_GROUP; ino++) {
        guint64 frag;
        guint at;
        g_assert_true(ufs_super_find_inode(&super, ino, &frag, &at));
        g_assert_cmpuint(frag * SKETCH_FRAG + at, ==, ufs_sketch_inode_at(sketch, ino));
    }
    guint64 untouched = 5;
    guint at;
    g_assert_false(ufs_super_find_inode(&super, 2 * SKETCH_GROUP, &untouched, &at));
    g_assert_false(ufs_super_find_inode(&super, G_MAXUINT32, &untouched, &at));
    g_assert_cmpuint(untouched, ==, 5);
}

/* Nothing cut off is taken for a whole, and nothing but the end of the image is ever missed. */
static void
test_prefixes(gconstpointer data)
{
    const PlaceRow *row = data;
    g_autoptr(UfsSketch) sketch = ufs_sketch_new(row->version, row->place);
    g_autoptr(ByteSource) whole = ufs_sketch_source(sketch);
    UfsSuper super;

    if (!row->found)
        return;
    for (guint64 len = 0; len < byte_source_size(whole); len += len < row->place ? 509 : 1) {
        g_autoptr(ByteSource) cut = byte_source_slice(whole, 0, len);
        g_autoptr(GError) error = NULL;
        g_assert_false(ufs_super_read(cut, &super, &error));
        gboolean there = len >= row->place + 1376;
        g_assert_cmpint(ufs_super_is_there(cut), ==, there);
        assert_told(error, PXE_RUN_ERROR_MEDIUM, there ? "cut short" : "no UFS");
        if (there && len < byte_source_size(whole) - 300)
            len += 211;
    }
}

typedef struct {
    const char *name;
    guint version; /* 0: both */
    gsize field;
    guint width;
    guint64 value;
    const char *told; /* NULL: it does not matter */
} FieldRow;

#define NO_SENSE "the superblock makes no sense"

static const FieldRow field_rows[] = {
    { "block-0", 0, SUPER_BLOCK, 4, 0, NO_SENSE },
    { "block-small", 0, SUPER_BLOCK, 4, 2048, NO_SENSE },
    { "block-large", 0, SUPER_BLOCK, 4, 131072, NO_SENSE },
    { "block-odd", 0, SUPER_BLOCK, 4, 4097, NO_SENSE },
    { "block-other", 0, SUPER_BLOCK, 4, 8192, NO_SENSE },
    { "block-negative", 0, SUPER_BLOCK, 4, 0x80000000, NO_SENSE },
    { "frag-0", 0, SUPER_FRAG, 4, 0, NO_SENSE },
    { "frag-small", 0, SUPER_FRAG, 4, 256, NO_SENSE },
    { "frag-odd", 0, SUPER_FRAG, 4, 513, NO_SENSE },
    { "frag-larger-than-block", 0, SUPER_FRAG, 4, 8192, NO_SENSE },
    { "frags-0", 0, SUPER_FRAGS, 4, 0, NO_SENSE },
    { "frags-wrong", 0, SUPER_FRAGS, 4, 4, NO_SENSE },
    { "frags-huge", 0, SUPER_FRAGS, 4, G_MAXUINT32, NO_SENSE },
    { "pointers-0", 0, SUPER_POINTERS, 4, 0, NO_SENSE },
    { "pointers-huge", 0, SUPER_POINTERS, 4, G_MAXUINT32, NO_SENSE },
    { "inodes-per-block-0", 0, SUPER_INODES_PER_BLOCK, 4, 0, NO_SENSE },
    { "inodes-per-block-huge", 0, SUPER_INODES_PER_BLOCK, 4, G_MAXUINT32, NO_SENSE },
    { "groups-0", 0, SUPER_GROUPS, 4, 0, NO_SENSE },
    { "groups-too-few", 0, SUPER_GROUPS, 4, 1, NO_SENSE },
    { "groups-too-many", 0, SUPER_GROUPS, 4, 3, NO_SENSE },
    { "groups-huge", 0, SUPER_GROUPS, 4, G_MAXUINT32, NO_SENSE },
    { "group-inodes-0", 0, SUPER_GROUP_INODES, 4, 0, NO_SENSE },
    { "group-inodes-odd", 0, SUPER_GROUP_INODES, 4, 63, NO_SENSE },
    { "group-inodes-too-many", 0, SUPER_GROUP_INODES, 4, 65536, NO_SENSE },
    { "group-inodes-huge", 0, SUPER_GROUP_INODES, 4, 0xffffffe0, NO_SENSE },
    { "group-frags-0", 0, SUPER_GROUP_FRAGS, 4, 0, NO_SENSE },
    { "group-frags-small", 0, SUPER_GROUP_FRAGS, 4, 40, NO_SENSE },
    { "group-frags-negative", 0, SUPER_GROUP_FRAGS, 4, 0x80000000, NO_SENSE },
    { "inodes-at-0", 0, SUPER_INODES_AT, 4, 0, NO_SENSE },
    { "inodes-behind-group", 0, SUPER_INODES_AT, 4, 5000, NO_SENSE },
    { "inodes-reach-behind-group", 0, SUPER_INODES_AT, 4, 223, NO_SENSE },
    { "inodes-at-negative", 0, SUPER_INODES_AT, 4, 0xffffffff, NO_SENSE },
    { "group-offset-large", 1, SUPER_GROUP_OFFSET, 4, 100000, NO_SENSE },
    { "group-offset-negative", 1, SUPER_GROUP_OFFSET, 4, 0xffffffff, NO_SENSE },
    { "group-offset-of-ufs2", 2, SUPER_GROUP_OFFSET, 4, 0xffffffff, NULL },
    { "group-mask-0", 1, SUPER_GROUP_MASK, 4, 0, NULL },
    { "size-0", 2, SUPER_SIZE, 8, 0, NO_SENSE },
    { "size-small", 2, SUPER_SIZE, 8, 10, NO_SENSE },
    { "size-huge", 2, SUPER_SIZE, 8, G_MAXUINT64, NO_SENSE },
    { "old-size-0", 1, SUPER_OLD_SIZE, 4, 0, NO_SENSE },
    { "old-size-huge", 1, SUPER_OLD_SIZE, 4, G_MAXUINT32, NO_SENSE },
    { "new-size-missing", 1, SUPER_OLD_FLAGS, 1, 0x80, NO_SENSE },
    { "new-size-of-old", 1, SUPER_SIZE, 8, G_MAXUINT64, NULL },
    { "format-of-4.2bsd", 1, SUPER_INODE_FORMAT, 4, 0xffffffff, "before 4.4BSD" },
    { "format-none", 1, SUPER_INODE_FORMAT, 4, 0, "before 4.4BSD" },
    { "format-of-ufs2", 2, SUPER_INODE_FORMAT, 4, 0, NULL },
    { "not-clean", 0, SUPER_CLEAN, 1, 0, NULL },
    { "inline-link-huge", 0, SUPER_INLINE_LINK, 4, G_MAXUINT32, NULL },
    { "magic-unfinished", 0, SUPER_MAGIC, 4, 0x19960408, "no UFS" },
    { "magic-none", 0, SUPER_MAGIC, 4, 0, "no UFS" },
    { "big-endian-ufs1", 0, SUPER_MAGIC, 4, 0x54190100, "big-endian" },
    { "big-endian-ufs2", 0, SUPER_MAGIC, 4, 0x19015419, "big-endian" },
    { "place-elsewhere", 2, SUPER_PLACE, 8, 65536, "no UFS" },
    { "place-of-ufs1", 1, SUPER_PLACE, 8, 65536, NULL },
};

static void
test_field(gconstpointer data)
{
    const FieldRow *row = data;

    for (guint version = 1; version <= 2; version++) {
        g_autoptr(UfsSketch) sketch = ufs_sketch_new(version, 8192);
        g_autoptr(GError) error = NULL;
        UfsSuper super;
        if (row->version != 0 && row->version != version)
            continue;
        le_put(sketch->image, sketch->place + row->field, row->width, row->value);
        g_autoptr(ByteSource) source = ufs_sketch_source(sketch);
        g_assert_cmpint(ufs_super_read(source, &super, &error), ==, row->told == NULL);
        if (row->told != NULL)
            assert_told(error, PXE_RUN_ERROR_MEDIUM, row->told);
    }
}

static const guint64 hostile[] = {
    0,
    1,
    2,
    3,
    7,
    8,
    255,
    512,
    4095,
    65535,
    65536,
    G_MAXINT32,
    (guint64)G_MAXINT32 + 1,
    G_MAXUINT32 - 7,
    G_MAXUINT32,
    G_MAXINT64,
    (guint64)G_MAXINT64 + 1,
    G_MAXUINT64,
};

/* Any field may have any value: what is accepted has its inodes at places that fit 64 bits. */
static void
test_every_field(void)
{
    for (guint i = 0; i < 2 * G_N_ELEMENTS(hostile); i++) {
        g_autoptr(UfsSketch) sketch = ufs_sketch_new(1 + i % 2, 8192);
        for (gsize at = sketch->place; at + 8 <= sketch->place + 1376; at += 4) {
            guint8 before[8];
            UfsSuper super;
            guint64 frag;
            guint within;
            memcpy(before, sketch->image->data + at, 8);
            le_put(sketch->image, at, at % 8 == 0 ? 8 : 4, hostile[i / 2]);
            g_autoptr(ByteSource) source = ufs_sketch_source(sketch);
            g_autoptr(GError) error = NULL;
            if (ufs_super_read(source, &super, &error)) {
                g_assert_true(
                    ufs_super_find_inode(&super, ufs_super_inodes(&super) - 1, &frag, &within));
                g_assert_cmpuint(within + super.inode_size, <=, super.block);
                g_assert_cmpuint(super.n_frags * super.frag, <=, byte_source_size(source));
            } else {
                g_assert_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_MEDIUM);
            }
            memcpy(sketch->image->data + at, before, 8);
        }
    }
}

/* UFS_INODES_MAX: as many are accepted, one block of inodes more in each group are not. */
static void
test_most_inodes(void)
{
    const guint32 per_group = UFS_INODES_MAX / 2;

    for (guint more = 0; more <= 32; more += 32) {
        g_autoptr(UfsSketch) sketch = ufs_sketch_new(1, 8192);
        g_autoptr(GError) error = NULL;
        UfsSuper super;
        guint32 frags = sketch->group_frags + (per_group + more) / 32 * SKETCH_FRAGS;
        le_put(sketch->image, 8192 + SUPER_GROUP_INODES, 4, per_group + more);
        le_put(sketch->image, 8192 + SUPER_GROUP_FRAGS, 4, frags);
        le_put(sketch->image, 8192 + SUPER_OLD_SIZE, 4, 2 * frags);
        int fd = memfd_create("most", MFD_CLOEXEC);
        g_assert_cmpint(write(fd, sketch->image->data, 16384), ==, 16384);
        g_assert_cmpint(ftruncate(fd, (off_t)2 * frags * SKETCH_FRAG), ==, 0);
        g_autoptr(ByteSource) source = byte_source_new_fd(fd, &error);
        g_assert_cmpint(ufs_super_read(source, &super, &error), ==, more == 0);
        if (more > 0)
            assert_told(error, PXE_RUN_ERROR_MEDIUM, "more than 16777216 files");
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/ufs-super/place", place_rows, test_place);
    ROWS_ADD("/ufs-super/prefixes", place_rows, test_prefixes);
    ROWS_ADD("/ufs-super/field", field_rows, test_field);
    g_test_add_func("/ufs-super/every-field", test_every_field);
    g_test_add_func("/ufs-super/most-inodes", test_most_inodes);
    return g_test_run();
}
