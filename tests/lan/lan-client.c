/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client's link, ARP, IPv4, UDP and DHCP. */
#include "tests/lan/lan-client.h"

#include "tests/lan/dhcp-bytes.h"

/* Rounds of the main loop that an answer may take; libslirp answers at once but for ARP. */
#define PATIENCE 20

/* ---- frames in ---- */

static void
client_arp_input(LanClient *self, const guint8 *arp, gsize len)
{
    if (len < 28)
        return;
    Ip4Addr sender = ip4_of(frame_get32(arp + 14)), target = ip4_of(frame_get32(arp + 24));
    MacAddr sender_mac;
    memcpy(sender_mac.b, arp + 8, 6);
    if (frame_get16(arp + 6) == 2) {
        self->arp_answered = TRUE;
        self->arp_mac = sender_mac;
    } else if (ip4_get(self->ip) != 0 && ip4_equal(target, self->ip)) {
        g_autoptr(GByteArray) reply = frame_arp(sender_mac, 2, self->mac, self->ip, sender);
        memcpy(reply->data + 14 + 18, sender_mac.b, 6);
        lan_input(self->port, reply->data, reply->len);
    }
}

/* Returns: (transfer full) (nullable): the whole datagram, once its last fragment has come */
static GBytes *
client_reassemble(LanClient *self, const guint8 *ip, gsize total)
{
    guint16 flags_off = frame_get16(ip + 6);
    gsize off = (gsize)(flags_off & 0x1fff) * 8;

    if ((flags_off & 0x3fff) == 0)
        return g_bytes_new(ip, total);
    self->fragments_in++;
    if (self->loses_fragments)
        return NULL;
    if (off == 0) {
        g_byte_array_set_size(self->partial, 0);
        g_byte_array_append(self->partial, ip, 20);
        self->partial_id = frame_get16(ip + 4);
    } else if (self->partial->len != 20 + off || self->partial_id != frame_get16(ip + 4)) {
        g_byte_array_set_size(self->partial, 0); /* out of order: iPXE gives up as well */
        return NULL;
    }
    g_byte_array_append(self->partial, ip + 20, (guint)(total - 20));
    if ((flags_off & 0x2000) != 0)
        return NULL;
    GBytes *whole = g_bytes_new(self->partial->data, self->partial->len);
    g_byte_array_set_size(self->partial, 0);
    return whole;
}

static void
client_ip4_input(LanClient *self, const guint8 *ip, gsize len)
{
    g_assert_cmpuint(len, >=, 20);
    g_assert_cmphex(ip[0], ==, 0x45);
    g_assert_cmphex(frame_checksum(0, ip, 20), ==, 0);
    gsize total = frame_get16(ip + 2);
    guint32 dst = frame_get32(ip + 16);
    g_assert_cmpuint(total, <=, len);
    /* iPXE and the loaders take nothing that is for another address. */
    if (dst != G_MAXUINT32 && dst != ip4_get(self->ip))
        return;
    GBytes *whole = client_reassemble(self, ip, total);
    if (whole != NULL && (ip[9] == 17 || ip[9] == 6))
        g_queue_push_tail(ip[9] == 17 ? &self->datagrams : &self->segments, whole);
    else if (whole != NULL)
        g_bytes_unref(whole);
}

static void
client_input(gpointer host, const guint8 *frame, gsize len)
{
    LanClient *self = host;
    MacAddr dst;

    g_assert_cmpuint(len, >=, 14);
    memcpy(dst.b, frame, 6);
    if (!mac_is_group(dst) && !mac_equal(dst, self->mac))
        return; /* as a card that is not promiscuous */
    self->frames_in++;
    self->longest_in = MAX(self->longest_in, len);
    if (frame_get16(frame + 12) == 0x0806)
        client_arp_input(self, frame + 14, len - 14);
    else if (frame_get16(frame + 12) == 0x0800)
        client_ip4_input(self, frame + 14, len - 14);
}

static const LanPortOps client_ops = { "client", client_input, NULL };

/* Plugs a card in; it stays in the LAN as long as that lives, so free the client after the house.
 */
