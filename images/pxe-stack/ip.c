/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IPv4 as it is received: checked, and put together from fragments in whatever order.
 *
 * One datagram is put together at a time; the first fragment of another one takes its place, since
 * who talks to one server has nothing to gain from the rest of an answer that was given up.
 * Fragments that overlap, run over the end or contradict one another end the datagram that they
 * belong to.
 *
 * Source: RFC 791 §3.1, §3.2; RFC 1071 (checksum); RFC 1858 (what overlapping fragments are used
 * for)
 */
#include "images/pxe-stack/net.h"

#define IP_UDP         17
#define IP_VERSION     4
#define IP_TOTAL       2
#define IP_ID          4
#define IP_FRAGMENT    6
#define IP_PROTOCOL    9
#define IP_CHECKSUM    10
#define IP_SOURCE      12
#define IP_DESTINATION 16

#define IP_MORE_FRAGMENTS  0x2000
#define IP_FRAGMENT_OFFSET 0x1fff /* in units of eight bytes */

/**
 * checksum_add:
 * @sum: of what came before, which had an even length; 0 to begin with
 * @bytes: what to add
 * @len: number of bytes
 *
 * Adds four bytes at a time, in the machine's order, which changes nothing but the order in the
 *result [RFC 1071 §2].
 **/
uint32_t
checksum_add(uint32_t sum, const uint8_t *bytes, uint16_t len)
{
    uint32_t word;

    for (; len >= sizeof word; bytes += sizeof word, len -= (uint16_t)sizeof word) {
        memcpy(&word, bytes, sizeof word);
        sum += word;
        sum += sum < word;
    }
    word = 0;
    memcpy(&word, bytes, len);
    sum += word;
    return sum + (sum < word);
}

