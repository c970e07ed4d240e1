/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the contents of a memory disk come from. */
#pragma once

#include "images/mfsroot.h"

typedef struct {
    Vfs *tree;
    MfsrootOptions like; /* what it takes to write one like it; zero for a directory */
} MfsrootSource;

gboolean mfsroot_source_open(const char *path, MfsrootSource *ret, GError **error);
gboolean mfsroot_source_open_in(Vfs *medium, const char *path, MfsrootSource *ret, GError **error);
void mfsroot_source_clear(MfsrootSource *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MfsrootSource, mfsroot_source_clear)
