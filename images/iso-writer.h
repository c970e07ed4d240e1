/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes small ISO 9660 images into memory, with libisofs. */
#pragma once

#include <glib.h>

typedef struct {
    char *name; /* in the root directory; NULL ends the list */
    GBytes *content;
} IsoWriterFile;

int iso_writer_build(const char *volume_id,
                     const IsoWriterFile *files,
                     const char *boot_image,
                     GError **error);
