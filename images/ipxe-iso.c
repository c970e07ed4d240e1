/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is on the CD, all of it from installed packages but for the first 512 bytes of the .bin:
 *
 *   isolinux.bin, ldlinux.c32   the boot loader (El Torito, no emulation)
 *   isolinux.cfg                boots the entry below at once
 *   rtl8139.bin                 rom-boot.S, then iPXE's boot ROM for the card
 *   ipxe.krn, boot.ipxe         iPXE with all its drivers and a script, for other machines: hold
 *                               Shift while isolinux starts and enter "any"
 *
 * The boot ROM comes first since it is fast: the image with all drivers spends a second on looking
 * for ISA cards and on gathering random numbers from the clock chip, the ROM of one card does not;
 * from exec to the first DHCP packet it is 0.4 s against 1.2 s, in emulation.
 *
 * The bytes depend only on the packages: no date, no random identifier.
 */
#include "images/ipxe-iso.h"

#include "base/autofd.h"
#include "base/error.h"
#include "images/firmware-files.h"
#include "images/iso-writer.h"
#include "images/rom-boot/rom-boot.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define ISOLINUX_PACKAGE  "isolinux"
#define SYSLINUX_PACKAGE  "syslinux-common"
#define IPXE_PACKAGE      "ipxe"
#define IPXE_ROM_PACKAGE  "ipxe-qemu"
#define IPXE_ROM_SIZE_MAX (480u << 10) /* what fits between 0x7e00 and iPXE's own low memory */

static const char isolinux_cfg[] = "DEFAULT %s\n"
                                   "PROMPT 0\n"
                                   "LABEL %s\n"
                                   "BOOT %s.bin\n"
                                   "LABEL any\n"
                                   "KERNEL ipxe.krn\n"
                                   "INITRD boot.ipxe\n";

/*
 * The script takes the card that the CD was made for, or else the first one that gets an answer.
 * `chain ${filename}` is relative to the TFTP server that DHCP names.
 */
static const char boot_script[] = "#!ipxe\n"
                                  "set n:int32 0\n"
                                  ":next\n"
                                  "isset ${net${n}/mac} || goto any\n"
                                  "iseq ${net${n}/chip} %s && goto found ||\n"
                                  "inc n\n"
                                  "goto next\n"
                                  ":found\n"
                                  "dhcp net${n} && chain ${filename} ||\n"
                                  ":any\n"
                                  "dhcp && chain ${filename} ||\n"
                                  "echo No answer that leads to a boot program, trying again\n"
                                  "sleep 2\n"
                                  "goto any\n";

static GBytes *
printed(char *text)
{
    return g_bytes_new_take(text, strlen(text));
}

/* rom-boot.S, whose last bytes are the 512th, and the ROM image behind it. */
static GBytes *
rom_program(const Nic *nic, const char *firmware_path, GError **error)
{
    g_autoptr(GBytes) rom = firmware_read(nic->rom, firmware_path, IPXE_ROM_PACKAGE, error);
    gsize rom_len;

    if (rom == NULL)
        return NULL;
    const guint8 *rom_bytes = g_bytes_get_data(rom, &rom_len);
    if (rom_len < 512 || rom_len > IPXE_ROM_SIZE_MAX || rom_bytes[0] != 0x55 ||
        rom_bytes[1] != 0xaa) {
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_HOST,
                    "%s is not a boot ROM: install the Debian package %s again", nic->rom,
                    IPXE_ROM_PACKAGE);
        return NULL;
    }
    guint8 *program = g_malloc(rom_boot_size + rom_len);
    memcpy(program, rom_boot, rom_boot_size);
    memcpy(program + rom_boot_size, rom_bytes, rom_len);
    return g_bytes_new_take(program, rom_boot_size + rom_len);
}

static void
iso_files_clear(IsoWriterFile *files)
{
    for (; files->name != NULL; files++) {
        g_free(files->name);
        g_clear_pointer(&files->content, g_bytes_unref);
    }
}

/**
 * ipxe_iso_build:
 * @nic: the card
 * @firmware_path: (nullable): see firmware_find()
 * @error: PXE_RUN_ERROR_HOST when a file of iPXE or isolinux is missing
 *
 * Returns: (transfer full): a descriptor of the image, in memory; -1 on failure
 **/
int
ipxe_iso_build(const Nic *nic, const char *firmware_path, GError **error)
{
    IsoWriterFile files[7] = { 0 };
    const struct {
        const char *name, *file, *package;
    } firmware[] = {
        { "isolinux.bin", "isolinux.bin", ISOLINUX_PACKAGE },
        { "ldlinux.c32", "ldlinux.c32", SYSLINUX_PACKAGE },
        { "ipxe.krn", "ipxe.lkrn", IPXE_PACKAGE },
    };
    gsize n = 0;
    int fd = -1;

    for (gsize i = 0; i < G_N_ELEMENTS(firmware); i++, n++) {
        files[n].name = g_strdup(firmware[i].name);
        files[n].content =
            firmware_read(firmware[i].file, firmware_path, firmware[i].package, error);
        if (files[n].content == NULL)
            goto out;
    }
    files[n].name = g_strdup_printf("%s.bin", nic->name);
    files[n].content = rom_program(nic, firmware_path, error);
    if (files[n++].content == NULL)
        goto out;
    files[n].name = g_strdup("isolinux.cfg");
    files[n++].content = printed(g_strdup_printf(isolinux_cfg, nic->name, nic->name, nic->name));
    files[n].name = g_strdup("boot.ipxe");
    files[n++].content = printed(g_strdup_printf(boot_script, nic->chip));
    fd = iso_writer_build("PXE_RUN_IPXE", files, "/isolinux.bin", error);
out:
    iso_files_clear(files);
    return fd;
}

static gboolean
write_all(int fd, const guint8 *bytes, gsize len)
{
    while (len > 0) {
        ssize_t n = write(fd, bytes, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return FALSE;
        bytes += n;
        len -= (gsize)n;
    }
    return TRUE;
}

/* Copies the memory in @fd to @out, which may be a device or a pipe. */
static gboolean
copy_to(int fd, int out)
{
    guint8 bytes[64 * 1024];
    off_t at = 0;
    ssize_t n;

    while ((n = pread(fd, bytes, sizeof bytes, at)) > 0) {
        if (!write_all(out, bytes, (gsize)n))
            return FALSE;
        at += n;
    }
    return n == 0;
}

/**
 * ipxe_iso_write:
 * @nic: the card
 * @firmware_path: (nullable): see firmware_find()
 * @out: where to put the image; "-" for standard output
 * @error: as ipxe_iso_build(), and PXE_RUN_ERROR_HOST when @out cannot be written
 **/
gboolean
ipxe_iso_write(const Nic *nic, const char *firmware_path, const char *out, GError **error)
{
    auto_fd fd = ipxe_iso_build(nic, firmware_path, error);
    if (fd < 0)
        return FALSE;
    auto_fd file = g_str_equal(out, "-")
                       ? dup(STDOUT_FILENO)
                       : open(out, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (file >= 0 && copy_to(fd, file) && close(autofd_steal(&file)) == 0)
        return TRUE;
    g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_HOST, "cannot write '%s': %s", out,
                g_strerror(errno));
    return FALSE;
}
