/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * images/vfs-iso.c and the scan behind it, on images that xorriso does not make, but others do: its
 * images are changed by hand.
 */
#include "base/autofd.h"
#include "images/vfs-iso.h"
#include "tests/lan/rows.h"
#include "tests/unit/support/iso-maker.h"
#include "tests/unit/support/tree-check.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static Vfs *
open_iso(const char *path)
{
    g_autoptr(GError) error = NULL;
    Vfs *vfs = vfs_iso_new(path, &error);
    g_assert_no_error(error);
    return vfs;
}

/* makefs gives no Rock Ridge name to a directory whose recorded name is the same. */
static void
test_recorded_name(void)
{
    g_autoptr(TmpDir) dir = tmp_dir_new();

    if (iso_maker_missing())
        return;
    tmp_dir_mkdir(dir, "tree/EUC");
    tmp_dir_mkdir(dir, "tree/Iso646");
    g_autofree char *source = tmp_dir_path(dir, "tree");
    g_autoptr(GByteArray) image = iso_make_bytes(dir, source, "-R");
    guint8 *nm = memmem(image->data + iso_record(image, "EUC"), 120, "NM", 2);
    g_assert_nonnull(nm);
    memcpy(nm, "XX", 2); /* unknown, and not looked at */
    g_autofree char *iso = tmp_dir_file(dir, "recorded.iso", image->data, image->len);
    g_autoptr(Vfs) vfs = open_iso(iso);
    g_autofree char *names = tree_list(vfs, "/");
    g_assert_cmpstr(names, ==, "EUC Iso646");
}

/*
 * A file in two parts, as one above 4 GiB has them: ECMA-119 9.1.6, the flag "multi-extent". Made
 * of two files whose records are given one name.
 */
static void
test_two_sections(void)
{
    g_autoptr(TmpDir) dir = tmp_dir_new();

    if (iso_maker_missing())
        return;
    tmp_dir_mkdir(dir, "tree");
    g_autoptr(GBytes) first = row_pattern_bytes(4096, 1);
    g_autoptr(GBytes) second = row_pattern_bytes(1000, 2);
    g_autofree char *b = tmp_dir_file(dir, "tree/bigb", g_bytes_get_data(second, NULL), 1000);
    g_autofree char *gap = tmp_dir_file(dir, "tree/gap", "between", 7);
    g_autofree char *a = tmp_dir_file(dir, "tree/biga", g_bytes_get_data(first, NULL), 4096);
    g_autofree char *source = tmp_dir_path(dir, "tree");
    g_autoptr(GByteArray) image = iso_make_bytes(dir, source, "--norock");
    gsize record_a = iso_record(image, "BIGA.;1"), record_b = iso_record(image, "BIGB.;1");
    image->data[record_a + ISO_RECORD_FLAGS] |= 0x80;
    memcpy(image->data + record_b + 33, "BIGA", 4);
    g_autofree char *iso = tmp_dir_file(dir, "two.iso", image->data, image->len);
    g_autoptr(Vfs) vfs = open_iso(iso);
    g_assert_cmpuint(tree_check(vfs), ==, 2);
    g_autoptr(GBytes) read = NULL;
    g_assert_cmpint(vfs_read_file(vfs, "/biga", 10000, &read), ==, 0);
    gsize len;
    const guint8 *bytes = g_bytes_get_data(read, &len);
    g_assert_cmpuint(len, ==, 5096);
    ROW_CMPMEM(bytes, 4096, g_bytes_get_data(first, NULL), 4096);
    ROW_CMPMEM(bytes + 4096, 1000, g_bytes_get_data(second, NULL), 1000);
    guint8 across[20];
    g_assert_cmpint(vfs_read(vfs, tree_id(vfs, "/biga"), 4090, across, 20), ==, 20);
    ROW_CMPMEM(across, 20, bytes + 4090, 20);
    g_assert_cmpint(vfs_read(vfs, tree_id(vfs, "/biga"), 4096, across, 20), ==, 20);
    ROW_CMPMEM(across, 20, bytes + 4096, 20);
}

/*
 * A file above 4 GiB: a first section as long as sections can be, and a second one right behind it.
 * The image is a hole but for its ends.
 */
