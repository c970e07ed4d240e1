/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ARP for IPv4 over Ethernet. Source: RFC 826. */
#pragma once

#include "slirp-config/net/eth.h"

enum {
    ARP_REQUEST = 1,
    ARP_REPLY = 2
};

#define ARP_SIZE 28

typedef struct {
    guint16 op;
    MacAddr sender_mac;
    Ip4Addr sender_ip;
    MacAddr target_mac;
    Ip4Addr target_ip;
} ArpPacket;

gboolean arp_parse(Cursor *packet, ArpPacket *ret);
void arp_put(Buf *frame, const ArpPacket *packet);
