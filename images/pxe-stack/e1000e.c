/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel 82574L (QEMU's e1000e), by the two ports that give access to all registers: one for the
 * register's offset, one for its contents. Intel 82540EM (QEMU's e1000) has these ports, too, but
 * they do nothing in QEMU: it is reached by window.c. In what is used here both are the same.
 *
 * Descriptors are the legacy ones, eight in each ring, the least that there can be. The receive
 * ring is never filled with more descriptors than there are buffers, of which each is used by every
 * RX_BUFFERS-th descriptor in turn.
 *
 * Source: Intel 82574 Gigabit Ethernet Controller Family datasheet §7.1 (receive), §7.2 (transmit),
 *         §10.2 (registers), 82540 family developer's manual §13.3.2 (I/O-mapped access)
 */
#include "images/pxe-stack/drivers.h"
#include "images/pxe-stack/machine.h"
#include "images/pxe-stack/window.h"

/* Ports: offsets from the first one. */
#define PORT_REGISTER 0
#define PORT_DATA     4

enum {
    E1000_CTRL = 0x0000,
    E1000_EERD = 0x0014, /* reads the EEPROM */
    E1000_IMC = 0x00d8,  /* interrupts that are masked */
    E1000_RCTL = 0x0100,
    E1000_TCTL = 0x0400,
    E1000_PBA = 0x1000, /* how the card's own memory is divided */
    E1000_RX_RING = 0x2800,
    E1000_TX_RING = 0x3800,
    E1000_RAL = 0x5400, /* the address, lower part */
    E1000_RAH = 0x5404,
};

/* Behind E1000_RX_RING and E1000_TX_RING */
enum {
    /* 0: the ring's address, lower part */
    RING_BASE_HIGH = 0x04,
    RING_LEN = 0x08,
    RING_HEAD = 0x10,
    RING_TAIL = 0x18,
};

#define CTRL_SET_LINK_UP 0x00000040u
#define CTRL_RESET       0x04000000u

#define RCTL_ENABLE      0x00000002u
#define RCTL_UNICAST_ALL 0x00000008u
#define RCTL_MULTICAST   0x00000010u
#define RCTL_BROADCAST   0x00008000u
#define RCTL_STRIP_CRC                                                                             \
    0x04000000u /* and buffers of 2 KiB, of which a frame fills three quarters                     \
                 */

#define TCTL_ENABLE 0x00000002u
#define TCTL_USUAL  0x0004010au /* padding, collisions as the standard has them */

#define RAH_VALID 0x80000000u

/* 82540EM */
#define EERD_START  0x00000001u
#define EERD_DONE   0x00000010u
#define EERD_WORD_1 0x00000100u
#define PBA_RESET   0x00100030u /* 48 KiB to receive, 16 to send */

#define RING_SIZE      8
#define RX_BUFFERS     7
#define RX_BUFFER_SIZE 1536

#define RX_DONE    0x01
#define TX_COMMAND 0x0b /* end of packet, append checksum, report */
#define TX_DONE    0x01

#define RESET_MS 100
#define SEND_MS  100

typedef struct {
    uint32_t address, address_high;
    uint16_t len;
    uint8_t checksum_offset;
    uint8_t command; /* transmit only */
    uint8_t status, errors;
    uint16_t special;
} E1000Descriptor;

/* nic->memory */
typedef struct {
    volatile E1000Descriptor rx[RING_SIZE], tx[RING_SIZE];
    uint8_t buffers[RX_BUFFERS][RX_BUFFER_SIZE];
} E1000Memory;

typedef struct __attribute__((packed)) {
    uint16_t reg;
    uint32_t value;
} RegisterValue;

static const RegisterValue stop_values[] = {
    { E1000_IMC, UINT32_MAX },
    { E1000_RCTL, 0 },
    { E1000_TCTL, 0 },
    { E1000_CTRL, CTRL_RESET },
};

