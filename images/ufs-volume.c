/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads inodes, and the contents of files by their map of blocks. Every address comes from the
 * image and is checked against the size of the file system before it is used.
 *
 * Theory of operation: twelve addresses in the inode, then a block of addresses, a block of
 * addresses of such blocks, and one level more. An address counts fragments and is that of a whole
 * block, but for the last one of a small file, of which only as many fragments belong to it as its
 * size needs; nothing is read beyond the size. Blocks with inodes and blocks with addresses are
 * kept, so that reading a file from its beginning to its end reads none of them twice; contents
 * are read right to where the caller wants them.
 *
 * Source: FreeBSD sys/ufs/ufs/dinode.h, sys/ufs/ufs/ufs_bmap.c: ufs_bmaparray, ufs_getlbns;
 *   sys/ufs/ufs/ufs_vnops.c: ufs_readlink
 */
#include "images/ufs-volume.h"

#include "base/cursor.h"

#include <errno.h>

#define INODE_MAX 256 /* bytes */

typedef struct {
    guint64 frag; /* address; 0: nothing */
    guint64 used; /* tells the one that was not used for longest */
    guint8 *bytes;
} CachedBlock;

struct UfsVolume {
    ByteSource *source;
    UfsSuper super;
    guint64 size_max; /* of a file: all that three levels of addresses reach */
    guint64 clock;
    CachedBlock cache[UFS_CACHED_BLOCKS];
};

/**
 * ufs_volume_new:
 * @source: (transfer full): an image of a file system
 * @error: PXE_RUN_ERROR_MEDIUM when there is none, or none that can be read
 *
 * Returns: (transfer full): the file system
 **/
UfsVolume *
ufs_volume_new(ByteSource *source, GError **error)
{
    g_autoptr(UfsVolume) self = g_new0(UfsVolume, 1);

    self->source = source;
    if (!ufs_super_read(source, &self->super, error))
        return NULL;
    guint64 n = self->super.pointers;
    self->size_max = (UFS_DIRECT + n + n * n + n * n * n) * self->super.block;
    return g_steal_pointer(&self);
}

/* @self: (nullable) (transfer full): a file system */
void
ufs_volume_free(UfsVolume *self)
{
    if (self == NULL)
        return;
    for (guint i = 0; i < UFS_CACHED_BLOCKS; i++)
        g_free(self->cache[i].bytes);
    byte_source_unref(self->source);
    g_free(self);
}

/* Returns: (transfer none): what the superblock says */
const UfsSuper *
ufs_volume_super(const UfsVolume *self)
{
    return &self->super;
}

/* Reads @n bytes from the fragment @frag on; the file system must have all of them. */
static int
volume_read_at(const UfsVolume *self, guint64 frag, guint64 within, void *dst, gsize n)
{
    const UfsSuper *super = &self->super;

    if (frag >= super->n_frags || within + n > (super->n_frags - frag) * super->frag)
        return -EIO;
    return byte_source_read(self->source, frag * super->frag + within, dst, n);
}

/* Returns: (nullable): the block at @frag, good until the next call; NULL when it cannot be read */
static const guint8 *
volume_block(UfsVolume *self, guint64 frag)
{
    CachedBlock *slot = &self->cache[0];

    for (guint i = 0; i < UFS_CACHED_BLOCKS; i++) {
        CachedBlock *other = &self->cache[i];
        if (other->frag == frag && other->bytes != NULL) {
            other->used = ++self->clock;
            return other->bytes;
        }
        if (other->used < slot->used)
            slot = other;
    }
    if (slot->bytes == NULL)
        slot->bytes = g_malloc(self->super.block);
    slot->frag = 0;
    if (volume_read_at(self, frag, 0, slot->bytes, self->super.block) < 0)
        return NULL;
    slot->frag = frag;
    slot->used = ++self->clock;
    return slot->bytes;
}

static guint64
read_address(Cursor *at, guint version)
{
    return version == 1 ? cursor_le32(at) : cursor_le64(at);
}

static void
inode_take_addresses(const guint8 *bytes, guint version, gsize offset, UfsInode *ret)
{
    gsize len = (UFS_DIRECT + UFS_INDIRECT) * (version == 1 ? 4u : 8u);
    Cursor at = cursor_of(bytes + offset, len);

    memcpy(ret->short_link, bytes + offset, len);
    for (guint i = 0; i < UFS_DIRECT; i++)
        ret->direct[i] = read_address(&at, version);
    for (guint i = 0; i < UFS_INDIRECT; i++)
        ret->indirect[i] = read_address(&at, version);
}

/* Source: FreeBSD sys/ufs/ufs/dinode.h: struct ufs1_dinode */
static void
inode_take_1(const guint8 *bytes, UfsInode *ret)
{
    Cursor at = cursor_of(bytes, 128);

    ret->mode = cursor_le16(&at);
    ret->nlink = cursor_le16(&at);
    cursor_skip(&at, 4);
    ret->size = cursor_le64(&at);
    cursor_skip(&at, 8);
    ret->mtime_s = (gint32)cursor_le32(&at);
    ret->mtime_ns = cursor_le32(&at);
    inode_take_addresses(bytes, 1, 40, ret);
    cursor_skip(&at, 72);
    ret->sectors = cursor_le32(&at);
    cursor_skip(&at, 4);
    ret->uid = cursor_le32(&at);
    ret->gid = cursor_le32(&at);
}

