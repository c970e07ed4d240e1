/* SPDX-License-Identifier: GPL-2.0-or-later */
/* images/disk-label.c: each kind of partition table, and those that lie. */
#include "images/disk-label.h"
#include "tests/lan/rows.h"
#include "tests/unit/support/disk-maker.h"
#include "tests/unit/support/ufs-maker.h"

#define SECTORS 2000

/* The places as one text: "name first+n", in sectors. */
static char *
places(const ByteSource *disk)
{
    g_autofree DiskLabel *label = g_new(DiskLabel, 1);
    g_autoptr(GString) text = g_string_new(NULL);

    disk_label_read(disk, label);
    for (guint i = 0; i < label->n; i++) {
        const DiskSlice *slice = &label->slices[i];
        g_assert_cmpuint(slice->offset % DISK_SECTOR, ==, 0);
        g_assert_cmpuint(slice->offset, <, byte_source_size(disk));
        g_string_append_printf(text, "%s%s %u+%u", i > 0 ? ", " : "", slice->name,
                               (guint)(slice->offset / DISK_SECTOR),
                               (guint)(slice->size / DISK_SECTOR));
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static GByteArray *
disk_new(void)
{
    GByteArray *disk = g_byte_array_new();
    g_byte_array_set_size(disk, SECTORS * DISK_SECTOR);
    memset(disk->data, 0, disk->len);
    return disk;
}

static ByteSource *
source_of(const GByteArray *disk, gsize len)
{
    g_autoptr(GBytes) bytes = g_bytes_new(disk->data, len);
    return byte_source_new_bytes(bytes);
}

static void
put_nothing(GByteArray *disk)
{
    (void)disk;
}

/* As bsdlabel(8) has labelled the memory disk of an mfsroot: all of it is 'c'. */
static void
put_mfsroot(GByteArray *disk)
{
    disk_put_label(disk, 0, 2, 0, SECTORS);
}

/* As FreeBSD 8's and 9's memsticks. */
static void
put_dedicated(GByteArray *disk)
{
    disk_put_label(disk, 0, 0, 16, 1900);
    disk_put_label(disk, 0, 2, 0, SECTORS);
}

/* The boot code of such a disk has a slice for other systems, which begins where the disk does. */
static void
put_dangerously_dedicated(GByteArray *disk)
{
    put_dedicated(disk);
    disk_put_mbr(disk, 4, DISK_FREEBSD, 0, 50000);
}

static void
put_slice(GByteArray *disk)
{
    disk_put_mbr(disk, 1, DISK_FREEBSD, 63, 1000);
    disk_put_label(disk, 63, 0, 16, 800);
    disk_put_label(disk, 63, 1, 816, 100);
    disk_put_label(disk, 63, 2, 0, 1000);
}

/* sysinstall counted from the beginning of the disk. */
static void
put_absolute(GByteArray *disk)
{
    disk_put_mbr(disk, 1, DISK_FREEBSD, 63, 1000);
    disk_put_label(disk, 63, 0, 63, 800);
    disk_put_label(disk, 63, 2, 63, 1000);
    disk_put_label(disk, 63, 3, 40, 10); /* in front of its slice */
}

/* As FreeBSD 12's and later memsticks for i386: an EFI system partition, then a slice. */
static void
put_two_slices(GByteArray *disk)
{
    disk_put_mbr(disk, 1, 0xef, 1, 66);
    disk_put_mbr(disk, 2, DISK_FREEBSD, 67, 1900);
    disk_put_label(disk, 67, 0, 16, 1884);
}

static void
put_bare_slice(GByteArray *disk)
{
    disk_put_mbr(disk, 3, DISK_FREEBSD, 100, 200);
}

static void
put_gpt(GByteArray *disk)
{
    disk_put_mbr(disk, 1, DISK_PROTECTIVE, 1, SECTORS - 1);
    disk_put_gpt(disk, 1, "EFI system part.", 34, 99);
    disk_put_gpt(disk, 2, "freebsd-boot....", 100, 199);
    disk_put_gpt(disk, 3, DISK_FREEBSD_UFS, 200, 1899);
}

/* An MBR that shows some partitions of the GPT to those who know none. */
static void
put_hybrid(GByteArray *disk)
{
    put_gpt(disk);
    disk_put_mbr(disk, 2, DISK_FREEBSD, 100, 100);
    disk_put_mbr(disk, 3, DISK_FREEBSD, 200, 1700);
}

static void
put_beyond(GByteArray *disk)
{
    disk_put_mbr(disk, 1, DISK_FREEBSD, SECTORS - 1, 5000);
    disk_put_mbr(disk, 2, DISK_FREEBSD, SECTORS, 10);
    disk_put_mbr(disk, 3, DISK_FREEBSD, G_MAXUINT32, G_MAXUINT32);
    disk_put_mbr(disk, 4, DISK_FREEBSD, 5, 0);
}

static void
put_wrong_gpt(GByteArray *disk)
{
    disk_put_gpt(disk, 1, DISK_FREEBSD_UFS, 300, 299);
    disk_put_gpt(disk, 2, DISK_FREEBSD_UFS, 300, G_MAXUINT64);
    disk_put_gpt(disk, 3, DISK_FREEBSD_UFS, G_MAXUINT64, G_MAXUINT64);
    disk_put_gpt(disk, 4, DISK_FREEBSD_UFS, (guint64)1 << 55, ((guint64)1 << 55) + 5);
    disk_put_gpt(disk, 5, DISK_FREEBSD_UFS, 300, 300);
    disk_put_gpt(disk, 6, DISK_FREEBSD_UFS, 300, 400);
}

static void
put_gpt_entries_far(GByteArray *disk)
{
    disk_put_gpt(disk, 1, DISK_FREEBSD_UFS, 300, 400);
    le_put(disk, DISK_SECTOR + 72, 8, G_MAXUINT64);
}

static void
put_gpt_entries_outside(GByteArray *disk)
{
    disk_put_gpt(disk, 1, DISK_FREEBSD_UFS, 300, 400);
    le_put(disk, DISK_SECTOR + 72, 8, SECTORS);
}

static void
put_gpt_entries_small(GByteArray *disk)
{
    disk_put_gpt(disk, 1, DISK_FREEBSD_UFS, 300, 400);
    le_put(disk, DISK_SECTOR + 84, 4, 127);
}

static void
put_gpt_entries_huge(GByteArray *disk)
{
    disk_put_gpt(disk, 1, DISK_FREEBSD_UFS, 300, 400);
    le_put(disk, DISK_SECTOR + 84, 4, G_MAXUINT32);
}

/* More entries are told than there are looked at; their size is larger than usual. */
static void
put_gpt_entries_many(GByteArray *disk)
{
    disk_put_gpt(disk, 3, DISK_FREEBSD_UFS, 300, 400);
    le_put(disk, DISK_SECTOR + 80, 4, G_MAXUINT32);
    le_put(disk, DISK_SECTOR + 84, 4, 256);
}

static void
put_label_of_many(GByteArray *disk)
{
    disk_put_label(disk, 0, 0, 16, 100);
    disk_put_label(disk, 0, DISK_LABEL_PARTS - 1, 200, 100);
}

static void
put_label_of_too_many(GByteArray *disk)
{
    disk_put_label(disk, 0, 0, 16, 100);
    le_put(disk, DISK_SECTOR + 138, 2, DISK_LABEL_PARTS + 1);
}

static void
put_half_label(GByteArray *disk)
{
    disk_put_label(disk, 0, 0, 16, 100);
    le_put(disk, DISK_SECTOR + 132, 4, 0);
}

static void
put_no_signature(GByteArray *disk)
{
    put_slice(disk);
    le_put(disk, 510, 2, 0);
}

typedef struct {
    const char *name;
    void (*put)(GByteArray *disk);
    const char *places; /* besides "raw", the whole */
} LabelRow;

static const LabelRow label_rows[] = {
    { "nothing", put_nothing, "" },
    { "mfsroot", put_mfsroot, "" },
    { "dedicated", put_dedicated, ", a 16+1900" },
    { "dangerously-dedicated", put_dangerously_dedicated, ", a 16+1900" },
    { "slice", put_slice, ", s1a 79+800, s1b 879+100, s1c 63+1000" },
    { "slice-with-absolute-offsets", put_absolute, ", s1a 63+800" },
    { "two-slices", put_two_slices, ", s2a 83+1884, s2 67+1900" },
    { "slice-without-label", put_bare_slice, ", s3 100+200" },
    { "gpt", put_gpt, ", p3 200+1700" },
    { "gpt-with-hybrid-mbr", put_hybrid, ", p3 200+1700, s2 100+100" },
    { "beyond-the-end", put_beyond, ", s1 1999+5000" },
    { "gpt-with-wrong-partitions", put_wrong_gpt, ", p5 300+1" },
    { "gpt-entries-far-behind", put_gpt_entries_far, "" },
    { "gpt-entries-outside", put_gpt_entries_outside, "" },
    { "gpt-entries-too-small", put_gpt_entries_small, "" },
    { "gpt-entries-too-large", put_gpt_entries_huge, "" },
    { "gpt-entries-larger-and-many", put_gpt_entries_many, ", p2 300+101" },
    { "label-with-most-partitions", put_label_of_many, ", a 16+100, v 200+100" },
    { "label-with-too-many-partitions", put_label_of_too_many, "" },
    { "label-without-second-magic", put_half_label, "" },
    { "mbr-without-signature", put_no_signature, "" },
};

static void
test_label(gconstpointer data)
{
    const LabelRow *row = data;
    g_autoptr(GByteArray) disk = disk_new();

    row->put(disk);
    g_autoptr(ByteSource) source = source_of(disk, disk->len);
    g_autofree char *got = places(source);
    g_autofree char *wanted = g_strdup_printf("raw 0+%d%s", SECTORS + 1, row->places);
    g_assert_cmpstr(got, ==, wanted);
    /* Every prefix, but not of what is far behind the tables. */
    for (gsize len = 0; len < 100 * DISK_SECTOR; len += len < 2048 ? 1 : 97) {
        g_autoptr(ByteSource) cut = source_of(disk, len);
        g_autofree char *some = places(cut);
        g_assert_cmpint(*some != '\0', ==, len > 0);
    }
}

/* DISK_GPT_PARTS and DISK_SLICES_MAX are reached. */
static void
test_full(void)
{
    g_autoptr(GByteArray) disk = disk_new();
    g_autofree DiskLabel *label = g_new(DiskLabel, 1);

    disk_put_gpt(disk, 1, DISK_FREEBSD_UFS, 100, 100);
    le_put(disk, DISK_SECTOR + 80, 4, DISK_GPT_PARTS + 1);
    for (guint i = 2; i <= DISK_GPT_PARTS + 1; i++)
        disk_put_gpt(disk, i, DISK_FREEBSD_UFS, 99 + i, 99 + i);
    le_put(disk, DISK_SECTOR + 80, 4, DISK_GPT_PARTS + 1);
    g_autoptr(ByteSource) gpt = source_of(disk, disk->len);
    disk_label_read(gpt, label);
    g_assert_cmpuint(label->n, ==, 1 + DISK_GPT_PARTS);
    g_assert_cmpstr(label->slices[DISK_GPT_PARTS].name, ==, "p128");
    for (guint slice = 1; slice <= 2; slice++) {
        disk_put_mbr(disk, slice, DISK_FREEBSD, 500 * slice, 400);
        for (guint i = 0; i < DISK_LABEL_PARTS; i++)
            disk_put_label(disk, 500 * slice, i, i == 2 ? 0 : i + 1, 5);
    }
    g_autoptr(ByteSource) full = source_of(disk, disk->len);
    disk_label_read(full, label);
    g_assert_cmpuint(label->n, ==, DISK_SLICES_MAX);
    g_assert_cmpstr(label->slices[DISK_SLICES_MAX - 1].name, ==, "s2i");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/disk-label/read", label_rows, test_label);
    g_test_add_func("/disk-label/full", test_full);
    return g_test_run();
}
