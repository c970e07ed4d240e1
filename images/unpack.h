/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unpacks an image that is compressed with xz or gzip into a file. */
#pragma once

#include "images/decoder.h"

#define UNPACK_SIZE_MAX   (32ull << 30)  /* bytes that come out; a DVD image has 5 GB */
#define UNPACK_MEMORY_MAX (512ull << 20) /* bytes that xz may use: xz -9 takes 65 MiB a thread */

#define UNPACK_HEAD 8 /* bytes of a file that tell its format */

/* Called about thirty times a second. @done, @size: bytes of the compressed file. FALSE stops. */
typedef gboolean (*UnpackFunc)(guint64 done, guint64 size, gpointer data);

typedef struct {
    guint64 size_max, memory_max; /* bytes */
    const char *place;            /* where the target is, to be told when there is no room */
    UnpackFunc func;              /* (nullable) */
    gpointer data;
} UnpackOptions;

const Decoder *unpack_decoder(const guint8 *head, gsize len);
gboolean unpack_file(const Decoder *decoder,
                     const char *name,
                     int source_fd,
                     int target_fd,
                     const UnpackOptions *options,
                     GError **error);
