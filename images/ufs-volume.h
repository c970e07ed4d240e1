/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A UFS below its directories: inodes by number, and the contents of files. */
#pragma once

#include "images/ufs-super.h"

#include <sys/types.h>

#define UFS_DIRECT         12  /* addresses of blocks in an inode, NDADDR */
#define UFS_INDIRECT       3   /* levels of blocks of addresses, NIADDR */
#define UFS_SHORT_LINK_MAX 120 /* bytes that all addresses in an inode of UFS2 take */
#define UFS_CACHED_BLOCKS  8   /* blocks with inodes or addresses that are kept in memory */

typedef struct {
    guint16 mode; /* type and permissions; 0: the inode is free */
    guint16 nlink;
    guint32 uid, gid;
    guint64 size;
    guint64 sectors; /* of 512 bytes that it takes, those of addresses too */
    gint64 mtime_s;
    guint32 mtime_ns;
    guint64
        direct[UFS_DIRECT]; /* addresses of fragments; 0: a hole. The first is a device's number */
    guint64 indirect[UFS_INDIRECT];
    guint8 short_link[UFS_SHORT_LINK_MAX]; /* the same bytes, as the target of a short link */
} UfsInode;

typedef struct UfsVolume UfsVolume;

UfsVolume *ufs_volume_new(ByteSource *source, GError **error);
void ufs_volume_free(UfsVolume *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(UfsVolume, ufs_volume_free)

const UfsSuper *ufs_volume_super(const UfsVolume *self);
int ufs_volume_inode(UfsVolume *self, guint32 ino, UfsInode *ret);
gssize ufs_volume_read(UfsVolume *self, const UfsInode *inode, guint64 offset, void *dst, gsize n);
gssize ufs_volume_readlink(UfsVolume *self, const UfsInode *link, char *dst, gsize cap);
