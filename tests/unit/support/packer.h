/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packs bytes as xz and gzip do, with the libraries of both. */
#pragma once

#include <glib.h>

/* How xz packs; more than one block makes it possible to unpack with threads. */
typedef struct {
    guint32 preset;
    gsize block; /* bytes; 0: all in one */
} PackXz;

void pack_xz(GByteArray *out, const guint8 *bytes, gsize len, const PackXz *how);
void pack_gzip(GByteArray *out, const guint8 *bytes, gsize len);
