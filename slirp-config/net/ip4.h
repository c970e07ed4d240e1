/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPv4 headers and fragments out. Source: RFC 791. */
#pragma once

#include "slirp-config/net/eth.h"

#define IP4_HEADER   20
#define IP4_MAX      65535 /* bytes of a datagram, header included */
#define IP_PROTO_UDP 17
#define IP_PROTO_TCP 6

typedef struct {
    Ip4Addr src, dst;
    guint8 proto;
    guint16 id;
    gsize frag_off; /* bytes */
    gboolean more_fragments;
    gboolean has_options;
} Ip4Header;

static inline gboolean
ip4_is_fragment(const Ip4Header *header)
{
    return header->frag_off != 0 || header->more_fragments;
}

/* The two ends of a datagram that we send. */
typedef struct {
    MacAddr src_mac, dst_mac;
    Ip4Addr src_ip, dst_ip;
} Ip4Route;

guint16 inet_checksum(guint32 sum, const guint8 *bytes, gsize len);
guint32 inet_sum(guint32 sum, const guint8 *bytes, gsize len);

gboolean ip4_parse(Cursor *packet, Ip4Header *ret, Cursor *ret_payload);
void ip4_push(Buf *payload, const Ip4Route *route, guint8 proto, guint16 id);
void ip4_send(
    Buf *payload, const Ip4Route *route, guint8 proto, guint16 id, FrameFunc emit, gpointer data);
