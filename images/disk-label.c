/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds the places in a disk image where FreeBSD would look for a file system. vfs_ufs_open_image()
 * asks and then looks itself at what is there; here nothing is known of file systems.
 *
 * Theory of operation: the image as a whole comes first, since an mfsroot has a file system from
 * its first byte on, and a disklabel besides, in the 8 KiB that the file system leaves to boot
 * code. Then come the partitions of a GPT, then those of a disklabel for the whole disk, then those
 * inside the slices of an MBR. All are listed, in this order, whatever else is there: the MBR of a
 * GPT disk is a protective or hybrid one and cannot hide what the GPT has. A place that is listed
 * already is not listed again under another name.
 *
 * Sectors have 512 bytes, as on all of FreeBSD's images. Checksums are not looked at: a table that
 * lies leads to a place without a file system.
 */
#include "images/disk-label.h"

#include "base/cursor.h"

#define SECTOR       512
#define SECTOR_MAX   ((guint64)G_MAXINT64 / SECTOR)
#define MBR_PARTS_AT 446
#define MBR_PARTS    4
#define MBR_FREEBSD  0xa5

#define LABEL_MAGIC    0x82564557
#define LABEL_RAW_PART 2 /* 'c': the whole of what is labelled */

#define GPT_ENTRY_MIN 128
#define GPT_ENTRY_MAX 4096

static const guint8 gpt_signature[8] = "EFI PART";
/* freebsd-ufs, 516e7cb6-6ecf-11d6-8ff8-00022d09712b */
static const guint8 gpt_freebsd_ufs[16] = { 0xb6, 0x7c, 0x6e, 0x51, 0xcf, 0x6e, 0xd6, 0x11,
                                            0x8f, 0xf8, 0x00, 0x02, 0x2d, 0x09, 0x71, 0x2b };

/* Adds @n sectors from @first on, unless that place is listed or is behind the end of the disk. */
static void
label_add(DiskLabel *self, const ByteSource *disk, const char *name, guint64 first, guint64 n)
{
    if (n == 0 || first > SECTOR_MAX || n > SECTOR_MAX - first || self->n == DISK_SLICES_MAX ||
        first * SECTOR >= byte_source_size(disk))
        return;
    for (guint i = 0; i < self->n; i++) {
        if (self->slices[i].offset == first * SECTOR)
            return;
    }
    DiskSlice *slice = &self->slices[self->n++];
    (void)g_strlcpy(slice->name, name, sizeof slice->name);
    slice->offset = first * SECTOR;
    slice->size = n * SECTOR;
}

/*
 * The partitions of the BSD disklabel in the second sector of a slice. Their offsets count from
 * where 'c' begins: sysinstall had them count from the beginning of the disk.
 *
 * Source: FreeBSD sys/sys/disklabel.h (sys/disk/bsd.h), sys/geom/part/g_part_bsd.c: g_part_bsd_read
 */
static void
label_read_bsd(DiskLabel *self, const ByteSource *disk, const char *prefix, guint64 first)
{
    struct {
        guint64 size, offset;
    } parts[DISK_LABEL_PARTS];
    guint8 sector[SECTOR];
    char name[DISK_SLICE_NAME_MAX];

    if (first >= SECTOR_MAX || byte_source_read(disk, (first + 1) * SECTOR, sector, SECTOR) < 0)
        return;
    Cursor at = cursor_of(sector, sizeof sector);
    guint32 magic = cursor_le32(&at);
    cursor_skip(&at, 128);
    guint32 magic2 = cursor_le32(&at);
    cursor_skip(&at, 2);
    guint n = cursor_le16(&at);
    cursor_skip(&at, 8);
    if (magic != LABEL_MAGIC || magic2 != LABEL_MAGIC || n > DISK_LABEL_PARTS)
        return;
    for (guint i = 0; i < n; i++) {
        parts[i].size = cursor_le32(&at);
        parts[i].offset = cursor_le32(&at);
        cursor_skip(&at, 8);
    }
    guint64 base = n > LABEL_RAW_PART ? parts[LABEL_RAW_PART].offset : 0;
    for (guint i = 0; i < n; i++) {
        (void)g_snprintf(name, sizeof name, "%s%c", prefix, (char)('a' + i));
        if (parts[i].offset >= base)
            label_add(self, disk, name, first + parts[i].offset - base, parts[i].size);
    }
}

