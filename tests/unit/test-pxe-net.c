/* SPDX-License-Identifier: GPL-2.0-or-later */
/* images/pxe-stack/: arp.c, ip.c, udp.c, with frames as a hostile LAN has them. */
#include "tests/lan/rows.h"
#include "tests/unit/support/pxe-wire.h"

#include <string.h>

#define MORE 0x2000

static const WireUdp from_server = {
    .source = WIRE_SERVER_IP,
    .destination = WIRE_OUR_IP,
    .source_port = 2049,
    .port = 1023,
    .id = 7,
};

/* ---- receiving ---- */

static void
test_datagram(void)
{
    g_autoptr(PxeWire) wire = pxe_wire_new();
    Datagram datagram;

    pxe_wire_put_udp(wire, &from_server, "payload", 7);
    g_assert_true(net_poll(&wire->net, &datagram));
    ROW_CMPMEM(datagram.payload, datagram.len, "payload", 7);
    g_assert_cmpuint(datagram.source, ==, wire_ip(WIRE_SERVER_IP));
    g_assert_cmpuint(datagram.destination, ==, wire_ip(WIRE_OUR_IP));
    g_assert_cmpuint(datagram.source_port, ==, 2049);
    g_assert_cmpuint(datagram.destination_port, ==, 1023);
    g_assert_false(net_poll(&wire->net, &datagram));
}

typedef struct {
    const char *name;
    guint at; /* in the frame */
    guint8 byte;
    gboolean taken;
} ByteRow;

/* One byte of a good frame is another one. */
static const ByteRow byte_rows[] = {
    { "ethernet-type", 12, 0x09, FALSE },
    { "version-6", 14, 0x65, FALSE },
    { "header-too-short", 14, 0x44, FALSE },
    { "header-beyond-the-end", 14, 0x4f, FALSE },
    { "total-beyond-the-end", 17, 200, FALSE },
    { "total-below-the-header", 17, 19, FALSE },
    { "header-checksum", 24, 1, FALSE },
    { "other-protocol", 23, 6, FALSE },
    { "other-destination", 33, 0x10, FALSE },
    { "udp-length-too-long", 39, 200, FALSE },
    { "udp-length-below-the-header", 39, 7, FALSE },
    { "udp-checksum", 40, 0x55, FALSE },
    { "payload", 42, 'P', FALSE },
    { "ethernet-destination-is-the-card's-business", 0, 0, TRUE },
};

static void
test_byte(gconstpointer data)
{
    const ByteRow *row = data;
    g_autoptr(PxeWire) wire = pxe_wire_new();
    g_autoptr(GByteArray) udp = wire_udp(&from_server, "payload", 7);
    g_autoptr(GByteArray) frame = wire_packet(&from_server, 0, udp->data, udp->len);
    Datagram datagram;

    frame->data[row->at] = row->byte;
    pxe_wire_put(wire, frame->data, frame->len);
    g_assert_cmpint(net_poll(&wire->net, &datagram), ==, row->taken);
}

/* Each prefix of a good frame is dropped; padding behind it is not looked at. */
static void
test_truncated(void)
{
    g_autoptr(PxeWire) wire = pxe_wire_new();
    g_autoptr(GByteArray) udp = wire_udp(&from_server, "payload", 7);
    g_autoptr(GByteArray) frame = wire_packet(&from_server, 0, udp->data, udp->len);
    Datagram datagram;

    for (guint len = ETH_HEADER; len < frame->len; len++) {
        pxe_wire_put(wire, frame->data, len);
        g_assert_false(net_poll(&wire->net, &datagram));
    }
    g_byte_array_append(frame, (const guint8 *)"padding", 7);
    pxe_wire_put(wire, frame->data, frame->len);
    g_assert_true(net_poll(&wire->net, &datagram));
    g_assert_cmpuint(datagram.len, ==, 7);
}

/* Checksum 0 says that there is none [RFC 768]. */
static void
test_no_checksum(void)
{
    g_autoptr(PxeWire) wire = pxe_wire_new();
    g_autoptr(GByteArray) udp = wire_udp(&from_server, "payload", 7);
    Datagram datagram;

    memset(udp->data + 6, 0, 2);
    g_autoptr(GByteArray) frame = wire_packet(&from_server, 0, udp->data, udp->len);
    pxe_wire_put(wire, frame->data, frame->len);
    g_assert_true(net_poll(&wire->net, &datagram));
}

/* Noise does not keep the caller: the datagram behind it is for the next call. */
static void
test_noise(void)
{
    g_autoptr(PxeWire) wire = pxe_wire_new();
    guint8 noise[ETH_FRAME_MIN] = { 0xff };
    Datagram datagram;

    for (guint i = 0; i < NET_POLL_FRAMES; i++)
        pxe_wire_put(wire, noise, sizeof noise);
    pxe_wire_put_udp(wire, &from_server, "payload", 7);
    g_assert_false(net_poll(&wire->net, &datagram));
    g_assert_true(net_poll(&wire->net, &datagram));
}

