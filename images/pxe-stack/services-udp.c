/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PXE's UDP service, by which FreeBSD's loaders up to 11 talk [PXE 2.1, UDP API]. */
#include "images/pxe-stack/machine.h"
#include "images/pxe-stack/stack.h"

/**
 * udp_open:
 * @self: the stack
 * @p: PXENV_UDP_OPEN: our address, or none, which leaves it as it is
 **/
uint16_t
udp_open(Stack *self, PxeParameters *p)
{
    if (self->udp_open)
        return PXE_UDP_IS_OPEN;
    if (!stack_card_on(self))
        return PXE_FAILURE;
    if (p->udp_open.source_ip != 0)
        self->net.ip = p->udp_open.source_ip;
    self->udp_open = true;
    return PXE_SUCCESS;
}

/* PXENV_UDP_CLOSE. The card goes on to receive: the next open is a moment away. */
uint16_t
udp_close(Stack *self, PxeParameters *p)
{
    (void)p;
    if (!self->udp_open)
        return PXE_UDP_CLOSED;
    self->udp_open = false;
    return PXE_SUCCESS;
}

static bool
udp_read_wants(const PxeUdpRead *wanted, const Datagram *datagram)
{
    uint16_t port = be16_get(wanted->destination_port);

    return (wanted->destination_ip == 0 || wanted->destination_ip == datagram->destination) &&
           (port == 0 || port == datagram->destination_port);
}

/* Lets datagrams go until one is wanted; a limited number, so that no flood keeps the caller. */
static bool
udp_read_next(Net *net, const PxeUdpRead *wanted, Datagram *ret)
{
    for (uint8_t i = 0; i < NET_POLL_FRAMES; i++) {
        if (!net_poll(net, ret))
            return false;
        if (udp_read_wants(wanted, ret))
            return true;
    }
    return false;
}

/* Answers come within a fraction of that. */
#define UDP_READ_WAIT_MS 2

/* Waits a moment: to come back through a loader's way into real mode takes longer than most
 * answers. */
static bool
udp_read_soon(Net *net, const PxeUdpRead *wanted, Datagram *ret)
{
    Timer timer;

    if (udp_read_next(net, wanted, ret))
        return true;
    timer_start(&timer, UDP_READ_WAIT_MS);
    while (!timer_expired(&timer)) {
        if (udp_read_next(net, wanted, ret))
            return true;
    }
    return false;
}

/**
 * udp_read:
 * @self: the stack
 * @p: PXENV_UDP_READ: our address and port, or zero for any; a buffer
 *
 * What does not fit into the buffer is cut off; what is not for that port is lost.
 * Returns: PXE_FAILURE, when there is nothing
 **/
uint16_t
udp_read(Stack *self, PxeParameters *p)
{
    PxeUdpRead *read = &p->udp_read;
    Datagram datagram;

    if (!self->udp_open)
        return PXE_UDP_CLOSED;
    if (!udp_read_soon(&self->net, read, &datagram))
        return PXE_FAILURE;
    if (datagram.len < read->buffer_size)
        read->buffer_size = datagram.len;
    far_write(read->buffer, datagram.payload, read->buffer_size);
    nic_release(&self->nic);
    read->source_ip = datagram.source;
    read->destination_ip = datagram.destination;
    be16_put(read->source_port, datagram.source_port);
    be16_put(read->destination_port, datagram.destination_port);
    return PXE_SUCCESS;
}

#define UDP_DEFAULT_PORT 2069 /* of ours, when the caller names none */

/**
 * udp_write:
 * @self: the stack
 * @p: PXENV_UDP_WRITE
 **/
uint16_t
udp_write(Stack *self, PxeParameters *p)
{
    const PxeUdpWrite *write = &p->udp_write;
    UdpPeer to = {
        .ip = write->ip,
        .gateway = write->gateway,
        .port = be16_get(write->destination_port),
        .source_port = be16_get(write->source_port),
    };

    if (!self->udp_open)
        return PXE_UDP_CLOSED;
    if (write->buffer_size > UDP_PAYLOAD_MAX)
        return PXE_OUT_OF_RESOURCES;
    if (to.source_port == 0)
        to.source_port = UDP_DEFAULT_PORT;
    uint8_t *payload = net_begin(&self->net, &to);
    if (payload == NULL)
        return PXE_ARP_TIMEOUT;
    far_read(payload, write->buffer, write->buffer_size);
    return net_send(&self->net, &to, write->buffer_size) ? PXE_SUCCESS : PXE_FAILURE;
}