/* Returns: the checksum, as it is to stand in memory; 0 over data with a right checksum in it */
uint16_t
checksum_fold(uint32_t sum)
{
    while (sum >> 16 != 0)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

/* Returns: the sum over the addresses, protocol and length in front of a UDP header [RFC 768] */
uint32_t
checksum_pseudo_header(Ip4 source, Ip4 destination, uint16_t udp_len)
{
    uint8_t header[12] = { [9] = IP_UDP };

    ip4_put(header, source);
    ip4_put(header + 4, destination);
    be16_put(header + 10, udp_len);
    return checksum_add(0, header, sizeof header);
}

/* Returns: whether @ip is everybody's, or everybody's on our network */
bool
ip_is_broadcast(const Net *self, Ip4 ip)
{
    return ip == IP4_BROADCAST ||
           (self->netmask != 0 && self->ip != 0 && ip == (self->ip | ~self->netmask));
}

/* Without an address of our own we take what the card lets through: it is an answer of DHCP's. */
static bool
ip_is_ours(const Net *self, Ip4 destination)
{
    return self->ip == 0 || destination == self->ip || ip_is_broadcast(self, destination);
}

/* Marks @len bytes from @offset on. Returns: how many units of eight were free, of how many */
static uint16_t
reassembly_mark(Reassembly *self, uint16_t offset, uint16_t units)
{
    uint16_t free_units = 0;

    for (uint16_t unit = offset / 8; units > 0; units--, unit++) {
        uint8_t bit = (uint8_t)(1u << (unit & 7));
        if ((self->map[unit / 8] & bit) == 0)
            free_units++;
        self->map[unit / 8] |= bit;
    }
    return free_units;
}

static void
reassembly_begin(Reassembly *self, const uint8_t *packet)
{
    self->active = true;
    self->id = be16_get(packet + IP_ID);
    self->source = ip4_get(packet + IP_SOURCE);
    self->destination = ip4_get(packet + IP_DESTINATION);
    self->have = 0;
    self->end = 0;
    self->total = 0;
    memset(self->map, 0, sizeof self->map);
}

static bool
reassembly_is_of(const Reassembly *self, const uint8_t *packet)
{
    return self->active && self->id == be16_get(packet + IP_ID) &&
           self->source == ip4_get(packet + IP_SOURCE) &&
           self->destination == ip4_get(packet + IP_DESTINATION);
}

/* Returns: whether a fragment fits to those that are there */
static bool
reassembly_accepts(const Reassembly *self, uint32_t offset, uint16_t len, bool more)
{
    uint32_t end = offset + len;

    if (len == 0 || end > sizeof self->bytes || (more && len % 8 != 0))
        return false;
    if (self->total != 0 && (end > self->total || (!more && end != self->total)))
        return false;
    return more || end >= self->end;
}

/* Returns: the datagram's length when this fragment was the last one missing; 0 */
static uint16_t
reassembly_add(Reassembly *self, const uint8_t *packet, const uint8_t *payload, uint16_t len)
{
    uint16_t fragment = be16_get(packet + IP_FRAGMENT);
    uint32_t offset = (fragment & IP_FRAGMENT_OFFSET) * 8u;
    bool more = (fragment & IP_MORE_FRAGMENTS) != 0;
    uint16_t units = (uint16_t)((len + 7) / 8);

    if (!reassembly_is_of(self, packet))
        reassembly_begin(self, packet);
    self->active = reassembly_accepts(self, offset, len, more);
    if (!self->active)
        return 0;
    uint16_t free_units = reassembly_mark(self, (uint16_t)offset, units);
    if (free_units == 0) /* the same again */
        return 0;
    self->active = free_units == units;
    if (!self->active)
        return 0;
    memcpy(self->bytes + offset, payload, len);
    self->have += len;
    if (offset + len > self->end)
        self->end = (uint16_t)(offset + len);
    if (!more)
        self->total = (uint16_t)(offset + len);
    if (self->have != self->total)
        return 0;
    self->active = false;
    return self->total;
}

/* Returns: the length of the header of a packet, of @len bytes at most, with UDP for us; 0 */
static uint16_t
ip_header_len(const Net *self, const uint8_t *packet, uint16_t len)
{
    if (len < IP_HEADER || packet[0] >> 4 != IP_VERSION)
        return 0;
    uint16_t header = (uint16_t)((packet[0] & 15) * 4), total = be16_get(packet + IP_TOTAL);
    if (header < IP_HEADER || total < header || total > len || packet[IP_PROTOCOL] != IP_UDP ||
        !ip_is_ours(self, ip4_get(packet + IP_DESTINATION)) ||
        checksum_fold(checksum_add(0, packet, header)) != 0)
        return 0;
    return header;
}

static bool
ip_is_fragment(const uint8_t *packet)
{
    return (be16_get(packet + IP_FRAGMENT) & (IP_MORE_FRAGMENTS | IP_FRAGMENT_OFFSET)) != 0;
}

/**
 * ip_input:
 * @self: the station
 * @packet: what follows the Ethernet header; may be short or hostile
 * @len: (inout): its bytes; those of the UDP datagram
 *
 * Returns: (nullable): the UDP header; NULL: dropped, or a fragment that completes nothing
 **/
const uint8_t *
ip_input(Net *self, const uint8_t *packet, uint16_t *len)
{
    uint16_t header = ip_header_len(self, packet, *len);

    if (header == 0)
        return NULL;
    *len = be16_get(packet + IP_TOTAL) - header;
    if (!ip_is_fragment(packet))
        return packet + header;
    *len = reassembly_add(self->reassembly, packet, packet + header, *len);
    return *len > 0 ? self->reassembly->bytes : NULL;
}

/**
 * ip_merge:
 * @self: the station
 * @frame: an Ethernet frame; may be short or hostile
 * @len: (inout): its bytes
 *
 * For those who bring their own IP: datagrams that come in fragments become one frame, as large as
 *it may be. All other frames are left as they are. Returns: (nullable): the frame to show; NULL: a
 *fragment that completes nothing
 **/
uint8_t *
ip_merge(Net *self, uint8_t *frame, uint16_t *len)
{
    const uint8_t *packet = frame + ETH_HEADER;
    uint8_t *whole = self->reassembly->headers, *ip = whole + ETH_HEADER;

    if (be16_get(packet - 2) != ETH_TYPE_IP4 ||
        ip_header_len(self, packet, (uint16_t)(*len - ETH_HEADER)) == 0 || !ip_is_fragment(packet))
        return frame;
    uint16_t bytes = (uint16_t)(*len - ETH_HEADER);
    if (ip_input(self, packet, &bytes) == NULL)
        return NULL;
    memcpy(whole, frame, ETH_HEADER + IP_HEADER);
    ip[0] = IP_VERSION << 4 | IP_HEADER / 4;
    be16_put(ip + IP_TOTAL, (uint16_t)(IP_HEADER + bytes));
    be16_put(ip + IP_FRAGMENT, 0);
    be16_put(ip + IP_CHECKSUM, 0);
    uint16_t checksum = checksum_fold(checksum_add(0, ip, IP_HEADER));
    memcpy(ip + IP_CHECKSUM, &checksum, sizeof checksum);
    *len = (uint16_t)(ETH_HEADER + IP_HEADER + bytes);
    return whole;
}
