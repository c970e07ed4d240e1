/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One directory of a UFS, read whole and indexed by name. */
#pragma once

#include "images/ufs-volume.h"

#define UFS_DIR_SIZE_MAX    (4u << 20) /* bytes */
#define UFS_DIR_ENTRIES_MAX (1u << 17) /* besides "." and ".." */

typedef struct {
    guint32 ino;
    const char *name;
} UfsDirEntry;

typedef struct UfsDir UfsDir;

int ufs_dir_load(UfsVolume *volume, const UfsInode *inode, UfsDir **ret);
int ufs_dir_parent(UfsVolume *volume, const UfsInode *inode, guint32 *ret);
void ufs_dir_free(UfsDir *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(UfsDir, ufs_dir_free)

guint ufs_dir_size(const UfsDir *self);
UfsDirEntry ufs_dir_entry(const UfsDir *self, guint index);
gboolean ufs_dir_find(const UfsDir *self, const char *name, guint *ret_index);
