/* SPDX-License-Identifier: GPL-2.0-or-later */
/* images/ufs-image.c: which file system of a disk is taken, and what is said when there is none. */
#include "images/disk-label.h"
#include "tests/lan/rows.h"
#include "tests/unit/support/disk-maker.h"
#include "tests/unit/support/told.h"
#include "tests/unit/support/tree-check.h"
#include "tests/unit/support/ufs-maker.h"

#include <string.h>

#define SECTORS 4000

static GByteArray *
disk_new(void)
{
    GByteArray *disk = g_byte_array_new();
    g_byte_array_set_size(disk, SECTORS * DISK_SECTOR);
    memset(disk->data, 0, disk->len);
    return disk;
}

/* What a file system is to hold. */
typedef enum {
    EMPTY,
    BOOT,
    DAMAGED, /* it has a superblock, but no root */
} What;

/* Puts a file system at @sector. Returns: how many sectors it has */
static guint32
put_ufs(GByteArray *disk, guint32 sector, guint version, What what)
{
    g_autoptr(UfsSketch) sketch = ufs_sketch_new(version, version == 1 ? 8192 : 65536);

    if (what == BOOT)
        ufs_sketch_sample(sketch);
    else if (what == DAMAGED)
        le_put(sketch->image, ufs_sketch_inode_at(sketch, 2), 2, 0100644);
    memcpy(disk->data + (gsize)sector * DISK_SECTOR, sketch->image->data, sketch->image->len);
    return sketch->image->len / DISK_SECTOR;
}

static void
put_gpt_ufs(GByteArray *disk, guint number, guint32 sector, What what)
{
    guint32 n = put_ufs(disk, sector, 2, what);
    disk_put_mbr(disk, 1, DISK_PROTECTIVE, 1, SECTORS - 1);
    disk_put_gpt(disk, number, DISK_FREEBSD_UFS, sector, sector + n - 1);
}

static void
make_nothing(GByteArray *disk)
{
    (void)disk;
}

static void
make_raw(GByteArray *disk)
{
    (void)put_ufs(disk, 0, 2, BOOT);
}

/* The disklabel is inside the file system, in front of its superblock. */
static void
make_mfsroot(GByteArray *disk)
{
    guint32 n = put_ufs(disk, 0, 1, BOOT);
    disk_put_label(disk, 0, 0, 0, n);
    disk_put_label(disk, 0, 2, 0, SECTORS);
}

static void
make_dedicated(GByteArray *disk)
{
    guint32 n = put_ufs(disk, 16, 2, BOOT);
    disk_put_label(disk, 0, 0, 16, n);
    disk_put_label(disk, 0, 2, 0, SECTORS);
}

static void
make_slice(GByteArray *disk)
{
    guint32 n = put_ufs(disk, 63 + 16, 1, BOOT);
    disk_put_mbr(disk, 1, DISK_FREEBSD, 63, n + 16);
    disk_put_label(disk, 63, 0, 16, n);
}

static void
make_memstick(GByteArray *disk)
{
    disk_put_gpt(disk, 1, "EFI system part.", 34, 99);
    disk_put_gpt(disk, 2, "freebsd-boot....", 100, 199);
    put_gpt_ufs(disk, 3, 200, BOOT);
}

/* The MBR shows another one. */
static void
make_hybrid(GByteArray *disk)
{
    put_gpt_ufs(disk, 3, 200, BOOT);
    guint32 n = put_ufs(disk, 2000, 1, BOOT);
    disk_put_mbr(disk, 2, DISK_FREEBSD, 2000, n);
}

static void
make_second_has_boot(GByteArray *disk)
{
    put_gpt_ufs(disk, 1, 100, EMPTY);
    put_gpt_ufs(disk, 2, 1000, BOOT);
}

static void
make_none_has_boot(GByteArray *disk)
{
    put_gpt_ufs(disk, 1, 100, EMPTY);
    put_gpt_ufs(disk, 2, 1000, EMPTY);
}

