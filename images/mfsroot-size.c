/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counts what makefs will allocate, fragment by fragment, so that the smallest image that holds a
 * tree is known before makefs is started. makefs has an estimate of its own, which forgets blocks
 * of addresses; it fails in the middle then.
 *
 * Source: FreeBSD sys/ufs/ffs/fs.h (blksize, fragroundup), sys/ufs/ufs/dir.h (DIRSIZ);
 *   NetBSD usr.sbin/makefs/ffs/mkfs.c (cylinder groups)
 */
#include "images/mfsroot-size.h"

#include "base/error.h"
#include "images/tree-walk.h"

#include <string.h>

#define UFS_DIRECT_BLOCKS 12
#define UFS_LEVELS        3
#define UFS_RESERVED      2    /* inodes 0 and 1 */
#define DIR_BLOCK         512  /* bytes that no entry crosses */
#define SUPER_AT          8192 /* makefs puts the superblock there, for UFS2 as well */
#define SUPER_SIZE        8192

typedef struct {
    const MfsrootLayout *layout;
    MfsrootNeed *need;
    GArray *open; /* of OpenDir: the directories that the walk is in */
} Count;

/* A directory whose entries are still counted. */
typedef struct {
    gsize depth;
    guint entries;
    guint64 size; /* bytes, as far as the last block is filled */
} OpenDir;

static guint64
div_up(guint64 n, guint64 by)
{
    return n / by + (n % by != 0);
}

static guint
inode_size(const MfsrootLayout *layout)
{
    return layout->version == 1 ? 128 : 256;
}

/* Blocks of addresses for so many blocks of contents. */
static guint64
address_blocks(const MfsrootLayout *layout, guint64 blocks)
{
    guint64 addresses = layout->block / (layout->version == 1 ? 4 : 8);
    guint64 sum = 0;

    blocks -= MIN(blocks, UFS_DIRECT_BLOCKS);
    for (guint64 level = 1, reach = addresses; level <= UFS_LEVELS && blocks > 0; level++) {
        guint64 here = MIN(blocks, reach);
        /* One block for each `addresses` blocks, and again for each so many of those. */
        for (guint64 i = 0, n = here; i < level; i++) {
            n = div_up(n, addresses);
            sum += n;
        }
        blocks -= here;
        reach *= addresses;
    }
    return sum;
}

/*
 * Adds @size bytes of contents. The end of a small file is some fragments that must be in one
 * block, and which others share it is a matter of chance: five of eight fragments can leave three
 * that nobody wants. So they count as the next power of two, of which blocks are always made up.
 */
static void
add_contents(Count *self, guint64 size)
{
    const MfsrootLayout *layout = self->layout;
    guint64 blocks = div_up(size, layout->block);
    guint64 per_block = layout->block / layout->frag;
    guint64 end = 0, padded = 1;

    if (blocks <= UFS_DIRECT_BLOCKS && size % layout->block != 0) {
        end = div_up(size % layout->block, layout->frag);
        while (padded < end)
            padded *= 2;
        blocks--;
    }
    guint64 frags = (blocks + address_blocks(layout, blocks)) * per_block;
    self->need->frags += frags + (end > 0 ? padded : 0);
    self->need->frags_least += frags + end;
}

/* Adds an entry to the size of a directory. */
static void
add_dir_entry(OpenDir *dir, gsize name_len)
{
    gsize record = 8 + (name_len + 1 + 3) / 4 * 4;
    gsize used = dir->size % DIR_BLOCK;

    if (dir->size > 0 && (used == 0 ? DIR_BLOCK : used) + record > DIR_BLOCK)
        dir->size += (DIR_BLOCK - used) % DIR_BLOCK;
    dir->size += record;
}

/*
 * What a directory takes. makefs can list it in another order than the tree does, and what is left
 * of a block when the next entry does not fit depends on the order: at most half of a block.
 */
static void
close_dir(Count *self, const OpenDir *dir)
{
    guint64 blocks = div_up(dir->size, DIR_BLOCK);
    guint64 most = blocks > 1 ? blocks + blocks / 2 + 1 : blocks;
    guint64 least = self->need->frags_least + div_up(blocks * DIR_BLOCK / 2, self->layout->frag);

    add_contents(self, most * DIR_BLOCK);
    self->need->frags_least = least;
}

static gsize
depth_of(const TreeEntry *entry)
{
    gsize depth = 0;
    for (const char *at = entry->path; *at != '\0'; at++)
        depth += *at == '/';
    return depth;
}

static void
close_dirs_from(Count *self, gsize depth)
{
    while (self->open->len > 0) {
        const OpenDir *last = &g_array_index(self->open, OpenDir, self->open->len - 1);
        if (last->depth < depth)
            break;
        close_dir(self, last);
        g_array_set_size(self->open, self->open->len - 1);
    }
}

static void
open_dir(Count *self, gsize depth)
{
    OpenDir dir = { .depth = depth };

    add_dir_entry(&dir, 1);
    add_dir_entry(&dir, 2);
    g_array_append_val(self->open, dir);
}