LanClient *
lan_client_new(LanHouse *house)
{
    LanClient *self = g_new0(LanClient, 1);

    self->house = house;
    self->mac = GUEST_MAC;
    self->partial = g_byte_array_new();
    self->tftp_port = 2070;
    self->dhcp_xid = 0x5eed0000;
    g_queue_init(&self->datagrams);
    g_queue_init(&self->segments);
    self->port = lan_attach(house->lan, &client_ops, self, NULL);
    return self;
}

/* Another program takes over the machine: it knows nothing of what was before. */
void
lan_client_start(LanClient *self, DhcpClient kind, guint32 nfs_vers)
{
    self->kind = kind;
    self->nfs_vers = nfs_vers;
    self->ip = ip4_of(0);
    self->rpc_port = 1024;
    self->rpc_xid = 0;
    self->mount_port = self->nfs_port = 0;
    self->frames_in = self->fragments_in = 0;
    self->longest_in = 0;
    g_queue_clear_full(&self->datagrams, (GDestroyNotify)g_bytes_unref);
    g_queue_clear_full(&self->segments, (GDestroyNotify)g_bytes_unref);
    g_byte_array_set_size(self->partial, 0);
}

void
lan_client_free(LanClient *self)
{
    g_queue_clear_full(&self->datagrams, (GDestroyNotify)g_bytes_unref);
    g_queue_clear_full(&self->segments, (GDestroyNotify)g_bytes_unref);
    g_byte_array_unref(self->partial);
    g_free(self);
}

/* ---- UDP and ARP ---- */

void
lan_client_send(LanClient *self, const guint8 *frame, gsize len)
{
    lan_input(self->port, frame, len);
}

void
lan_client_send_udp(LanClient *self,
                    Ip4Addr dst,
                    guint16 src_port,
                    guint16 dst_port,
                    const void *payload,
                    gsize len)
{
    gboolean broadcast = ip4_get(dst) == G_MAXUINT32;
    const Ip4Route route = { self->mac, broadcast ? MAC_BROADCAST : lan_mac_of(dst), self->ip,
                             dst };
    g_autoptr(GByteArray) frame = frame_udp4(&route, src_port, dst_port, payload, len);
    lan_client_send(self, frame->data, frame->len);
}

void
lan_datagram_clear(LanDatagram *self)
{
    g_clear_pointer(&self->owner, g_bytes_unref);
}

/* Takes the next datagram for @port; older ones for other ports are dropped. */
gboolean
lan_client_receive(LanClient *self, guint16 port, LanDatagram *ret)
{
    for (int i = 0; i < PATIENCE; i++) {
        GBytes *bytes;
        while ((bytes = g_queue_pop_head(&self->datagrams)) != NULL) {
            gsize len;
            const guint8 *ip = g_bytes_get_data(bytes, &len), *udp = ip + 20;
            g_assert_cmpuint(len, >=, 28);
            gsize udp_len = frame_get16(udp + 4);
            g_assert_cmpuint(udp_len, ==, len - 20);
            Ip4Addr src = ip4_of(frame_get32(ip + 12)), dst = ip4_of(frame_get32(ip + 16));
            if (frame_get16(udp + 6) != 0)
                g_assert_cmphex(frame_checksum(frame_pseudo_sum(src, dst, udp_len), udp, udp_len),
                                ==, 0);
            if (frame_get16(udp + 2) == port) {
                *ret = (LanDatagram){ bytes, src, frame_get16(udp), port, udp + 8, udp_len - 8 };
                return TRUE;
            }
            g_bytes_unref(bytes);
        }
        lan_house_pump(self->house);
    }
    return FALSE;
}

/* Sends an ARP request that was made elsewhere. Returns: whether somebody answers */
gboolean
lan_client_arp_frame(LanClient *self, const guint8 *frame, gsize len, MacAddr *ret)
{
    self->arp_answered = FALSE;
    lan_client_send(self, frame, len);
    for (int i = 0; i < PATIENCE && !self->arp_answered; i++)
        lan_house_pump(self->house);
    if (self->arp_answered)
        *ret = self->arp_mac;
    return self->arp_answered;
}

gboolean
lan_client_arp(LanClient *self, Ip4Addr target, MacAddr *ret)
{
    g_autoptr(GByteArray) frame = frame_arp(MAC_BROADCAST, 1, self->mac, self->ip, target);
    return lan_client_arp_frame(self, frame->data, frame->len, ret);
}

/* ---- DHCP ---- */

