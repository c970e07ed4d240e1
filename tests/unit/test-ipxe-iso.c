/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * images/ipxe-iso.c: what is on the CD. The firmware is made up here, so that the test needs no
 * package; one test takes the installed one.
 */
#include "base/autofd.h"
#include "images/firmware-files.h"
#include "images/ipxe-iso.h"
#include "images/rom-boot/rom-boot.h"
#include "images/vfs-iso.h"
#include "tests/lan/rows.h"
#include "tests/unit/support/tmp-dir.h"
#include "tests/unit/support/told.h"
#include "tests/unit/support/tree-check.h"

#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROM_SIZE 5000

static const struct {
    const char *file, *package;
    gsize size;
} firmware[] = {
    { "isolinux.bin", "isolinux", 4000 },
    { "ldlinux.c32", "syslinux-common", 3000 },
    { "ipxe.lkrn", "ipxe", 20000 },
    { "pxe-rtl8139.rom", "ipxe-qemu", ROM_SIZE },
};

static GBytes *
firmware_bytes(gsize i)
{
    guint8 *bytes = g_malloc(firmware[i].size);

    row_pattern(bytes, firmware[i].size, (guint32)i);
    if (g_str_has_suffix(firmware[i].file, ".rom"))
        memcpy(bytes, "\x55\xaa", 2);
    return g_bytes_new_take(bytes, firmware[i].size);
}

static TmpDir *
firmware_dir(void)
{
    TmpDir *dir = tmp_dir_new();

    for (gsize i = 0; i < G_N_ELEMENTS(firmware); i++) {
        g_autoptr(GBytes) bytes = firmware_bytes(i);
        g_autofree char *path = tmp_dir_file(dir, firmware[i].file, g_bytes_get_data(bytes, NULL),
                                             (gssize)firmware[i].size);
    }
    return dir;
}

static const Nic *
nic(void)
{
    const Nic *found = nic_find("rtl8139", NULL);
    g_assert_nonnull(found);
    return found;
}

static Vfs *
open_fd(int fd)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);
    Vfs *vfs = vfs_iso_new(path, &error);
    g_assert_no_error(error);
    return vfs;
}

static void
test_files(void)
{
    g_autoptr(TmpDir) dir = firmware_dir();
    g_autoptr(GError) error = NULL;
    auto_fd fd = ipxe_iso_build(nic(), dir, &error);

    g_assert_no_error(error);
    g_autoptr(Vfs) vfs = open_fd(fd);
    (void)tree_check(vfs);
    g_autofree char *names = tree_list(vfs, "/");
    g_assert_cmpstr(
        names, ==, "boot.cat boot.ipxe ipxe.krn isolinux.bin isolinux.cfg ldlinux.c32 rtl8139.bin");
    g_autoptr(GBytes) krn = NULL;
    g_autoptr(GBytes) expected_krn = firmware_bytes(2);
    g_assert_cmpint(vfs_read_file(vfs, "/ipxe.krn", 1 << 20, &krn), ==, 0);
    g_assert_true(g_bytes_equal(krn, expected_krn));
    g_autofree char *cfg = tree_text(vfs, "/isolinux.cfg");
    g_assert_cmpstr(cfg, ==,
                    "DEFAULT rtl8139\nPROMPT 0\nLABEL rtl8139\nBOOT rtl8139.bin\n"
                    "LABEL any\nKERNEL ipxe.krn\nINITRD boot.ipxe\n");
    g_autofree char *script = tree_text(vfs, "/boot.ipxe");
    g_assert_true(g_str_has_prefix(script, "#!ipxe\n"));
    g_assert_nonnull(strstr(script, "iseq ${net${n}/chip} rtl8139 && goto found ||\n"));
    g_assert_nonnull(strstr(script, "dhcp net${n} && chain ${filename} ||\n"));
}

/* The program that isolinux loads: our 512 bytes, then the ROM as it is. */
static void
test_program(void)
{
    g_autoptr(TmpDir) dir = firmware_dir();
    auto_fd fd = ipxe_iso_build(nic(), dir, NULL);
    g_autoptr(Vfs) vfs = open_fd(fd);
    g_autoptr(GBytes) program = NULL;
    g_autoptr(GBytes) rom = firmware_bytes(3);
    gsize len;

    g_assert_cmpuint(rom_boot_size, ==, 512);
    g_assert_cmpint(vfs_read_file(vfs, "/rtl8139.bin", 1 << 20, &program), ==, 0);
    const guint8 *bytes = g_bytes_get_data(program, &len);
    g_assert_cmpuint(len, ==, 512 + ROM_SIZE);
    ROW_CMPMEM(bytes, 512, rom_boot, 512);
    ROW_CMPMEM(bytes + 512, ROM_SIZE, g_bytes_get_data(rom, NULL), ROM_SIZE);
    g_assert_cmphex(bytes[0], ==, 0xea); /* a far jump, which sets CS to 0 */
}

typedef struct {
    const char *name;
    gsize index; /* in firmware[] */
} MissingRow;

static const MissingRow missing_rows[] = {
    { "isolinux.bin", 0 },
    { "ldlinux.c32", 1 },
    { "ipxe.lkrn", 2 },
    { "rom", 3 },
};

static void
test_missing(gconstpointer data)
{
    const MissingRow *row = data;
    g_autoptr(TmpDir) dir = firmware_dir();
    g_autofree char *path = tmp_dir_path(dir, firmware[row->index].file);
    g_autofree char *words =
        g_strdup_printf("install the Debian package %s", firmware[row->index].package);
    g_autoptr(GError) error = NULL;

    g_assert_cmpint(unlink(path), ==, 0);
    g_assert_cmpint(ipxe_iso_build(nic(), dir, &error), ==, -1);
    assert_told(error, PXE_RUN_ERROR_HOST, firmware[row->index].file);
    assert_told(error, PXE_RUN_ERROR_HOST, words);
    g_assert_true(g_str_has_suffix(error->message, words));
}