/* makefs would write half of the number. */
static gboolean
check_device(const MfsrootLayout *layout, const TreeEntry *entry, GError **error)
{
    const VfsAttr *attr = &entry->attr;

    if (layout->version != 1 || (attr->type != VFS_CHR && attr->type != VFS_BLK) ||
        tree_device(attr) <= G_MAXUINT32)
        return TRUE;
    g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_USAGE,
                "UFS1 cannot hold the number of the device '%s' (%u, %u): write UFS2", entry->path,
                attr->rdev_major, attr->rdev_minor);
    return FALSE;
}

static gboolean
count_entry(Vfs *tree, const TreeEntry *entry, gpointer data, GError **error)
{
    Count *self = data;
    MfsrootNeed *need = self->need;
    gsize inline_link = self->layout->version == 1 ? 60 : 120;
    gsize depth = depth_of(entry);

    (void)tree;
    if (!check_device(self->layout, entry, error))
        return FALSE;
    need->newest_s = MAX(need->newest_s, entry->attr.mtime_s);
    close_dirs_from(self, depth);
    if (self->open->len > 0) {
        OpenDir *dir = &g_array_index(self->open, OpenDir, self->open->len - 1);
        if (dir->entries++ >= MFSROOT_DIR_ENTRIES_MAX) {
            g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_USAGE,
                        "the directory of '%s' has more than %u names: leave some out", entry->path,
                        MFSROOT_DIR_ENTRIES_MAX);
            return FALSE;
        }
        add_dir_entry(dir, strlen(entry->name));
    }
    if (entry->attr.type == VFS_DIR)
        open_dir(self, depth);
    /* A device with two names becomes two devices: makefs links only what it sees as files. */
    if (entry->first != NULL && (entry->attr.type == VFS_REG || entry->attr.type == VFS_LNK))
        return TRUE;
    if (entry->attr.size > MFSROOT_SIZE_MAX) {
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_USAGE,
                    "the file '%s' is larger than a memory disk can be (%llu MiB): leave it out",
                    entry->path, MFSROOT_SIZE_MAX >> 20);
        return FALSE;
    }
    need->inodes++;
    if (entry->attr.type == VFS_REG ||
        (entry->attr.type == VFS_LNK && entry->attr.size >= inline_link))
        add_contents(self, entry->attr.size);
    return TRUE;
}

/**
 * mfsroot_need:
 * @tree: (transfer none): what is to be in the image
 * @layout: how it is laid out
 * @ret: (out): what that takes
 * @error: PXE_RUN_ERROR_MEDIUM when the tree cannot be read, PXE_RUN_ERROR_USAGE when no
 *   image, or no UFS1, can hold it
 **/
gboolean
mfsroot_need(Vfs *tree, const MfsrootLayout *layout, MfsrootNeed *ret, GError **error)
{
    MfsrootNeed need = { .inodes = UFS_RESERVED };
    Count self = { layout, &need, g_array_new(FALSE, FALSE, sizeof(OpenDir)) };

    gboolean ok = tree_walk(tree, count_entry, &self, error);
    close_dirs_from(&self, 0);
    g_array_unref(self.open);
    if (ok)
        *ret = need;
    return ok;
}

/*
 * How many cylinder groups at most: a group's maps must fit into a block, with a bit for each
 * fragment and one for each inode, and some more for clusters.
 */
static guint64
groups_of(const MfsrootLayout *layout, guint64 bytes)
{
    guint64 group_frags = (guint64)(layout->block - 512) * 8 / 3;
    return div_up(bytes, group_frags * layout->frag);
}

/* Bytes of all that is needed with so many inodes. */
static guint64
bytes_with(const MfsrootNeed *self, const MfsrootLayout *layout, guint64 inodes)
{
    guint64 per_block = layout->block / inode_size(layout);
    guint64 bytes = self->frags * layout->frag;

    /* There is a fragment for each inode at least, and a block of summaries. */
    bytes = MAX(bytes, inodes * layout->frag) + inodes * inode_size(layout) + layout->block;
    guint64 groups = groups_of(layout, bytes);
    /* Where a fragment is a block makefs never makes a group as large as the image: there is one
     * more, with as many inodes as any; and some room that it is seen to lose besides. */
    if (layout->frag == layout->block)
        bytes += inodes * inode_size(layout) / groups++ + bytes / 64;
    /* Each group has a copy of the superblock, a block of maps, and inodes up to a block's end. */
    guint64 group = SUPER_AT + 2 * MAX(SUPER_SIZE, layout->block) + layout->block +
                    per_block * inode_size(layout) + layout->block;
    return div_up(bytes + groups * group, layout->block) * layout->block;
}

/**
 * mfsroot_need_bytes:
 * @self: what a tree takes
 * @layout: how it is laid out
 * @inodes: that the image shall have, used or not
 *
 * Returns: the size of an image that holds it, in bytes
 **/
guint64
mfsroot_need_bytes(const MfsrootNeed *self, const MfsrootLayout *layout, guint64 inodes)
{
    guint64 bytes = bytes_with(self, layout, inodes);

    /* There are as many inodes as a whole number of fragments for each makes, which can be more. */
    for (guint i = 0; i < 3; i++) {
        guint64 frags_each = MAX(bytes / layout->frag / inodes, 1);
        guint64 made = div_up(bytes / layout->frag, frags_each);
        bytes = bytes_with(self, layout, MAX(made, inodes));
    }
    return bytes;
}
