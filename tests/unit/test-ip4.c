/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPv4: the checksum, headers read and refused, datagrams sent in fragments. */
#include "slirp-config/net/ip4.h"
#include "tests/lan/frames.h"
#include "tests/lan/rows.h"

/* ---- checksum ---- */

typedef struct {
    const char *name;
    guint8 bytes[12];
    gsize len;
    guint32 start;
    guint16 want;
} ChecksumRow;

static const ChecksumRow checksum_rows[] = {
    { "empty", { 0 }, 0, 0, 0xffff },
    { "rfc1071-example", { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 }, 8, 0, 0x220d },
    { "odd-byte-is-the-high-half", { 0x12, 0x34, 0x56 }, 3, 0, (guint16) ~(0x1234 + 0x5600) },
    { "all-ones", { 0xff, 0xff, 0xff, 0xff }, 4, 0, 0x0000 },
    { "carry-twice", { 0xff, 0xff, 0xff, 0xff, 0x00, 0x01 }, 6, 0, 0xfffe },
    { "on-top-of-a-partial-sum", { 0x00, 0x01 }, 2, 0x0000ffffu, 0xfffe },
    { "partial-sum-wider-than-16-bits", { 0x00, 0x01 }, 2, 0xffffffffu, 0xfffe },
};

static void
test_checksum_row(gconstpointer data)
{
    const ChecksumRow *row = data;
    g_assert_cmphex(inet_checksum(row->start, row->bytes, row->len), ==, row->want);
}

/* The largest datagram there can be, all bits set: the sum must not overflow. */
static void
test_checksum_large(void)
{
    g_autofree guint8 *bytes = g_malloc(IP4_MAX);
    RowRandom random = { 1 };

    memset(bytes, 0xff, IP4_MAX);
    g_assert_cmphex(inet_checksum(0, bytes, IP4_MAX), ==, frame_checksum(0, bytes, IP4_MAX));
    for (gsize i = 0; i < IP4_MAX; i++)
        bytes[i] = (guint8)row_random(&random);
    for (gsize len = IP4_MAX - 9; len <= IP4_MAX; len++)
        g_assert_cmphex(inet_checksum(0, bytes, len), ==, frame_checksum(0, bytes, len));
}

/* ---- headers ---- */

static const guint8 payload_8[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };

typedef struct {
    const char *name;
    gsize at; /* a byte of the IPv4 header that is changed; 0xff: none */
    guint8 value;
    gsize options_len, extra; /* extra: padding behind the datagram */
    gboolean bad_checksum, good;
} ParseRow;

#define NO_BYTE 0xff

static const ParseRow parse_rows[] = {
    { "plain", NO_BYTE, 0, 0, 0, FALSE, TRUE },
    { "ethernet-padding-is-cut-off", NO_BYTE, 0, 0, 18, FALSE, TRUE },
    { "options", NO_BYTE, 0, 8, 0, FALSE, TRUE },
    { "options-40-bytes", NO_BYTE, 0, 40, 0, FALSE, TRUE },
    { "version-6", 0, 0x65, 0, 0, FALSE, FALSE },
    { "header-length-16", 0, 0x44, 0, 0, FALSE, FALSE },
    { "header-length-0", 0, 0x40, 0, 0, FALSE, FALSE },
    { "header-longer-than-datagram", 0, 0x4f, 0, 0, FALSE, FALSE },
    { "total-shorter-than-header", 3, 19, 0, 0, FALSE, FALSE },
    { "total-is-the-header", 3, 20, 0, 8, FALSE, TRUE },
    { "total-longer-than-packet", 3, 29, 0, 0, FALSE, FALSE },
    { "total-huge", 2, 0xff, 0, 0, FALSE, FALSE },
    { "checksum", NO_BYTE, 0, 0, 0, TRUE, FALSE },
    { "do-not-fragment-is-no-fragment", 6, 0x40, 0, 0, FALSE, TRUE },
};