static const char *
client_discover_hex(const LanClient *self)
{
    switch (self->kind) {
    case DHCP_CLIENT_IPXE:
        return DHCP_HEX_IPXE_DISCOVER;
    case DHCP_CLIENT_LOADER_UDP:
        return DHCP_HEX_LOADER_UDP_DISCOVER;
    case DHCP_CLIENT_LOADER:
        return DHCP_HEX_LOADER_DISCOVER;
    case DHCP_CLIENT_PXE_ROM:
    case DHCP_CLIENT_OTHER:
    case DHCP_CLIENT_COUNT:
    default:
        return DHCP_HEX_NETBSD_DISCOVER;
    }
}

static void
client_send_dhcp(LanClient *self, guint8 type)
{
    g_autoptr(GByteArray) message =
        dhcp_bytes(1, self->dhcp_xid, ip4_of(0), ip4_of(0), client_discover_hex(self), 0);

    memcpy(message->data + 28, self->mac.b, 6);
    if (type != DHCP_DISCOVER) {
        message->data[236 + 4 + 2] = type;
        g_byte_array_set_size(message, message->len - 1); /* END */
        frame_add16(message, 54 << 8 | 4);
        frame_add32(message, ip4_get(self->dhcp_server));
        frame_add16(message, 50 << 8 | 4);
        frame_add32(message, ip4_get(self->ip));
        frame_add8(message, 255);
    }
    while (self->kind != DHCP_CLIENT_IPXE && message->len < 548)
        frame_add8(message, 0);
    Ip4Addr ip = self->ip;
    self->ip = ip4_of(0);
    lan_client_send_udp(self, ip4_of(G_MAXUINT32), 68, 67, message->data, message->len);
    self->ip = ip;
}

/*
 * The options as FreeBSD's loaders read them: a length behind every tag, PAD included, and no more
 * than 312 bytes [libstand/bootp.c: vend_rfc1048].
 */
static void
client_read_options(LanClient *self, const guint8 *message, gsize len)
{
    gsize at = 236 + 4, end = MIN(len, 236 + 312);

    memset(self->options, 0, sizeof self->options);
    while (at + 1 < end && message[at] != 255) {
        guint8 tag = message[at], size = message[at + 1];
        g_assert_cmpuint(tag, !=, 0);
        g_assert_cmpuint(at + 2 + size, <=, end);
        g_assert_false(self->options[tag].there);
        self->options[tag] = (LanOption){ .there = TRUE, .len = size };
        memcpy(self->options[tag].bytes, message + at + 2, size);
        at += 2u + size;
    }
    g_assert_cmpuint(at, <, end);
}

/* Sends a message of @type and takes the answer of type @want. */
static gboolean
client_dhcp_step(LanClient *self, guint8 type, guint8 want)
{
    g_auto(LanDatagram) reply = { 0 };

    client_send_dhcp(self, type);
    if (!lan_client_receive(self, 68, &reply))
        return FALSE;
    const guint8 *message = reply.payload;
    g_assert_cmpuint(reply.src_port, ==, 67);
    g_assert_cmpuint(reply.len, >=, 236 + 64);
    g_assert_cmpuint(message[0], ==, 2);
    g_assert_cmphex(frame_get32(message + 4), ==, self->dhcp_xid);
    g_assert_cmphex(frame_get32(message + 236), ==, 0x63825363);
    g_assert_cmpint(memcmp(message + 28, self->mac.b, 6), ==, 0);
    client_read_options(self, message, reply.len);
    if (!self->options[53].there || self->options[53].bytes[0] != want)
        return FALSE;
    self->ip = ip4_of(frame_get32(message + 16));
    self->siaddr = ip4_of(frame_get32(message + 20));
    g_assert_cmpuint(self->options[54].len, ==, 4);
    self->dhcp_server = ip4_of(frame_get32(self->options[54].bytes));
    memcpy(self->bootfile, message + 108, 128);
    return TRUE;
}

/* DISCOVER, OFFER, REQUEST, ACK. Returns: whether there is an address now */
gboolean
lan_client_dhcp(LanClient *self)
{
    self->dhcp_xid++;
    return client_dhcp_step(self, DHCP_DISCOVER, DHCP_OFFER) &&
           client_dhcp_step(self, DHCP_REQUEST, DHCP_ACK);
}
