/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A virtio network device, by the ports of a legacy one (QEMU's is transitional: it has both).
 *
 * A queue of a legacy device is as long as the device says, 256 in QEMU, and takes three pages: one
 * of descriptors, one of what is offered to the device, one of what it has used. We need few of its
 * entries, so that the pages of both queues can overlap, and what lies between is room for buffers:
 *
 *     page 0   receive: descriptors           two buffers
 *     page 1   receive: offered               two buffers
 *     page 2   receive: used                  send: descriptors, from the first behind that on; a
 * buffer page 3   send: offered                  two buffers page 4   send: used a buffer
 *
 * Source: Virtual I/O Device (VIRTIO) 1.1 §2.6 (split queues, §2.6.2 layout of legacy ones),
 * §4.1.4.8 (legacy ports), §5.1 (network device)
 */
#include "images/pxe-stack/drivers.h"
#include "images/pxe-stack/machine.h"

/* Ports: offsets from the first one. */
enum {
    VIRTIO_GUEST_FEATURES = 4,
    VIRTIO_QUEUE_PAGE = 8,
    VIRTIO_QUEUE_SIZE = 12,
    VIRTIO_QUEUE_SELECT = 14,
    VIRTIO_QUEUE_NOTIFY = 16,
    VIRTIO_STATUS = 18,
    VIRTIO_MAC = 20,
};

#define STATUS_RESET       0
#define STATUS_ACKNOWLEDGE 1
#define STATUS_DRIVER      2
#define STATUS_DRIVER_OK   4

#define FEATURE_MAC 0x00000020u

#define QUEUE_RX   0
#define QUEUE_TX   1
#define QUEUE_SIZE 256 /* another one would have another layout */
#define PAGE       4096u

#define DESCRIPTOR_NEXT  1 /* goes on in the next one */
#define DESCRIPTOR_WRITE 2 /* for the device to write to */

#define NO_INTERRUPT 1

#define HEADER_SIZE 10 /* in front of each frame, in a descriptor of its own; all zero here */
#define BUFFER_SIZE (HEADER_SIZE + ETH_FRAME_MAX + 4)
#define BUFFERS     8
#define RX_BUFFERS  7 /* the last one is for sending */

#define SEND_MS 100

typedef struct {
    uint32_t address, address_high;
    uint32_t len;
    uint16_t flags, next;
} VirtioDescriptor;

typedef struct {
    uint16_t flags, count;
    uint16_t entries[QUEUE_SIZE];
} VirtioOffered;

typedef struct {
    uint16_t flags, count;
    struct {
        uint32_t id, len;
    } entries[QUEUE_SIZE];
} VirtioUsed;

/* Where the descriptors of the send queue begin to be free: behind the receive queue's used ones.
 */
#define TX_DESCRIPTOR ((sizeof(VirtioUsed) + 2 + 15) / 16)

/* Offsets in nic->memory, as above. */
static const uint16_t buffer_at[BUFFERS] = {
    256,
    256 + BUFFER_SIZE,
    PAGE + 640,
    PAGE + 640 + BUFFER_SIZE,
    2 * PAGE + 2128,
    3 * PAGE + 640,
    3 * PAGE + 640 + BUFFER_SIZE,
    4 * PAGE + 2064,
};

_Static_assert(RX_BUFFERS * 2 * sizeof(VirtioDescriptor) <= 256, "page 0");
_Static_assert(sizeof(VirtioOffered) + 2 <= 640, "pages 1 and 3");
_Static_assert((TX_DESCRIPTOR + 2) * sizeof(VirtioDescriptor) <= 2128, "page 2");
_Static_assert(2128 + BUFFER_SIZE <= PAGE && 640 + 2 * BUFFER_SIZE <= PAGE, "buffers");
_Static_assert(4 * PAGE + 2064 + BUFFER_SIZE <= NIC_MEMORY_SIZE, "memory");

static volatile VirtioDescriptor *
descriptor_of(Nic *nic, uint8_t queue, uint16_t index)
{
    uint8_t *table = nic->memory + queue * 2u * PAGE;

    return (volatile VirtioDescriptor *)(void *)table + index;
}

static volatile VirtioOffered *
offered_of(Nic *nic, uint8_t queue)
{
    return (volatile VirtioOffered *)(void *)(nic->memory + (queue * 2u + 1) * PAGE);
}

static volatile VirtioUsed *
used_of(Nic *nic, uint8_t queue)
{
    return (volatile VirtioUsed *)(void *)(nic->memory + (queue * 2u + 2) * PAGE);
}

/* Two descriptors from @first on: the header, and the frame behind it. */
static void
describe(Nic *nic, uint8_t queue, uint16_t first, uint8_t buffer, uint16_t len)
{
    volatile VirtioDescriptor *header = descriptor_of(nic, queue, first), *frame = header + 1;
    uint16_t direction = queue == QUEUE_RX ? DESCRIPTOR_WRITE : 0;

    header->address = physical_address(nic->memory + buffer_at[buffer]);
    header->address_high = 0;
    header->len = HEADER_SIZE;
    header->flags = DESCRIPTOR_NEXT | direction;
    header->next = first + 1;
    frame->address = header->address + HEADER_SIZE;
    frame->address_high = 0;
    frame->len = len;
    frame->flags = direction;
    frame->next = 0;
}

static void
offer(Nic *nic, uint8_t queue, uint16_t descriptor)
{
    volatile VirtioOffered *offered = offered_of(nic, queue);

    uint16_t count = offered->count;

    offered->entries[count % QUEUE_SIZE] = descriptor;
    offered->count = (uint16_t)(count + 1);
    out16(nic->io + VIRTIO_QUEUE_NOTIFY, queue);
}

/* Whether all that was offered for sending has been sent. */
static bool
wait_until_sent(Nic *nic)
{
    volatile VirtioUsed *used = used_of(nic, QUEUE_TX);
    Timer timer;

    if (used->count == offered_of(nic, QUEUE_TX)->count)
        return true;
    timer_start(&timer, SEND_MS);
    while (used->count != offered_of(nic, QUEUE_TX)->count) {
        if (timer_expired(&timer))
            return false;
    }
    return true;
}

static void
virtio_stop(Nic *nic)
{
    if (nic->running)
        (void)wait_until_sent(nic);
    out8(nic->io + VIRTIO_STATUS, STATUS_RESET);
    (void)in8(nic->io + VIRTIO_STATUS);
}

static Mac
virtio_read_mac(Nic *nic)
{
    Mac mac;

    for (uint8_t i = 0; i < sizeof mac.b; i++)
        mac.b[i] = in8((uint16_t)(nic->io + VIRTIO_MAC + i));
    return mac;
}

static bool
virtio_set_queue(Nic *nic, uint8_t queue)
{
    out16(nic->io + VIRTIO_QUEUE_SELECT, queue);
    if (in16(nic->io + VIRTIO_QUEUE_SIZE) != QUEUE_SIZE)
        return false;
    offered_of(nic, queue)->flags = NO_INTERRUPT;
    out32(nic->io + VIRTIO_QUEUE_PAGE, physical_address(nic->memory + queue * 2u * PAGE) / PAGE);
    return true;
}

/* Without the feature of a control queue, the device receives everything to our own address, and
 * all broadcasts; the filter of UNDI_OPEN is as good as obeyed. A station of another address it
 * would not know of: such frames are not sent to it either. */
static bool
virtio_start(Nic *nic)
{
    virtio_stop(nic);
    memset(nic->memory, 0, NIC_MEMORY_SIZE);
    out8(nic->io + VIRTIO_STATUS, STATUS_ACKNOWLEDGE);
    out8(nic->io + VIRTIO_STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER);
    out32(nic->io + VIRTIO_GUEST_FEATURES, FEATURE_MAC);
    if (!virtio_set_queue(nic, QUEUE_RX) || !virtio_set_queue(nic, QUEUE_TX))
        return false;
    nic->rx_at = 0;
    out8(nic->io + VIRTIO_STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_DRIVER_OK);
    for (uint8_t i = 0; nic->filter != 0 && i < RX_BUFFERS; i++) {
        describe(nic, QUEUE_RX, (uint16_t)(i * 2), i, BUFFER_SIZE - HEADER_SIZE);
        offer(nic, QUEUE_RX, (uint16_t)(i * 2));
    }
    return true;
}

/* QEMU sends in another thread: the frame is copied, and only the next one waits for this one. */
static bool
virtio_send(Nic *nic, uint16_t len)
{
    if (!wait_until_sent(nic))
        return false;
    memcpy(nic->memory + buffer_at[RX_BUFFERS] + HEADER_SIZE, nic->tx, len);
    describe(nic, QUEUE_TX, TX_DESCRIPTOR, RX_BUFFERS, len);
    offer(nic, QUEUE_TX, TX_DESCRIPTOR);
    return true;
}

/* nic->rx_at counts used entries, as the device does. */
static uint16_t
virtio_receive(Nic *nic)
{
    volatile VirtioUsed *used = used_of(nic, QUEUE_RX);

    if (used->count == nic->rx_at)
        return 0;
    uint16_t buffer = (uint16_t)used->entries[nic->rx_at % QUEUE_SIZE].id / 2;
    uint32_t len = used->entries[nic->rx_at % QUEUE_SIZE].len;
    nic->frame = nic->memory + buffer_at[buffer % RX_BUFFERS] + HEADER_SIZE;
    return len > HEADER_SIZE && len <= BUFFER_SIZE ? (uint16_t)len - HEADER_SIZE : 1;
}

static void
virtio_release(Nic *nic)
{
    offer(nic, QUEUE_RX, (uint16_t)used_of(nic, QUEUE_RX)->entries[nic->rx_at % QUEUE_SIZE].id);
    nic->rx_at++;
}

const NicDriver nic_drivers[] = { {
    .vendor = 0x1af4,
    .device = 0x1000,
    .name = "virtio",
    .start = virtio_start,
    .stop = virtio_stop,
    .read_mac = virtio_read_mac,
    .send = virtio_send,
    .receive = virtio_receive,
    .release = virtio_release,
} };

const uint8_t nic_drivers_n = sizeof nic_drivers / sizeof *nic_drivers;
