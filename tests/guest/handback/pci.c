/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sources: PCI Local Bus Specification 2.2 §6.1; Intel 82441FX datasheet §3.2.18 and 3 Series
 * Express Chipset datasheet §5.1.19 (which memory is RAM)
 */
#include "tests/guest/handback/pci.h"

#include "tests/guest/bare/crc32.h"
#include "tests/guest/bare/ports.h"
#include "tests/guest/loader/console.h"

#define PCI_CONFIG_ADDRESS 0xcf8
#define PCI_CONFIG_DATA    0xcfc
#define PCI_DEVICES        32u
#define PCI_ID             0x00
#define PCI_COMMAND        0x04
#define PCI_CLASS          0x08
#define PCI_BAR_0          0x10
#define PCI_BARS           6u
#define CLASS_NETWORK      0x02
#define COMMAND_MASK       0x07u /* ports, memory, mastering the bus */
#define BRIDGE_Q35         0x29c08086u
#define PAM_I440FX         0x58
#define PAM_Q35            0x90
#define BIOS_BEGIN         0xe0000u
#define BIOS_CODE          0xe8000u

static uint32_t
pci_read(uint32_t device, uint32_t offset)
{
    port_write32(PCI_CONFIG_ADDRESS, 0x80000000u | device << 11 | offset);
    return port_read32(PCI_CONFIG_DATA);
}

/* But for d0000 to dffff, which may stay writable. */
static void
bridge_print(void)
{
    if (pci_read(0, PCI_ID) == BRIDGE_Q35)
        console_print("PCI bridge: %08x %08x\n", pci_read(0, PAM_Q35) & 0x00ffffffu,
                      pci_read(0, PAM_Q35 + 4) & 0xffffff00u);
    else
        console_print("PCI bridge: %08x %08x\n", pci_read(0, PAM_I440FX),
                      pci_read(0, PAM_I440FX + 4) & 0xffff0000u);
}

void
pci_print(void)
{
    bridge_print();
    for (uint32_t device = 0; device < PCI_DEVICES; device++) {
        if (pci_read(device, PCI_CLASS) >> 24 != CLASS_NETWORK)
            continue;
        console_print("PCI card: %u", pci_read(device, PCI_COMMAND) & COMMAND_MASK);
        for (uint32_t i = 0; i < PCI_BARS; i++)
            console_print(" %08x", pci_read(device, PCI_BAR_0 + i * 4));
        console_print("\n");
    }
    console_print("PCI memory: %08x\n",
                  crc32_add(0, memory_at(BIOS_BEGIN), BIOS_CODE - BIOS_BEGIN));
}
