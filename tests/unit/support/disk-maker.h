/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Partition tables, written into a disk image in memory. */
#pragma once

#include <glib.h>

#define DISK_SECTOR      512
#define DISK_FREEBSD     0xa5 /* type of a slice in an MBR */
#define DISK_PROTECTIVE  0xee
#define DISK_FREEBSD_UFS "\xb6\x7c\x6e\x51\xcf\x6e\xd6\x11\x8f\xf8\x00\x02\x2d\x09\x71\x2b"

void disk_put_mbr(GByteArray *disk, guint number, guint8 type, guint32 first, guint32 n);
void disk_put_label(GByteArray *disk, guint32 slice, guint number, guint32 offset, guint32 n);
void disk_put_gpt(GByteArray *disk, guint number, const char *type, guint64 first, guint64 last);
