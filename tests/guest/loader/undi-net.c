/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: loaders from 12 on use the PXE stack for frames only (UNDI) and have
 * Ethernet, ARP, IPv4 and UDP of their own [libi386/pxe.c, libsa/{ether,arp,ip,udp}.c]. A frame is
 * sent with one call; to receive, the interrupt service routine is polled: START, PROCESS, then
 * GET_NEXT until there is a frame. The clock is asked twice on the way to the first poll by IP and
 * twice by the driver [ip.c: readip, pxe.c: pxe_netif_get].
 *
 * Those of 12 and 13 (seen: 12.2) ask the clock again for each poll that brings nothing. They ask
 * GET_NEXT once more when they have the frame, and drop another one that they hear of then. Of a
 * datagram in fragments they lose all.
 *
 * Later ones (seen: 15.0) go on with GET_NEXT at the next poll after a frame, and poll until there
 * is one; here they look at the clock from time to time, so that a lost one does no harm. A
 * datagram in fragments is put together from pieces in order, one at a time; others that come in
 * between are lost, as they would be with a busy network.
 */
#include "tests/guest/loader/clock.h"
#include "tests/guest/loader/console.h"
#include "tests/guest/loader/dhcp.h"
#include "tests/guest/loader/generation.h"
#include "tests/guest/loader/udp.h"
#include "tests/guest/loader/xdr.h"

#define ETH_HEADER     14
#define ETH_MIN        60
#define ETH_MAX        1514  /* that is sent */
#define FRAME_MAX      16384 /* that is taken: FreeBSD's allocate as much as a frame has */
#define ETH_IP4        0x0800
#define ETH_ARP        0x0806
#define ARP_SIZE       28
#define ARP_REQUEST    1
#define ARP_REPLY      2
#define ARP_TRIES      8
#define ARP_WAIT_S     2
#define IP_HEADER      20
#define IP_TTL         64
#define IP_UDP         17
#define IP_MORE        0x2000
#define IP_OFFSET_MASK 0x1fff
#define UDP_HEADER     8
#define UNDI_POLLS     256 /* between two looks at the clock, of loaders that take few */

static const Mac mac_broadcast = { { 255, 255, 255, 255, 255, 255 } };

static Mac undi_mac;
static uint8_t undi_tx[ETH_MAX];
static uint8_t undi_rx[FRAME_MAX];
static bool undi_pending;

static struct {
    Ip4 ip;
    Mac mac;
    bool known;
} arp_entry; /* there is one server */

static struct {
    uint8_t bytes[UDP_HEADER + UDP_PAYLOAD_MAX];
    uint32_t len;
    uint16_t id;
    bool active;
} ip_pieces;

/* ---- frames ---- */

static bool
undi_transmit(uint32_t len)
{
    PxeTransmitDescriptor descriptor = { .immediate = far_pointer_to(undi_tx) };
    PxeUndiTransmit transmit = { .descriptor = far_pointer_to(&descriptor) };

    descriptor.immediate_len = (uint16_t)len;
    return pxe_call(PXE_UNDI_TRANSMIT, &transmit) == 0;
}

static uint16_t
undi_isr(PxeUndiIsr *isr, uint16_t function)
{
    *isr = (PxeUndiIsr){ .function = function };
    if (pxe_call(PXE_UNDI_ISR, isr) != 0)
        fail("PXENV_UNDI_ISR %u: status 0x%x", function, isr->status);
    return isr->function;
}

/* Takes a frame that may come in several buffers. Returns: its length */
static uint32_t
undi_take_frame(PxeUndiIsr *isr)
{
    uint32_t size = isr->frame_len, len = 0;

    for (;;) {
        uint32_t n = isr->buffer_len;
        if (size > FRAME_MAX || n > size - len)
            fail("a frame of %u bytes, in a buffer of %u", size, n);
        memcpy(undi_rx + len, far_pointer_get(isr->frame), n);
        len += n;
        if (len >= size && generation.undi_goes_on)
            break;
        uint16_t event = undi_isr(isr, UNDI_ISR_IN_GET_NEXT);
        if (len >= size)
            break;
        if (event != UNDI_ISR_OUT_RECEIVE)
            fail("a frame of %u bytes stops after %u", size, len);
    }
    undi_pending = generation.undi_goes_on;
    return len;
}

