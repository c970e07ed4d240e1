/* SPDX-License-Identifier: GPL-2.0-or-later */
/* images/bsd-label.c: written, found by whoever looks for partitions, resized. */
#include "images/bsd-label.h"
#include "images/disk-label.h"

#include <string.h>

#define DISK_SECTORS 8640 /* 4320 KiB, as 7.0's */

static guint
get32(const guint8 *at)
{
    return at[0] | (guint)at[1] << 8 | (guint)at[2] << 16 | (guint)at[3] << 24;
}

/* The reader of partition tables, which is not the writer, finds c and thus a. */
static void
test_make(void)
{
    g_autofree guint8 *disk = g_malloc0((gsize)DISK_SECTORS * 512);
    g_autofree DiskLabel *found = g_new(DiskLabel, 1);

    bsd_label_make(disk + BSD_LABEL_AT, DISK_SECTORS);
    g_assert_true(bsd_label_is_there(disk + BSD_LABEL_AT));
    g_assert_cmpuint(get32(disk + BSD_LABEL_AT), ==, 0x82564557);
    g_assert_cmpuint(get32(disk + BSD_LABEL_AT + 132), ==, 0x82564557);
    g_assert_cmpuint(get32(disk + BSD_LABEL_AT + 60), ==, DISK_SECTORS);
    g_autoptr(GBytes) bytes = g_bytes_new(disk, (gsize)DISK_SECTORS * 512);
    g_autoptr(ByteSource) source = byte_source_new_bytes(bytes);
    disk_label_read(source, found);
    g_assert_cmpuint(found->n, >=, 1);
    g_assert_cmpuint(found->slices[0].offset, ==, 0);
}

static void
set_part(guint8 *label, guint part, guint32 sectors, guint32 offset)
{
    for (guint i = 0; i < 4; i++) {
        label[148 + part * 16 + i] = (guint8)(sectors >> 8 * i);
        label[148 + part * 16 + 4 + i] = (guint8)(offset >> 8 * i);
    }
}

static void
sign(guint8 *label)
{
    guint sum = 0;

    label[136] = label[137] = 0;
    for (guint at = 0; at < BSD_LABEL_SIZE; at += 2)
        sum ^= label[at] | (guint)label[at + 1] << 8;
    label[136] = (guint8)sum;
    label[137] = (guint8)(sum >> 8);
}

/* What ends where the disk ends does so again; what does not stays. */
static void
test_resize(void)
{
    guint8 label[BSD_LABEL_SIZE];

    bsd_label_make(label, DISK_SECTORS);
    set_part(label, 0, DISK_SECTORS - 16, 16);
    set_part(label, 1, 100, 16);
    sign(label);
    g_assert_true(bsd_label_resize(label, 2 * DISK_SECTORS));
    g_assert_true(bsd_label_is_there(label));
    g_assert_cmpuint(get32(label + 60), ==, 2 * DISK_SECTORS);
    g_assert_cmpuint(get32(label + 148), ==, 2 * DISK_SECTORS - 16);
    g_assert_cmpuint(get32(label + 148 + 16), ==, 100);
    g_assert_cmpuint(get32(label + 148 + 32), ==, 2 * DISK_SECTORS);
}

/* A byte that is wrong anywhere makes it none, and nothing is read behind it. */
static void
test_damaged(void)
{
    guint8 label[BSD_LABEL_SIZE];

    bsd_label_make(label, DISK_SECTORS);
    for (gsize i = 0; i < sizeof label; i++) {
        for (guint flip = 1; flip < 256; flip <<= 1) {
            label[i] ^= (guint8)flip;
            g_assert_false(bsd_label_is_there(label));
            g_assert_false(bsd_label_resize(label, 1));
            label[i] ^= (guint8)flip;
        }
    }
    memset(label, 0, sizeof label);
    g_assert_false(bsd_label_is_there(label));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/bsd-label/make", test_make);
    g_test_add_func("/bsd-label/resize", test_resize);
    g_test_add_func("/bsd-label/damaged", test_damaged);
    return g_test_run();
}
