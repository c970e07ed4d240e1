/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UDP: lengths and checksums read and written. */
#include "slirp-config/net/udp4.h"
#include "tests/lan/frames.h"
#include "tests/lan/rows.h"

typedef struct {
    const char *name;
    gsize len;         /* payload */
    int length_change; /* added to the header's length */
    guint16 xor_sum;   /* into the checksum */
    gboolean no_sum;   /* checksum 0 */
    gsize extra;       /* bytes behind the datagram */
    gboolean good;
} ParseRow;

static const ParseRow parse_rows[] = {
    { "empty", 0, 0, 0, FALSE, 0, TRUE },
    { "even", 100, 0, 0, FALSE, 0, TRUE },
    { "odd", 101, 0, 0, FALSE, 0, TRUE },
    { "checksum-left-out", 100, 0, 0, TRUE, 0, TRUE },
    { "checksum-wrong", 100, 0, 0x0100, FALSE, 0, FALSE },
    { "checksum-wrong-odd", 101, 0, 0x0001, FALSE, 0, FALSE },
    { "length-beyond-datagram", 100, 1, 0, TRUE, 0, FALSE },
    { "length-below-header", 100, -101, 0, TRUE, 0, FALSE },
    { "length-0", 0, -8, 0, TRUE, 0, FALSE },
    { "shorter-than-datagram", 100, 0, 0, FALSE, 11, TRUE },
    { "largest", UDP4_PAYLOAD_MAX, 0, 0, FALSE, 0, TRUE },
};

static void
test_parse_row(gconstpointer data)
{
    const ParseRow *row = data;
    const Ip4Route route = frame_to_server();
    const Ip4Header ip = { .src = GUEST_IP, .dst = SERVER_IP, .proto = 17 };
    g_autofree guint8 *want = g_malloc(row->len + 1);
    UdpHeader udp = { 1, 2 };
    Cursor payload;

    row_pattern(want, row->len, 9);
    g_autoptr(GByteArray) datagram = frame_udp_datagram(&route, 1023, 2049, want, row->len);
    frame_set16(datagram, 4, (guint)((int)(8 + row->len) + row->length_change));
    frame_set16(datagram, 6, row->no_sum ? 0 : frame_get16(datagram->data + 6) ^ row->xor_sum);
    for (gsize i = 0; i < row->extra; i++)
        frame_add8(datagram, 0xee);
    Cursor cursor = cursor_of(datagram->data, datagram->len);
    g_assert_cmpint(udp4_parse(&ip, &cursor, &udp, &payload), ==, row->good);
    if (!row->good) {
        g_assert_cmpuint(udp.src_port, ==, 1);
        return;
    }
    g_assert_cmpuint(udp.src_port, ==, 1023);
    g_assert_cmpuint(udp.dst_port, ==, 2049);
    ROW_CMPMEM(payload.at, payload.left, want, row->len);
}

/* The checksum covers the addresses, too. */
static void
test_pseudo_header(void)
{
    const Ip4Route route = frame_to_server();
    const Ip4Header other = { .src = GUEST_IP, .dst = GATEWAY_IP, .proto = 17 };
    g_autoptr(GByteArray) datagram = frame_udp_datagram(&route, 1, 2, "x", 1);
    Cursor cursor = cursor_of(datagram->data, datagram->len), payload;
    UdpHeader udp;

    g_assert_false(udp4_parse(&other, &cursor, &udp, &payload));
}

static void
test_truncated(void)
{
    const Ip4Route route = frame_to_server();
    const Ip4Header ip = { .src = GUEST_IP, .dst = SERVER_IP, .proto = 17 };
    g_autoptr(GByteArray) datagram = frame_udp_datagram(&route, 1, 2, "0123456789", 10);

    for (gsize len = 0; len < datagram->len; len++) {
        g_autofree guint8 *prefix = g_memdup2(datagram->data, len);
        Cursor cursor = cursor_of(prefix, len), payload;
        UdpHeader udp;
        g_assert_false(udp4_parse(&ip, &cursor, &udp, &payload));
    }
}

typedef struct {
    const char *name;
    guint8 bytes[4];
    gsize len;
    UdpChecksum checksum;
} PushRow;

static const PushRow push_rows[] = {
    { "empty", { 0 }, 0, UDP_CHECKSUM },
    { "odd", { 1, 2, 3 }, 3, UDP_CHECKSUM },
    { "even", { 1, 2, 3, 4 }, 4, UDP_CHECKSUM },
    { "left-out", { 1, 2, 3, 4 }, 4, UDP_NO_CHECKSUM },
};

static void
test_push_row(gconstpointer data)
{
    const PushRow *row = data;
    const Ip4Route route = frame_to_server();
    guint8 memory[64];
    Buf out = buf_of(memory, sizeof memory, UDP4_HEADROOM);

    buf_bytes(&out, row->bytes, row->len);
    udp4_push(&out, &route, (UdpHeader){ 2049, 1023 }, row->checksum);
    g_autoptr(GByteArray) want = frame_udp_datagram(&route, 2049, 1023, row->bytes, row->len);
    if (row->checksum == UDP_NO_CHECKSUM)
        frame_set16(want, 6, 0);
    g_assert_true(buf_ok(&out));
    ROW_CMPMEM(buf_data(&out), buf_len(&out), want->data, want->len);
}

/* A sum of 0 goes out as 0xffff, since 0 means that there is none (RFC 768). */
static void
test_push_sum_zero(void)
{
    const Ip4Route route = frame_to_server();
    guint8 memory[64];
    Buf out = buf_of(memory, sizeof memory, UDP4_HEADROOM);

    /* Two payload bytes that make the sum of all words 0xffff. */
    guint32 pseudo = frame_pseudo_sum(route.src_ip, route.dst_ip, 10) + 2049 + 1023 + 10;
    guint16 rest = frame_checksum(pseudo, NULL, 0);
    buf_be16(&out, rest);
    udp4_push(&out, &route, (UdpHeader){ 2049, 1023 }, UDP_CHECKSUM);
    g_assert_cmphex(frame_get16(buf_data(&out) + 6), ==, 0xffff);
}

static void
test_push_no_headroom(void)
{
    const Ip4Route route = frame_to_server();
    guint8 memory[64];
    Buf out = buf_of(memory, sizeof memory, UDP_HEADER - 1);

    udp4_push(&out, &route, (UdpHeader){ 1, 2 }, UDP_CHECKSUM);
    g_assert_false(buf_ok(&out));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/udp4/parse", parse_rows, test_parse_row);
    g_test_add_func("/udp4/pseudo-header", test_pseudo_header);
    g_test_add_func("/udp4/truncated", test_truncated);
    ROWS_ADD("/udp4/push", push_rows, test_push_row);
    g_test_add_func("/udp4/push/sum-zero", test_push_sum_zero);
    g_test_add_func("/udp4/push/no-headroom", test_push_no_headroom);
    return g_test_run();
}
