/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * images/image-file.c and unpacked-file.c: which format a file is taken for, what is said of those
 * that we do not read, and what the cache is used for.
 */
#include "images/image-file.h"
#include "tests/lan/rows.h"
#include "tests/unit/support/disk-maker.h"
#include "tests/unit/support/iso-maker.h"
#include "tests/unit/support/packer.h"
#include "tests/unit/support/told.h"
#include "tests/unit/support/tree-check.h"
#include "tests/unit/support/ufs-maker.h"

#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const probes[] = { "/boot/pxeboot", NULL };
static const UnpackWish no_cache = { .no_cache = TRUE };

typedef struct {
    const char *name;
    const char *bytes;
    gsize len;
    const char *part; /* of the message */
} OtherRow;

static const OtherRow other_rows[] = {
    { "empty", "", 0, "the file is empty" },
    { "bzip2", "BZh91AY&SY", 10, "bzip2: unpack it first (bunzip2 -k FILE)" },
    { "zstd", "\x28\xb5\x2f\xfd\x04", 5, "zstd: unpack it first (unzstd FILE)" },
    { "zip", "PK\3\4\x14\0", 6, "a zip archive: unpack it first" },
    { "qcow2", "QFI\xfb\0\0\0\3", 8, "a qcow2 disk image" },
    { "html", "<html><head>404 Not Found", 25, "a web page" },
    { "doctype", "<!DOCTYPE html>", 15, "a web page" },
    { "text", "This is a text.\n", 16, "it is no ISO 9660 image, and neither it nor" },
    { "first-byte-of-gzip", "\x1f", 1, "it is no ISO 9660 image" },
    { "elf", "\177ELF\2\1\1", 7, "it is no ISO 9660 image" },
    { "xz-cut", "\xfd\x37\x7a\x58\x5a\0\0\4", 8, "it is cut short" },
    { "gzip-cut", "\x1f\x8b\x08\0\0\0\0\0", 8, "it is cut short" },
};

static void
test_other(gconstpointer data)
{
    const OtherRow *row = data;
    g_autoptr(TmpDir) dir = tmp_dir_new();
    g_autoptr(GError) error = NULL;
    g_autofree char *path = tmp_dir_file(dir, "download.iso", row->bytes, (gssize)row->len);
    g_autofree char *quoted = g_strdup_printf("'%s'", path);

    g_assert_null(image_file_open(path, probes, &no_cache, &error));
    assert_told(error, PXE_RUN_ERROR_MEDIUM, quoted);
    assert_told(error, PXE_RUN_ERROR_MEDIUM, row->part);
}

static GByteArray *
make_iso(void)
{
    g_autoptr(TmpDir) dir = tmp_dir_new();

    tmp_dir_mkdir(dir, "tree/boot");
    g_autofree char *loader = tmp_dir_file(dir, "tree/boot/pxeboot", "loader", 6);
    g_autofree char *source = tmp_dir_path(dir, "tree");
    return iso_make_bytes(dir, source, "-R -V LABEL");
}

/* With partition tables in front, of a disk that has a UFS behind the ISO. */
static GByteArray *
make_hybrid(void)
{
    g_autoptr(UfsSketch) sketch = ufs_sketch_new(2, 65536);
    GByteArray *image = make_iso();
    const guint sector = image->len / DISK_SECTOR;

    ufs_sketch_sample(sketch);
    g_byte_array_append(image, sketch->image->data, sketch->image->len);
    disk_put_mbr(image, 1, DISK_FREEBSD, sector, sketch->image->len / DISK_SECTOR);
    disk_put_gpt(image, 2, DISK_FREEBSD_UFS, sector, image->len / DISK_SECTOR - 1);
    return image;
}

static GByteArray *
make_ufs1(void)
{
    g_autoptr(UfsSketch) sketch = ufs_sketch_new(1, 8192);

    ufs_sketch_sample(sketch);
    GByteArray *image = g_byte_array_new();
    return g_byte_array_append(image, sketch->image->data, sketch->image->len);
}

