/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the fuzz targets share: the function that each of them is, how an input is cut into pieces,
 * frames whose checksums are right, and the tree that is served.
 */
#pragma once

#include "base/cursor.h"
#include "images/vfs.h"

/* libFuzzer's interface, which fuzz-main.c has a simple replacement for. A target returns 0. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const guint8 *bytes, gsize len);

/* Part of an input, in memory of exactly its size: the sanitizers see a read beyond it. */
typedef struct {
    guint8 *bytes;
    gsize len;
} FuzzPiece;

FuzzPiece fuzz_piece_new(gsize len);
FuzzPiece fuzz_piece_copy(const void *bytes, gsize len);
void fuzz_piece_clear(FuzzPiece *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(FuzzPiece, fuzz_piece_clear)

static inline Cursor
fuzz_piece_cursor(const FuzzPiece *self)
{
    return cursor_of(self->bytes, self->len);
}

/* A record is a word of 16 bits, its length in the lower 11 and flags above, and its bytes. */
#define FUZZ_RECORD_MAX     2047
#define FUZZ_RECORDS_MAX    64 /* of an input; the rest is not looked at */
#define FUZZ_RECORD_FLAG(n) (1u << (n))

gboolean fuzz_record_next(Cursor *input, guint *ret_flags, FuzzPiece *ret);

void fuzz_frame_mend(FuzzPiece *frame);

Vfs *fuzz_tree_new(void);
Vfs *fuzz_tree(void);
