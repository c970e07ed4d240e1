/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a tree takes as a UFS: how large an image has to be. */
#pragma once

#include "images/vfs.h"

typedef struct {
    guint version; /* of UFS */
    guint32 block, frag;
} MfsrootLayout;

typedef struct {
    guint64 inodes;  /* the tree's, and the two that nobody has */
    guint64 frags;   /* of contents, directories and blocks of addresses */
    gint64 newest_s; /* the latest time of modification, not before 1970 */
} MfsrootNeed;

gboolean mfsroot_need(Vfs *tree, const MfsrootLayout *layout, MfsrootNeed *ret, GError **error);
guint64 mfsroot_need_bytes(const MfsrootNeed *self, const MfsrootLayout *layout, guint64 inodes);