/* A UFS2 at sector 64, behind the tables. */
static GByteArray *
make_disk(void)
{
    g_autoptr(UfsSketch) sketch = ufs_sketch_new(2, 65536);
    GByteArray *image = g_byte_array_new();

    ufs_sketch_sample(sketch);
    g_byte_array_set_size(image, 64 * DISK_SECTOR);
    memset(image->data, 0, image->len);
    return g_byte_array_append(image, sketch->image->data, sketch->image->len);
}

static GByteArray *
make_gpt(void)
{
    GByteArray *image = make_disk();

    disk_put_mbr(image, 1, DISK_PROTECTIVE, 1, image->len / DISK_SECTOR - 1);
    disk_put_gpt(image, 3, DISK_FREEBSD_UFS, 64, image->len / DISK_SECTOR - 1);
    return image;
}

static GByteArray *
make_mbr(void)
{
    GByteArray *image = make_disk();

    disk_put_mbr(image, 2, DISK_FREEBSD, 64, image->len / DISK_SECTOR - 64);
    return image;
}

static GByteArray *
pack(GByteArray *bytes, gboolean xz)
{
    const PackXz how = { 1, 100000 };
    GByteArray *packed = g_byte_array_new();

    if (xz)
        pack_xz(packed, bytes->data, bytes->len, &how);
    else
        pack_gzip(packed, bytes->data, bytes->len);
    g_byte_array_unref(bytes);
    return packed;
}

static GByteArray *
make_iso_xz(void)
{
    return pack(make_iso(), TRUE);
}

static GByteArray *
make_iso_gzip(void)
{
    return pack(make_iso(), FALSE);
}

static GByteArray *
make_gpt_xz(void)
{
    return pack(make_gpt(), TRUE);
}

typedef struct {
    const char *name;
    GByteArray *(*make)(void);
    const char *format;
    gboolean iso;
} FormatRow;

static const FormatRow format_rows[] = {
    { "iso", make_iso, "ISO 9660", TRUE },
    { "hybrid-iso", make_hybrid, "ISO 9660", TRUE },
    { "ufs1", make_ufs1, "UFS1", FALSE },
    { "gpt", make_gpt, "UFS2 in GPT partition p3", FALSE },
    { "mbr", make_mbr, "UFS2 in partition s2", FALSE },
    { "iso-xz", make_iso_xz, "ISO 9660, packed with xz", TRUE },
    { "iso-gzip", make_iso_gzip, "ISO 9660, packed with gzip", TRUE },
    { "gpt-xz", make_gpt_xz, "UFS2 in GPT partition p3, packed with xz", FALSE },
};

