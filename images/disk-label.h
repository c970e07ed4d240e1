/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where in a disk image a file system may be: what partition tables say. */
#pragma once

#include "images/byte-source.h"

#define DISK_SLICES_MAX     160 /* places in one image; further ones are not looked at */
#define DISK_LABEL_PARTS    22  /* partitions in one BSD disklabel, as FreeBSD's gpart allows */
#define DISK_GPT_PARTS      128 /* partitions in a GPT that are looked at */
#define DISK_SLICE_NAME_MAX 16

typedef struct {
    char name[DISK_SLICE_NAME_MAX]; /* as FreeBSD has it behind the disk's: "p3", "s1a"; "raw" */
    guint64 offset, size;           /* bytes; it may reach beyond the end of the image */
} DiskSlice;

typedef struct {
    guint n;
    DiskSlice slices[DISK_SLICES_MAX];
} DiskLabel;

void disk_label_read(const ByteSource *disk, DiskLabel *ret);
