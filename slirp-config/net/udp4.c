/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads and writes UDP headers. */
#include "slirp-config/net/udp4.h"

#include <string.h>

/* The checksum's partial sum over the pseudo header. */
static guint32
udp4_pseudo_sum(Ip4Addr src, Ip4Addr dst, gsize udp_len)
{
    guint32 sum = IP_PROTO_UDP + (guint32)udp_len;
    sum = inet_sum(sum, src.b, sizeof src.b);
    return inet_sum(sum, dst.b, sizeof dst.b);
}

/**
 * udp4_parse:
 * @ip: header of the datagram that carried it
 * @datagram: the IP payload, whole
 * @ret: (out): its header
 * @ret_payload: (out): its payload
 *
 * Returns: FALSE when a length is wrong, or the checksum is there and wrong
 **/
gboolean
udp4_parse(const Ip4Header *ip, Cursor *datagram, UdpHeader *ret, Cursor *ret_payload)
{
    const guint8 *start = datagram->at;

    guint16 src_port = cursor_be16(datagram);
    guint16 dst_port = cursor_be16(datagram);
    gsize len = cursor_be16(datagram);
    guint16 checksum = cursor_be16(datagram);
    if (!cursor_ok(datagram) || len < UDP_HEADER)
        return FALSE;
    Cursor payload = cursor_sub(datagram, len - UDP_HEADER);
    if (!cursor_ok(datagram))
        return FALSE;
    if (checksum != 0 && inet_checksum(udp4_pseudo_sum(ip->src, ip->dst, len), start, len) != 0)
        return FALSE;
    *ret = (UdpHeader){ src_port, dst_port };
    *ret_payload = payload;
    return TRUE;
}

/**
 * udp4_push:
 * @payload: the payload, at most UDP4_PAYLOAD_MAX bytes; gets the header in front
 * @route: for the pseudo header
 * @ports: source and destination
 * @checksum: whether to compute it. It may be left out (RFC 768); on a wire that is memory it
 *   protects nothing, and a boot program in emulation saves the time of verifying it.
 **/
void
udp4_push(Buf *payload, const Ip4Route *route, UdpHeader ports, UdpChecksum checksum)
{
    gsize len = buf_len(payload) + UDP_HEADER;
    guint8 *p = buf_push(payload, UDP_HEADER);

    if (p == NULL)
        return;
    be16 words[4] = { be16_of(ports.src_port), be16_of(ports.dst_port), be16_of((guint16)len) };
    memcpy(p, words, sizeof words);
    if (checksum == UDP_CHECKSUM) {
        guint32 pseudo = udp4_pseudo_sum(route->src_ip, route->dst_ip, len);
        guint16 sum = inet_checksum(pseudo, p, len);
        be16 wire = be16_of(sum != 0 ? sum : 0xffff);
        memcpy(p + 6, wire.b, sizeof wire.b);
    }
}
