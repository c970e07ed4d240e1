/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A UFS1 or UFS2 as a tree: FreeBSD's mfsroot, or a partition of a memstick image.
 *
 * A VfsId is an inode number. Hard links are names of one VfsId, and whoever copies the tree can
 * tell them by it: VfsAttr.nlink is more than 1, and the id was seen before. vfs_parent() and
 * vfs_path() of such a file lead to where it was seen first in this run.
 */
#pragma once

#include "images/byte-source.h"
#include "images/vfs.h"

Vfs *vfs_ufs_new(ByteSource *source, GError **error);
Vfs *
vfs_ufs_open_image(ByteSource *image, const char *shown_name, char **ret_slice, GError **error);
guint vfs_ufs_version(Vfs *vfs);
