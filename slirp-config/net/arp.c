/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads and writes ARP packets. */
#include "slirp-config/net/arp.h"

#define ARP_HARDWARE_ETHERNET 1

/**
 * arp_parse:
 * @packet: an Ethernet payload
 * @ret: (out): the packet
 *
 * Returns: FALSE when it is short or not about IPv4 over Ethernet
 **/
gboolean
arp_parse(Cursor *packet, ArpPacket *ret)
{
    ArpPacket arp;

    gboolean known = cursor_be16(packet) == ARP_HARDWARE_ETHERNET;
    known = cursor_be16(packet) == ETH_TYPE_IP4 && known;
    known = cursor_u8(packet) == sizeof(MacAddr) && known;
    known = cursor_u8(packet) == sizeof(Ip4Addr) && known;
    arp.op = cursor_be16(packet);
    arp.sender_mac = cursor_mac(packet);
    arp.sender_ip = cursor_ip4(packet);
    arp.target_mac = cursor_mac(packet);
    arp.target_ip = cursor_ip4(packet);
    if (!cursor_ok(packet) || !known)
        return FALSE;
    *ret = arp;
    return TRUE;
}

/* Appends @packet to an empty frame that has headroom for its Ethernet header. */
void
arp_put(Buf *frame, const ArpPacket *packet)
{
    buf_be16(frame, ARP_HARDWARE_ETHERNET);
    buf_be16(frame, ETH_TYPE_IP4);
    buf_u8(frame, sizeof(MacAddr));
    buf_u8(frame, sizeof(Ip4Addr));
    buf_be16(frame, packet->op);
    buf_mac(frame, packet->sender_mac);
    buf_ip4(frame, packet->sender_ip);
    buf_mac(frame, packet->target_mac);
    buf_ip4(frame, packet->target_ip);
}
