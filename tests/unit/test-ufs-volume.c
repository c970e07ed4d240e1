/* SPDX-License-Identifier: GPL-2.0-or-later */
/* images/ufs-volume.c: inodes, maps of blocks with all levels, links; and maps that lie. */
#include "images/ufs-volume.h"
#include "tests/lan/rows.h"
#include "tests/unit/support/ufs-maker.h"

#include <errno.h>
#include <string.h>

#define MAP 8 /* inode of the file with all levels, in ufs_sketch_sample() */

static UfsSketch *
sample(guint version)
{
    UfsSketch *sketch = ufs_sketch_new(version, version == 1 ? 8192 : 0);
    ufs_sketch_sample(sketch);
    return sketch;
}

static UfsVolume *
volume_of(const UfsSketch *sketch)
{
    g_autoptr(GError) error = NULL;
    UfsVolume *volume = ufs_volume_new(ufs_sketch_source(sketch), &error);
    g_assert_no_error(error);
    return volume;
}

static guint64
pointers(guint version)
{
    return version == 1 ? SKETCH_BLOCK / 4 : SKETCH_BLOCK / 8;
}

static guint64
blocks_max(guint version)
{
    guint64 n = pointers(version);
    return 12 + n + n * n + n * n * n;
}

static void
set_size(UfsSketch *sketch, guint32 ino, guint64 size)
{
    gsize at = ufs_sketch_inode_at(sketch, ino);
    le_put(sketch->image, at + (sketch->version == 1 ? 8 : 16), 8, size);
}

/* Is the block number @block of the file the one with data, or a hole? */
static void
check_block(UfsVolume *volume, const UfsInode *inode, guint64 block, gboolean data)
{
    char got[6] = "xxxxx";

    g_assert_cmpint(ufs_volume_read(volume, inode, block * SKETCH_BLOCK, got, 5), ==, 5);
    ROW_CMPMEM(got, 6, data ? "data\0" : "\0\0\0\0\0", 6);
    /* A read across the border to the block before. */
    if (block > 0) {
        gssize n = ufs_volume_read(volume, inode, block * SKETCH_BLOCK - 1, got, 5);
        g_assert_cmpint(n, ==, 5);
        ROW_CMPMEM(got, 5, data ? "\0data" : "\0\0\0\0", 5);
    }
}

/* The first and the last block of each level: direct, single, double and triple indirect. */
static void
test_levels(void)
{
    for (guint version = 1; version <= 2; version++) {
        guint64 n = pointers(version), all = blocks_max(version);
        g_autoptr(UfsSketch) sketch = sample(version);
        set_size(sketch, MAP, all * SKETCH_BLOCK);
        g_autoptr(UfsVolume) volume = volume_of(sketch);
        UfsInode inode;
        const guint64 with_data[] = {
            0,
            11,
            12,
            12 + n - 1,
            12 + n,
            12 + n + n - 1,
            12 + n + n * n - n,
            12 + n + n * n - 1,
            12 + n + n * n,
            12 + n + n * n + n - 1,
            all - n * n,
            all - 1,
        };
        const guint64 holes[] = {
            1,       10,      13, 12 + n - 2, 12 + n + 1, 12 + n + n * n - 2, 12 + n + n * n + n,
            all - 2, all / 2,
        };
        g_assert_cmpint(ufs_volume_inode(volume, MAP, &inode), ==, 0);
        for (guint i = 0; i < G_N_ELEMENTS(with_data); i++)
            check_block(volume, &inode, with_data[i], TRUE);
        for (guint i = 0; i < G_N_ELEMENTS(holes); i++)
            check_block(volume, &inode, holes[i], FALSE);
        guint8 tail[10] = { 0 };
        g_assert_cmpint(ufs_volume_read(volume, &inode, all * SKETCH_BLOCK - 3, tail, 10), ==, 3);
        g_assert_cmpint(ufs_volume_read(volume, &inode, all * SKETCH_BLOCK, tail, 10), ==, 0);
        g_assert_cmpint(ufs_volume_read(volume, &inode, G_MAXUINT64, tail, 10), ==, 0);
    }
}

