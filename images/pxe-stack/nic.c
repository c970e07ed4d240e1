/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the card that the boot ROM used, on the PCI bus, and calls its driver. */
#include "images/pxe-stack/nic.h"

#include "images/pxe-stack/drivers.h"
#include "images/pxe-stack/machine.h"
#include "images/pxe-stack/pci.h"
#include "images/pxe-stack/window.h"

#define NIC_BAD_FRAMES 16 /* dropped in one call */

static uint16_t
pci_first_ports(uint16_t address)
{
    for (uint8_t i = 0; i < PCI_BARS; i++) {
        uint32_t bar = pci_read(address, (uint8_t)(PCI_BAR_0 + i * 4));
        if ((bar & PCI_BAR_IS_IO) != 0)
            return (uint16_t)(bar & ~3u);
    }
    return 0;
}

/* @master: 0, or PCI_COMMAND_MASTER */
static void
nic_connect(const Nic *self, uint16_t master)
{
    if (self->driver->window_proof != 0)
        window_open(self);
    pci_write_command(self->pci_address,
                      self->pci_command | PCI_COMMAND_IO | PCI_COMMAND_MEMORY | master);
}

static void
nic_disconnect(const Nic *self)
{
    pci_write_command(self->pci_address, self->pci_command);
    if (self->driver->window_proof != 0)
        window_close(self);
}

/* A window is opened for a moment: the card does not notice. */
static bool
nic_is_reachable(Nic *self)
{
    if (self->driver->window_proof == 0)
        return self->io != 0;
    if (!window_find(self))
        return false;
    nic_connect(self, 0);
    bool reachable = window_read(self->driver->window_proof) == self->driver->window_value;
    nic_disconnect(self);
    return reachable;
}

/**
 * nic_find:
 * @self: gets all but its memory
 * @pci_address: bus, device and function, as PXE has them in BusDevFunc
 *
 * The card goes on as it was.
 * Returns: whether there is a driver for the card there
 **/
bool
nic_find(Nic *self, uint16_t pci_address)
{
    uint32_t id = pci_read(pci_address, PCI_ID);
    uint32_t class = pci_read(pci_address, PCI_CLASS);
    uint32_t subsystem = pci_read(pci_address, PCI_SUBSYSTEM);

    self->pci_address = pci_address;
    self->pci_command = (uint16_t)pci_read(pci_address, PCI_COMMAND);
    self->vendor = (uint16_t)id;
    self->device = (uint16_t)(id >> 16);
    self->subvendor = (uint16_t)subsystem;
    self->subdevice = (uint16_t)(subsystem >> 16);
    self->revision = (uint8_t) class;
    memcpy(self->class, (uint8_t *)&class + 1, sizeof self->class);
    self->io = pci_first_ports(pci_address);
    self->irq = (uint8_t)pci_read(pci_address, PCI_INTERRUPT_LINE);
    for (uint8_t i = 0; i < nic_drivers_n; i++) {
        if (nic_drivers[i].vendor == self->vendor && nic_drivers[i].device == self->device)
            self->driver = &nic_drivers[i];
    }
    return self->driver != NULL && nic_is_reachable(self);
}

/**
 * nic_take:
 * @self: found
 *
 * Takes the card from whoever had it: it is quiet afterwards, and its own address is known.
 **/
void
nic_take(Nic *self)
{
    self->pci_command &= (uint16_t)~PCI_COMMAND_MASTER;
    nic_connect(self, 0);
    self->driver->stop(self);
    self->permanent_mac = self->driver->read_mac(self);
    self->mac = self->permanent_mac;
}

/**
 * nic_start:
 * @self: taken
 * @filter: NIC_… bits
 *
 * Starts the card, or starts it anew if it receives by another filter.
 * Returns: whether it works
 **/
bool
nic_start(Nic *self, uint8_t filter)
{
    if (self->running && self->filter == filter)
        return true;
    self->filter = filter;
    self->holds_frame = false;
    nic_connect(self, PCI_COMMAND_MASTER);
    self->running = self->driver->start(self);
    return self->running;
}

/* Stops the card; without the right to master the bus it cannot write to memory any more. */
void
nic_stop(Nic *self)
{
    self->holds_frame = false;
    if (self->running)
        self->driver->stop(self);
    self->running = false;
    nic_disconnect(self);
}

/**
 * nic_send:
 * @self: a card
 * @len: bytes in @self->tx; a short frame is padded
 *
 * Returns: whether the frame has left
 **/
bool
nic_send(Nic *self, uint16_t len)
{
    if (len < ETH_FRAME_MIN) {
        memset(self->tx + len, 0, ETH_FRAME_MIN - len);
        len = ETH_FRAME_MIN;
    }
    if (!self->running || len > ETH_FRAME_MAX || !self->driver->send(self, len))
        return false;
    self->frames_sent++;
    return true;
}

/* The next frame, of whatever length. */
static uint16_t
nic_next(Nic *self)
{
    nic_release(self);
    uint16_t len = self->running ? self->driver->receive(self) : 0;
    self->holds_frame = len > 0;
    return len;
}

/* Returns: whether nic_receive() would find a frame now, be it a bad one */
bool
nic_is_waiting(Nic *self)
{
    nic_release(self);
    return self->running && self->driver->receive(self) > 0;
}

/**
 * nic_receive:
 * @self: a card
 *
 * The frame before is given back; the one that @self->frame points to now stays until the next
 *call. Frames that are too short or too long are dropped, a limited number of them in one call.
 * Returns: its length, from ETH_HEADER to ETH_FRAME_MAX; 0: nothing has come
 **/
uint16_t
nic_receive(Nic *self)
{
    for (uint8_t i = 0; i < NIC_BAD_FRAMES; i++) {
        uint16_t len = nic_next(self);
        if (len == 0)
            return 0;
        if (len < ETH_HEADER || len > ETH_FRAME_MAX)
            continue;
        self->frames_received++;
        return len;
    }
    nic_release(self);
    return 0;
}

/* Gives the frame that nic_receive() has shown back to the card. */
void
nic_release(Nic *self)
{
    if (self->holds_frame && self->running)
        self->driver->release(self);
    self->holds_frame = false;
}