static void
test_format(gconstpointer data)
{
    const FormatRow *row = data;
    g_autoptr(TmpDir) dir = tmp_dir_new();
    g_autoptr(GError) error = NULL;

    if (iso_maker_missing())
        return;
    g_autoptr(GByteArray) bytes = row->make();
    g_autofree char *path = tmp_dir_file(dir, "an.image", bytes->data, bytes->len);
    ImageFile *image = image_file_open(path, probes, &no_cache, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(image_file_format(image), ==, row->format);
    g_assert_cmpstr(image_file_volume_id(image), ==, row->iso ? "LABEL" : NULL);
    g_assert_cmpuint(image_file_present(image), ==, row->iso ? 1 : 0);
    g_assert_false(image_file_is_short(image));
    g_autoptr(Vfs) vfs = image_file_to_vfs(image, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(tree_check(vfs), >, 1);
}

/* Packed twice: once is what people do. */
static void
test_twice(void)
{
    g_autoptr(TmpDir) dir = tmp_dir_new();
    g_autoptr(GError) error = NULL;

    if (iso_maker_missing())
        return;
    g_autoptr(GByteArray) bytes = pack(make_iso_xz(), FALSE);
    g_autofree char *path = tmp_dir_file(dir, "x.iso.xz.gz", bytes->data, bytes->len);
    g_assert_null(image_file_open(path, probes, &no_cache, &error));
    assert_told(error, PXE_RUN_ERROR_MEDIUM, "it is no ISO 9660 image");
}

/* ---- the cache ---- */

static gboolean
count_call(guint64 done, guint64 size, gpointer data)
{
    guint *calls = data;

    g_assert_cmpuint(done, <=, size);
    (*calls)++;
    return TRUE;
}

/* Returns: whether the image had to be unpacked */
static gboolean
opens_by_unpacking(const char *path, gboolean without_cache)
{
    guint calls = 0;
    const UnpackWish wish = { count_call, &calls, without_cache };
    g_autoptr(GError) error = NULL;

    ImageFile *image = image_file_open(path, probes, &wish, &error);
    g_assert_no_error(error);
    g_autoptr(Vfs) vfs = image_file_to_vfs(image, &error);
    g_assert_no_error(error);
    g_assert_true(vfs_is_file(vfs, "/boot/pxeboot"));
    return calls > 0;
}

static guint
files_in(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    guint n = 0;

    while (dir != NULL && g_dir_read_name(dir) != NULL)
        n++;
    return n;
}

static void
test_cache(void)
{
    g_autoptr(TmpDir) dir = tmp_dir_new();
    g_autofree char *cache = tmp_dir_path(dir, "cache/pxe-run");

    if (iso_maker_missing())
        return;
    tmp_dir_mkdir(dir, "cache");
    g_autofree char *base = tmp_dir_path(dir, "cache");
    g_setenv("XDG_CACHE_HOME", base, TRUE);
    g_autoptr(GByteArray) bytes = make_iso_xz();
    g_autofree char *path = tmp_dir_file(dir, "x.xz", bytes->data, bytes->len);
    g_assert_true(opens_by_unpacking(path, TRUE));
    g_assert_cmpuint(files_in(cache), ==, 0);
    g_assert_true(opens_by_unpacking(path, FALSE));
    g_assert_cmpuint(files_in(cache), ==, 1);
    g_assert_false(opens_by_unpacking(path, FALSE));
    g_assert_true(opens_by_unpacking(path, TRUE));
    /* Who it is counts, and not what it is called. */
    g_autofree char *moved = tmp_dir_path(dir, "moved");
    g_assert_cmpint(g_rename(path, moved), ==, 0); /* a change, too, to some file systems */
    (void)opens_by_unpacking(moved, FALSE);
    g_assert_false(opens_by_unpacking(moved, FALSE));
    /* Another file in its place, as old and as large. */
    guint before = files_in(cache);
    g_autofree char *other = tmp_dir_file(dir, "moved", bytes->data, bytes->len);
    g_assert_true(opens_by_unpacking(other, FALSE));
    g_assert_cmpuint(files_in(cache), ==, before + 1);
    /* What cannot be unpacked is not kept. */
    g_autofree char *cut = tmp_dir_file(dir, "cut", bytes->data, bytes->len - 100);
    const UnpackWish wish = { NULL, NULL, FALSE };
    g_assert_null(image_file_open(cut, probes, &wish, NULL));
    g_assert_cmpuint(files_in(cache), ==, before + 1);
}

/* Others could write what we would boot: it is unpacked elsewhere. */
static void
test_cache_of_others(void)
{
    g_autoptr(TmpDir) dir = tmp_dir_new();
    g_autofree char *cache = tmp_dir_path(dir, "pxe-run");

    if (iso_maker_missing())
        return;
    tmp_dir_mkdir(dir, "pxe-run");
    g_assert_cmpint(chmod(cache, 0777), ==, 0);
    g_setenv("XDG_CACHE_HOME", dir, TRUE);
    g_autoptr(GByteArray) bytes = make_iso_gzip();
    g_autofree char *path = tmp_dir_file(dir, "x.gz", bytes->data, bytes->len);
    g_assert_true(opens_by_unpacking(path, FALSE));
    g_assert_true(opens_by_unpacking(path, FALSE));
    g_assert_cmpuint(files_in(cache), ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/image-file/other", other_rows, test_other);
    ROWS_ADD("/image-file/format", format_rows, test_format);
    g_test_add_func("/image-file/twice", test_twice);
    g_test_add_func("/image-file/cache", test_cache);
    g_test_add_func("/image-file/cache-of-others", test_cache_of_others);
    return g_test_run();
}