static void
test_inode(void)
{
    g_autoptr(UfsSketch) sketch = sample(2);
    gsize at = ufs_sketch_inode_at(sketch, 4);
    UfsInode inode;

    le_put(sketch->image, at + 4, 4, 4294967294);
    le_put(sketch->image, at + 8, 4, 65534);
    le_put(sketch->image, at + 40, 8, (guint64)-5);
    le_put(sketch->image, at + 64, 4, 999999999);
    le_put(sketch->image, ufs_sketch_inode_at(sketch, 66) + 64, 4, 1000000000);
    set_size(sketch, MAP, blocks_max(2) * SKETCH_BLOCK + 1);
    g_autoptr(UfsVolume) volume = volume_of(sketch);
    g_assert_cmpint(ufs_volume_inode(volume, 4, &inode), ==, 0);
    g_assert_cmphex(inode.mode, ==, 0100644);
    g_assert_cmpuint(inode.nlink, ==, 2);
    g_assert_cmpuint(inode.uid, ==, 4294967294);
    g_assert_cmpuint(inode.gid, ==, 65534);
    g_assert_cmpint(inode.mtime_s, ==, -5);
    g_assert_cmpuint(inode.mtime_ns, ==, 999999999);
    g_assert_cmpint(ufs_volume_inode(volume, 66, &inode), ==, 0);
    g_assert_cmpuint(inode.mtime_ns, ==, 0); /* not one that can be */
    g_assert_cmpint(ufs_volume_inode(volume, 9, &inode), ==, -ESTALE);
    g_assert_cmpint(ufs_volume_inode(volume, 2 * SKETCH_GROUP, &inode), ==, -ESTALE);
    g_assert_cmpint(ufs_volume_inode(volume, G_MAXUINT32, &inode), ==, -ESTALE);
    g_assert_cmpint(ufs_volume_inode(volume, MAP, &inode), ==, -EIO);
}

/* UFS1 has times of 32 bits, with a sign. */
static void
test_old_inode(void)
{
    g_autoptr(UfsSketch) sketch = sample(1);
    gsize at = ufs_sketch_inode_at(sketch, 66);
    UfsInode inode;

    le_put(sketch->image, at + 24, 4, 0xffffffff);
    le_put(sketch->image, at + 28, 4, 7);
    le_put(sketch->image, at + 112, 4, 1001);
    le_put(sketch->image, at + 116, 4, 1002);
    g_autoptr(UfsVolume) volume = volume_of(sketch);
    g_assert_cmpint(ufs_volume_inode(volume, 66, &inode), ==, 0);
    g_assert_cmpint(inode.mtime_s, ==, -1);
    g_assert_cmpuint(inode.mtime_ns, ==, 7);
    g_assert_cmpuint(inode.uid, ==, 1001);
    g_assert_cmpuint(inode.gid, ==, 1002);
}

typedef struct {
    const char *name;
    guint address; /* which one of the inode lies */
    gint64 behind; /* its value counts from the end of the file system, in fragments */
    guint64 block; /* of the file, that is then read */
    guint64 n;     /* bytes of it */
    int result;
} LieRow;

static const LieRow lie_rows[] = {
    { "last-fragment", 0, -1, 0, SKETCH_FRAG, SKETCH_FRAG },
    { "block-reaches-behind-the-end", 0, -1, 0, SKETCH_FRAG + 1, -EIO },
    { "last-block", 0, -8, 0, SKETCH_BLOCK, SKETCH_BLOCK },
    { "at-the-end", 0, 0, 0, 1, -EIO },
    { "far-behind", 0, 1u << 30, 0, 1, -EIO },
    { "negative", 0, G_MAXINT64, 0, 1, -EIO },
    { "another-block-is-good", 0, 0, 11, 4, 4 },
    { "single-at-the-end", 12, 0, 12, 1, -EIO },
    { "single-reaches-behind-the-end", 12, -1, 12, 1, -EIO },
    { "double-at-the-end", 13, 0, 12 + 512, 1, -EIO },
    { "triple-at-the-end", 14, 0, 12 + 512 + 512 * 512, 1, -EIO },
    { "triple-far-behind", 14, G_MAXINT64, 12 + 512 + 512 * 512, 1, -EIO },
};

static void
test_lie(gconstpointer data)
{
    const LieRow *row = data;
    g_autoptr(UfsSketch) sketch = sample(2);
    g_autofree guint8 *bytes = g_malloc(SKETCH_BLOCK + 1);
    UfsInode inode;

    set_size(sketch, MAP, blocks_max(2) * SKETCH_BLOCK);
    ufs_sketch_set_address(sketch, MAP, row->address,
                           2 * sketch->group_frags + (guint64)row->behind);
    g_autoptr(UfsVolume) volume = volume_of(sketch);
    g_assert_cmpint(ufs_volume_inode(volume, MAP, &inode), ==, 0);
    for (guint again = 0; again < 2; again++)
        g_assert_cmpint(
            ufs_volume_read(volume, &inode, row->block * SKETCH_BLOCK, bytes, (gsize)row->n), ==,
            row->result);
}

/* A block of addresses that lists itself: the levels still end. */
static void
test_loop(void)
{
    g_autoptr(UfsSketch) sketch = sample(1);
    guint32 frag = ufs_sketch_new_block(sketch);
    guint8 bytes[4];
    UfsInode inode;

    for (guint i = 0; i < SKETCH_BLOCK; i += 4)
        le_put(sketch->image, (gsize)frag * SKETCH_FRAG + i, 4, frag);
    ufs_sketch_set_address(sketch, MAP, 14, frag);
    set_size(sketch, MAP, blocks_max(1) * SKETCH_BLOCK);
    g_autoptr(UfsVolume) volume = volume_of(sketch);
    g_assert_cmpint(ufs_volume_inode(volume, MAP, &inode), ==, 0);
    g_assert_cmpint(ufs_volume_read(volume, &inode, (blocks_max(1) - 1) * SKETCH_BLOCK, bytes, 4),
                    ==, 4);
    g_assert_cmpuint(bytes[0], ==, frag); /* itself, as contents */
}

