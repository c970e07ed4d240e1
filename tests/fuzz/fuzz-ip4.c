/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The headers of slirp-config/net, in three ways that an input's first byte chooses: any bytes as
 * a packet; fragments as a program, checked against a slow and obvious reassembly; a datagram that
 * is sent in fragments and put together again.
 */
#include "slirp-config/net/arp.h"
#include "slirp-config/net/ip4-reassembly.h"
#include "slirp-config/net/udp4.h"
#include "tests/fuzz/fuzz-input.h"

#include <string.h>

/* ---- any bytes ---- */

static void
parse_packet(const FuzzPiece *packet)
{
    Cursor cursor = fuzz_piece_cursor(packet), payload, message;
    ArpPacket arp;
    Ip4Header ip;
    UdpHeader udp;

    if (arp_parse(&cursor, &arp))
        g_assert_cmpuint(packet->len, >=, ARP_SIZE);
    cursor = fuzz_piece_cursor(packet);
    if (!ip4_parse(&cursor, &ip, &payload))
        return;
    g_assert_cmpuint(packet->len, >=, IP4_HEADER + cursor_left(&payload));
    g_assert_true(payload.at >= packet->bytes + IP4_HEADER &&
                  payload.at + cursor_left(&payload) <= packet->bytes + packet->len);
    g_assert_cmpuint(ip.frag_off + cursor_left(&payload), <=, IP4_MAX - IP4_HEADER);
    Cursor datagram = payload;
    if (udp4_parse(&ip, &datagram, &udp, &message))
        g_assert_cmpuint(cursor_left(&message) + UDP_HEADER, <=, cursor_left(&payload));
}

/* Puts an Ethernet header in front, so that the checksums can be made right. */
static void
run_packet(Cursor input)
{
    gboolean mend = cursor_u8(&input) % 4 != 0;
    g_auto(FuzzPiece) frame = fuzz_piece_new(ETH_HEADER + cursor_left(&input));

    Buf out = buf_of(frame.bytes, frame.len, 0);
    buf_zeros(&out, ETH_HEADER - 2);
    buf_be16(&out, ETH_TYPE_IP4);
    buf_bytes(&out, input.at, cursor_left(&input));
    if (mend)
        fuzz_frame_mend(&frame);
    g_auto(FuzzPiece) packet = fuzz_piece_copy(frame.bytes + ETH_HEADER, frame.len - ETH_HEADER);
    parse_packet(&packet);
}

/* ---- fragments ---- */

#define FRAGMENTS_MAX 64

typedef struct {
    guint id;
    gsize off, len;
    gboolean done; /* it belongs to a datagram that was put together */
} Fragment;

typedef struct {
    Ip4Reassembly *reassembly;
    guint n;
    Fragment fragments[FRAGMENTS_MAX]; /* fragment i is filled with byte i + 1 */
} FragmentRun;

/* Each byte must be that of a fragment of this datagram that was sent for this place. */
static void
check_datagram(FragmentRun *self, guint id, Cursor datagram)
{
    for (gsize at = 0; cursor_left(&datagram) > 0; at++) {
        guint8 byte = cursor_u8(&datagram);
        g_assert_cmpuint(byte, >, 0);
        g_assert_cmpuint(byte, <=, self->n);
        const Fragment *fragment = &self->fragments[byte - 1];
        g_assert_cmpuint(fragment->id, ==, id);
        g_assert_false(fragment->done);
        g_assert_true(at >= fragment->off && at < fragment->off + fragment->len);
    }
    for (guint i = 0; i < self->n; i++)
        self->fragments[i].done = self->fragments[i].done || self->fragments[i].id == id;
}