/* Both rings are empty. */
static const RegisterValue start_values[] = {
    { E1000_RX_RING + RING_BASE_HIGH, 0 },
    { E1000_RX_RING + RING_LEN, RING_SIZE * sizeof(E1000Descriptor) },
    { E1000_RX_RING + RING_HEAD, 0 },
    { E1000_RX_RING + RING_TAIL, 0 },
    { E1000_TX_RING + RING_BASE_HIGH, 0 },
    { E1000_TX_RING + RING_LEN, RING_SIZE * sizeof(E1000Descriptor) },
    { E1000_TX_RING + RING_HEAD, 0 },
    { E1000_TX_RING + RING_TAIL, 0 },
    { E1000_TCTL, TCTL_USUAL },
};

_Static_assert(sizeof(E1000Descriptor) == 16, "descriptor");
_Static_assert(sizeof(E1000Memory) <= NIC_MEMORY_SIZE, "memory");

static E1000Memory *
e1000e_memory(Nic *nic)
{
    return (E1000Memory *)(void *)nic->memory;
}

static void
e1000e_write(Nic *nic, uint16_t reg, uint32_t value)
{
    if (nic->driver->window_proof != 0) {
        window_write(reg, value);
        return;
    }
    out32(nic->io + PORT_REGISTER, reg);
    out32(nic->io + PORT_DATA, value);
}

static uint32_t
e1000e_read(Nic *nic, uint16_t reg)
{
    if (nic->driver->window_proof != 0)
        return window_read(reg);
    out32(nic->io + PORT_REGISTER, reg);
    return in32(nic->io + PORT_DATA);
}

static void
e1000e_write_all(Nic *nic, const RegisterValue *values, uint8_t n)
{
    for (; n > 0; n--, values++)
        e1000e_write(nic, values->reg, values->value);
}

static void
e1000e_stop(Nic *nic)
{
    Timer timer;

    e1000e_write_all(nic, stop_values, sizeof stop_values / sizeof *stop_values);
    timer_start(&timer, RESET_MS);
    while ((e1000e_read(nic, E1000_CTRL) & CTRL_RESET) != 0 && !timer_expired(&timer))
        continue;
    e1000e_write(nic, E1000_IMC, UINT32_MAX);
}

static Mac
e1000e_read_mac(Nic *nic)
{
    uint32_t words[] = { e1000e_read(nic, E1000_RAL), e1000e_read(nic, E1000_RAH) };
    Mac mac;

    memcpy(&mac, words, sizeof mac);
    return mac;
}

/* The window ends before the registers with the address. The EEPROM begins with it. */
static Mac
e1000_read_mac(Nic *nic)
{
    uint16_t words[sizeof(Mac) / 2] = { 0 };
    uint32_t value;
    Timer timer;
    Mac mac;

    timer_start(&timer, RESET_MS);
    for (uint8_t i = 0; i < sizeof words / sizeof *words; i++) {
        e1000e_write(nic, E1000_EERD, i * EERD_WORD_1 | EERD_START);
        do
            value = e1000e_read(nic, E1000_EERD);
        while ((value & EERD_DONE) == 0 && !timer_expired(&timer));
        words[i] = (uint16_t)(value >> 16);
    }
    memcpy(&mac, words, sizeof mac);
    return mac;
}

/* Returns: whether the card takes frames to nic->mac for its own, and no others */
static bool
e1000e_set_mac(Nic *nic)
{
    uint32_t words[2] = { 0, RAH_VALID };

    if (nic->driver->window_proof != 0)
        return memcmp(&nic->mac, &nic->permanent_mac, sizeof(Mac)) == 0;
    memcpy(words, &nic->mac, sizeof nic->mac);
    e1000e_write(nic, E1000_RAL, words[0]);
    e1000e_write(nic, E1000_RAH, words[1]);
    return true;
}

static uint32_t
e1000e_rctl(uint8_t filter)
{
    uint32_t rctl = RCTL_STRIP_CRC;

    if (filter != 0)
        rctl |= RCTL_ENABLE;
    if ((filter & NIC_BROADCAST) != 0)
        rctl |= RCTL_BROADCAST;
    if ((filter & (NIC_MULTICAST | NIC_PROMISCUOUS)) != 0)
        rctl |= RCTL_MULTICAST;
    if ((filter & NIC_PROMISCUOUS) != 0)
        rctl |= RCTL_UNICAST_ALL;
    return rctl;
}

