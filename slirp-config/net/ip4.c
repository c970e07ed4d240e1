/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads IPv4 headers, and sends datagrams, in fragments when they are larger than the MTU.
 *
 * Theory of operation of ip4_send(): the payload lies in one piece in a Buf with headroom. Fragment
 * n is the n-th chunk of it with the headers written into the bytes just in front. Those bytes are
 * the tail of chunk n-1, which has been sent by then, so nothing is copied. Fragments go out in
 * order, because iPXE reassembles no others [ipxe net/fragment.c].
 */
#include "slirp-config/net/ip4.h"

#include <string.h>

#define IP4_VERSION_IHL    0x45
#define IP4_TTL            64
#define IP4_MORE_FRAGMENTS 0x2000
#define IP4_OFFSET_MASK    0x1fff

/* Adds the 16-bit words of @bytes to @sum. A last odd byte counts as the high half of a word. */
guint32
inet_sum(guint32 sum, const guint8 *bytes, gsize len)
{
    guint64 wide = sum;

    for (; len >= 2; bytes += 2, len -= 2)
        wide += (guint32)(bytes[0] << 8 | bytes[1]);
    if (len > 0)
        wide += (guint32)(bytes[0] << 8);
    while (wide >> 16 != 0)
        wide = (wide & 0xffff) + (wide >> 16);
    return (guint32)wide;
}

/* Returns: the Internet checksum of @bytes, on top of a partial @sum. Source: RFC 1071 */
guint16
inet_checksum(guint32 sum, const guint8 *bytes, gsize len)
{
    return (guint16)~inet_sum(sum, bytes, len);
}

/**
 * ip4_parse:
 * @packet: an Ethernet payload, padding included
 * @ret: (out): its header
 * @ret_payload: (out): what the datagram carries, without the padding
 *
 * Returns: FALSE when it is malformed: version, lengths or header checksum are wrong, or a fragment
 *   reaches beyond the largest datagram
 **/
gboolean
ip4_parse(Cursor *packet, Ip4Header *ret, Cursor *ret_payload)
{
    Ip4Header header;
    const guint8 *start = packet->at;

    guint8 version_ihl = cursor_u8(packet);
    cursor_skip(packet, 1);
    gsize total = cursor_be16(packet);
    header.id = cursor_be16(packet);
    guint16 flags = cursor_be16(packet);
    cursor_skip(packet, 1);
    header.proto = cursor_u8(packet);
    cursor_skip(packet, 2);
    header.src = cursor_ip4(packet);
    header.dst = cursor_ip4(packet);
    gsize header_len = (gsize)(version_ihl & 15) * 4;
    if (!cursor_ok(packet) || version_ihl >> 4 != 4 || header_len < IP4_HEADER ||
        total < header_len)
        return FALSE;
    cursor_skip(packet, header_len - IP4_HEADER);
    Cursor payload = cursor_sub(packet, total - header_len);
    if (!cursor_ok(packet) || inet_checksum(0, start, header_len) != 0)
        return FALSE;
    header.has_options = header_len > IP4_HEADER;
    header.more_fragments = (flags & IP4_MORE_FRAGMENTS) != 0;
    header.frag_off = (gsize)(flags & IP4_OFFSET_MASK) * 8;
    if (header.frag_off + cursor_left(&payload) > IP4_MAX - IP4_HEADER)
        return FALSE;
    *ret = header;
    *ret_payload = payload;
    return TRUE;
}

/* Writes Ethernet and IPv4 headers in front of @len bytes at @chunk; returns the frame's start. */
static guint8 *
ip4_write_headers(
    guint8 *chunk, gsize len, const Ip4Route *route, guint8 proto, guint16 id, guint16 flags)
{
    Buf frame = buf_of(chunk - ETH_HEADER - IP4_HEADER, ETH_HEADER + IP4_HEADER, ETH_HEADER);

    buf_u8(&frame, IP4_VERSION_IHL);
    buf_u8(&frame, 0);
    buf_be16(&frame, (guint16)(IP4_HEADER + len));
    buf_be16(&frame, id);
    buf_be16(&frame, flags);
    buf_u8(&frame, IP4_TTL);
    buf_u8(&frame, proto);
    gsize checksum_at = buf_mark(&frame);
    buf_be16(&frame, 0);
    buf_ip4(&frame, route->src_ip);
    buf_ip4(&frame, route->dst_ip);
    be16 checksum = be16_of(inet_checksum(0, buf_data(&frame), IP4_HEADER));
    memcpy(frame.base + checksum_at, checksum.b, sizeof checksum.b);
    eth_push(&frame, route->dst_mac, route->src_mac, ETH_TYPE_IP4);
    return buf_data(&frame);
}

/**
 * ip4_push:
 * @payload: what the datagram carries, at most IP4_MAX - IP4_HEADER bytes; gets the headers in
 *   front, and is then one frame, however large
 * @route: from whom to whom
 * @proto: IP protocol number
 * @id: identification
 **/
void
ip4_push(Buf *payload, const Ip4Route *route, guint8 proto, guint16 id)
{
    gsize len = buf_len(payload);
    guint8 *frame = buf_push(payload, ETH_HEADER + IP4_HEADER);

    g_assert(len <= IP4_MAX - IP4_HEADER);
    if (frame != NULL)
        (void)ip4_write_headers(frame + ETH_HEADER + IP4_HEADER, len, route, proto, id, 0);
}

/**
 * ip4_send:
 * @payload: what the datagram carries, with headroom for the headers; used up
 * @route: from whom to whom
 * @proto: IP protocol number
 * @id: identification, the same for all fragments
 * @emit: gets each finished frame, in order
 * @data: for @emit
 *
 * Source: RFC 791 §3.2 (fragmentation)
 **/
void
ip4_send(
    Buf *payload, const Ip4Route *route, guint8 proto, guint16 id, FrameFunc emit, gpointer data)
{
    const gsize chunk_max = (ETH_MTU - IP4_HEADER) & ~(gsize)7;
    gsize len = buf_len(payload);

    g_assert(payload->head >= ETH_HEADER + IP4_HEADER && len <= IP4_MAX - IP4_HEADER);
    for (gsize at = 0; at < len || at == 0; at += chunk_max) {
        gsize chunk = MIN(len - at, chunk_max);
        guint16 flags = (guint16)(at / 8);
        if (at + chunk < len)
            flags |= IP4_MORE_FRAGMENTS;
        guint8 *frame = ip4_write_headers(buf_data(payload) + at, chunk, route, proto, id, flags);
        emit(frame, ETH_HEADER + IP4_HEADER + chunk, data);
    }
}