static void
test_beyond_4_gib(void)
{
    const guint64 first_size = 0xfffff800, second_size = 1000;
    g_autoptr(TmpDir) dir = tmp_dir_new();

    if (iso_maker_missing())
        return;
    tmp_dir_mkdir(dir, "tree");
    g_autofree char *a = tmp_dir_file(dir, "tree/biga", "first", 5);
    g_autofree char *b = tmp_dir_file(dir, "tree/bigb", "second", 6);
    g_autofree char *source = tmp_dir_path(dir, "tree");
    g_autoptr(GByteArray) image = iso_make_bytes(dir, source, "--norock");
    gsize record_a = iso_record(image, "BIGA.;1"), record_b = iso_record(image, "BIGB.;1");
    guint32 block = iso_number(image, record_a + ISO_RECORD_EXTENT);
    guint64 second_at = (guint64)block * 2048 + first_size;
    image->data[record_a + ISO_RECORD_FLAGS] |= 0x80;
    iso_set_number(image, record_a + ISO_RECORD_SIZE, (guint32)first_size);
    memcpy(image->data + record_b + 33, "BIGA", 4);
    iso_set_number(image, record_b + ISO_RECORD_EXTENT, (guint32)(second_at / 2048));
    iso_set_number(image, record_b + ISO_RECORD_SIZE, (guint32)second_size);
    g_autofree char *iso = tmp_dir_file(dir, "big.iso", image->data, image->len);
    auto_fd fd = open(iso, O_WRONLY | O_CLOEXEC);
    g_assert_cmpint(pwrite(fd, "EDGE", 4, (off_t)second_at - 2), ==, 4);
    g_assert_cmpint(ftruncate(fd, (off_t)(second_at + second_size)), ==, 0);

    g_autoptr(Vfs) vfs = open_iso(iso);
    VfsId file = tree_id(vfs, "/biga");
    guint8 bytes[2000];
    VfsAttr attr;
    g_assert_cmpint(vfs_getattr(vfs, file, &attr), ==, 0);
    g_assert_cmpuint(attr.size, ==, first_size + second_size);
    g_assert_cmpuint(vfs_total_bytes(vfs), ==, first_size + second_size);
    g_assert_cmpint(vfs_read(vfs, file, 0, bytes, 5), ==, 5);
    ROW_CMPMEM(bytes, 5, "first", 5);
    g_assert_cmpint(vfs_read(vfs, file, first_size - 3, bytes, 6), ==, 6);
    ROW_CMPMEM(bytes, 6, "\0EDGE\0", 6);
    g_assert_cmpint(vfs_read(vfs, file, first_size + 1, bytes, sizeof bytes), ==, 999);
    g_assert_cmpint(bytes[0], ==, 'E');
    (void)tree_check(vfs);
}

/*
 * A zisofs file is shown as it is stored, as FreeBSD shows it, which does not know zisofs. The
 * entry takes the place of the time stamps. Source: zisofs-tools, the entry "ZF" in the image
 */
static void
test_zisofs(void)
{
    static const guint8 stored[16] = { 0x37, 0xe4, 0x53, 0x96, 0xc9, 0xdb, 0xd6, 0x07,
                                       0,    0,    1,    0,    4,    15,   0,    0 };
    g_autoptr(TmpDir) dir = tmp_dir_new();

    if (iso_maker_missing())
        return;
    tmp_dir_mkdir(dir, "tree");
    g_autofree char *file = tmp_dir_file(dir, "tree/packed", stored, sizeof stored);
    g_autofree char *source = tmp_dir_path(dir, "tree");
    g_autoptr(GByteArray) image = iso_make_bytes(dir, source, "-R");
    guint8 *tf = memmem(image->data + iso_record(image, "PACKED.;1"), 150, "TF\x1a", 3);
    g_assert_nonnull(tf);
    memcpy(tf, "ZF\x10\1pz\4\xf", 8);
    iso_set_number(image, (gsize)(tf - image->data) + 8, 65536); /* size when unpacked */
    memcpy(tf + 16, "PD\xa\1\0\0\0\0\0", 10);
    g_autofree char *iso = tmp_dir_file(dir, "zisofs.iso", image->data, image->len);
    g_autoptr(Vfs) vfs = open_iso(iso);
    g_autoptr(GBytes) bytes = NULL;
    g_assert_cmpint(vfs_read_file(vfs, "/packed", 100, &bytes), ==, 0);
    ROW_CMPMEM(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), stored, sizeof stored);
}

