/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames in, datagrams out; and the other way.
 *
 * Source: RFC 768, RFC 791 §3.1, RFC 1112 §6.4 (multicast)
 */
#include "images/pxe-stack/net.h"

#define IP_UDP 17
#define IP_TTL 64

#define UDP_LENGTH   4
#define UDP_CHECKSUM 6

/* Returns: whether @udp, of @len bytes, is a good datagram, which @ret describes then */
static bool
udp_parse(const uint8_t *packet, const uint8_t *udp, uint16_t len, Datagram *ret)
{
    if (len < UDP_HEADER || be16_get(udp + UDP_LENGTH) < UDP_HEADER ||
        be16_get(udp + UDP_LENGTH) > len)
        return false;
    len = be16_get(udp + UDP_LENGTH);
    ret->source = ip4_get(packet + 12);
    ret->destination = ip4_get(packet + 16);
    if (be16_get(udp + UDP_CHECKSUM) != 0 &&
        checksum_fold(checksum_add(checksum_pseudo_header(ret->source, ret->destination, len), udp,
                                   len)) != 0)
        return false;
    ret->source_port = be16_get(udp);
    ret->destination_port = be16_get(udp + 2);
    ret->payload = udp + UDP_HEADER;
    ret->len = len - UDP_HEADER;
    return true;
}

static bool
eth_input(Net *self, uint16_t len, Datagram *ret)
{
    const uint8_t *packet = self->nic->frame + ETH_HEADER;
    uint16_t type = be16_get(packet - 2);

    len -= ETH_HEADER;
    if (type == ETH_TYPE_ARP)
        arp_input(self, packet, len);
    if (type != ETH_TYPE_IP4)
        return false;
    const uint8_t *udp = ip_input(self, packet, &len);
    return udp != NULL && udp_parse(packet, udp, len, ret);
}

/**
 * net_poll:
 * @self: the station
 * @ret: (out): the next datagram, to whatever port of ours
 *
 * Returns: whether there is one; FALSE when the card has nothing more, or nothing but noise
 **/
bool
net_poll(Net *self, Datagram *ret)
{
    for (uint8_t i = 0; i < NET_POLL_FRAMES; i++) {
        uint16_t len = nic_receive(self->nic);
        if (len == 0)
            return false;
        if (eth_input(self, len, ret))
            return true;
    }
    return false;
}

/* Puts addresses and @type in front of the frame that is built. */
void
eth_header_put(Net *self, Mac to, uint16_t type)
{
    uint8_t *frame = self->nic->tx;

    memcpy(frame, &to, sizeof to);
    memcpy(frame + sizeof to, &self->nic->mac, sizeof to);
    be16_put(frame + ETH_HEADER - 2, type);
}

/* Who is next on the way to @to: itself, or a gateway. */
static Ip4
next_hop(const Net *self, const UdpPeer *to)
{
    if (to->gateway != 0)
        return to->gateway;
    if (self->netmask == 0 || self->router == 0 || ((to->ip ^ self->ip) & self->netmask) == 0)
        return to->ip;
    return self->router;
}

static bool
link_address(Net *self, const UdpPeer *to, Mac *ret)
{
    const uint8_t *ip = (const uint8_t *)&to->ip;

    if (ip_is_broadcast(self, to->ip)) {
        memset(ret, 0xff, sizeof *ret);
        return true;
    }
    if (ip[0] >> 4 == 0xe) {
        *ret = (Mac){ { 1, 0, 0x5e, ip[1] & 0x7f, ip[2], ip[3] } };
        return true;
    }
    return arp_find(self, next_hop(self, to), ret);
}

static void
udp_header_put(Net *self, const UdpPeer *to, uint16_t len)
{
    uint8_t *udp = self->nic->tx + ETH_HEADER + IP_HEADER;

    len += UDP_HEADER;
    be16_put(udp, to->source_port);
    be16_put(udp + 2, to->port);
    be16_put(udp + UDP_LENGTH, len);
    be16_put(udp + UDP_CHECKSUM, 0);
    uint16_t checksum =
        checksum_fold(checksum_add(checksum_pseudo_header(self->ip, to->ip, len), udp, len));
    if (checksum == 0) /* which would say that there is none */
        checksum = UINT16_MAX;
    memcpy(udp + UDP_CHECKSUM, &checksum, sizeof checksum);
}

static void
ip_header_put(Net *self, Ip4 to, uint16_t len)
{
    uint8_t *ip = self->nic->tx + ETH_HEADER;

    memset(ip, 0, IP_HEADER);
    ip[0] = 0x45;
    be16_put(ip + 2, (uint16_t)(IP_HEADER + UDP_HEADER + len));
    be16_put(ip + 4, self->next_id++);
    ip[8] = IP_TTL;
    ip[9] = IP_UDP;
    ip4_put(ip + 12, self->ip);
    ip4_put(ip + 16, to);
    uint16_t checksum = checksum_fold(checksum_add(0, ip, IP_HEADER));
    memcpy(ip + 10, &checksum, sizeof checksum);
}

/**
 * net_begin:
 * @self: the station
 * @to: the other end
 *
 * Finds the way; datagrams that come meanwhile are lost. No frame may be received between this and
 * net_send(), since an answer to ARP is built in the same place.
 * Returns: (nullable): where up to UDP_PAYLOAD_MAX bytes are to be put; NULL: nobody has that
 *address
 **/
uint8_t *
net_begin(Net *self, const UdpPeer *to)
{
    Mac mac;

    if (!link_address(self, to, &mac))
        return NULL;
    eth_header_put(self, mac, ETH_TYPE_IP4);
    return self->nic->tx + ETH_HEADER + IP_HEADER + UDP_HEADER;
}

/* Sends @len bytes that were put where net_begin() said. Returns: whether they have left */
bool
net_send(Net *self, const UdpPeer *to, uint16_t len)
{
    if (len > UDP_PAYLOAD_MAX)
        return false;
    ip_header_put(self, to->ip, len);
    udp_header_put(self, to, len);
    return nic_send(self->nic, ETH_HEADER + IP_HEADER + UDP_HEADER + len);
}
