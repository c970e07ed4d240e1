/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The services about the stack itself: cached packets, and its end [PXE 2.1, Preboot API]. */
#include "images/pxe-stack/machine.h"
#include "images/pxe-stack/stack.h"

/**
 * get_cached_info:
 * @self: the stack
 * @p: PXENV_GET_CACHED_INFO: a packet's type, and where to
 *
 * A buffer without a size, or without an address, asks for a pointer to the packet. FreeBSD gives
 *no size, iPXE no address.
 **/
uint16_t
get_cached_info(Stack *self, PxeParameters *p)
{
    PxeCachedInfo *info = &p->cached_info;
    uint16_t size = info->buffer_size;

    if (info->packet_type < PXE_PACKET_DISCOVER || info->packet_type > PXE_PACKET_REPLY)
        return PXE_UNSUPPORTED;
    const StackPacket *packet = &self->packets[info->packet_type - PXE_PACKET_DISCOVER];
    bool copies = size != 0 && (info->buffer.segment != 0 || info->buffer.offset != 0);
    info->buffer_limit = STACK_PACKET_SIZE;
    info->buffer_size = packet->len;
    if (!copies) {
        info->buffer = far_pointer_to(packet->bytes);
        return PXE_SUCCESS;
    }
    if (size < packet->len)
        info->buffer_size = size;
    far_write(info->buffer, packet->bytes, info->buffer_size);
    return PXE_SUCCESS;
}

/* Gives everything back, unless somebody has hooked an interrupt behind us. */
static uint16_t
unload(Stack *self)
{
    nic_stop(&self->nic);
    self->udp_open = false;
    self->tftp.open = false;
    if (!self->handed_back)
        self->handed_back = hand_back();
    return self->handed_back ? PXE_SUCCESS : PXE_KEEP_ALL;
}

/**
 * unload_stack:
 * @self: the stack
 * @p: PXENV_UNLOAD_STACK
 *
 * FreeBSD's last call before the kernel. A driver that goes by UNDI alone, such as iPXE's undionly,
 * makes it too, and expects to have STOP_UNDI still in front of it: such a one has asked what kind
 *of card this is before, which nobody else does.
 **/
uint16_t
unload_stack(Stack *self, PxeParameters *p)
{
    (void)p;
    return self->undi_is_wanted ? PXE_SUCCESS : unload(self);
}

/* PXENV_START_UNDI: it is started, or else gone for good. */
uint16_t
start_undi(Stack *self, PxeParameters *p)
{
    (void)p;
    return self->handed_back ? PXE_FAILURE : PXE_SUCCESS;
}

/* PXENV_STOP_UNDI: the end. */
uint16_t
stop_undi(Stack *self, PxeParameters *p)
{
    (void)p;
    return unload(self);
}