typedef struct {
    const char *name;
    guint32 high, low; /* as recorded */
    guint32 major, minor;
} DeviceRow;

static const DeviceRow device_rows[] = {
    { "whole-in-the-low-half", 0, 0x811, 8, 17 },
    { "large-minor-in-the-low-half", 0, 0x11003e8, 3, 0x11e8 },
    { "major-and-minor-apart", 8, 17, 8, 17 },
    { "large-minor-apart", 10, 70000, 10, 70000 },
    { "none", 0, 0, 0, 0 },
};

/* A FIFO whose entries are overwritten: only root could make a device to put into the image. */
static void
test_device(gconstpointer data)
{
    const DeviceRow *row = data;
    g_autoptr(TmpDir) dir = tmp_dir_new();
    VfsAttr attr;

    if (iso_maker_missing())
        return;
    tmp_dir_mkdir(dir, "tree");
    g_autofree char *fifo = tmp_dir_path(dir, "tree/node");
    g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
    g_autofree char *source = tmp_dir_path(dir, "tree");
    g_autoptr(GByteArray) image = iso_make_bytes(dir, source, "-R");
    gsize record = iso_record(image, "NODE.;1");
    guint8 *px = memmem(image->data + record, 150, "PX", 2);
    guint8 *tf = memmem(image->data + record, 150, "TF\x1a", 3);
    g_assert_true(px != NULL && tf != NULL);
    iso_set_number(image, (gsize)(px - image->data) + 4, S_IFBLK | 0640);
    memcpy(tf, "PN\x14\1", 4);
    iso_set_number(image, (gsize)(tf - image->data) + 4, row->high);
    iso_set_number(image, (gsize)(tf - image->data) + 12, row->low);
    memcpy(tf + 20, "PD\6\1\0", 6); /* padding up to where the time stamps ended */
    g_autofree char *iso = tmp_dir_file(dir, "device.iso", image->data, image->len);
    g_autoptr(Vfs) vfs = open_iso(iso);
    g_assert_cmpint(vfs_getattr(vfs, tree_id(vfs, "/node"), &attr), ==, 0);
    g_assert_cmpint(attr.type, ==, VFS_BLK);
    g_assert_cmphex(attr.mode, ==, 0640);
    g_assert_cmpuint(attr.rdev_major, ==, row->major);
    g_assert_cmpuint(attr.rdev_minor, ==, row->minor);
}

/* Some writers give an empty file an address behind the image's end. */
static void
test_empty_file_elsewhere(void)
{
    g_autoptr(TmpDir) dir = tmp_dir_new();

    if (iso_maker_missing())
        return;
    tmp_dir_mkdir(dir, "tree");
    g_autofree char *empty = tmp_dir_file(dir, "tree/empty", "", 0);
    g_autofree char *source = tmp_dir_path(dir, "tree");
    g_autoptr(GByteArray) image = iso_make_bytes(dir, source, "-R");
    iso_set_number(image, iso_record(image, "EMPTY.;1") + ISO_RECORD_EXTENT, 0x7fffffff);
    g_autofree char *iso = tmp_dir_file(dir, "empty.iso", image->data, image->len);
    g_autoptr(Vfs) vfs = open_iso(iso);
    g_autofree char *content = tree_text(vfs, "/empty");
    g_assert_cmpstr(content, ==, "");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vfs-iso-odd/recorded-name", test_recorded_name);
    g_test_add_func("/vfs-iso-odd/two-sections", test_two_sections);
    g_test_add_func("/vfs-iso-odd/beyond-4-gib", test_beyond_4_gib);
    g_test_add_func("/vfs-iso-odd/zisofs", test_zisofs);
    ROWS_ADD("/vfs-iso-odd/device", device_rows, test_device);
    g_test_add_func("/vfs-iso-odd/empty-file-elsewhere", test_empty_file_elsewhere);
    return g_test_run();
}