/* ---- fragments ---- */

typedef struct {
    const char *name;
    gsize size; /* of the payload */
    const char
        *parts; /* "FIRST-END[+]", in bytes of the datagram, "+" for more fragments; by spaces */
    gboolean taken;
} FragmentRow;

static const FragmentRow fragment_rows[] = {
    { "in-order", 2000, "0-1480+ 1480-2008", TRUE },
    { "last-first", 2000, "1480-2008 0-1480+", TRUE },
    { "six-of-eight-kilobytes", 8292,
      "0-1480+ 1480-2960+ 2960-4440+ 4440-5920+ 5920-7400+ 7400-8300", TRUE },
    { "shuffled", 4000, "2960-4008 1480-2960+ 0-1480+", TRUE },
    { "the-same-twice", 2000, "0-1480+ 0-1480+ 1480-2008", TRUE },
    { "largest", NET_REASSEMBLY_SIZE - 8,
      "0-1480+ 1480-2960+ 2960-4440+ 4440-5920+ 5920-7400+ "
      "7400-8880+ 8880-9216",
      TRUE },
    { "one-byte-too-large", NET_REASSEMBLY_SIZE - 7,
      "0-1480+ 1480-2960+ 2960-4440+ 4440-5920+ "
      "5920-7400+ 7400-8880+ 8880-9217",
      FALSE },
    { "hole", 4000, "0-1480+ 2960-4008", FALSE },
    { "overlap", 2000, "0-1480+ 1472-2008", FALSE },
    { "overlap-after-the-last", 2000, "1480-2008 0-1488+", FALSE },
    { "beyond-the-end", 2000, "0-1480+ 1480-1600 1600-2008+", FALSE },
    { "end-before-what-is-there", 2000, "1480-1488+ 0-1480+ 8-16", FALSE },
    { "two-ends", 2000, "1480-2008 1480-2000 0-1480+", FALSE },
    { "odd-length-in-the-middle", 2000, "0-1479+ 1480-2008", FALSE },
    { "empty", 2000, "0-0+ 0-1480+", FALSE },
    { "no-end", 2000, "0-1480+ 1480-2000+", FALSE },
};

static void
put_fragment(PxeWire *wire, const WireUdp *head, const GByteArray *udp, const char *part)
{
    char *end;
    guint64 first = g_ascii_strtoull(part, &end, 10);
    guint64 last = g_ascii_strtoull(end + 1, &end, 10);
    guint16 flags = (guint16)(first / 8) | (*end == '+' ? MORE : 0);
    g_autoptr(GByteArray) padded = g_byte_array_new();

    g_byte_array_append(padded, udp->data, udp->len);
    g_byte_array_set_size(padded, MAX(udp->len, (guint)last));
    g_autoptr(GByteArray) frame =
        wire_packet(head, flags, padded->data + first, (gsize)(last - first));
    pxe_wire_put(wire, frame->data, frame->len);
}

/* Returns: (transfer full): what the fragments that are on the wire now are of. */
static GBytes *
put_row(PxeWire *wire, const FragmentRow *row)
{
    g_autoptr(GBytes) payload = row_pattern_bytes(row->size, 1);
    g_autoptr(GByteArray) udp = wire_udp(&from_server, g_bytes_get_data(payload, NULL), row->size);
    g_auto(GStrv) parts = g_strsplit(row->parts, " ", -1);

    for (char **part = parts; *part != NULL; part++)
        put_fragment(wire, &from_server, udp, *part);
    return g_steal_pointer(&payload);
}

static void
test_fragments(gconstpointer data)
{
    const FragmentRow *row = data;
    g_autoptr(PxeWire) wire = pxe_wire_new();
    g_autoptr(GBytes) payload = put_row(wire, row);
    Datagram datagram;

    g_assert_cmpint(net_poll(&wire->net, &datagram), ==, row->taken);
    if (row->taken)
        ROW_CMPMEM(datagram.payload, datagram.len, g_bytes_get_data(payload, NULL), row->size);
}