/* Source: FreeBSD sys/ufs/ufs/dinode.h: struct ufs2_dinode */
static void
inode_take_2(const guint8 *bytes, UfsInode *ret)
{
    Cursor at = cursor_of(bytes, 256);

    ret->mode = cursor_le16(&at);
    ret->nlink = cursor_le16(&at);
    ret->uid = cursor_le32(&at);
    ret->gid = cursor_le32(&at);
    cursor_skip(&at, 4);
    ret->size = cursor_le64(&at);
    ret->sectors = cursor_le64(&at);
    cursor_skip(&at, 8);
    ret->mtime_s = (gint64)cursor_le64(&at);
    cursor_skip(&at, 16);
    ret->mtime_ns = cursor_le32(&at);
    inode_take_addresses(bytes, 2, 112, ret);
}

/**
 * ufs_volume_inode:
 * @self: a file system
 * @ino: number of an inode
 * @ret: (out): what it says
 *
 * Returns: 0, -ESTALE when there is no such inode or it is free, -EIO when it cannot be read or its
 *   size is more than any file can have
 **/
int
ufs_volume_inode(UfsVolume *self, guint32 ino, UfsInode *ret)
{
    guint64 frag;
    guint at;

    if (!ufs_super_find_inode(&self->super, ino, &frag, &at))
        return -ESTALE;
    const guint8 *block = volume_block(self, frag);
    if (block == NULL)
        return -EIO;
    UfsInode inode = { .mode = 0 };
    (self->super.version == 1 ? inode_take_1 : inode_take_2)(block + at, &inode);
    if (inode.mode == 0)
        return -ESTALE;
    if (inode.size > self->size_max)
        return -EIO;
    if (inode.mtime_ns >= 1000000000)
        inode.mtime_ns = 0;
    *ret = inode;
    return 0;
}

/* The address in position @index of the block of addresses at @frag. */
static int
volume_address(UfsVolume *self, guint64 frag, guint64 index, guint64 *ret)
{
    const guint8 *block = volume_block(self, frag);
    if (block == NULL)
        return -EIO;
    gsize size = self->super.pointer_size;
    Cursor at = cursor_of(block + index * size, size);
    *ret = read_address(&at, self->super.version);
    return 0;
}

/* The address of a file's block, 0 for a hole. */
static int
volume_map(UfsVolume *self, const UfsInode *inode, guint64 block, guint64 *ret)
{
    guint64 n = self->super.pointers, below = n; /* blocks below an address of this level */
    guint level = 0;

    if (block < UFS_DIRECT) {
        *ret = inode->direct[block];
        return 0;
    }
    block -= UFS_DIRECT;
    for (; block >= below; below *= n) {
        block -= below;
        if (++level == UFS_INDIRECT)
            return -EIO;
    }
    guint64 frag = inode->indirect[level];
    while (frag != 0 && below > 1) {
        below /= n;
        int r = volume_address(self, frag, block / below, &frag);
        if (r < 0)
            return r;
        block %= below;
    }
    *ret = frag;
    return 0;
}

/**
 * ufs_volume_read:
 * @self: a file system
 * @inode: an inode whose contents are in blocks
 * @offset: bytes from the beginning of its contents
 * @dst: (out): the bytes
 * @n: how many are wanted
 *
 * Returns: how many were read, less than @n only at the end; or -EIO when an address of the map is
 *   outside the file system, or the image cannot be read
 **/
gssize
ufs_volume_read(UfsVolume *self, const UfsInode *inode, guint64 offset, void *dst, gsize n)
{
    guint32 size = self->super.block;
    guint8 *out = dst;
    guint64 frag;

    if (offset >= inode->size)
        return 0;
    gsize want = (gsize)MIN(n, inode->size - offset);
    for (gsize done = 0; done < want;) {
        guint64 at = offset + done;
        gsize part = (gsize)MIN(want - done, size - at % size);
        int r = volume_map(self, inode, at / size, &frag);
        if (r < 0)
            return r;
        if (frag == 0)
            memset(out + done, 0, part);
        else if ((r = volume_read_at(self, frag, at % size, out + done, part)) < 0)
            return r;
        done += part;
    }
    return (gssize)want;
}

/**
 * ufs_volume_readlink:
 * @self: a file system
 * @link: the inode of a symbolic link
 * @dst: (out): its target
 * @cap: room at @dst
 *
 * Returns: the length of the target, -ENAMETOOLONG when it does not fit, or -EIO
 **/
gssize
ufs_volume_readlink(UfsVolume *self, const UfsInode *link, char *dst, gsize cap)
{
    gsize room = (UFS_DIRECT + UFS_INDIRECT) * self->super.pointer_size;

    if (link->size > cap)
        return -ENAMETOOLONG;
    if (link->size >= self->super.inline_link && link->sectors > 0)
        return ufs_volume_read(self, link, 0, dst, cap);
    if (link->size > room)
        return -EIO;
    memcpy(dst, link->short_link, (gsize)link->size);
    return (gssize)link->size;
}
