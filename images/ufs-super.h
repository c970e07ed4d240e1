/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The superblock of a UFS: what it says, once it was found to make sense. */
#pragma once

#include "images/byte-source.h"

#define UFS_BLOCK_MIN  4096  /* MINBSIZE */
#define UFS_BLOCK_MAX  65536 /* MAXBSIZE */
#define UFS_FRAG_MIN   512
#define UFS_FRAGS_MAX  8          /* fragments in a block, MAXFRAG */
#define UFS_INODES_MAX (1u << 24) /* in a file system, used or not: one of 128 GB and more */
#define UFS_ROOT       2          /* inode of the root directory */

typedef struct {
    guint version;            /* 1 or 2 */
    guint32 block, frag;      /* bytes */
    guint32 frags;            /* in a block */
    guint32 inode_size;       /* bytes */
    guint32 inodes_per_block; /* INOPB */
    guint32 pointer_size;     /* bytes of a block's address */
    guint32 pointers;         /* in an indirect block, NINDIR */
    guint32 groups;           /* cylinder groups */
    guint32 group_inodes, group_frags;
    guint32 inodes_at;                /* fragments from a group's beginning to its inodes */
    guint32 group_offset, group_mask; /* UFS1: how the beginnings of groups are staggered */
    guint32 inline_link;              /* a shorter link is in its inode; 0: told otherwise */
    guint64 n_frags;                  /* of the whole; a fragment's address is below it */
} UfsSuper;

gboolean ufs_super_is_there(const ByteSource *source);
gboolean ufs_super_read(const ByteSource *source, UfsSuper *ret, GError **error);
guint32 ufs_super_inodes(const UfsSuper *self);
gboolean ufs_super_find_inode(const UfsSuper *self, guint32 ino, guint64 *ret_frag, guint *ret_at);
