/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Under which name a memory disk is kept for the next run. */
#pragma once

#include <glib.h>

typedef struct MfsrootKey MfsrootKey;

MfsrootKey *mfsroot_key_new(const char *makefs);
void mfsroot_key_free(MfsrootKey *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MfsrootKey, mfsroot_key_free)

void mfsroot_key_add_text(MfsrootKey *self, const char *text);
void mfsroot_key_add_path(MfsrootKey *self, const char *path);
char *mfsroot_key_finish(MfsrootKey *self, const char *kind);