/* Returns: the length of the next frame, 0 when there is none now */
static uint32_t
undi_receive_frame(void)
{
    PxeUndiIsr isr;
    uint16_t event;

    if (undi_pending) {
        event = undi_isr(&isr, UNDI_ISR_IN_GET_NEXT);
    } else {
        (void)undi_isr(&isr, UNDI_ISR_IN_START);
        event = undi_isr(&isr, UNDI_ISR_IN_PROCESS);
    }
    while (event != UNDI_ISR_OUT_DONE && event != UNDI_ISR_OUT_BUSY) {
        if (event == UNDI_ISR_OUT_RECEIVE)
            return undi_take_frame(&isr);
        event = undi_isr(&isr, UNDI_ISR_IN_GET_NEXT);
    }
    undi_pending = false;
    return 0;
}

/* Puts a header in front of the @len bytes at undi_tx + ETH_HEADER and sends it all. */
static bool
eth_send(Mac to, uint16_t type, uint32_t len)
{
    memcpy(undi_tx, &to, sizeof to);
    memcpy(undi_tx + 6, &undi_mac, sizeof undi_mac);
    be16_put(undi_tx + 12, type);
    len += ETH_HEADER;
    if (len < ETH_MIN) {
        memset(undi_tx + len, 0, ETH_MIN - len);
        len = ETH_MIN;
    }
    return undi_transmit(len);
}

/* ---- ARP, RFC 826 ---- */

static bool
arp_send(uint16_t operation, Mac to, Mac target_mac, Ip4 target_ip)
{
    static const uint8_t kinds[] = { 0, 1, 8, 0, sizeof(Mac), sizeof(Ip4) };
    uint8_t *arp = undi_tx + ETH_HEADER;

    memcpy(arp, kinds, sizeof kinds);
    be16_put(arp + 6, operation);
    memcpy(arp + 8, &undi_mac, sizeof(Mac));
    memcpy(arp + 14, &dhcp_config.ip, sizeof(Ip4));
    memcpy(arp + 18, &target_mac, sizeof(Mac));
    memcpy(arp + 24, &target_ip, sizeof(Ip4));
    return eth_send(to, ETH_ARP, ARP_SIZE);
}

/* Answers who asks for us, and learns the address that is waited for. */
static void
arp_input(const uint8_t *arp, uint32_t len)
{
    Mac sender_mac;
    Ip4 sender_ip;

    if (len < ARP_SIZE)
        return;
    memcpy(&sender_mac, arp + 8, sizeof sender_mac);
    memcpy(&sender_ip, arp + 14, sizeof sender_ip);
    if (memcmp(&sender_ip, &arp_entry.ip, sizeof sender_ip) == 0) {
        arp_entry.mac = sender_mac;
        arp_entry.known = true;
    }
    if (be16_get(arp + 6) == ARP_REQUEST && !ip4_is_zero(dhcp_config.ip) &&
        memcmp(arp + 24, &dhcp_config.ip, sizeof(Ip4)) == 0)
        (void)arp_send(ARP_REPLY, sender_mac, sender_mac, sender_ip);
}

/* ---- IPv4, RFC 791, and UDP, RFC 768 ---- */

static uint32_t
sum_add(uint32_t sum, const uint8_t *bytes, uint32_t len)
{
    for (; len >= 2; bytes += 2, len -= 2)
        sum += be16_get(bytes);
    return len > 0 ? sum + ((uint32_t)bytes[0] << 8) : sum;
}

