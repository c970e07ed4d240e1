/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a tree takes as a UFS: how large an image has to be. */
#pragma once

#include "images/vfs.h"

#define MFSROOT_SIZE_MAX (2ull << 30) /* bytes of an image; the guest needs it as memory */
/* names in one directory: makefs compares each with each, which takes seconds then */
#define MFSROOT_DIR_ENTRIES_MAX (1u << 15)

typedef struct {
    guint version; /* of UFS */
    guint32 block, frag;
} MfsrootLayout;

typedef struct {
    guint64 inodes;      /* the tree's, and the two that nobody has */
    guint64 frags;       /* of contents, directories and blocks of addresses: always enough */
    guint64 frags_least; /* the same, when all ends of files fit together */
    gint64 newest_s;     /* the latest time of modification, not before 1970 */
} MfsrootNeed;

gboolean mfsroot_need(Vfs *tree, const MfsrootLayout *layout, MfsrootNeed *ret, GError **error);
guint64 mfsroot_need_bytes(const MfsrootNeed *self, const MfsrootLayout *layout, guint64 inodes);
