/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The root file system that the plan wants, with the user's changes in it. */
#pragma once

#include "images/boot-changes.h"

typedef struct {
    const char *medium; /* path of the image or directory, of which a cached disk depends */
    gboolean no_cache;
    /* what was done, for people */
    gsize packed_size; /* bytes of a memory disk that was made, or 0 */
    guint64 size;      /* the same, unpacked */
    gboolean cached;   /* it was there already */
} RootTreeJob;

Vfs *root_tree_over(const BootChanges *changes, Vfs *base, GError **error);
Vfs *root_tree_new(const BootChanges *changes,
                   const Media *media,
                   const BootPlan *plan,
                   Vfs *medium,
                   Vfs *given,
                   RootTreeJob *job,
                   GError **error);
