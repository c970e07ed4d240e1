/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/support/disk-maker.h"

#include "tests/unit/support/ufs-maker.h"

#include <string.h>

/* Makes @n sectors from @first on the slice @number, 1 to 4. */
void
disk_put_mbr(GByteArray *disk, guint number, guint8 type, guint32 first, guint32 n)
{
    gsize at = 446 + 16 * (number - 1);

    le_put(disk, at + 4, 1, type);
    le_put(disk, at + 8, 4, first);
    le_put(disk, at + 12, 4, n);
    le_put(disk, 510, 2, 0xaa55);
}

/*
 * Makes @n sectors from @offset on the partition @number, 0 for 'a', of the disklabel of the slice
 * that begins with sector @slice; the label has as many as were put at least, and 8 at first.
 */
void
disk_put_label(GByteArray *disk, guint32 slice, guint number, guint32 offset, guint32 n)
{
    gsize at = ((gsize)slice + 1) * DISK_SECTOR;
    guint parts = MAX(MAX(8, disk->data[at + 138]), number + 1);
    guint16 sum = 0;

    le_put(disk, at, 4, 0x82564557);
    le_put(disk, at + 40, 4, DISK_SECTOR);
    le_put(disk, at + 132, 4, 0x82564557);
    le_put(disk, at + 136, 2, 0);
    le_put(disk, at + 138, 2, parts);
    le_put(disk, at + 148 + 16 * number, 4, n);
    le_put(disk, at + 148 + 16 * number + 4, 4, offset);
    le_put(disk, at + 148 + 16 * number + 12, 1, 7); /* FS_BSDFFS */
    for (gsize i = 0; i < 148 + 16 * parts; i += 2)
        sum ^= (guint16)(disk->data[at + i] | disk->data[at + i + 1] << 8);
    le_put(disk, at + 136, 2, sum);
}

/* Makes the sectors @first to @last the partition @number, from 1 on, of a GPT. */
void
disk_put_gpt(GByteArray *disk, guint number, const char *type, guint64 first, guint64 last)
{
    gsize entry = 2 * DISK_SECTOR + 128 * (number - 1);

    memcpy(disk->data + DISK_SECTOR, "EFI PART", 8);
    le_put(disk, DISK_SECTOR + 72, 8, 2);
    le_put(disk, DISK_SECTOR + 80, 4, 128);
    le_put(disk, DISK_SECTOR + 84, 4, 128);
    memcpy(disk->data + entry, type, 16);
    le_put(disk, entry + 32, 8, first);
    le_put(disk, entry + 40, 8, last);
}
