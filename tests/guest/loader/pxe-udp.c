/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * UDP by the PXE stack, for loaders up to 11 [libi386/pxe.c: sendudp, readudp]. The port is opened
 * and closed with the files; reading is one call that does not wait. Before each call the loader
 * clears the whole buffer for what is received [pxe.c: bangpxe_call].
 */
#include "tests/guest/bare/text.h"
#include "tests/guest/loader/console.h"
#include "tests/guest/loader/dhcp.h"
#include "tests/guest/loader/udp.h"

#define PXE_BUFFER_SIZE 8192 /* as large as the loader's */
#define STATUS_FAILURE  1    /* nothing there, which is no news */

static uint8_t pxe_buffer[PXE_BUFFER_SIZE];

static uint16_t
swap16(uint16_t value)
{
    return (uint16_t)(value << 8 | value >> 8);
}

static uint16_t
pxe_udp_call(PxeFunction function, void *parameters)
{
    memset(pxe_buffer, 0, sizeof pxe_buffer);
    return pxe_call(function, parameters);
}

static void
pxe_udp_start(void)
{
}

static void
pxe_udp_open(void)
{
    PxeUdpOpen open = { 0 };

    memcpy(&open.src_ip, pxe_cached_reply() + DHCP_YIADDR, sizeof open.src_ip);
    if (pxe_udp_call(PXE_UDP_OPEN, &open) != 0)
        fail("PXENV_UDP_OPEN: status 0x%x", open.status);
}

static void
pxe_udp_close(void)
{
    PxeNothing close = { 0 };

    if (pxe_udp_call(PXE_UDP_CLOSE, &close) != 0)
        fail("PXENV_UDP_CLOSE: status 0x%x", close.status);
}

static Mac
pxe_udp_mac(void)
{
    Mac mac;

    memcpy(&mac, pxe_cached_reply() + DHCP_CHADDR, sizeof mac);
    return mac;
}

static bool
pxe_udp_send(Ip4 to, uint16_t to_port, uint16_t from_port, const uint8_t *payload, uint32_t len)
{
    PxeUdpWrite write = { .ip = to,
                          .src_port = swap16(from_port),
                          .dest_port = swap16(to_port),
                          .buffer_size = (uint16_t)len,
                          .buffer = far_pointer_to(payload) };

    if (!dhcp_on_our_net(to))
        write.gateway = dhcp_config.gateway;
    if (pxe_udp_call(PXE_UDP_WRITE, &write) == 0)
        return true;
    if (write.status != STATUS_FAILURE)
        console_print("   PXENV_UDP_WRITE: status 0x%x\n", write.status);
    return false;
}

static int32_t
pxe_udp_receive(uint16_t port, uint8_t *payload, uint32_t size, uint32_t wait_s)
{
    PxeUdpRead read = { .dest_ip = dhcp_config.ip,
                        .dest_port = swap16(port),
                        .buffer_size = (uint16_t)(size < PXE_BUFFER_SIZE ? size : PXE_BUFFER_SIZE),
                        .buffer = far_pointer_to(pxe_buffer) };

    (void)wait_s;
    if (pxe_udp_call(PXE_UDP_READ, &read) != 0) {
        if (read.status != STATUS_FAILURE)
            console_print("   PXENV_UDP_READ: status 0x%x\n", read.status);
        return -1;
    }
    memcpy(payload, pxe_buffer, read.buffer_size);
    return read.buffer_size;
}

const UdpStack pxe_udp_stack = {
    .start = pxe_udp_start,
    .open = pxe_udp_open,
    .close = pxe_udp_close,
    .mac = pxe_udp_mac,
    .send = pxe_udp_send,
    .receive = pxe_udp_receive,
};
