/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What overlay.c and overlay-directory.c share. */
#pragma once

#include "images/overlay.h"

struct Overlay {
    Vfs *lower;
    Vfs *upper; /* a tree in memory */
    OverlayRules *rules;
    GHashTable *hidden; /* set of paths that the lower tree has not any more */
};

char *overlay_place(Overlay *self, const char *directory);
char *overlay_place_entry(Overlay *self, const char *guest);
int overlay_lookup_upper(Overlay *self, const char *path, VfsId *ret);
int overlay_lookup_lower(Overlay *self, const char *path, VfsId *ret);
void overlay_clear_path(Overlay *self, const char *path);
int overlay_put_directory(Overlay *self, const char *path);