/* Gives the descriptor of the frame that will be the @count-th, with its buffer, to the card. */
static void
e1000e_give(Nic *nic, uint16_t count)
{
    E1000Memory *memory = e1000e_memory(nic);
    volatile E1000Descriptor *descriptor = &memory->rx[count % RING_SIZE];

    descriptor->address = physical_address(memory->buffers[count % RX_BUFFERS]);
    descriptor->address_high = 0;
    descriptor->status = 0;
    e1000e_write(nic, E1000_RX_RING + RING_TAIL, (count + 1u) % RING_SIZE);
}

static bool
e1000e_start(Nic *nic)
{
    uint8_t filter = nic->filter;

    e1000e_stop(nic);
    if (!e1000e_set_mac(nic) && (filter & NIC_DIRECTED) != 0)
        filter |= NIC_PROMISCUOUS;
    memset(nic->memory, 0, offsetof(E1000Memory, buffers));
    e1000e_write(nic, E1000_RX_RING, physical_address(nic->memory + offsetof(E1000Memory, rx)));
    e1000e_write(nic, E1000_TX_RING, physical_address(nic->memory + offsetof(E1000Memory, tx)));
    e1000e_write_all(nic, start_values, sizeof start_values / sizeof *start_values);
    nic->rx_at = 0;
    nic->tx_at = 0;
    e1000e_write(nic, E1000_CTRL, e1000e_read(nic, E1000_CTRL) | CTRL_SET_LINK_UP);
    e1000e_write(nic, E1000_RCTL, e1000e_rctl(filter));
    for (uint16_t i = 0; i < RX_BUFFERS; i++)
        e1000e_give(nic, i);
    return (e1000e_read(nic, E1000_TCTL) & TCTL_ENABLE) != 0;
}

static bool
e1000e_send(Nic *nic, uint16_t len)
{
    volatile E1000Descriptor *descriptor = &e1000e_memory(nic)->tx[nic->tx_at];
    Timer timer;

    descriptor->address = physical_address(nic->tx);
    descriptor->len = len;
    descriptor->command = TX_COMMAND;
    descriptor->status = 0;
    nic->tx_at = (uint16_t)((nic->tx_at + 1) % RING_SIZE);
    e1000e_write(nic, E1000_TX_RING + RING_TAIL, nic->tx_at);
    timer_start(&timer, SEND_MS);
    while ((descriptor->status & TX_DONE) == 0 && !timer_expired(&timer))
        continue;
    return (descriptor->status & TX_DONE) != 0;
}

/* nic->rx_at counts frames, modulo what both rings divide. */
#define RX_COUNT_MAX (RING_SIZE * RX_BUFFERS)

static uint16_t
e1000e_receive(Nic *nic)
{
    E1000Memory *memory = e1000e_memory(nic);
    volatile E1000Descriptor *descriptor = &memory->rx[nic->rx_at % RING_SIZE];

    if ((descriptor->status & RX_DONE) == 0)
        return 0;
    nic->frame = memory->buffers[nic->rx_at % RX_BUFFERS];
    return descriptor->len <= RX_BUFFER_SIZE ? descriptor->len : RX_BUFFER_SIZE;
}

/* The descriptor that is given is the next free one; the buffer is the one that we have had. */
static void
e1000e_release(Nic *nic)
{
    e1000e_give(nic, (uint16_t)((nic->rx_at + RX_BUFFERS) % RX_COUNT_MAX));
    nic->rx_at = (uint16_t)((nic->rx_at + 1) % RX_COUNT_MAX);
}

/* The same card to a driver, but for the way to its registers */
#define E1000_FUNCTIONS                                                                            \
    .start = e1000e_start, .stop = e1000e_stop, .send = e1000e_send, .receive = e1000e_receive,    \
    .release = e1000e_release

const NicDriver nic_drivers[] = {
    { .vendor = 0x8086,
      .device = 0x10d3,
      .name = "e1000e",
      .read_mac = e1000e_read_mac,
      E1000_FUNCTIONS },
    { .vendor = 0x8086,
      .device = 0x100e,
      .name = "e1000",
      .window_proof = E1000_PBA,
      .window_value = PBA_RESET,
      .read_mac = e1000_read_mac,
      E1000_FUNCTIONS },
};

const uint8_t nic_drivers_n = sizeof nic_drivers / sizeof *nic_drivers;
