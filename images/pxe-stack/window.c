/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shows a card's memory-mapped registers in the first megabyte, where real and virtual-8086 mode
 * reach them: for QEMU's e1000, whose ports do nothing.
 *
 * Theory of operation: the card's base address register is set to 000e0000. What a processor finds
 * there is up to the host bridge, in parts of 16 KiB: RAM, into which a BIOS copies itself and
 * option ROMs, or the PCI bus. The first part is switched to the bus. All behind it, where SeaBIOS
 * runs and has its stack, stays RAM. What is hidden must be nobody's: SeaBIOS gives memory to its
 * drivers from 000e8000 down, option ROMs come up from 000c0000, and it clears what is in between.
 *
 * Source: Intel 82441FX datasheet §3.2.18 (PAM registers; those of the 82Q35 are the same at
 * another offset), SeaBIOS src/malloc.c (malloc_prepboot)
 */
#include "images/pxe-stack/window.h"

#include "images/pxe-stack/machine.h"
#include "images/pxe-stack/pci.h"

#define WINDOW_ADDRESS 0xe0000u
#define PAM_IS_RAM     0x03 /* the first part, to read and to write */

typedef struct {
    uint32_t id;
    uint8_t pam; /* offset of PAM5 */
} HostBridge;

/* Those of QEMU's "pc" and "q35" */
static const HostBridge host_bridges[] = { { 0x12378086, 0x5e }, { 0x29c08086, 0x95 } };

/* @offset: below WINDOW_SIZE. Returns: the card's register there, while the window is open */
uint32_t
window_read(uint16_t offset)
{
    uint32_t value;

    far_read(&value, (FarPointer){ offset, WINDOW_SEGMENT }, sizeof value);
    return value;
}

/* And the other way. */
void
window_write(uint16_t offset, uint32_t value)
{
    far_write((FarPointer){ offset, WINDOW_SEGMENT }, &value, sizeof value);
}

static void
window_set(const Nic *nic, uint32_t bar, uint8_t pam)
{
    pci_write8(PCI_HOST_BRIDGE, nic->pam_at, pam);
    pci_write(nic->pci_address, PCI_BAR_0, bar);
}

/* Whether it has been opened already or not. */
void
window_open(const Nic *nic)
{
    window_set(nic, WINDOW_ADDRESS, nic->pam & (uint8_t)~PAM_IS_RAM);
}

/* All is as it was found, whether it has been open or not. */
void
window_close(const Nic *nic)
{
    window_set(nic, nic->bar, nic->pam);
}

static bool
window_is_free(void)
{
    for (uint16_t at = 0; at < WINDOW_SIZE; at += sizeof(uint32_t)) {
        if (window_read(at) != 0)
            return false;
    }
    return true;
}

/**
 * window_find:
 * @nic: gets what it takes to open the window, and to close it
 *
 * Nothing is changed.
 * Returns: whether there can be one
 **/
bool
window_find(Nic *nic)
{
    uint32_t id = pci_read(PCI_HOST_BRIDGE, PCI_ID);

    for (uint8_t i = 0; i < sizeof host_bridges / sizeof *host_bridges; i++) {
        if (host_bridges[i].id == id)
            nic->pam_at = host_bridges[i].pam;
    }
    nic->pam = pci_read8(PCI_HOST_BRIDGE, nic->pam_at);
    nic->bar = pci_read(nic->pci_address, PCI_BAR_0);
    return nic->pam_at != 0 && window_is_free();
}
