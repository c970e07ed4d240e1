/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ethernet headers: read, written, cut short. */
#include "slirp-config/net/eth.h"
#include "tests/lan/frames.h"
#include "tests/lan/rows.h"

static void
test_parse(void)
{
    g_autoptr(GByteArray) frame = frame_eth(GATEWAY_MAC, GUEST_MAC, 0x88b5);
    frame_add32(frame, 0xcafe0001);
    Cursor cursor = cursor_of(frame->data, frame->len);
    EthHeader header;

    g_assert_true(eth_parse(&cursor, &header));
    g_assert_true(mac_equal(header.dst, GATEWAY_MAC));
    g_assert_true(mac_equal(header.src, GUEST_MAC));
    g_assert_cmphex(header.type, ==, 0x88b5);
    g_assert_cmphex(cursor_be32(&cursor), ==, 0xcafe0001);
    g_assert_cmpuint(cursor_left(&cursor), ==, 0);
}

static void
test_truncated(void)
{
    g_autoptr(GByteArray) frame = frame_eth(GATEWAY_MAC, GUEST_MAC, 0x0800);
    EthHeader header = { .type = 0x7777 };

    for (gsize len = 0; len < frame->len; len++) {
        g_autofree guint8 *prefix = g_memdup2(frame->data, len);
        Cursor cursor = cursor_of(prefix, len);
        g_assert_false(eth_parse(&cursor, &header));
        g_assert_cmphex(header.type, ==, 0x7777);
    }
}

static void
test_push(void)
{
    guint8 memory[64];
    Buf frame = buf_of(memory, sizeof memory, ETH_HEADER);
    g_autoptr(GByteArray) want = frame_eth(SERVER_MAC, GUEST_MAC, 0x0806);

    frame_add16(want, 0xbeef);
    buf_be16(&frame, 0xbeef);
    eth_push(&frame, SERVER_MAC, GUEST_MAC, ETH_TYPE_ARP);
    g_assert_true(buf_ok(&frame));
    ROW_CMPMEM(buf_data(&frame), buf_len(&frame), want->data, want->len);
}

static void
test_push_no_headroom(void)
{
    guint8 memory[64];
    Buf frame = buf_of(memory, sizeof memory, ETH_HEADER - 1);

    eth_push(&frame, SERVER_MAC, GUEST_MAC, ETH_TYPE_ARP);
    g_assert_false(buf_ok(&frame));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/eth/parse", test_parse);
    g_test_add_func("/eth/truncated", test_truncated);
    g_test_add_func("/eth/push", test_push);
    g_test_add_func("/eth/push-no-headroom", test_push_no_headroom);
    return g_test_run();
}
