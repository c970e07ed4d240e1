/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An image file of any format that we read, packed or not, as a tree, in two steps as an ISO. */
#pragma once

#include "images/unpacked-file.h"
#include "images/vfs.h"

typedef struct ImageFile ImageFile;

ImageFile *image_file_open(const char *path,
                           const char *const *probe_paths,
                           const UnpackWish *wish,
                           GError **error);
const char *image_file_volume_id(const ImageFile *self);
const char *image_file_format(const ImageFile *self);
guint32 image_file_present(const ImageFile *self);
gboolean image_file_is_short(const ImageFile *self);
Vfs *image_file_to_vfs(ImageFile *self, GError **error);
void image_file_free(ImageFile *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ImageFile, image_file_free)

int image_file_open_fd(const char *path, GError **error);
