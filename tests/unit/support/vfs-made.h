/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A tree of objects with any attributes, which no user could make on the host. */
#pragma once

#include "images/vfs.h"

Vfs *vfs_made_new(guint32 root_mode);
VfsId vfs_made_add(Vfs *self, VfsId dir, const char *name, VfsAttr attr, const char *target);
void vfs_made_link(Vfs *self, VfsId dir, const char *name, VfsId to);
void vfs_made_set_holes(Vfs *self, VfsId file, guint64 hole_bytes);
