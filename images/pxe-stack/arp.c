/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Answers who asks for us, and finds who we ask for. Only answers to us and questions for us are
 * learned from; an entry stays until another one needs its place.
 *
 * Source: RFC 826
 */
#include "images/pxe-stack/machine.h"
#include "images/pxe-stack/net.h"

#define ARP_SIZE    28
#define ARP_REQUEST 1
#define ARP_REPLY   2

/* Offsets */
#define ARP_OPERATION  6
#define ARP_SENDER_MAC 8
#define ARP_SENDER_IP  14
#define ARP_TARGET_MAC 18
#define ARP_TARGET_IP  24

#define ARP_TRIES   4
#define ARP_WAIT_MS 250

static const uint8_t arp_kinds[ARP_OPERATION] = { 0, 1, 8, 0, sizeof(Mac), sizeof(Ip4) };
static const Mac broadcast_mac = { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } };

static void
arp_send(Net *self, uint16_t operation, Mac target_mac, Ip4 target_ip)
{
    uint8_t *arp = self->nic->tx + ETH_HEADER;

    eth_header_put(self, operation == ARP_REPLY ? target_mac : broadcast_mac, ETH_TYPE_ARP);
    memcpy(arp, arp_kinds, sizeof arp_kinds);
    be16_put(arp + ARP_OPERATION, operation);
    memcpy(arp + ARP_SENDER_MAC, &self->nic->mac, sizeof(Mac));
    ip4_put(arp + ARP_SENDER_IP, self->ip);
    memcpy(arp + ARP_TARGET_MAC, &target_mac, sizeof(Mac));
    ip4_put(arp + ARP_TARGET_IP, target_ip);
    (void)nic_send(self->nic, ETH_HEADER + ARP_SIZE);
}

static ArpEntry *
arp_entry(Net *self, Ip4 ip)
{
    for (uint8_t i = 0; i < NET_ARP_ENTRIES; i++) {
        if (self->arp[i].ip == ip)
            return &self->arp[i];
    }
    return NULL;
}

static void
arp_learn(Net *self, Ip4 ip, const uint8_t *mac)
{
    ArpEntry *entry = arp_entry(self, ip);

    if (entry == NULL) {
        entry = &self->arp[self->arp_next];
        self->arp_next = (uint8_t)((self->arp_next + 1) % NET_ARP_ENTRIES);
    }
    entry->ip = ip;
    memcpy(&entry->mac, mac, sizeof(Mac));
}

/**
 * arp_input:
 * @self: the station
 * @packet: what follows the Ethernet header; may be short or hostile
 * @len: its bytes
 *
 * A request from an address that we know moves it, so that a server may change its card; one from
 *an address that we do not know is answered and forgotten, so that a flood does not fill the table.
 **/
void
arp_input(Net *self, const uint8_t *packet, uint16_t len)
{
    Mac sender_mac;

    if (len < ARP_SIZE || memcmp(packet, arp_kinds, sizeof arp_kinds) != 0 || self->ip == 0)
        return;
    Ip4 sender = ip4_get(packet + ARP_SENDER_IP);
    if (ip4_get(packet + ARP_TARGET_IP) != self->ip || sender == 0 || sender == self->ip ||
        (packet[ARP_SENDER_MAC] & 1) != 0)
        return;
    memcpy(&sender_mac, packet + ARP_SENDER_MAC, sizeof sender_mac);
    if (be16_get(packet + ARP_OPERATION) == ARP_REPLY || arp_entry(self, sender) != NULL)
        arp_learn(self, sender, sender_mac.b);
    if (be16_get(packet + ARP_OPERATION) == ARP_REQUEST)
        arp_send(self, ARP_REPLY, sender_mac, sender);
}

/**
 * arp_find:
 * @self: the station
 * @ip: a neighbour
 * @ret: (out): its address
 *
 * Asks, and waits a second at most. Datagrams that come meanwhile are lost.
 * Returns: whether there was an answer
 **/
bool
arp_find(Net *self, Ip4 ip, Mac *ret)
{
    const ArpEntry *entry = arp_entry(self, ip);
    Datagram ignored;
    Timer timer;

    for (uint8_t i = 0; entry == NULL && i < ARP_TRIES; i++) {
        arp_send(self, ARP_REQUEST, (Mac){ { 0 } }, ip);
        timer_start(&timer, ARP_WAIT_MS);
        while (entry == NULL && !timer_expired(&timer)) {
            (void)net_poll(self, &ignored);
            entry = arp_entry(self, ip);
        }
    }
    if (entry == NULL)
        return false;
    *ret = entry->mac;
    return true;
}
