/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory disks: a tree as a UFS image that FreeBSD's loader brings and its kernel takes as root. */
#pragma once

#include "images/byte-source.h"
#include "images/mfsroot-size.h"
#include "images/vfs.h"

#define MFSROOT_BYTES_PER_INODE 8000       /* as FreeBSD's release scripts have it */
#define MFSROOT_FREE_MIN        (1u << 20) /* bytes that stay free in a size of our choice */
#define MFSROOT_FREE_PERCENT    10         /* and of what the tree takes, if that is more */
#define MFSROOT_BOOT_BLOCK      8192       /* bytes in front of the superblock */

/* All 0: a UFS1 of a fitting size. */
typedef struct {
    guint ufs_version; /* 1 or 2 */
    guint64 size;      /* bytes */
    guint32 block, frag;
    guint32 bytes_per_inode;
    guint minfree; /* percent that only the superuser may fill */
    gboolean optimize_time;
    gboolean label;     /* a BSD disklabel in front */
    GBytes *boot_block; /* (nullable): what stands there instead of zeros */
} MfsrootOptions;

void mfsroot_options_like(const ByteSource *image, MfsrootOptions *ret);
void mfsroot_options_clear(MfsrootOptions *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MfsrootOptions, mfsroot_options_clear)

int mfsroot_build(Vfs *tree, const MfsrootOptions *options, GError **error);
