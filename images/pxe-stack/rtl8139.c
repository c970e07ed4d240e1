/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Realtek RTL8139, by its ports, in the mode that all of the family have (QEMU's is an 8139C+).
 *
 * Received frames lie one behind the other in a ring of 8 KiB, each with four bytes in front:
 * status and length. The last one may run on behind the ring's end (WRAP), so that a frame is
 * always in one piece.
 *
 * A port costs an emulator its one lock, for which a guest that asks in vain competes with the
 * answer that it waits for; and QEMU looks for queued frames, in another thread, whenever it is
 * told how far we have read. So what has been read is cleared: where header and checksum are not
 * zero a frame has come. Only now and then the card is asked, and it is told every half ring.
 *
 * Source: RTL8139C(L) data sheet §5 (registers), §6 (receive and transmit), RTL8139D programming
 *         guide (order of the initialisation)
 */
#include "images/pxe-stack/drivers.h"
#include "images/pxe-stack/machine.h"

/* Registers: offsets from the first port. */
enum {
    RTL_ID = 0x00,        /* the address, six bytes */
    RTL_MULTICAST = 0x08, /* hash table, eight bytes */
    RTL_TX_STATUS = 0x10, /* four, one for each descriptor */
    RTL_TX_ADDRESS = 0x20,
    RTL_RX_START = 0x30,
    RTL_COMMAND = 0x37,
    RTL_RX_READ = 0x38,    /* 16 bytes before the place up to which we have read */
    RTL_RX_WRITTEN = 0x3a, /* where the next frame comes */
    RTL_IRQ_MASK = 0x3c,
    RTL_IRQ_STATUS = 0x3e,
    RTL_TX_CONFIG = 0x40,
    RTL_RX_CONFIG = 0x44,
    RTL_EEPROM_COMMAND = 0x50,
    RTL_CONFIG_1 = 0x52,
};

#define COMMAND_TX_ENABLE 0x04
#define COMMAND_RX_ENABLE 0x08
#define COMMAND_RESET     0x10

#define TX_STATUS_OWN  0x2000u /* the card is done with the buffer */
#define TX_STATUS_OK   0x8000u
#define TX_DESCRIPTORS 4

#define TX_CONFIG_USUAL 0x03000700u /* the standard's gap between frames, bursts without limit */

#define RX_CONFIG_ALL       0x00000001u
#define RX_CONFIG_DIRECTED  0x00000002u
#define RX_CONFIG_MULTICAST 0x00000004u
#define RX_CONFIG_BROADCAST 0x00000008u
#define RX_CONFIG_USUAL     0x0000e780u /* whole frames, bursts without limit, 8 KiB, WRAP */

#define RX_RING_SIZE   8192u
#define RX_STATUS_OK   0x0001u
#define RX_HEADER      4
#define RX_CHECKSUM    4
#define RX_READ_OFFSET 16
#define RX_TELL        (RX_RING_SIZE / 2)
#define RX_LOOKS       32 /* at memory, before the card is asked; a power of two */
#define RX_FRAME_USUAL (ETH_FRAME_MAX + RX_CHECKSUM)
#define RX_FRAME_MAX   9018 /* that QEMU takes, with the checksum */

#define EEPROM_CONFIG_UNLOCK 0xc0
#define EEPROM_CONFIG_LOCK   0x00

_Static_assert(NIC_MEMORY_SIZE >= RX_RING_SIZE + RX_HEADER + RX_FRAME_MAX,
               "a frame behind the ring's end");

#define RESET_MS 100
#define SEND_MS  100

static void
rtl8139_stop(Nic *nic)
{
    Timer timer;

    out8(nic->io + RTL_CONFIG_1, 0); /* out of sleep */
    out8(nic->io + RTL_COMMAND, COMMAND_RESET);
    timer_start(&timer, RESET_MS);
    while ((in8(nic->io + RTL_COMMAND) & COMMAND_RESET) != 0 && !timer_expired(&timer))
        continue;
    out16(nic->io + RTL_IRQ_MASK, 0);
}

static Mac
rtl8139_read_mac(Nic *nic)
{
    Mac mac;

    for (uint8_t i = 0; i < sizeof mac.b; i++)
        mac.b[i] = in8(nic->io + RTL_ID + i);
    return mac;
}

/* The chip wants whole words there, and its registers unlocked. */
static void
rtl8139_write_mac(Nic *nic)
{
    const uint8_t *mac = nic->mac.b;

    out8(nic->io + RTL_EEPROM_COMMAND, EEPROM_CONFIG_UNLOCK);
    out32(nic->io + RTL_ID, ip4_get(mac));
    out32(nic->io + RTL_ID + 4, (uint32_t)(mac[4] | mac[5] << 8));
    out8(nic->io + RTL_EEPROM_COMMAND, EEPROM_CONFIG_LOCK);
}

static uint32_t
rtl8139_rx_config(uint8_t filter)
{
    uint32_t config = RX_CONFIG_USUAL;

    if ((filter & NIC_DIRECTED) != 0)
        config |= RX_CONFIG_DIRECTED;
    if ((filter & NIC_BROADCAST) != 0)
        config |= RX_CONFIG_BROADCAST;
    if ((filter & NIC_MULTICAST) != 0)
        config |= RX_CONFIG_MULTICAST;
    if ((filter & NIC_PROMISCUOUS) != 0)
        config |= RX_CONFIG_ALL | RX_CONFIG_MULTICAST;
    return config;
}

static bool
rtl8139_start(Nic *nic)
{
    rtl8139_stop(nic);
    rtl8139_write_mac(nic);
    memset(nic->memory, 0, NIC_MEMORY_SIZE);
    out32(nic->io + RTL_RX_START, physical_address(nic->memory));
    out8(nic->io + RTL_COMMAND, COMMAND_RX_ENABLE | COMMAND_TX_ENABLE);
    out32(nic->io + RTL_RX_CONFIG, rtl8139_rx_config(nic->filter));
    out32(nic->io + RTL_TX_CONFIG, TX_CONFIG_USUAL);
    out32(nic->io + RTL_MULTICAST, UINT32_MAX);
    out32(nic->io + RTL_MULTICAST + 4, UINT32_MAX);
    out16(nic->io + RTL_IRQ_MASK, 0);
    out16(nic->io + RTL_IRQ_STATUS, UINT16_MAX);
    nic->rx_at = 0;
    nic->rx_told = 0;
    nic->tx_at = 0;
    out16(nic->io + RTL_RX_READ, (uint16_t)(0 - RX_READ_OFFSET));
    return (in8(nic->io + RTL_COMMAND) & COMMAND_RX_ENABLE) != 0;
}

static bool
rtl8139_send(Nic *nic, uint16_t len)
{
    uint16_t ports = (uint16_t)(nic->io + nic->tx_at * 4), status_port = ports + RTL_TX_STATUS;
    uint32_t status;
    Timer timer;

    nic->tx_at = (uint16_t)((nic->tx_at + 1) % TX_DESCRIPTORS);
    out32(ports + RTL_TX_ADDRESS, physical_address(nic->tx));
    out32(status_port, len);
    status = in32(status_port);
    if ((status & TX_STATUS_OWN) != 0) /* QEMU has done it at once */
        return (status & TX_STATUS_OK) != 0;
    timer_start(&timer, SEND_MS);
    do
        status = in32(status_port);
    while ((status & TX_STATUS_OWN) == 0 && !timer_expired(&timer));
    return (status & TX_STATUS_OK) != 0;
}

static uint32_t
memory_word(const uint8_t *at)
{
    return *(const volatile uint32_t *)at;
}

/* Whether memory says that there is a frame; the card writes its checksum, behind the frame, last.
 */
static bool
rtl8139_is_seen(const uint8_t *header)
{
    uint32_t len = memory_word(header) >> 16;

    return len > RX_CHECKSUM && len <= RX_FRAME_USUAL && memory_word(header + len) != 0;
}

/* QEMU may hold a frame back for which there is too little room until it is told that there is
 * more. */
static void
rtl8139_tell(Nic *nic)
{
    if (nic->rx_told == 0)
        return;
    nic->rx_told = 0;
    out16(nic->io + RTL_RX_READ, (uint16_t)(nic->rx_at - RX_READ_OFFSET));
}

static bool
rtl8139_is_empty(Nic *nic)
{
    if ((++nic->rx_looks & (RX_LOOKS - 1)) != 0)
        return true;
    if (in16(nic->io + RTL_RX_WRITTEN) != nic->rx_at) {
        nic->rx_looks--; /* who looks again finds it again */
        return false;
    }
    rtl8139_tell(nic);
    return true;
}

/*
 * A frame may be longer than the standard has it, even longer than the ring (QEMU puts one in when
 * the ring is empty): that one lies over those that follow it. After it, and after a status without
 * RX_STATUS_OK or no length, which are signs of an overrun, the card begins anew.
 */
static uint16_t
rtl8139_receive(Nic *nic)
{
    const uint8_t *header = nic->memory + nic->rx_at;

    if (!rtl8139_is_seen(header) && rtl8139_is_empty(nic))
        return 0;
    uint32_t word = memory_word(header);
    uint16_t len = (uint16_t)(word >> 16);
    if ((word & RX_STATUS_OK) == 0 || len <= RX_CHECKSUM || len > RX_RING_SIZE - RX_HEADER) {
        (void)rtl8139_start(nic);
        return 0;
    }
    nic->frame = nic->memory + nic->rx_at + RX_HEADER;
    return len - RX_CHECKSUM;
}

static void
rtl8139_release(Nic *nic)
{
    uint8_t *header = nic->memory + nic->rx_at;
    uint16_t len;

    memcpy(&len, header + 2, sizeof len);
    uint16_t size = (uint16_t)((RX_HEADER + len + 3) & ~3);
    memset(header, 0, size);
    nic->rx_at = (nic->rx_at + size) % RX_RING_SIZE;
    nic->rx_told += size;
    if (nic->rx_told >= RX_TELL)
        rtl8139_tell(nic);
}

const NicDriver nic_drivers[] = { {
    .vendor = 0x10ec,
    .device = 0x8139,
    .name = "rtl8139",
    .start = rtl8139_start,
    .stop = rtl8139_stop,
    .read_mac = rtl8139_read_mac,
    .send = rtl8139_send,
    .receive = rtl8139_receive,
    .release = rtl8139_release,
} };

const uint8_t nic_drivers_n = sizeof nic_drivers / sizeof *nic_drivers;
