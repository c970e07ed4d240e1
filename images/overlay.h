/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lays files of the host over a tree: directories, single files, what an mtree file beside a
 * directory says; and takes away what whiteouts name. Built in this order, the later one wins; then
 * overlay_finish().
 */
#pragma once

#include "images/vfs.h"

#define OVERLAY_WHITEOUT ".wh."         /* a file of this name removes the one named behind it */
#define OVERLAY_OPAQUE   ".wh..wh..opq" /* a directory with this file starts anew */

typedef struct Overlay Overlay;

Overlay *overlay_new(Vfs *lower);
gboolean overlay_add_directory(Overlay *self, const char *directory, GError **error);
gboolean
overlay_add_file(Overlay *self, const char *guest, const char *host, guint32 mode, GError **error);
int overlay_add_bytes(Overlay *self, const char *guest, GBytes *content, guint32 mode);
int overlay_add_empty_directory(Overlay *self, const char *guest);
void overlay_hide(Overlay *self, const char *guest);
Vfs *overlay_finish(Overlay *self, Vfs **ret_given);
void overlay_free(Overlay *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Overlay, overlay_free)

gboolean overlay_guest_path_check(const char *guest);