/*
 * FreeBSD's slices of an MBR: what their disklabels have, then the slices themselves.
 *
 * Source: FreeBSD sys/sys/diskmbr.h, sys/geom/part/g_part_mbr.c
 */
static void
label_read_mbr(DiskLabel *self, const ByteSource *disk)
{
    guint8 sector[SECTOR];
    char name[DISK_SLICE_NAME_MAX];

    if (byte_source_read(disk, 0, sector, SECTOR) < 0 || sector[510] != 0x55 || sector[511] != 0xaa)
        return;
    Cursor at = cursor_of(sector, sizeof sector);
    cursor_skip(&at, MBR_PARTS_AT);
    for (guint i = 1; i <= MBR_PARTS; i++) {
        cursor_skip(&at, 4);
        guint8 type = cursor_u8(&at);
        cursor_skip(&at, 3);
        guint32 first = cursor_le32(&at);
        guint32 n = cursor_le32(&at);
        if (type != MBR_FREEBSD || n == 0)
            continue;
        (void)g_snprintf(name, sizeof name, "s%u", i);
        label_read_bsd(self, disk, name, first);
        label_add(self, disk, name, first, n);
    }
}

/*
 * The partition number @number of a GPT, when it has a UFS.
 *
 * Source: UEFI specification 5.3.3; FreeBSD sys/sys/gpt.h (sys/disk/gpt.h)
 */
static void
label_read_gpt_entry(DiskLabel *self, const ByteSource *disk, guint64 offset, guint number)
{
    guint8 entry[GPT_ENTRY_MIN];
    char name[DISK_SLICE_NAME_MAX];

    if (byte_source_read(disk, offset, entry, sizeof entry) < 0)
        return;
    Cursor at = cursor_of(entry, sizeof entry);
    const guint8 *type = cursor_take(&at, 16);
    cursor_skip(&at, 16);
    guint64 first = cursor_le64(&at);
    guint64 last = cursor_le64(&at);
    if (memcmp(type, gpt_freebsd_ufs, sizeof gpt_freebsd_ufs) != 0 || first > last ||
        last >= SECTOR_MAX)
        return;
    (void)g_snprintf(name, sizeof name, "p%u", number);
    label_add(self, disk, name, first, last - first + 1);
}

/* Source: UEFI specification 5.3.2 */
static void
label_read_gpt(DiskLabel *self, const ByteSource *disk)
{
    guint8 sector[SECTOR];

    if (byte_source_read(disk, SECTOR, sector, SECTOR) < 0 ||
        memcmp(sector, gpt_signature, sizeof gpt_signature) != 0)
        return;
    Cursor at = cursor_of(sector, sizeof sector);
    cursor_skip(&at, 72);
    guint64 entries = cursor_le64(&at);
    guint32 n = cursor_le32(&at);
    guint32 entry_size = cursor_le32(&at);
    if (entries >= SECTOR_MAX - DISK_GPT_PARTS * GPT_ENTRY_MAX / SECTOR ||
        entry_size < GPT_ENTRY_MIN || entry_size > GPT_ENTRY_MAX)
        return;
    for (guint i = 0; i < MIN(n, DISK_GPT_PARTS); i++)
        label_read_gpt_entry(self, disk, entries * SECTOR + (guint64)i * entry_size, i + 1);
}

/**
 * disk_label_read:
 * @disk: an image, of a disk or of a file system
 * @ret: (out): the places where a file system may be, the likeliest first, all that are inside it
 **/
void
disk_label_read(const ByteSource *disk, DiskLabel *ret)
{
    ret->n = 0;
    label_add(ret, disk, "raw", 0, byte_source_size(disk) / SECTOR + 1);
    label_read_gpt(ret, disk);
    label_read_bsd(ret, disk, "", 0);
    label_read_mbr(ret, disk);
}