/* As UNDI shows it: one frame, good in itself, or none. */
static void
test_merge(gconstpointer data)
{
    const FragmentRow *row = data;
    g_autoptr(PxeWire) wire = pxe_wire_new();
    g_autoptr(GBytes) payload = put_row(wire, row);
    g_autoptr(GByteArray) whole = g_byte_array_new();
    Datagram datagram = { 0 };
    uint16_t len;

    while ((len = nic_receive(&wire->nic)) > 0) {
        const uint8_t *frame = ip_merge(&wire->net, wire->nic.frame, &len);
        if (frame != NULL)
            g_byte_array_append(whole, frame, len);
    }
    pxe_wire_put(wire, whole->data, whole->len);
    g_assert_cmpint(net_poll(&wire->net, &datagram), ==, row->taken);
    if (!row->taken)
        return;
    len = (uint16_t)whole->len;
    g_assert_true(ip_merge(&wire->net, whole->data, &len) == whole->data);
    ROW_CMPMEM(datagram.payload, datagram.len, g_bytes_get_data(payload, NULL), row->size);
    g_assert_cmpuint(datagram.source, ==, wire_ip(WIRE_SERVER_IP));
}

/* What is none of its business stays what it is: other protocols, other stations', broken headers.
 */
static void
test_merge_others(void)
{
    static const struct {
        guint at;
        guint8 byte;
    } others[] = { { 13, 6 }, { 14, 0x65 }, { 14, 0x44 }, { 17, 255 },
                   { 23, 6 }, { 24, 1 },    { 33, 9 } };
    g_autoptr(PxeWire) wire = pxe_wire_new();
    guint8 bytes[64] = { 0 };

    for (gsize i = 0; i < G_N_ELEMENTS(others); i++) {
        g_autoptr(GByteArray) frame = wire_packet(&from_server, MORE, bytes, sizeof bytes);
        uint16_t len = (uint16_t)frame->len;
        frame->data[others[i].at] = others[i].byte;
        g_assert_true(ip_merge(&wire->net, frame->data, &len) == frame->data);
        g_assert_cmpuint(len, ==, frame->len);
    }
    g_assert_false(wire->reassembly->active);
}

/* The rest of one datagram is none of another one's. */
static void
test_two_datagrams(void)
{
    g_autoptr(PxeWire) wire = pxe_wire_new();
    g_autoptr(GBytes) payload = row_pattern_bytes(2000, 1);
    g_autoptr(GByteArray) udp = wire_udp(&from_server, g_bytes_get_data(payload, NULL), 2000);
    WireUdp other = from_server;
    Datagram datagram;

    other.id++;
    put_fragment(wire, &from_server, udp, "0-1480+");
    put_fragment(wire, &other, udp, "1480-2008");
    put_fragment(wire, &other, udp, "0-1480+");
    put_fragment(wire, &from_server, udp, "1480-2008");
    g_assert_true(net_poll(&wire->net, &datagram));
    g_assert_false(net_poll(&wire->net, &datagram));
}

/* ---- ARP ---- */

static void
test_arp_answer(void)
{
    g_autoptr(PxeWire) wire = pxe_wire_new();
    Datagram datagram;
    Mac mac;

    pxe_wire_put_arp(wire, 1, WIRE_SERVER_IP, WIRE_OUR_IP);
    pxe_wire_put_arp(wire, 1, WIRE_SERVER_IP, WIRE_ROUTER_IP);
    g_assert_false(net_poll(&wire->net, &datagram));
    g_assert_cmpuint(wire->sent->len, ==, 1);
    const guint8 *answer = g_bytes_get_data(g_ptr_array_index(wire->sent, 0), NULL);
    g_assert_cmpuint(answer[21], ==, 2);
    ROW_CMPMEM(answer + 28, 4, WIRE_OUR_IP, 4);
    ROW_CMPMEM(answer + 38, 4, WIRE_SERVER_IP, 4);
    /* Who asks is not learned: the table is for those whom we ask. */
    g_assert_false(arp_find(&wire->net, wire_ip(WIRE_SERVER_IP), &mac));
}

static void
answer_arp(PxeWire *self, const guint8 *frame, gsize len)
{
    char asked[4];

    if (len < 42 || frame[13] != 0x06 || frame[21] != 1)
        return;
    memcpy(asked, frame + 38, sizeof asked);
    pxe_wire_put_arp(self, 2, asked, WIRE_OUR_IP);
}

/* Asked for once; more addresses than there is room for push each other out, and nothing else. */
static void
test_arp_find(void)
{
    g_autoptr(PxeWire) wire = pxe_wire_new();
    char ip[] = WIRE_SERVER_IP;
    Mac mac;

    wire->answer = answer_arp;
    g_assert_true(arp_find(&wire->net, wire_ip(ip), &mac));
    g_assert_true(arp_find(&wire->net, wire_ip(ip), &mac));
    g_assert_cmpuint(wire->sent->len, ==, 1);
    for (guint i = 0; i < 2 * NET_ARP_ENTRIES; i++) {
        ip[3] = (char)(100 + i);
        g_assert_true(arp_find(&wire->net, wire_ip(ip), &mac));
    }
    g_assert_true(arp_find(&wire->net, wire_ip(WIRE_SERVER_IP), &mac));
    g_assert_cmpuint(wire->sent->len, ==, 2 + 2 * NET_ARP_ENTRIES);
}

