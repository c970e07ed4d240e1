/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI configuration space, by ports. @address: bus, device and function, as PXE has them in
 * BusDevFunc.
 *
 * Source: PCI Local Bus Specification 2.2 §3.2.2.3.2 (configuration mechanism 1), §6.1 (header)
 */
#pragma once

#include "images/pxe-stack/wire.h"

#define PCI_ID             0x00
#define PCI_COMMAND        0x04
#define PCI_CLASS          0x08
#define PCI_BAR_0          0x10
#define PCI_BARS           6
#define PCI_SUBSYSTEM      0x2c
#define PCI_INTERRUPT_LINE 0x3c

#define PCI_COMMAND_IO     0x0001u
#define PCI_COMMAND_MEMORY 0x0002u
#define PCI_COMMAND_MASTER 0x0004u
#define PCI_BAR_IS_IO      0x1u

#define PCI_HOST_BRIDGE 0x0000

/* @offset: a multiple of four, but for single bytes */
uint32_t pci_read(uint16_t address, uint8_t offset);
uint8_t pci_read8(uint16_t address, uint8_t offset);
void pci_write(uint16_t address, uint8_t offset, uint32_t value);
void pci_write8(uint16_t address, uint8_t offset, uint8_t value);
void pci_write_command(uint16_t address, uint16_t command);
