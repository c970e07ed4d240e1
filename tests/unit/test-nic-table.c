/* SPDX-License-Identifier: GPL-2.0-or-later */
/* images/nic-table.c: each card can be found, and what it needs is installed. */
#include "images/firmware-files.h"
#include "images/nic-table.h"
#include "tests/lan/rows.h"
#include "tests/unit/support/told.h"

static void
test_find(void)
{
    for (const Nic *nic = nic_table; nic->name != NULL; nic++) {
        g_autoptr(GError) error = NULL;
        g_assert_true(nic_find(nic->name, &error) == nic);
        g_assert_no_error(error);
        for (const Nic *other = nic_table; other < nic; other++)
            g_assert_cmpstr(other->name, !=, nic->name);
        /* They are put into command lines and into iPXE's script as they are. */
        g_assert_null(strpbrk(nic->device, " ,'\""));
        g_assert_null(strpbrk(nic->chip, " '\"$"));
    }
    g_assert_true(nic_find(NIC_DEFAULT, NULL) == nic_table);
}

typedef struct {
    const char *name;
    const char *nic;
} UnknownRow;

static const UnknownRow unknown_rows[] = {
    { "another", "tulip" },
    { "empty", "" },
    { "capitals", "RTL8139" },
    { "prefix", "rtl" },
    { "qemu's-word-for-it", "virtio-net-pci" },
};

static void
test_unknown(gconstpointer data)
{
    const UnknownRow *row = data;
    g_autoptr(GError) error = NULL;
    g_autofree char *quoted = g_strdup_printf("unknown NIC '%s'", row->nic);

    g_assert_null(nic_find(row->nic, &error));
    assert_told(error, PXE_RUN_ERROR_USAGE, quoted);
    for (const Nic *nic = nic_table; nic->name != NULL; nic++)
        assert_told(error, PXE_RUN_ERROR_USAGE, nic->name);
}

/* The ROM of each card is in Debian's ipxe-qemu, and is one. */
static void
test_rom(gconstpointer data)
{
    const Nic *nic = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) rom = firmware_read(nic->rom, NULL, "ipxe-qemu", &error);
    gsize len;

    if (rom == NULL) {
        g_autofree char *first = firmware_find(nic_table->rom, NULL, "ipxe-qemu", NULL);
        if (first == NULL)
            g_test_skip("ipxe-qemu is not installed");
        else
            g_error("%s", error->message);
        return;
    }
    const guint8 *bytes = g_bytes_get_data(rom, &len);
    g_assert_cmpuint(len, >=, 512);
    ROW_CMPMEM(bytes, 2, "\x55\xaa", 2);
    g_assert_cmpuint(len, >=, bytes[2] * 512u); /* its size, in blocks, as the BIOS reads it */
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/nic-table/find", test_find);
    ROWS_ADD("/nic-table/unknown", unknown_rows, test_unknown);
    for (const Nic *nic = nic_table; nic->name != NULL; nic++) {
        g_autofree char *path = g_strconcat("/nic-table/rom/", nic->name, NULL);
        g_test_add_data_func(path, nic, test_rom);
    }
    return g_test_run();
}
