/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A network card, driven by polling: one frame is sent at a time, and one received frame is looked
 * at, in place, at a time. No interrupt is ever asked for.
 */
#pragma once

#include "images/pxe-stack/wire.h"

#define ETH_HEADER    14
#define ETH_FRAME_MIN 60 /* without the checksum, which the card adds and takes off */
#define ETH_FRAME_MAX 1514
#define ETH_TYPE_IP4  0x0800
#define ETH_TYPE_ARP  0x0806
#define ETH_TYPE_RARP 0x8035

/* What the card is to receive; the values are UNDI_OPEN's PktFilter, and one bit more. */
enum {
    NIC_DIRECTED = 0x01,
    NIC_BROADCAST = 0x02,
    NIC_PROMISCUOUS = 0x04,
    NIC_MULTICAST = 0x80, /* all of it */
};

#define NIC_FILTER_USUAL (NIC_DIRECTED | NIC_BROADCAST)

typedef struct Nic Nic;

/* All are required. */
typedef struct {
    uint16_t vendor, device;
    char name[10];
    /* 0: the card has ports. Else its registers are in memory, and shown by window.c: this is the
     * offset of one that has the value @window_value if they really are. */
    uint16_t window_proof;
    uint32_t window_value;
    /* Resets the card and starts to receive what nic->filter says, to nic->mac. */
    bool (*start)(Nic *nic);
    /* Resets the card: no memory is written to afterwards. */
    void (*stop)(Nic *nic);
    /* The address that the card has by itself; it has just been stopped. */
    Mac (*read_mac)(Nic *nic);
    /* Sends the first @len bytes of nic->tx, which is free again afterwards. */
    bool (*send)(Nic *nic, uint16_t len);
    /* Returns: the length of the frame that nic->frame points to then; 0: there is none */
    uint16_t (*receive)(Nic *nic);
    /* Gives the memory of that frame back to the card. */
    void (*release)(Nic *nic);
} NicDriver;

#define NIC_MEMORY_SIZE 20480 /* for rings: virtio needs the most */

struct Nic {
    const NicDriver *driver;
    uint16_t vendor, device, subvendor, subdevice, pci_address;
    uint8_t revision, class[3]; /* programming interface, subclass, class */
    uint16_t pci_command; /* as it was found; once the card is ours, without mastering the bus */
    uint16_t io;          /* first port */
    uint8_t irq;
    uint8_t filter;
    uint8_t pam_at, pam; /* window.c: the host bridge's register, as it was found */
    uint32_t bar;        /* and the card's */
    bool running;
    bool holds_frame;
    Mac mac, permanent_mac;
    uint8_t *tx;     /* ETH_FRAME_MAX bytes */
    uint8_t *memory; /* NIC_MEMORY_SIZE bytes, on a page of their own */
    uint8_t *frame;
    uint16_t rx_at, tx_at; /* the driver's places in its rings */
    uint16_t rx_told;      /* bytes that the driver has read, and not told the card */
    uint8_t rx_looks;      /* how often it has looked in vain */
    uint32_t frames_sent, frames_received;
};

bool nic_find(Nic *self, uint16_t pci_address);
void nic_take(Nic *self);
bool nic_start(Nic *self, uint8_t filter);
void nic_stop(Nic *self);
bool nic_send(Nic *self, uint16_t len);
bool nic_is_waiting(Nic *self);
uint16_t nic_receive(Nic *self);
void nic_release(Nic *self);
