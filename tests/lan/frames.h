/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames made and taken apart by hand for tests, so that the code under test is not its own judge.
 * Uses nothing of slirp-config/net but its types.
 */
#pragma once

#include "slirp-config/net/ip4.h"

#include <string.h>

/* The hosts of the default address plan, and a guest. */
#define GUEST_MAC                                                                                  \
    (MacAddr)                                                                                      \
    {                                                                                              \
        {                                                                                          \
            0x52, 0x54, 0x00, 0x12, 0x34, 0x56                                                     \
        }                                                                                          \
    }
#define GATEWAY_IP ip4_of(0xc0a84001)
#define DNS_IP     ip4_of(0xc0a84003)
#define SERVER_IP  ip4_of(0xc0a84004)
#define GUEST_IP   ip4_of(0xc0a8400f)
#define GATEWAY_MAC                                                                                \
    (MacAddr)                                                                                      \
    {                                                                                              \
        {                                                                                          \
            0x52, 0x55, 0xc0, 0xa8, 0x40, 0x01                                                     \
        }                                                                                          \
    }
#define SERVER_MAC                                                                                 \
    (MacAddr)                                                                                      \
    {                                                                                              \
        {                                                                                          \
            0x52, 0x55, 0xc0, 0xa8, 0x40, 0x04                                                     \
        }                                                                                          \
    }

static inline Ip4Route
frame_to_gateway(void)
{
    return (Ip4Route){ GUEST_MAC, GATEWAY_MAC, GUEST_IP, GATEWAY_IP };
}

static inline Ip4Route
frame_from_gateway(void)
{
    return (Ip4Route){ GATEWAY_MAC, GUEST_MAC, GATEWAY_IP, GUEST_IP };
}

static inline Ip4Route
frame_to_server(void)
{
    return (Ip4Route){ GUEST_MAC, SERVER_MAC, GUEST_IP, SERVER_IP };
}

/* What a DHCP client without an address sends. */
static inline Ip4Route
frame_broadcast(void)
{
    return (Ip4Route){ GUEST_MAC, MAC_BROADCAST, ip4_of(0), ip4_of(G_MAXUINT32) };
}

/* The ones' complement sum, the slow and obvious way. */
static inline guint16
frame_checksum(guint32 sum, const guint8 *bytes, gsize len)
{
    for (gsize i = 0; i < len; i++)
        sum += (i & 1) == 0 ? (guint32)bytes[i] << 8 : bytes[i];
    while (sum > 0xffff)
        sum = (sum & 0xffff) + (sum >> 16);
    return (guint16)~sum;
}

static inline guint32
frame_pseudo_sum(Ip4Addr src, Ip4Addr dst, gsize udp_len)
{
    return (ip4_get(src) >> 16) + (ip4_get(src) & 0xffff) + (ip4_get(dst) >> 16) +
           (ip4_get(dst) & 0xffff) + 17 + (guint32)udp_len;
}

static inline void
frame_add8(GByteArray *self, guint v)
{
    guint8 byte = (guint8)v;
    g_byte_array_append(self, &byte, 1);
}

static inline void
frame_add16(GByteArray *self, guint v)
{
    frame_add8(self, v >> 8);
    frame_add8(self, v);
}

static inline void
frame_add32(GByteArray *self, guint32 v)
{
    frame_add16(self, v >> 16);
    frame_add16(self, v);
}

static inline void
frame_set16(GByteArray *self, gsize at, guint v)
{
    self->data[at] = (guint8)(v >> 8);
    self->data[at + 1] = (guint8)v;
}

static inline guint16
frame_get16(const guint8 *bytes)
{
    return (guint16)(bytes[0] << 8 | bytes[1]);
}

static inline guint32
frame_get32(const guint8 *bytes)
{
    return (guint32)frame_get16(bytes) << 16 | frame_get16(bytes + 2);
}

/* Returns: (transfer full): an Ethernet header and no payload yet */
static inline GByteArray *
frame_eth(MacAddr dst, MacAddr src, guint16 type)
{
    GByteArray *self = g_byte_array_new();
    g_byte_array_append(self, dst.b, sizeof dst.b);
    g_byte_array_append(self, src.b, sizeof src.b);
    frame_add16(self, type);
    return self;
}

/* @flags_off: the header's word of flags and offset; @options_len: bytes of No-Operation options */
static inline GByteArray *
frame_ip4(const Ip4Route *route,
          guint8 proto,
          guint16 id,
          guint16 flags_off,
          gsize options_len,
          const void *payload,
          gsize len)
{
    gsize header_len = 20 + options_len;
    GByteArray *self = frame_eth(route->dst_mac, route->src_mac, 0x0800);

    frame_add8(self, 0x40 | (guint)(header_len / 4));
    frame_add8(self, 0);
    frame_add16(self, (guint)(header_len + len));
    frame_add16(self, id);
    frame_add16(self, flags_off);
    frame_add8(self, 64);
    frame_add8(self, proto);
    frame_add16(self, 0);
    g_byte_array_append(self, route->src_ip.b, 4);
    g_byte_array_append(self, route->dst_ip.b, 4);
    for (gsize i = 0; i < options_len; i++)
        frame_add8(self, 1);
    frame_set16(self, 14 + 10, frame_checksum(0, self->data + 14, header_len));
    g_byte_array_append(self, payload, (guint)len);
    return self;
}

