/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ARP packets: read, refused, written. */
#include "slirp-config/net/arp.h"
#include "tests/lan/frames.h"
#include "tests/lan/rows.h"

typedef struct {
    const char *name;
    gsize at; /* a byte of the ARP packet that is changed */
    guint8 value;
    gboolean good;
} ParseRow;

static const ParseRow parse_rows[] = {
    { "untouched", 0, 0, TRUE },
    { "hardware-type-high", 0, 1, FALSE },
    { "hardware-type-token-ring", 1, 4, FALSE },
    { "protocol-not-ip4", 2, 0x86, FALSE },
    { "protocol-low", 3, 6, FALSE },
    { "hardware-length-0", 4, 0, FALSE },
    { "hardware-length-8", 4, 8, FALSE },
    { "protocol-length-16", 5, 16, FALSE },
    { "unknown-operation", 7, 9, TRUE }, /* it is for the host to ignore it */
};

static void
test_parse_row(gconstpointer data)
{
    const ParseRow *row = data;
    g_autoptr(GByteArray) frame = frame_arp(MAC_BROADCAST, 1, GUEST_MAC, GUEST_IP, SERVER_IP);
    ArpPacket arp;

    frame->data[14 + row->at] = row->value;
    Cursor cursor = cursor_of(frame->data + 14, frame->len - 14);
    g_assert_cmpint(arp_parse(&cursor, &arp), ==, row->good);
    if (row->good) {
        g_assert_true(mac_equal(arp.sender_mac, GUEST_MAC));
        g_assert_true(ip4_equal(arp.sender_ip, GUEST_IP));
        g_assert_true(mac_equal(arp.target_mac, (MacAddr){ { 0 } }));
        g_assert_true(ip4_equal(arp.target_ip, SERVER_IP));
    }
}

static void
test_truncated(void)
{
    g_autoptr(GByteArray) frame = frame_arp(MAC_BROADCAST, 1, GUEST_MAC, GUEST_IP, SERVER_IP);
    ArpPacket arp = { .op = 77 };

    g_assert_cmpuint(frame->len, ==, 14 + ARP_SIZE);
    for (gsize len = 0; len < ARP_SIZE; len++) {
        g_autofree guint8 *prefix = g_memdup2(frame->data + 14, len);
        Cursor cursor = cursor_of(prefix, len);
        g_assert_false(arp_parse(&cursor, &arp));
        g_assert_cmpuint(arp.op, ==, 77);
    }
}

/* QEMU's cards pad a frame to 60 bytes. */
static void
test_padded(void)
{
    g_autoptr(GByteArray) frame = frame_arp(MAC_BROADCAST, 1, GUEST_MAC, GUEST_IP, SERVER_IP);
    ArpPacket arp;

    while (frame->len < 60)
        frame_add8(frame, 0);
    Cursor cursor = cursor_of(frame->data + 14, frame->len - 14);
    g_assert_true(arp_parse(&cursor, &arp));
    g_assert_cmpuint(arp.op, ==, ARP_REQUEST);
}

static void
test_put(void)
{
    guint8 memory[64];
    Buf out = buf_of(memory, sizeof memory, 0);
    g_autoptr(GByteArray) want = frame_arp(MAC_BROADCAST, 2, SERVER_MAC, SERVER_IP, GUEST_IP);
    const ArpPacket arp = { ARP_REPLY, SERVER_MAC, SERVER_IP, GUEST_MAC, GUEST_IP };
    const MacAddr target = GUEST_MAC;

    memcpy(want->data + 14 + 18, target.b, sizeof target.b);
    arp_put(&out, &arp);
    g_assert_true(buf_ok(&out));
    ROW_CMPMEM(buf_data(&out), buf_len(&out), want->data + 14, want->len - 14);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/arp/parse", parse_rows, test_parse_row);
    g_test_add_func("/arp/truncated", test_truncated);
    g_test_add_func("/arp/padded", test_padded);
    g_test_add_func("/arp/put", test_put);
    return g_test_run();
}