/* ---- sending ---- */

typedef struct {
    const char *name;
    const char *ip, *gateway; /* gateway: NULL for none */
    const char *asked;        /* by ARP; NULL: nobody */
} RouteRow;

static const RouteRow route_rows[] = {
    { "neighbour", WIRE_SERVER_IP, NULL, WIRE_SERVER_IP },
    { "far", WIRE_FAR_IP, NULL, WIRE_ROUTER_IP },
    { "far-by-a-gateway", WIRE_FAR_IP, WIRE_SERVER_IP, WIRE_SERVER_IP },
    { "broadcast", "\xff\xff\xff\xff", NULL, NULL },
    { "broadcast-of-the-net", "\xc0\xa8\x40\xff", NULL, NULL },
    { "multicast", "\xe0\x01\x02\x03", NULL, NULL },
};

/* What is sent is as good as what is received: it passes the same checks. */
static void
test_send(gconstpointer data)
{
    const RouteRow *row = data;
    g_autoptr(PxeWire) wire = pxe_wire_new();
    const UdpPeer to = {
        .ip = wire_ip(row->ip),
        .gateway = row->gateway != NULL ? wire_ip(row->gateway) : 0,
        .port = 111,
        .source_port = 1023,
    };
    Datagram datagram;
    gsize len;

    wire->answer = answer_arp;
    guint8 *payload = net_begin(&wire->net, &to);
    g_assert_nonnull(payload);
    memcpy(payload, "odd", 3);
    g_assert_true(net_send(&wire->net, &to, 3));
    g_assert_cmpuint(wire->sent->len, ==, row->asked != NULL ? 2 : 1);
    const guint8 *first = g_bytes_get_data(g_ptr_array_index(wire->sent, 0), NULL);
    if (row->asked != NULL)
        ROW_CMPMEM(first + 38, 4, row->asked, 4);
    gconstpointer frame =
        g_bytes_get_data(g_ptr_array_index(wire->sent, wire->sent->len - 1), &len);
    wire->net.ip = to.ip;
    pxe_wire_put(wire, frame, len);
    g_assert_true(net_poll(&wire->net, &datagram));
    ROW_CMPMEM(datagram.payload, datagram.len, "odd", 3);
    g_assert_cmpuint(datagram.destination_port, ==, 111);
    g_assert_false(net_send(&wire->net, &to, UDP_PAYLOAD_MAX + 1));
}

/* ---- everything at once ---- */

/* Good frames with some bytes changed: what comes out lies where it may. */
static void
test_random(void)
{
    g_autoptr(PxeWire) wire = pxe_wire_new();
    RowRandom random = { .state = 1 };
    Datagram datagram;

    for (guint i = 0; i < 200000; i++) {
        WireUdp head = from_server;
        head.id = (guint16)row_random_below(&random, 3);
        guint16 fragment = (guint16)(row_random(&random) & 0x2007);
        guint8 data[200] = { 8, 1, 3, 255, 0, 200 };
        g_autoptr(GByteArray) frame =
            wire_packet(&head, fragment, data, row_random_below(&random, sizeof data));
        if (row_random_below(&random, 4) == 0)
            frame->data[ETH_HEADER + row_random_below(&random, 20)] = (guint8)row_random(&random);
        pxe_wire_put(wire, frame->data, frame->len);
        if (!net_poll(&wire->net, &datagram))
            continue;
        /* Each byte is read, which a sanitizer looks at. */
        (void)checksum_add(0, datagram.payload, datagram.len);
        g_assert_cmpuint(datagram.len, <=, NET_REASSEMBLY_SIZE);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pxe-net/datagram", test_datagram);
    ROWS_ADD("/pxe-net/byte", byte_rows, test_byte);
    g_test_add_func("/pxe-net/truncated", test_truncated);
    g_test_add_func("/pxe-net/no-checksum", test_no_checksum);
    g_test_add_func("/pxe-net/noise", test_noise);
    ROWS_ADD("/pxe-net/fragments", fragment_rows, test_fragments);
    ROWS_ADD("/pxe-net/merge", fragment_rows, test_merge);
    g_test_add_func("/pxe-net/merge-others", test_merge_others);
    g_test_add_func("/pxe-net/two-datagrams", test_two_datagrams);
    g_test_add_func("/pxe-net/arp-answer", test_arp_answer);
    g_test_add_func("/pxe-net/arp-find", test_arp_find);
    ROWS_ADD("/pxe-net/send", route_rows, test_send);
    g_test_add_func("/pxe-net/random", test_random);
    return g_test_run();
}
