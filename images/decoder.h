/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A compressed format, taken apart as a stream. Called by unpack.c alone; knows no files. */
#pragma once

#include <glib.h>

typedef enum {
    DECODE_GOES_ON,
    DECODE_DONE,
    DECODE_DAMAGED,
    DECODE_CUT_SHORT,
    DECODE_TOO_LARGE, /* it wants more memory than it may have */
    DECODE_NO_MEMORY, /* it wants no more than that, and there is less */
} DecodeResult;

/* What is left to read and room that is left; both are moved on. */
typedef struct {
    const guint8 *in;
    gsize in_len;
    guint8 *out;
    gsize out_len;
    gboolean last; /* nothing comes behind @in */
} DecodeStep;

typedef struct {
    const char *name; /* "xz" */
    const char *magic;
    gsize magic_len;
    gpointer (*start)(guint64 memory_max); /* NULL when memory is short */
    DecodeResult (*run)(gpointer self, DecodeStep *step);
    void (*end)(gpointer self);
} Decoder;

extern const Decoder decoder_xz, decoder_gzip;