typedef struct {
    const char *name;
    gsize size;
    const char *head;
    gboolean good;
} RomRow;

static const RomRow rom_rows[] = {
    { "empty", 0, "", FALSE },
    { "too-short", 511, "\x55\xaa", FALSE },
    { "shortest", 512, "\x55\xaa", TRUE },
    { "no-signature", 4096, "\x55\xab", FALSE },
    { "signature-swapped", 4096, "\xaa\x55", FALSE },
    { "largest", 480 << 10, "\x55\xaa", TRUE },
    { "too-large", (480 << 10) + 1, "\x55\xaa", FALSE },
};

static void
test_rom(gconstpointer data)
{
    const RomRow *row = data;
    g_autoptr(TmpDir) dir = firmware_dir();
    g_autofree guint8 *rom = g_malloc0(row->size + 2);
    g_autoptr(GError) error = NULL;

    memcpy(rom, row->head, strlen(row->head));
    g_autofree char *path = tmp_dir_file(dir, "pxe-rtl8139.rom", rom, (gssize)row->size);
    auto_fd fd = ipxe_iso_build(nic(), dir, &error);
    g_assert_cmpint(fd >= 0, ==, row->good);
    if (!row->good)
        assert_told(error, PXE_RUN_ERROR_HOST, "pxe-rtl8139.rom is not a boot ROM");
}

static GBytes *
file_bytes(int fd)
{
    struct stat st;

    g_assert_cmpint(fstat(fd, &st), ==, 0);
    g_autofree guint8 *bytes = g_malloc((gsize)st.st_size);
    g_assert_cmpint(pread(fd, bytes, (gsize)st.st_size, 0), ==, st.st_size);
    return g_bytes_new_take(g_steal_pointer(&bytes), (gsize)st.st_size);
}

/* To a file, and to standard output: the same bytes, twice. */
static void
test_write(void)
{
    g_autoptr(TmpDir) dir = firmware_dir();
    g_autoptr(GError) error = NULL;
    g_autofree char *path = tmp_dir_path(dir, "out.iso");
    auto_fd fd = ipxe_iso_build(nic(), dir, NULL);
    g_autoptr(GBytes) built = file_bytes(fd);
    g_autofree char *written = NULL;
    gsize len;

    g_assert_true(ipxe_iso_write(nic(), dir, path, &error));
    g_assert_no_error(error);
    g_assert_true(g_file_get_contents(path, &written, &len, NULL));
    ROW_CMPMEM(written, len, g_bytes_get_data(built, NULL), g_bytes_get_size(built));

    auto_fd memory = memfd_create("stdout", MFD_CLOEXEC);
    (void)fflush(stdout);
    auto_fd stdout_fd = dup(STDOUT_FILENO);
    g_assert_cmpint(dup2(memory, STDOUT_FILENO), ==, STDOUT_FILENO);
    gboolean done = ipxe_iso_write(nic(), dir, "-", &error);
    g_assert_cmpint(dup2(stdout_fd, STDOUT_FILENO), ==, STDOUT_FILENO);
    g_assert_no_error(error);
    g_assert_true(done);
    g_autoptr(GBytes) printed = file_bytes(memory);
    g_assert_true(g_bytes_equal(printed, built));
}

static void
test_write_nowhere(void)
{
    g_autoptr(TmpDir) dir = firmware_dir();
    g_autoptr(GError) error = NULL;
    g_autofree char *path = tmp_dir_path(dir, "none/out.iso");

    g_assert_false(ipxe_iso_write(nic(), dir, path, &error));
    assert_told(error, PXE_RUN_ERROR_HOST, "cannot write '");
    assert_told(error, PXE_RUN_ERROR_HOST, path);
}

/* With the packages of this host, for each card. */
static void
test_installed(gconstpointer data)
{
    const Nic *card = data;
    g_autoptr(GError) error = NULL;
    g_autofree char *isolinux = firmware_find("isolinux.bin", NULL, "isolinux", NULL);
    g_autofree char *kernel = firmware_find("ipxe.lkrn", NULL, "ipxe", NULL);
    g_autofree char *rom = firmware_find(card->rom, NULL, "ipxe-qemu", NULL);
    g_autofree char *name = g_strconcat("/", card->name, ".bin", NULL);

    if (isolinux == NULL || kernel == NULL || rom == NULL) {
        g_test_skip("iPXE or isolinux is not installed");
        return;
    }
    auto_fd fd = ipxe_iso_build(card, NULL, &error);
    auto_fd again = ipxe_iso_build(card, NULL, &error);
    g_assert_no_error(error);
    g_autoptr(GBytes) first = file_bytes(fd);
    g_autoptr(GBytes) second = file_bytes(again);
    g_assert_true(g_bytes_equal(first, second));
    g_autoptr(Vfs) vfs = open_fd(fd);
    g_assert_true(vfs_is_file(vfs, name));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ipxe-iso/files", test_files);
    g_test_add_func("/ipxe-iso/program", test_program);
    ROWS_ADD("/ipxe-iso/missing", missing_rows, test_missing);
    ROWS_ADD("/ipxe-iso/rom", rom_rows, test_rom);
    g_test_add_func("/ipxe-iso/write", test_write);
    g_test_add_func("/ipxe-iso/write-nowhere", test_write_nowhere);
    for (const Nic *card = nic_table; card->name != NULL; card++) {
        g_autofree char *path = g_strconcat("/ipxe-iso/installed/", card->name, NULL);
        g_test_add_data_func(path, card, test_installed);
    }
    return g_test_run();
}
