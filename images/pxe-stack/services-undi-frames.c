/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames for those who bring their own IP [PXE 2.1, UNDI API: TRANSMIT, ISR].
 *
 * UNDI is made for interrupts: START asks whether one was ours, PROCESS and GET_NEXT ask what has
 * happened, until nothing has. We have none, and look at the card in each of these calls; a caller
 * that goes through the same motions without an interrupt is served as well.
 *
 * Right after a frame GET_NEXT does not tell of another one: FreeBSD's loaders of 12 and 13 ask it
 * for the rest of the frame that they have all of, and drop what they get [libi386/pxe.c of 12.2:
 * pxe_netif_receive]. The next one comes with the next PROCESS.
 *
 * With STACK_MERGES_FRAGMENTS a datagram that comes in fragments is told of as one large frame: the
 * same loaders cannot put it together, and later ones ask the clock 27 times for each fragment.
 */
#include "images/pxe-stack/machine.h"
#include "images/pxe-stack/stack.h"

/* Appends @len bytes to the frame that is built. Returns: whether they fit */
static bool
frame_append(Stack *self, uint16_t *at, FarPointer data, uint16_t len)
{
    if (len > ETH_FRAME_MAX - *at)
        return false;
    far_read(self->nic.tx + *at, data, len);
    *at += len;
    return true;
}

/* The Ethernet header that a protocol of PXE's stands for; none when the caller has made it. */
static uint16_t
frame_begin(Stack *self, const PxeUndiTransmit *transmit)
{
    static const uint16_t types[PXE_PROTOCOL_COUNT] = {
        [PXE_PROTOCOL_IP] = ETH_TYPE_IP4,
        [PXE_PROTOCOL_ARP] = ETH_TYPE_ARP,
        [PXE_PROTOCOL_RARP] = ETH_TYPE_RARP,
    };
    Mac to = { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } };

    if (transmit->protocol == PXE_PROTOCOL_NONE)
        return 0;
    if (transmit->broadcast == 0)
        far_read(&to, transmit->destination, sizeof to);
    eth_header_put(&self->net, to, types[transmit->protocol]);
    return ETH_HEADER;
}

/* A physical address is one that we reach only in the first megabyte. */
static bool
block_pointer(const PxeTransmitBlock *block, FarPointer *ret)
{
    uint32_t physical = (uint32_t)block->data.segment << 16 | block->data.offset;

    *ret = block->data;
    if (block->pointer_type != 0)
        return true;
    *ret = (FarPointer){ (uint16_t)(physical & 15), (uint16_t)(physical >> 4) };
    return physical < 0x100000;
}

/**
 * undi_transmit:
 * @self: the stack
 * @p: PXENV_UNDI_TRANSMIT: protocol, destination and a list of pieces
 *
 * The frame has left when this returns.
 **/
uint16_t
undi_transmit(Stack *self, PxeParameters *p)
{
    const PxeUndiTransmit *transmit = &p->undi_transmit;
    PxeTransmitDescriptor descriptor;
    FarPointer data;

    if (!self->nic.running)
        return PXE_UNDI_INVALID_STATE;
    far_read(&descriptor, transmit->descriptor, sizeof descriptor);
    if (transmit->protocol >= PXE_PROTOCOL_COUNT || descriptor.n_blocks > PXE_TRANSMIT_BLOCKS)
        return PXE_UNDI_INVALID_PARAMETER;
    uint16_t len = frame_begin(self, transmit);
    if (!frame_append(self, &len, descriptor.immediate, descriptor.immediate_len))
        return PXE_UNDI_INVALID_PARAMETER;
    for (uint8_t i = 0; i < descriptor.n_blocks; i++) {
        if (!block_pointer(&descriptor.blocks[i], &data) ||
            !frame_append(self, &len, data, descriptor.blocks[i].len))
            return PXE_UNDI_INVALID_PARAMETER;
    }
    if (!nic_send(&self->nic, len))
        return PXE_UNDI_TRANSMIT_ERROR;
    self->sent_unreported = true;
    self->told_of_frame = false;
    return PXE_SUCCESS;
}

