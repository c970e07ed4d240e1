/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "images/nic-table.h"

#include "base/error.h"

/*
 * QEMU's rtl8139 is an 8139C+ (revision 0x20), which FreeBSD's re(4) takes, not rl(4)
 * [sys/dev/re/if_re.c: re_probe].
 */
const Nic nic_table[] = {
    { "rtl8139", "rtl8139", "pxe-rtl8139.rom", "rtl8139", "re", &pxe_stack_rtl8139 },
    { "e1000", "e1000", "pxe-e1000.rom", "82540em", "em", &pxe_stack_e1000e },
    { "e1000e", "e1000e", "pxe-e1000e.rom", "82574l", "em", &pxe_stack_e1000e },
    { "virtio", "virtio-net-pci", "pxe-virtio.rom", "virtio-net", "vtnet, from 9 on",
      &pxe_stack_virtio },
    { "pcnet", "pcnet", "pxe-pcnet.rom", "pcnet32", "pcn, le", NULL },
    { "ne2k_pci", "ne2k_pci", "pxe-ne2k_pci.rom", "ns8390", "ed", NULL },
    { "i82559er", "i82559er", "pxe-eepro100.rom", "eepro100", "fxp", NULL },
    { "vmxnet3", "vmxnet3", "pxe-vmxnet3.rom", "vmxnet3", "vmx, from 10 on", NULL },
    { NULL, NULL, NULL, NULL, NULL, NULL },
};

/**
 * nic_find:
 * @name: what the user wrote
 * @error: PXE_RUN_ERROR_USAGE, with the names that there are
 *
 * Returns: (transfer none): the card; NULL when there is none of that name
 **/
const Nic *
nic_find(const char *name, GError **error)
{
    g_autoptr(GString) names = g_string_new(NULL);

    for (const Nic *nic = nic_table; nic->name != NULL; nic++) {
        if (g_str_equal(nic->name, name))
            return nic;
        g_string_append_printf(names, "%s%s", names->len > 0 ? ", " : "", nic->name);
    }
    g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_USAGE, "unknown NIC '%s': use one of %s", name,
                names->str);
    return NULL;
}
