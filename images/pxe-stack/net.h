/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ARP, IPv4 and UDP for a station that talks to one server at a time. Plain C over nic.h, compiled
 * for the host too, where tests feed it with hostile frames.
 *
 * Theory of operation: nothing happens but in net_poll(), which takes frames from the card until
 * one completes a datagram, and shows that datagram where it lies: in the card's ring, or, when it
 * came in fragments, in the one reassembly buffer. ARP is answered and learned on the way; all else
 * is dropped. A call looks at NET_POLL_FRAMES frames at most, so that no flood can keep it.
 */
#pragma once

#include "images/pxe-stack/nic.h"

#define NET_ARP_ENTRIES     4
#define NET_POLL_FRAMES     64
#define NET_REASSEMBLY_SIZE 9216 /* bytes of IP payload: 8 KiB of data and all headers in front */
#define IP_HEADER           20
#define UDP_HEADER          8
#define UDP_PAYLOAD_MAX     1472 /* of what we send: one frame */

typedef struct {
    Ip4 ip; /* 0: free */
    Mac mac;
} ArpEntry;

/* One datagram in the making. A bit of @map stands for eight bytes. */
typedef struct {
    bool active;
    uint16_t id;
    Ip4 source, destination;
    uint16_t have;  /* bytes */
    uint16_t end;   /* of what is farthest */
    uint16_t total; /* 0: the last fragment is not here yet */
    uint8_t map[NET_REASSEMBLY_SIZE / 64];
    /* for ip_merge(), right in front of what they are of */
    uint8_t headers[ETH_HEADER + IP_HEADER];
    uint8_t bytes[NET_REASSEMBLY_SIZE];
} Reassembly;

typedef struct {
    Nic *nic;
    Ip4 ip, netmask, router; /* 0: not known */
    uint16_t next_id;
    uint8_t arp_next; /* the entry to be overwritten next */
    ArpEntry arp[NET_ARP_ENTRIES];
    Reassembly *reassembly;
} Net;

/* A UDP datagram; @payload stays until the next net_poll(). */
typedef struct {
    Ip4 source, destination;
    uint16_t source_port, destination_port;
    const uint8_t *payload;
    uint16_t len;
} Datagram;

/* @gateway: 0: as the netmask says */
typedef struct {
    Ip4 ip, gateway;
    uint16_t port, source_port;
} UdpPeer;

bool net_poll(Net *self, Datagram *ret);
uint8_t *net_begin(Net *self, const UdpPeer *to);
bool net_send(Net *self, const UdpPeer *to, uint16_t len);

/* arp.c */
void arp_input(Net *self, const uint8_t *packet, uint16_t len);
bool arp_find(Net *self, Ip4 ip, Mac *ret);

/* ip.c: @len is cut down to what the packet says; returns its UDP payload, which may be somewhere
 * else */
const uint8_t *ip_input(Net *self, const uint8_t *packet, uint16_t *len);
uint8_t *ip_merge(Net *self, uint8_t *frame, uint16_t *len);
uint32_t checksum_add(uint32_t sum, const uint8_t *bytes, uint16_t len);
uint16_t checksum_fold(uint32_t sum);
uint32_t checksum_pseudo_header(Ip4 source, Ip4 destination, uint16_t udp_len);
bool ip_is_broadcast(const Net *self, Ip4 ip);
void eth_header_put(Net *self, Mac to, uint16_t type);
