/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See pci.h. */
#include "images/pxe-stack/pci.h"

#include "images/pxe-stack/machine.h"

#define PCI_CONFIG_ADDRESS 0xcf8
#define PCI_CONFIG_DATA    0xcfc

/* Returns: the port for the register, or for the byte of one */
static uint16_t
pci_select(uint16_t address, uint8_t offset)
{
    out32(PCI_CONFIG_ADDRESS, 0x80000000u | (uint32_t)address << 8 | (offset & ~3u));
    return PCI_CONFIG_DATA + (offset & 3);
}

/* Returns: a register */
uint32_t
pci_read(uint16_t address, uint8_t offset)
{
    return in32(pci_select(address, offset));
}

/* Returns: one byte of a register */
uint8_t
pci_read8(uint16_t address, uint8_t offset)
{
    return in8(pci_select(address, offset));
}

/* Writes a register. */
void
pci_write(uint16_t address, uint8_t offset, uint32_t value)
{
    out32(pci_select(address, offset), value);
}

/* Writes one byte of a register. */
void
pci_write8(uint16_t address, uint8_t offset, uint8_t value)
{
    out8(pci_select(address, offset), value);
}

/* Leaves the status register, in the upper half, alone: its bits are cleared by writing ones. */
void
pci_write_command(uint16_t address, uint16_t command)
{
    out16(pci_select(address, PCI_COMMAND), command);
}