static GByteArray *
packet_of(const ParseRow *row)
{
    const Ip4Route route = frame_to_gateway();
    g_autoptr(GByteArray) frame =
        frame_ip4(&route, 17, 0xabcd, 0, row->options_len, payload_8, sizeof payload_8);

    g_byte_array_remove_range(frame, 0, 14);
    if (row->at != NO_BYTE) {
        frame->data[row->at] = row->value;
        frame_set16(frame, 10, 0);
        gsize header_len = MIN((gsize)(frame->data[0] & 15) * 4, frame->len);
        frame_set16(frame, 10, frame_checksum(0, frame->data, header_len));
    }
    if (row->bad_checksum)
        frame->data[11] ^= 1;
    for (gsize i = 0; i < row->extra; i++)
        frame_add8(frame, 0xee);
    return g_steal_pointer(&frame);
}

static void
test_parse_row(gconstpointer data)
{
    const ParseRow *row = data;
    g_autoptr(GByteArray) packet = packet_of(row);
    Cursor cursor = cursor_of(packet->data, packet->len), payload = { NULL, 99, TRUE };
    Ip4Header header = { .id = 1 };

    g_assert_cmpint(ip4_parse(&cursor, &header, &payload), ==, row->good);
    if (!row->good) {
        g_assert_cmpuint(header.id, ==, 1);
        g_assert_cmpuint(payload.left, ==, 99);
        return;
    }
    g_assert_cmphex(header.id, ==, 0xabcd);
    g_assert_cmpuint(header.proto, ==, 17);
    g_assert_true(ip4_equal(header.src, GUEST_IP));
    g_assert_true(ip4_equal(header.dst, GATEWAY_IP));
    g_assert_cmpint(header.has_options, ==, row->options_len > 0);
    g_assert_false(ip4_is_fragment(&header));
    if (row->at != 3)
        ROW_CMPMEM(payload.at, payload.left, payload_8, sizeof payload_8);
}

static void
test_truncated(void)
{
    static const ParseRow plain = { "", NO_BYTE, 0, 8, 0, FALSE, TRUE };
    g_autoptr(GByteArray) packet = packet_of(&plain);

    for (gsize len = 0; len < packet->len; len++) {
        g_autofree guint8 *prefix = g_memdup2(packet->data, len);
        Cursor cursor = cursor_of(prefix, len), payload;
        Ip4Header header;
        g_assert_false(ip4_parse(&cursor, &header, &payload));
    }
}

typedef struct {
    const char *name;
    guint16 flags_off;
    gsize len;
    gboolean good;
    gsize frag_off;
    gboolean more;
} FragmentRow;

static const FragmentRow fragment_rows[] = {
    { "first", 0x2000, 8, TRUE, 0, TRUE },
    { "middle", 0x2000 | 185, 8, TRUE, 1480, TRUE },
    { "last", 370, 5, TRUE, 2960, FALSE },
    { "up-to-the-limit", 8189, 3, TRUE, 65512, FALSE },
    { "one-byte-beyond-the-limit", 8189, 4, FALSE, 0, FALSE },
    { "ping-of-death", 8191, 8, FALSE, 0, FALSE },
    { "ping-of-death-not-the-last", 0x2000 | 8191, 8, FALSE, 0, FALSE },
};

static void
test_fragment_row(gconstpointer data)
{
    const FragmentRow *row = data;
    const Ip4Route route = frame_to_server();
    g_autoptr(GByteArray) frame = frame_ip4(&route, 17, 7, row->flags_off, 0, payload_8, row->len);
    Cursor cursor = cursor_of(frame->data + 14, frame->len - 14), payload;
    Ip4Header header;

    g_assert_cmpint(ip4_parse(&cursor, &header, &payload), ==, row->good);
    if (!row->good)
        return;
    g_assert_true(ip4_is_fragment(&header));
    g_assert_cmpuint(header.frag_off, ==, row->frag_off);
    g_assert_cmpint(header.more_fragments, ==, row->more);
    g_assert_cmpuint(payload.left, ==, row->len);
}

