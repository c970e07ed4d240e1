/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a packed image has in it, as a file: from the cache, or unpacked now. */
#pragma once

#include "images/unpack.h"

/* How to unpack, if that must be. */
typedef struct {
    UnpackFunc func; /* (nullable): is told how far it is */
    gpointer data;
    gboolean no_cache; /* neither look into the cache nor put it there */
} UnpackWish;

int unpacked_file_open(const Decoder *decoder,
                       const char *name,
                       int packed_fd,
                       const UnpackWish *wish,
                       GError **error);