/* Seven bytes: which of 8 datagrams, and whether more follow; offset; length; seconds. */
static void
put_fragment(FragmentRun *self, Cursor *input, gint64 *now_us)
{
    guint8 which = cursor_u8(input);
    Ip4Header ip = {
        .src = ip4_of(1),
        .dst = ip4_of(2),
        .proto = IP_PROTO_UDP,
        .id = which & 7,
        .more_fragments = (which & 8) != 0,
        .frag_off = (gsize)(cursor_be16(input) & 0x1fff) * 8,
    };
    gsize len = cursor_be16(input) & 0x7ff;
    Cursor whole;

    *now_us += (gint64)cursor_be16(input) * G_USEC_PER_SEC / 100;
    if (ip.frag_off + len > IP4_MAX - IP4_HEADER)
        return; /* ip4_parse() refuses it */
    g_auto(FuzzPiece) payload = fuzz_piece_new(len);
    self->fragments[self->n++] = (Fragment){ ip.id, ip.frag_off, len, FALSE };
    memset(payload.bytes, (int)self->n, len);
    Cursor cursor = fuzz_piece_cursor(&payload);
    if (ip4_reassembly_put(self->reassembly, &ip, cursor, *now_us, &whole))
        check_datagram(self, ip.id, whole);
}

static void
run_fragments(Cursor input)
{
    FragmentRun run = { .reassembly = ip4_reassembly_new() };
    gint64 now_us = 0;

    while (run.n < FRAGMENTS_MAX && cursor_left(&input) > 0) {
        put_fragment(&run, &input, &now_us);
        if (run.n % 16 == 15)
            ip4_reassembly_reset(run.reassembly);
    }
    ip4_reassembly_free(run.reassembly);
}

/* ---- out and in again ---- */

typedef struct {
    Ip4Reassembly *reassembly;
    FuzzPiece payload;
    guint whole;
} RoundTrip;

static void
take_frame(const guint8 *frame, gsize len, gpointer data)
{
    RoundTrip *self = data;
    Cursor cursor = cursor_of(frame, len), payload, message;
    EthHeader eth;
    Ip4Header ip;
    UdpHeader udp;

    g_assert_cmpuint(len, <=, ETH_HEADER + ETH_MTU);
    g_assert_true(eth_parse(&cursor, &eth));
    g_assert_true(ip4_parse(&cursor, &ip, &payload));
    g_assert_cmpuint(cursor_left(&cursor), ==, 0);
    if (ip4_is_fragment(&ip) && !ip4_reassembly_put(self->reassembly, &ip, payload, 0, &payload))
        return;
    self->whole++;
    g_assert_true(udp4_parse(&ip, &payload, &udp, &message));
    g_assert_cmpuint(cursor_left(&message), ==, self->payload.len);
    g_assert_true(memcmp(message.at, self->payload.bytes, self->payload.len) == 0);
}

static void
run_round_trip(Cursor input)
{
    RoundTrip trip = { .reassembly = ip4_reassembly_new() };
    const Ip4Route route = { .src_ip = ip4_of(1), .dst_ip = ip4_of(2) };

    UdpChecksum checksum = (cursor_u8(&input) & 1) != 0 ? UDP_CHECKSUM : UDP_NO_CHECKSUM;
    gsize len = cursor_be16(&input);
    len = MIN(len, UDP4_PAYLOAD_MAX);
    trip.payload = fuzz_piece_new(len);
    for (gsize i = 0; i < len; i++)
        trip.payload.bytes[i] = cursor_left(&input) > 0 ? cursor_u8(&input) : (guint8)(i * 167);
    g_auto(FuzzPiece) room = fuzz_piece_new(UDP4_HEADROOM + len);
    Buf out = buf_of(room.bytes, room.len, UDP4_HEADROOM);
    buf_bytes(&out, trip.payload.bytes, len);
    udp4_push(&out, &route, (UdpHeader){ 1023, 2049 }, checksum);
    ip4_send(&out, &route, IP_PROTO_UDP, 7, take_frame, &trip);
    g_assert_cmpuint(trip.whole, ==, 1);
    fuzz_piece_clear(&trip.payload);
    ip4_reassembly_free(trip.reassembly);
}

int
LLVMFuzzerTestOneInput(const guint8 *bytes, gsize len)
{
    static void (*const ways[])(Cursor) = { run_packet, run_fragments, run_round_trip };
    Cursor input = cursor_of(bytes, len);

    guint8 way = cursor_u8(&input);
    ways[way % G_N_ELEMENTS(ways)](input);
    return 0;
}