/* ---- sending ---- */

typedef struct {
    const char *name;
    gsize len, frames;
} SendRow;

static const SendRow send_rows[] = {
    { "nothing", 0, 1 },         { "one-byte", 1, 1 },
    { "full-frame", 1480, 1 },   { "full-frame-and-one", 1481, 2 },
    { "two-full", 2960, 2 },     { "two-full-and-one", 2961, 3 },
    { "nfs2-read-8k", 8300, 6 }, { "nfs3-read-32k", 32768 + 136, 23 },
    { "largest", 65515, 45 },
};

static void
test_send_row(gconstpointer data)
{
    const SendRow *row = data;
    const Ip4Route route = frame_to_server();
    const gsize headroom = 14 + 20 + 3; /* odd: nothing may depend on alignment */
    g_autofree guint8 *memory = g_malloc(headroom + row->len);
    g_autofree guint8 *want = g_malloc(row->len + 1);
    Buf payload = buf_of(memory, headroom + row->len, headroom);
    g_auto(FrameLog) log;

    frame_log_init(&log);
    row_pattern(want, row->len, 3);
    buf_bytes(&payload, want, row->len);
    ip4_send(&payload, &route, 17, 0x4711, frame_log_put, &log);
    g_assert_cmpuint(frame_log_count(&log), ==, row->frames);
    for (guint i = 0; i < row->frames; i++) {
        gsize at = i * 1480u, len;
        gsize chunk = MIN(row->len - at, 1480);
        guint16 flags_off = (guint16)(at / 8 | (at + chunk < row->len ? 0x2000 : 0));
        g_autoptr(GByteArray) frame = frame_ip4(&route, 17, 0x4711, flags_off, 0, want + at, chunk);
        const guint8 *sent = frame_log_at(&log, i, &len);
        ROW_CMPMEM(sent, len, frame->data, frame->len);
        g_assert_cmpuint(len, <=, 1514);
    }
}

/* One frame of any size, as libslirp gets a datagram that came in fragments. */
static void
test_push_row(gconstpointer data)
{
    const SendRow *row = data;
    const Ip4Route route = frame_to_gateway();
    const gsize headroom = 14 + 20;
    g_autofree guint8 *memory = g_malloc(headroom + row->len);
    g_autofree guint8 *want = g_malloc(row->len + 1);
    Buf payload = buf_of(memory, headroom + row->len, headroom);

    row_pattern(want, row->len, 4);
    buf_bytes(&payload, want, row->len);
    ip4_push(&payload, &route, 6, 0x1147);
    g_autoptr(GByteArray) frame = frame_ip4(&route, 6, 0x1147, 0, 0, want, row->len);
    ROW_CMPMEM(buf_data(&payload), buf_len(&payload), frame->data, frame->len);
}

static void
test_push_no_headroom(void)
{
    const Ip4Route route = frame_to_gateway();
    guint8 memory[14 + 19 + 1] = { 0 };
    Buf payload = buf_of(memory, sizeof memory, 14 + 19);

    ip4_push(&payload, &route, 6, 1);
    g_assert_false(buf_ok(&payload));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/ip4/checksum", checksum_rows, test_checksum_row);
    g_test_add_func("/ip4/checksum/large", test_checksum_large);
    ROWS_ADD("/ip4/parse", parse_rows, test_parse_row);
    g_test_add_func("/ip4/truncated", test_truncated);
    ROWS_ADD("/ip4/fragment", fragment_rows, test_fragment_row);
    ROWS_ADD("/ip4/send", send_rows, test_send_row);
    ROWS_ADD("/ip4/push", send_rows, test_push_row);
    g_test_add_func("/ip4/push/no-headroom", test_push_no_headroom);
    return g_test_run();
}
