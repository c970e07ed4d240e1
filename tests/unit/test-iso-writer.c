/* SPDX-License-Identifier: GPL-2.0-or-later */
/* images/iso-writer.c: bytes that depend on the files alone, in an image that others can read. */
#include "base/autofd.h"
#include "images/iso-writer.h"
#include "images/vfs-iso.h"
#include "tests/lan/rows.h"
#include "tests/unit/support/iso-maker.h"
#include "tests/unit/support/told.h"
#include "tests/unit/support/tree-check.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define BOOT_SIZE 3000

static GBytes *
content_of(int fd)
{
    struct stat st;

    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(fstat(fd, &st), ==, 0);
    g_autofree guint8 *bytes = g_malloc((gsize)st.st_size);
    g_assert_cmpint(pread(fd, bytes, (gsize)st.st_size, 0), ==, st.st_size);
    return g_bytes_new_take(g_steal_pointer(&bytes), (gsize)st.st_size);
}

static const struct {
    const char *name;
    gsize size;
} sample_files[] = {
    { "isolinux.bin", BOOT_SIZE },
    { "empty", 0 },
    { "block", 2048 },
    { "large.krn", 500001 },
    { "boot.ipxe", 7 },
    { "a-name-that-is-longer-than-8.3-and-thirty-one", 1 },
};

static int
build_sample(GError **error)
{
    IsoWriterFile files[G_N_ELEMENTS(sample_files) + 1] = { 0 };

    for (gsize i = 0; i < G_N_ELEMENTS(sample_files); i++) {
        files[i].name = (char *)(guintptr)sample_files[i].name;
        files[i].content = row_pattern_bytes(sample_files[i].size, (guint32)i);
    }
    int fd = iso_writer_build("A_LABEL", files, "/isolinux.bin", error);
    for (gsize i = 0; i < G_N_ELEMENTS(sample_files); i++)
        g_bytes_unref(files[i].content);
    return fd;
}

/* The words of BOOT_SIZE bytes from 64 on, added up: isolinux's boot information table. */
static guint32
boot_checksum(const guint8 *bytes)
{
    guint32 sum = 0;

    for (gsize i = 64; i < BOOT_SIZE; i += 4) {
        for (gsize j = 0; j < 4; j++)
            sum += (guint32)bytes[i + j] << 8 * j;
    }
    return sum;
}

static guint32
le32(const guint8 *p)
{
    return p[0] | (guint32)p[1] << 8 | (guint32)p[2] << 16 | (guint32)p[3] << 24;
}

static void
test_tree(void)
{
    g_autoptr(GError) error = NULL;
    auto_fd fd = build_sample(&error);
    g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);

    g_assert_no_error(error);
    g_autoptr(Vfs) vfs = vfs_iso_new(path, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(tree_check(vfs), ==, G_N_ELEMENTS(sample_files) + 1);
    for (gsize i = 1; i < G_N_ELEMENTS(sample_files); i++) {
        g_autoptr(GBytes) expected = row_pattern_bytes(sample_files[i].size, (guint32)i);
        g_autoptr(GBytes) read = NULL;
        VfsAttr attr;
        g_assert_cmpint(vfs_read_file(vfs, sample_files[i].name, 1 << 20, &read), ==, 0);
        g_assert_true(g_bytes_equal(read, expected));
        g_assert_cmpint(vfs_getattr(vfs, tree_id(vfs, sample_files[i].name), &attr), ==, 0);
        g_assert_cmphex(attr.mode, ==, 0444);
        g_assert_cmpuint(attr.uid, ==, 0);
        g_assert_cmpuint(attr.gid, ==, 0);
        g_assert_cmpint(attr.mtime_s, ==, 1204070400);
    }
}

/* El Torito 2.0 to 2.2: the boot record, the catalog, and isolinux's table in the boot image. */
static void
test_el_torito(void)
{
    auto_fd fd = build_sample(NULL);
    g_autoptr(GBytes) image = content_of(fd);
    g_autoptr(GBytes) original = row_pattern_bytes(BOOT_SIZE, 0);
    gsize len;
    const guint8 *bytes = g_bytes_get_data(image, &len);
    const guint8 *record = bytes + 17 * 2048;

    ROW_CMPMEM(record, 30, "\0CD001\1EL TORITO SPECIFICATION", 30);
    guint32 catalog_block = le32(record + 0x47);
    g_assert_cmpuint(catalog_block, <, len / 2048);
    const guint8 *catalog = bytes + (gsize)catalog_block * 2048;
    guint16 sum = 0;
    for (gsize i = 0; i < 32; i += 2)
        sum = (guint16)(sum + catalog[i] + (catalog[i + 1] << 8));
    g_assert_cmphex(sum, ==, 0);
    ROW_CMPMEM(catalog, 2, "\1\0", 2); /* for an 80x86 */
    ROW_CMPMEM(catalog + 30, 2, "\x55\xaa", 2);
    ROW_CMPMEM(catalog + 32, 8, "\x88\0\0\0\0\0\4\0", 8); /* bootable, no emulation, 4 sectors */
    guint32 boot_block = le32(catalog + 40);
    g_assert_cmpuint((gsize)boot_block * 2048 + BOOT_SIZE, <=, len);
    const guint8 *boot = bytes + (gsize)boot_block * 2048;
    g_assert_cmpuint(le32(boot + 8), ==, 16);
    g_assert_cmpuint(le32(boot + 12), ==, boot_block);
    g_assert_cmpuint(le32(boot + 16), ==, BOOT_SIZE);
    g_assert_cmphex(le32(boot + 20), ==, boot_checksum(boot));
    const guint8 *expected = g_bytes_get_data(original, NULL);
    ROW_CMPMEM(boot, 8, expected, 8);
    ROW_CMPMEM(boot + 64, BOOT_SIZE - 64, expected + 64, BOOT_SIZE - 64);
}

