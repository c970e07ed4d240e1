/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * FreeBSD up to 8 labels the memory disk of its install media, `bsdlabel -w`, and puts the file
 * system into its partition c, which is all of it. Kernel and sysinstall do without a label, so it
 * is for whoever looks at the image with bsdlabel(8) or mounts /dev/md0c.
 *
 * Source: FreeBSD sys/sys/disklabel.h: struct disklabel, dkcksum(); release/scripts/doFS.sh
 */
#include "images/bsd-label.h"

#include "base/cursor.h"

#define SECTOR          512
#define LABEL_MAGIC     0x82564557u
#define LABEL_PARTS     8
#define LABEL_RAW_PART  2 /* 'c' */
#define LABEL_BOOT_SIZE 8192
#define TYPE_UNUSED     0
#define TYPE_4_2BSD     7

/* Where the fields are that we set. */
enum {
    AT_MAGIC = 0,
    AT_SECTOR_SIZE = 40,
    AT_SECTORS = 44, /* in a track */
    AT_TRACKS = 48,
    AT_CYLINDERS = 52,
    AT_CYLINDER_SIZE = 56,
    AT_DISK_SIZE = 60,
    AT_RPM = 72,
    AT_INTERLEAVE = 74,
    AT_MAGIC2 = 132,
    AT_CHECKSUM = 136,
    AT_PARTS = 138, /* how many */
    AT_BOOT_SIZE = 140,
    AT_SUPER_SIZE = 144,
    AT_PART = 148,
    PART_SIZE = 16,
};

/* In a partition. */
enum {
    PART_SECTORS = 0,
    PART_OFFSET = 4,
    PART_TYPE = 12,
};

static guint32
get32(const guint8 *at)
{
    Cursor cursor = cursor_of(at, 4);
    return cursor_le32(&cursor);
}

static guint
get16(const guint8 *at)
{
    return at[0] | (guint)at[1] << 8;
}

static void
put16(guint8 *at, guint v)
{
    at[0] = (guint8)v;
    at[1] = (guint8)(v >> 8);
}

static void
put32(guint8 *at, guint32 v)
{
    put16(at, v & 0xffff);
    put16(at + 2, v >> 16);
}

/* All 16-bit words together, by exclusive or. */
static guint
checksum(const guint8 *label)
{
    gsize size = AT_PART + get16(label + AT_PARTS) * (gsize)PART_SIZE;
    guint sum = 0;

    for (gsize at = 0; at < size; at += 2)
        sum ^= at == AT_CHECKSUM ? 0 : get16(label + at);
    return sum;
}

/**
 * bsd_label_is_there:
 * @label: BSD_LABEL_SIZE bytes from BSD_LABEL_AT on
 *
 * Returns: whether they are a label that can be understood
 **/
gboolean
bsd_label_is_there(const guint8 *label)
{
    return get32(label + AT_MAGIC) == LABEL_MAGIC && get32(label + AT_MAGIC2) == LABEL_MAGIC &&
           get16(label + AT_PARTS) > LABEL_RAW_PART && get16(label + AT_PARTS) <= LABEL_PARTS &&
           get16(label + AT_CHECKSUM) == checksum(label);
}

/* One track of the whole disk in one cylinder, as bsdlabel says of a disk without a geometry. */
static void
set_disk_size(guint8 *label, guint32 sectors)
{
    put32(label + AT_SECTORS, sectors);
    put32(label + AT_TRACKS, 1);
    put32(label + AT_CYLINDERS, 1);
    put32(label + AT_CYLINDER_SIZE, sectors);
    put32(label + AT_DISK_SIZE, sectors);
}

/**
 * bsd_label_make:
 * @label: (out): gets BSD_LABEL_SIZE bytes
 * @sectors: size of the disk
 *
 * Writes a label with two partitions: c is all of the disk, a as well, with a file system.
 **/
void
bsd_label_make(guint8 *label, guint32 sectors)
{
    static const guint8 types[] = { TYPE_4_2BSD, TYPE_UNUSED, TYPE_UNUSED };

    memset(label, 0, BSD_LABEL_SIZE);
    put32(label + AT_MAGIC, LABEL_MAGIC);
    put32(label + AT_MAGIC2, LABEL_MAGIC);
    put32(label + AT_SECTOR_SIZE, SECTOR);
    set_disk_size(label, sectors);
    put16(label + AT_RPM, 3600);
    put16(label + AT_INTERLEAVE, 1);
    put16(label + AT_PARTS, LABEL_PARTS);
    put32(label + AT_BOOT_SIZE, LABEL_BOOT_SIZE);
    put32(label + AT_SUPER_SIZE, 0);
    for (gsize i = 0; i < G_N_ELEMENTS(types); i++) {
        guint8 *part = label + AT_PART + i * PART_SIZE;
        put32(part + PART_SECTORS, i == 1 ? 0 : sectors); /* there is no b */
        part[PART_TYPE] = types[i];
    }
    put16(label + AT_CHECKSUM, checksum(label));
}

/**
 * bsd_label_resize:
 * @label: (inout): BSD_LABEL_SIZE bytes
 * @sectors: what the disk has from now on
 *
 * Gives what reaches to the end of the disk its new size, and leaves all else alone.
 *
 * Returns: whether there is a label
 **/
gboolean
bsd_label_resize(guint8 *label, guint32 sectors)
{
    if (!bsd_label_is_there(label))
        return FALSE;
    const guint8 *raw = label + AT_PART + LABEL_RAW_PART * PART_SIZE;
    guint32 base = get32(raw + PART_OFFSET);
    guint64 end = (guint64)base + get32(raw + PART_SECTORS);
    for (guint i = 0; i < get16(label + AT_PARTS); i++) {
        guint8 *part = label + AT_PART + i * (gsize)PART_SIZE;
        guint32 offset = get32(part + PART_OFFSET);
        if (offset >= base && offset - base < sectors &&
            (guint64)offset + get32(part + PART_SECTORS) == end)
            put32(part + PART_SECTORS, sectors - (offset - base));
    }
    set_disk_size(label, sectors);
    put16(label + AT_CHECKSUM, checksum(label));
    return TRUE;
}
