/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An ISO 9660 image as a tree, in two steps, so that others can work while the tree is read. */
#pragma once

#include "images/vfs.h"

typedef struct IsoImageFile IsoImageFile;

IsoImageFile *
iso_image_file_open(int fd, const char *path, const char *const *probe_paths, GError **error);
const char *iso_image_file_volume_id(const IsoImageFile *self);
guint32 iso_image_file_present(const IsoImageFile *self);
gboolean iso_image_file_is_short(const IsoImageFile *self);
Vfs *iso_image_file_to_vfs(IsoImageFile *self, GError **error);
void iso_image_file_free(IsoImageFile *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(IsoImageFile, iso_image_file_free)

Vfs *vfs_iso_new_from_table(int image_fd, guint64 image_size, int table_fd, GError **error);
Vfs *vfs_iso_new(const char *path, GError **error);