/* Twice the same, also where the clock shows another hour. */
static void
test_deterministic(void)
{
    auto_fd first_fd = build_sample(NULL);
    auto_fd second_fd = build_sample(NULL);
    g_autofree char *zone = g_strdup(g_getenv("TZ"));
    g_setenv("TZ", "XYZ-13:30", TRUE);
    tzset();
    auto_fd elsewhere_fd = build_sample(NULL);
    if (zone != NULL)
        g_setenv("TZ", zone, TRUE);
    else
        g_unsetenv("TZ");
    tzset();
    g_autoptr(GBytes) first = content_of(first_fd);
    g_autoptr(GBytes) second = content_of(second_fd);
    g_autoptr(GBytes) elsewhere = content_of(elsewhere_fd);
    g_assert_true(g_bytes_equal(first, second));
    g_assert_true(g_bytes_equal(first, elsewhere));
}

/* No date of today: ECMA-119 8.4.26 to 8.4.29, and 9.1.5 in the root's record. */
static void
test_dates(void)
{
    auto_fd fd = build_sample(NULL);
    g_autoptr(GBytes) image = content_of(fd);
    const guint8 *pvd = (const guint8 *)g_bytes_get_data(image, NULL) + ISO_PVD;

    ROW_CMPMEM(pvd + 813, 16, "2008022700000000", 16);
    ROW_CMPMEM(pvd + 830, 16, "2008022700000000", 16);
    ROW_CMPMEM(pvd + 156 + 18, 6, "\x6c\2\x1b\0\0\0", 6);
}

/* What another program finds in it. */
static void
test_xorriso(void)
{
    g_autoptr(TmpDir) dir = tmp_dir_new();
    auto_fd fd = build_sample(NULL);
    g_autoptr(GBytes) image = content_of(fd);
    gsize len;
    const void *bytes = g_bytes_get_data(image, &len);

    if (iso_maker_missing())
        return;
    g_autofree char *path = tmp_dir_file(dir, "x.iso", bytes, (gssize)len);
    const char *const report[] = { "xorriso", "-indev", path, "-report_el_torito", "plain", NULL };
    const char *const list[] = { "xorriso", "-indev", path, "-find", "/", NULL };
    g_autofree char *boot = run_program(report);
    g_autofree char *names = run_program(list);
    g_assert_nonnull(strstr(boot, "El Torito img path :   1  /isolinux.bin"));
    g_assert_nonnull(strstr(boot, "El Torito img opts :   1  boot-info-table"));
    g_assert_nonnull(strstr(boot, "none  0x0000  0x00      4 "));
    for (gsize i = 0; i < G_N_ELEMENTS(sample_files); i++) {
        g_autofree char *line = g_strdup_printf("'/%s'\n", sample_files[i].name);
        g_assert_nonnull(strstr(names, line));
    }
}

typedef struct {
    const char *name;
    const char *first, *second; /* files */
    const char *boot_image;
} BadRow;

static const BadRow bad_rows[] = {
    { "boot-image-missing", "a", "b", "/isolinux.bin" },
    { "boot-image-below-a-file", "a", "b", "/a/isolinux.bin" },
    { "same-name-twice", "isolinux.bin", "isolinux.bin", "/isolinux.bin" },
    { "slash-in-a-name", "isolinux.bin", "boot/x", "/isolinux.bin" },
};

static void
test_bad(gconstpointer data)
{
    const BadRow *row = data;
    g_autoptr(GBytes) content = row_pattern_bytes(100, 1);
    const IsoWriterFile files[] = {
        { (char *)(guintptr)row->first, content },
        { (char *)(guintptr)row->second, content },
        { NULL, NULL },
    };
    g_autoptr(GError) error = NULL;

    g_assert_cmpint(iso_writer_build("LABEL", files, row->boot_image, &error), ==, -1);
    assert_told(error, PXE_RUN_ERROR_INTERNAL, "libisofs cannot write the iPXE ISO");
}

/* The memory for the image comes to an end: in a process of its own, for the limit's sake. */
static void
test_no_room(void)
{
    const struct rlimit limit = { 100000, 100000 };
    g_autoptr(GError) error = NULL;

    if (!g_test_subprocess()) {
        g_test_trap_subprocess(NULL, 0, 0);
        g_test_trap_assert_passed();
        return;
    }
    (void)signal(SIGXFSZ, SIG_IGN);
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &limit), ==, 0);
    g_assert_cmpint(build_sample(&error), ==, -1);
    assert_told(error, PXE_RUN_ERROR_HOST, "no memory for the iPXE ISO: ");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/iso-writer/tree", test_tree);
    g_test_add_func("/iso-writer/el-torito", test_el_torito);
    g_test_add_func("/iso-writer/deterministic", test_deterministic);
    g_test_add_func("/iso-writer/dates", test_dates);
    g_test_add_func("/iso-writer/xorriso", test_xorriso);
    ROWS_ADD("/iso-writer/bad", bad_rows, test_bad);
    g_test_add_func("/iso-writer/no-room", test_no_room);
    return g_test_run();
}