static uint16_t
sum_fold(uint32_t sum)
{
    while (sum >> 16 != 0)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

static uint16_t
udp_checksum(const uint8_t *addresses, const uint8_t *udp, uint32_t len)
{
    return sum_fold(sum_add(sum_add(IP_UDP + len, addresses, 2 * sizeof(Ip4)), udp, len));
}

/* Returns: the length of the whole datagram, which is in ip_pieces then; 0: not all there */
static uint32_t
ip_reassemble(const uint8_t *ip, const uint8_t *payload, uint32_t len)
{
    uint16_t id = be16_get(ip + 4), flags = be16_get(ip + 6);
    uint32_t offset = (flags & IP_OFFSET_MASK) * 8u;

    if (!generation.ip_takes_fragments)
        return 0;
    if (offset == 0) {
        ip_pieces.active = true;
        ip_pieces.id = id;
        ip_pieces.len = 0;
    }
    if (!ip_pieces.active || id != ip_pieces.id || offset != ip_pieces.len ||
        len > sizeof ip_pieces.bytes - offset) {
        ip_pieces.active = false;
        return 0;
    }
    memcpy(ip_pieces.bytes + offset, payload, len);
    ip_pieces.len += len;
    if ((flags & IP_MORE) != 0)
        return 0;
    ip_pieces.active = false;
    return ip_pieces.len;
}

/* Returns: the length of the payload when this is one for @port; -1 */
static int32_t
udp_input(const uint8_t *ip,
          const uint8_t *udp,
          uint32_t len,
          uint16_t port,
          uint8_t *payload,
          uint32_t size)
{
    if (len < UDP_HEADER || be16_get(udp + 4) > len || be16_get(udp + 4) < UDP_HEADER ||
        be16_get(udp + 2) != port)
        return -1;
    len = be16_get(udp + 4);
    if (be16_get(udp + 6) != 0 && udp_checksum(ip + 12, udp, len) != 0)
        fail("a datagram to port %u with a wrong checksum", port);
    len -= UDP_HEADER;
    if (len > size)
        len = size;
    memcpy(payload, udp + UDP_HEADER, len);
    return (int32_t)len;
}

static int32_t
ip_input(const uint8_t *ip, uint32_t len, uint16_t port, uint8_t *payload, uint32_t size)
{
    uint32_t header = len >= IP_HEADER ? (ip[0] & 15u) * 4 : 0;

    if (header < IP_HEADER || ip[0] >> 4 != 4 || be16_get(ip + 2) > len ||
        be16_get(ip + 2) < header || ip[9] != IP_UDP)
        return -1;
    if (sum_fold(sum_add(0, ip, header)) != 0)
        fail("an IP packet with a wrong checksum");
    if (!ip4_is_zero(dhcp_config.ip) && memcmp(ip + 16, &dhcp_config.ip, sizeof(Ip4)) != 0)
        return -1;
    const uint8_t *body = ip + header;
    uint32_t body_len = be16_get(ip + 2) - header;
    if ((be16_get(ip + 6) & (IP_MORE | IP_OFFSET_MASK)) != 0) {
        body_len = ip_reassemble(ip, body, body_len);
        body = ip_pieces.bytes;
    }
    return body_len == 0 ? -1 : udp_input(ip, body, body_len, port, payload, size);
}

/* Returns: the length of the next frame, 0 when none has come in time */
static uint32_t
undi_wait_frame(uint32_t wait_s)
{
    int polls = generation.undi_goes_on ? UNDI_POLLS : 1;
    uint32_t start = clock_seconds(), len = 0;

    while (len == 0 && clock_seconds_since(start) < wait_s) {
        for (int i = 0; i < polls && len == 0; i++)
            len = undi_receive_frame();
    }
    return len;
}

static int32_t
undi_net_receive(uint16_t port, uint8_t *payload, uint32_t size, uint32_t wait_s)
{
    uint32_t start = clock_seconds();

    while (clock_seconds_since(start) < wait_s) {
        uint32_t len = undi_wait_frame(wait_s);
        if (len < ETH_HEADER)
            return -1;
        uint16_t type = be16_get(undi_rx + 12);
        if (type == ETH_IP4)
            return ip_input(undi_rx + ETH_HEADER, len - ETH_HEADER, port, payload, size);
        if (type != ETH_ARP)
            return -1;
        arp_input(undi_rx + ETH_HEADER, len - ETH_HEADER);
        if (port == 0)
            return -1;
    }
    return -1;
}

/* Asks until there is an answer. What else comes meanwhile is dropped. */
static bool
arp_find(Ip4 ip)
{
    if (arp_entry.known && memcmp(&arp_entry.ip, &ip, sizeof ip) == 0)
        return true;
    arp_entry.known = false;
    arp_entry.ip = ip;
    for (int i = 0; i < ARP_TRIES; i++) {
        uint32_t start = clock_seconds();
        (void)arp_send(ARP_REQUEST, mac_broadcast, (Mac){ 0 }, ip);
        while (!arp_entry.known && clock_seconds_since(start) < ARP_WAIT_S)
            (void)undi_net_receive(0, undi_rx, 0, ARP_WAIT_S);
        if (arp_entry.known)
            return true;
    }
    trouble("no ARP answer from %u.%u.%u.%u", ip.b[0], ip.b[1], ip.b[2], ip.b[3]);
    return false;
}

static bool
undi_net_send(Ip4 to, uint16_t to_port, uint16_t from_port, const uint8_t *payload, uint32_t len)
{
    uint8_t *ip = undi_tx + ETH_HEADER, *udp = ip + IP_HEADER;
    bool broadcast = be32_get(to.b) == UINT32_MAX;

    if (!broadcast && !arp_find(dhcp_on_our_net(to) ? to : dhcp_config.gateway))
        return false;
    memset(ip, 0, IP_HEADER + UDP_HEADER);
    memcpy(udp + UDP_HEADER, payload, len);
    len += UDP_HEADER;
    ip[0] = 0x45;
    be16_put(ip + 2, IP_HEADER + len);
    ip[8] = IP_TTL;
    ip[9] = IP_UDP;
    memcpy(ip + 12, &dhcp_config.ip, sizeof(Ip4));
    memcpy(ip + 16, &to, sizeof(Ip4));
    be16_put(ip + 10, sum_fold(sum_add(0, ip, IP_HEADER)));
    be16_put(udp, from_port);
    be16_put(udp + 2, to_port);
    be16_put(udp + 4, len);
    uint16_t checksum = udp_checksum(ip + 12, udp, len);
    be16_put(udp + 6, checksum != 0 ? checksum : UINT16_MAX);
    return eth_send(broadcast ? mac_broadcast : arp_entry.mac, ETH_IP4, IP_HEADER + len);
}

/* ---- the card ---- */

static bool
is_address(const uint8_t *mac)
{
    static const Mac zero;

    return memcmp(mac, &zero, sizeof zero) != 0 &&
           memcmp(mac, &mac_broadcast, sizeof mac_broadcast) != 0;
}

static void
undi_net_start(void)
{
    PxeUndiInformation information = { 0 };
    PxeUndiOpen open = { .packet_filter = UNDI_FILTER_DIRECTED | UNDI_FILTER_BROADCAST };

    if (pxe_call(PXE_UNDI_GET_INFORMATION, &information) != 0)
        fail("PXENV_UNDI_GET_INFORMATION: status 0x%x", information.status);
    memcpy(&undi_mac,
           is_address(information.current_address) ? information.current_address
                                                   : information.permanent_address,
           sizeof undi_mac);
    if (pxe_call(PXE_UNDI_OPEN, &open) != 0)
        fail("PXENV_UNDI_OPEN: status 0x%x", open.status);
}

/* The card stays open from the first file to the kernel. */
static void
undi_net_stay(void)
{
}

static Mac
undi_net_mac(void)
{
    return undi_mac;
}

const UdpStack undi_stack = {
    .start = undi_net_start,
    .open = undi_net_stay,
    .close = undi_net_stay,
    .mac = undi_net_mac,
    .send = undi_net_send,
    .receive = undi_net_receive,
};