static void
make_first_is_damaged(GByteArray *disk)
{
    put_gpt_ufs(disk, 1, 100, DAMAGED);
    put_gpt_ufs(disk, 2, 1000, EMPTY);
}

static void
make_all_are_damaged(GByteArray *disk)
{
    put_gpt_ufs(disk, 1, 100, DAMAGED);
    guint32 n = put_ufs(disk, 1000, 2, BOOT);
    disk_put_gpt(disk, 2, DISK_FREEBSD_UFS, 1000, 1000 + n - 2);
}

static void
make_cut_short(GByteArray *disk)
{
    guint32 n = put_ufs(disk, 100, 2, BOOT);
    disk_put_gpt(disk, 1, DISK_FREEBSD_UFS, 100, 100 + n - 2);
}

static void
make_big_endian(GByteArray *disk)
{
    (void)put_ufs(disk, 0, 2, BOOT);
    le_put(disk, 65536 + SUPER_MAGIC, 4, 0x19015419);
}

typedef struct {
    const char *name;
    void (*make)(GByteArray *disk);
    const char *slice; /* NULL: an error */
    const char *told;  /* then */
} ImageRow;

static const ImageRow image_rows[] = {
    { "raw", make_raw, "raw", NULL },
    { "mfsroot", make_mfsroot, "raw", NULL },
    { "dedicated", make_dedicated, "a", NULL },
    { "slice", make_slice, "s1a", NULL },
    { "memstick", make_memstick, "p3", NULL },
    { "hybrid", make_hybrid, "p3", NULL },
    { "second-has-boot", make_second_has_boot, "p2", NULL },
    { "none-has-boot", make_none_has_boot, "p1", NULL },
    { "first-is-damaged", make_first_is_damaged, "p2", NULL },
    { "all-are-damaged", make_all_are_damaged, NULL, "root directory cannot be read" },
    { "cut-short", make_cut_short, NULL, "it is cut short: its UFS has" },
    { "big-endian", make_big_endian, NULL, "big-endian" },
    { "nothing", make_nothing, NULL, "neither it nor a FreeBSD partition in it is a UFS" },
};

static void
test_image(gconstpointer data)
{
    const ImageRow *row = data;
    g_autoptr(GByteArray) disk = disk_new();
    g_autoptr(GError) error = NULL;
    g_autofree char *slice = NULL;

    row->make(disk);
    g_autoptr(GBytes) bytes = g_bytes_new(disk->data, disk->len);
    g_autoptr(ByteSource) image = byte_source_new_bytes(bytes);
    g_autoptr(Vfs) vfs = vfs_ufs_open_image(image, "x.img", &slice, &error);
    g_assert_cmpstr(slice, ==, row->slice);
    g_assert_cmpint(vfs != NULL, ==, row->slice != NULL);
    if (vfs == NULL) {
        assert_told(error, PXE_RUN_ERROR_MEDIUM, "cannot use 'x.img': ");
        assert_told(error, PXE_RUN_ERROR_MEDIUM, row->told);
        return;
    }
    g_assert_no_error(error);
    (void)tree_check(vfs);
    g_autoptr(Vfs) again = vfs_ufs_open_image(image, "x.img", NULL, NULL);
    g_assert_nonnull(again);
}

/* An image that is too short for anything. */
static void
test_short(void)
{
    static const guint8 zeros[600];

    for (gsize len = 0; len <= sizeof zeros; len += 100) {
        g_autoptr(GBytes) bytes = g_bytes_new_static(zeros, len);
        g_autoptr(ByteSource) image = byte_source_new_bytes(bytes);
        g_autoptr(GError) error = NULL;
        g_assert_null(vfs_ufs_open_image(image, "x", NULL, &error));
        assert_told(error, PXE_RUN_ERROR_MEDIUM, "neither it nor");
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/ufs-image/open", image_rows, test_image);
    g_test_add_func("/ufs-image/short", test_short);
    return g_test_run();
}