typedef struct {
    const char *name;
    guint64 size;
    guint32 sectors, inline_link;
    gsize cap;
    gssize result;
} LinkRow;

/* The target's first bytes are in the inode, or else in a block. */
static const LinkRow link_rows[] = {
    { "short", 6, 0, 120, 100, 6 },
    { "short-with-attributes", 6, 8, 120, 100, 6 },
    { "empty", 0, 0, 120, 100, 0 },
    { "just-fits", 6, 0, 120, 6, 6 },
    { "does-not-fit", 6, 0, 120, 5, -ENAMETOOLONG },
    { "longest-in-inode", 120, 0, 120, 4096, 120 },
    { "longest-in-inode-by-limit", 120, 8, 121, 4096, 120 },
    { "too-long-for-inode", 121, 0, 120, 4096, -EIO },
    { "too-long-but-limit-allows", 121, 8, 5000, 4096, -EIO },
    { "no-limit-told", 6, 0, 0, 4096, 6 },
    { "size-of-4-k", 4096, 0, 120, 4096, -EIO },
    { "huge", (guint64)1 << 39, 8, 120, 4096, -ENAMETOOLONG },
};

static void
test_link(gconstpointer data)
{
    const LinkRow *row = data;
    g_autoptr(UfsSketch) sketch = sample(2);
    char target[4096];
    UfsInode inode;

    set_size(sketch, 5, row->size);
    le_put(sketch->image, ufs_sketch_inode_at(sketch, 5) + 24, 8, row->sectors);
    le_put(sketch->image, sketch->place + SUPER_INLINE_LINK, 4, row->inline_link);
    g_autoptr(UfsVolume) volume = volume_of(sketch);
    g_assert_cmpint(ufs_volume_inode(volume, 5, &inode), ==, 0);
    g_assert_cmpint(ufs_volume_readlink(volume, &inode, target, row->cap), ==, row->result);
    if (row->result > 0)
        ROW_CMPMEM(target, 6, "target", 6);
}

/* More blocks are used in turn than are kept: UFS_CACHED_BLOCKS. */
static void
test_cache(void)
{
    g_autoptr(UfsSketch) sketch = sample(2);
    guint32 frags[UFS_CACHED_BLOCKS + 2];
    guint64 first = 12 + 512;
    guint32 top = ufs_sketch_new_block(sketch), data = ufs_sketch_new_block(sketch);
    UfsInode inode;
    guint8 byte;

    for (guint i = 0; i < G_N_ELEMENTS(frags); i++) {
        frags[i] = sketch->group_frags + 64 + SKETCH_FRAGS * i; /* in the second group */
        le_put(sketch->image, (gsize)top * SKETCH_FRAG + 8 * i, 8, frags[i]);
        le_put(sketch->image, (gsize)frags[i] * SKETCH_FRAG, 8, data);
        le_put(sketch->image, (gsize)frags[i] * SKETCH_FRAG + 8, 8, frags[i]);
    }
    sketch->image->data[(gsize)data * SKETCH_FRAG] = 'd';
    ufs_sketch_set_address(sketch, MAP, 13, top);
    set_size(sketch, MAP, blocks_max(2) * SKETCH_BLOCK);
    g_autoptr(UfsVolume) volume = volume_of(sketch);
    g_assert_cmpint(ufs_volume_inode(volume, MAP, &inode), ==, 0);
    for (guint turn = 0; turn < 3 * G_N_ELEMENTS(frags); turn++) {
        guint i = turn * 5 % G_N_ELEMENTS(frags);
        guint64 at = (first + 512 * i) * SKETCH_BLOCK;
        g_assert_cmpint(ufs_volume_read(volume, &inode, at, &byte, 1), ==, 1);
        g_assert_cmpint(byte, ==, 'd');
        g_assert_cmpint(ufs_volume_read(volume, &inode, at + SKETCH_BLOCK + 8, &byte, 1), ==, 1);
        g_assert_cmpint(byte, ==, (guint8)frags[i]);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ufs-volume/levels", test_levels);
    g_test_add_func("/ufs-volume/inode", test_inode);
    g_test_add_func("/ufs-volume/old-inode", test_old_inode);
    ROWS_ADD("/ufs-volume/lie", lie_rows, test_lie);
    g_test_add_func("/ufs-volume/loop", test_loop);
    ROWS_ADD("/ufs-volume/link", link_rows, test_link);
    g_test_add_func("/ufs-volume/cache", test_cache);
    return g_test_run();
}