/* A UDP header and @payload, with a right checksum. */
static inline GByteArray *
frame_udp_datagram(
    const Ip4Route *route, guint16 src_port, guint16 dst_port, const void *payload, gsize len)
{
    GByteArray *self = g_byte_array_new();
    gsize udp_len = 8 + len;

    frame_add16(self, src_port);
    frame_add16(self, dst_port);
    frame_add16(self, (guint)udp_len);
    frame_add16(self, 0);
    g_byte_array_append(self, payload, (guint)len);
    guint32 pseudo = frame_pseudo_sum(route->src_ip, route->dst_ip, udp_len);
    guint16 sum = frame_checksum(pseudo, self->data, udp_len);
    frame_set16(self, 6, sum != 0 ? sum : 0xffff);
    return self;
}

static inline GByteArray *
frame_udp4(
    const Ip4Route *route, guint16 src_port, guint16 dst_port, const void *payload, gsize len)
{
    g_autoptr(GByteArray) udp = frame_udp_datagram(route, src_port, dst_port, payload, len);
    return frame_ip4(route, 17, 0x1234, 0, 0, udp->data, udp->len);
}

/* An IPv6 packet to @dst; the checksum at @sum_at of @payload is put right. */
static inline GByteArray *
frame_ip6(const guint8 dst[16], guint8 next, GByteArray *payload, gsize sum_at)
{
    GByteArray *self = frame_eth(GATEWAY_MAC, GUEST_MAC, 0x86dd);

    frame_add32(self, 0x60000000);
    frame_add16(self, payload->len);
    frame_add8(self, next);
    frame_add8(self, 64);
    for (int i = 0; i < 4; i++)
        frame_add32(self, i == 0 ? 0xfec00000 : i == 3 ? 0x15 : 0);
    g_byte_array_append(self, dst, 16);
    g_autoptr(GByteArray) summed = g_byte_array_new();
    g_byte_array_append(summed, self->data + 14 + 8, 32);
    frame_add32(summed, payload->len);
    frame_add32(summed, next);
    g_byte_array_append(summed, payload->data, payload->len);
    frame_set16(payload, sum_at, frame_checksum(0, summed->data, summed->len));
    g_byte_array_append(self, payload->data, payload->len);
    return self;
}

static inline GByteArray *
frame_arp(MacAddr dst, guint16 op, MacAddr sender_mac, Ip4Addr sender_ip, Ip4Addr target_ip)
{
    GByteArray *self = frame_eth(dst, sender_mac, 0x0806);
    static const guint8 zeros[6];

    frame_add16(self, 1);
    frame_add16(self, 0x0800);
    frame_add8(self, 6);
    frame_add8(self, 4);
    frame_add16(self, op);
    g_byte_array_append(self, sender_mac.b, 6);
    g_byte_array_append(self, sender_ip.b, 4);
    g_byte_array_append(self, zeros, 6);
    g_byte_array_append(self, target_ip.b, 4);
    return self;
}

/* A frame taken apart; all its checksums were right. */
typedef struct {
    MacAddr dst, src;
    Ip4Addr src_ip, dst_ip;
    guint16 src_port, dst_port;
    gboolean no_checksum; /* the UDP checksum was left out */
    const guint8 *payload;
    gsize len;
} FrameUdp;

/* Returns: FALSE when @frame is no whole UDP datagram over IPv4 with right checksums */
static inline gboolean
frame_take_udp(const guint8 *frame, gsize len, FrameUdp *ret)
{
    const guint8 *ip = frame + 14, *udp = frame + 34;

    if (len < 42 || frame_get16(frame + 12) != 0x0800 || ip[0] != 0x45 || ip[9] != 17 ||
        (frame_get16(ip + 6) & 0x3fff) != 0 || frame_checksum(0, ip, 20) != 0)
        return FALSE;
    gsize udp_len = frame_get16(udp + 4);
    if (frame_get16(ip + 2) != 20 + udp_len || 34 + udp_len > len || udp_len < 8)
        return FALSE;
    memcpy(ret->dst.b, frame, 6);
    memcpy(ret->src.b, frame + 6, 6);
    memcpy(ret->src_ip.b, ip + 12, 4);
    memcpy(ret->dst_ip.b, ip + 16, 4);
    ret->src_port = frame_get16(udp);
    ret->dst_port = frame_get16(udp + 2);
    ret->no_checksum = frame_get16(udp + 6) == 0;
    ret->payload = udp + 8;
    ret->len = udp_len - 8;
    guint32 pseudo = frame_pseudo_sum(ret->src_ip, ret->dst_ip, udp_len);
    return ret->no_checksum || frame_checksum(pseudo, udp, udp_len) == 0;
}

/* Keeps copies of frames, in order. */
typedef struct {
    GPtrArray *frames; /* of GBytes */
} FrameLog;

static inline void
frame_log_init(FrameLog *self)
{
    self->frames = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
}

static inline void
frame_log_clear(FrameLog *self)
{
    g_clear_pointer(&self->frames, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(FrameLog, frame_log_clear)

/* A FrameFunc; @data is the FrameLog. */
static inline void
frame_log_put(const guint8 *frame, gsize len, gpointer data)
{
    g_ptr_array_add(((FrameLog *)data)->frames, g_bytes_new(frame, len));
}

static inline guint
frame_log_count(const FrameLog *self)
{
    return self->frames->len;
}

static inline const guint8 *
frame_log_at(const FrameLog *self, guint i, gsize *ret_len)
{
    g_assert_cmpuint(i, <, self->frames->len);
    return g_bytes_get_data(g_ptr_array_index(self->frames, i), ret_len);
}

static inline void
frame_log_empty(FrameLog *self)
{
    g_ptr_array_set_size(self->frames, 0);
}

/* The UDP datagram in frame @i, which must be one. */
static inline FrameUdp
frame_log_udp(const FrameLog *self, guint i)
{
    FrameUdp udp;
    gsize len;
    const guint8 *frame = frame_log_at(self, i, &len);
    g_assert_true(frame_take_udp(frame, len, &udp));
    return udp;
}
