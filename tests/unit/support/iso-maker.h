/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes ISO 9660 images with xorriso, a program that is not ours, and damages them. */
#pragma once

#include "tests/unit/support/tmp-dir.h"

gboolean iso_maker_missing(void);
char *iso_make(const TmpDir *dir, const char *name, const char *source, const char *options);
GByteArray *iso_make_bytes(const TmpDir *dir, const char *source, const char *options);
char *run_program(const char *const *argv);

/* Offsets in a directory record, ECMA-119 9.1; numbers there are little-endian, then big-endian. */
#define ISO_RECORD_EXTENT 2
#define ISO_RECORD_SIZE   10
#define ISO_RECORD_FLAGS  25

/* ECMA-119 8.4: the primary volume descriptor, and its copy of the root's record. */
#define ISO_PVD        (16 * 2048)
#define ISO_PVD_LABEL  (ISO_PVD + 40)
#define ISO_PVD_BLOCKS (ISO_PVD + 80)
#define ISO_PVD_ROOT   (ISO_PVD + 156)

gsize iso_record(const GByteArray *image, const char *identifier);
guint32 iso_number(const GByteArray *image, gsize offset);
void iso_set_number(GByteArray *image, gsize offset, guint32 value);
void iso_make_loop(GByteArray *image, const char *identifier);