static uint8_t
frame_protocol(const uint8_t *frame)
{
    uint16_t type = be16_get(frame + ETH_HEADER - 2);

    if (type == ETH_TYPE_IP4)
        return PXE_PROTOCOL_IP;
    if (type == ETH_TYPE_ARP)
        return PXE_PROTOCOL_ARP;
    return type == ETH_TYPE_RARP ? PXE_PROTOCOL_RARP : PXE_PROTOCOL_NONE;
}

static uint8_t
frame_packet_type(const uint8_t *frame)
{
    if ((frame[0] & 1) == 0)
        return PXE_FRAME_DIRECTED;
    return frame[0] == 0xff ? PXE_FRAME_BROADCAST : PXE_FRAME_MULTICAST;
}

#define ISR_WAIT_MS 2

/* Waits a moment for a frame, as UDP_READ does, and for the same reason. */
static void
isr_wait(Stack *self)
{
    Timer timer;

    timer_start(&timer, ISR_WAIT_MS);
    while (!nic_is_waiting(&self->nic) && !timer_expired(&timer))
        continue;
}

/* Returns: the length of the next frame, which @ret points to then; 0: there is none */
static uint16_t
frame_next(Stack *self, uint8_t **ret)
{
    Timer timer;

    timer_start(&timer, ISR_WAIT_MS);
    do {
        uint16_t len = nic_receive(&self->nic);
        *ret = self->nic.frame;
        if (len > 0 && (stack_flags & STACK_MERGES_FRAGMENTS) != 0)
            *ret = ip_merge(&self->net, *ret, &len);
        if (len > 0 && *ret != NULL)
            return len;
    } while (self->net.reassembly->active && !timer_expired(&timer));
    self->net.reassembly->active = false;
    return 0;
}

/* What has happened since: a frame received, a frame sent, or nothing. Most that is sent is a
 * question, and its answer says as much. */
static uint16_t
isr_next(Stack *self, PxeUndiIsr *isr)
{
    bool no_frame = isr->function == PXE_ISR_IN_GET_NEXT && self->told_of_frame;
    bool sent = self->sent_unreported;
    uint8_t *frame = NULL;

    /* Loaders later than 13 begin with GET_NEXT when the last thing they have got was a frame. */
    if (isr->function == PXE_ISR_IN_GET_NEXT && sent && !no_frame)
        isr_wait(self);
    uint16_t len = no_frame ? 0 : frame_next(self, &frame);
    self->told_of_frame = len != 0;
    if (len == 0) {
        self->sent_unreported = false;
        return sent ? PXE_ISR_OUT_TRANSMIT : PXE_ISR_OUT_DONE;
    }
    isr->buffer_len = len;
    isr->frame_len = len;
    isr->header_len = ETH_HEADER;
    isr->frame = far_pointer_to(frame);
    isr->protocol = frame_protocol(frame);
    isr->packet_type = frame_packet_type(frame);
    return PXE_ISR_OUT_RECEIVE;
}

/**
 * undi_isr:
 * @self: the stack
 * @p: PXENV_UNDI_ISR
 *
 * A received frame stays where it is until the next call. START always says that the interrupt was
 * ours: who has none asks because something may have happened.
 **/
uint16_t
undi_isr(Stack *self, PxeParameters *p)
{
    PxeUndiIsr *isr = &p->undi_isr;

    if (isr->function == PXE_ISR_IN_START) {
        isr_wait(self);
        isr->function = PXE_ISR_OUT_OURS;
    } else if (isr->function == PXE_ISR_IN_PROCESS || isr->function == PXE_ISR_IN_GET_NEXT) {
        isr->function = isr_next(self, isr);
    } else {
        return PXE_UNDI_INVALID_PARAMETER;
    }
    return PXE_SUCCESS;
}
