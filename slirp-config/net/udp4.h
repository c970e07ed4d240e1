/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UDP over IPv4. Source: RFC 768. */
#pragma once

#include "slirp-config/net/ip4.h"

#define UDP_HEADER 8

/* Bytes to keep free in front of a UDP payload for all headers. */
#define UDP4_HEADROOM (ETH_HEADER + IP4_HEADER + UDP_HEADER)

/* The largest payload of one datagram. */
#define UDP4_PAYLOAD_MAX (IP4_MAX - IP4_HEADER - UDP_HEADER)

typedef struct {
    guint16 src_port, dst_port;
} UdpHeader;

typedef enum {
    UDP_NO_CHECKSUM,
    UDP_CHECKSUM,
} UdpChecksum;

gboolean udp4_parse(const Ip4Header *ip, Cursor *datagram, UdpHeader *ret, Cursor *ret_payload);
void udp4_push(Buf *payload, const Ip4Route *route, UdpHeader ports, UdpChecksum checksum);
