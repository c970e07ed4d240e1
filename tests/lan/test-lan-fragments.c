/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Datagrams that come in fragments: libslirp answers them whole, in whatever order they came, and
 * sees no fragment. */
#include "tests/lan/dhcp-bytes.h"
#include "tests/lan/lan-client.h"

typedef struct {
    LanHouse house;
    LanClient *client;
    GByteArray *answer; /* the IP payload that came back, put together */
    gboolean in_order, whole;
} Rig;

/* Takes what libslirp sends, which must be in order as iPXE needs it. */
static void
tap(const char *from, const guint8 *frame, gsize len, gpointer data)
{
    Rig *rig = data;

    if (g_str_equal(from, "client") || frame_get16(frame + 12) != 0x0800)
        return;
    guint16 flags_off = frame_get16(frame + 20);
    g_assert_cmpuint(len, <=, 1514);
    g_assert_cmphex(frame_checksum(0, frame + 14, 20), ==, 0);
    rig->in_order = rig->in_order && (gsize)(flags_off & 0x1fff) * 8 == rig->answer->len;
    rig->whole = (flags_off & 0x2000) == 0;
    g_byte_array_append(rig->answer, frame + 34, (guint)(frame_get16(frame + 16) - 20));
}

static void
rig_init(Rig *rig)
{
    lan_house_init(&rig->house, nfs_rig_tree());
    rig->client = lan_client_new(&rig->house);
    rig->answer = g_byte_array_new();
    lan_client_start(rig->client, DHCP_CLIENT_OTHER, 3);
    g_assert_true(lan_client_dhcp(rig->client));
    lan_add_tap(rig->house.lan, tap, rig);
    rig->in_order = TRUE;
    rig->whole = FALSE;
}

static void
rig_clear(Rig *rig)
{
    lan_house_clear(&rig->house);
    lan_client_free(rig->client);
    g_byte_array_unref(rig->answer);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Rig, rig_clear)

/* Sends @datagram in pieces of @chunk bytes, starting with piece @first and going round. */
static void
send_pieces(Rig *rig,
            const Ip4Route *route,
            guint8 proto,
            const GByteArray *datagram,
            gsize chunk,
            gsize first)
{
    gsize n = (datagram->len + chunk - 1) / chunk;

    for (gsize i = 0; i < n; i++) {
        gsize at = (first + i) % n * chunk, len = MIN(chunk, datagram->len - at);
        guint16 flags_off = (guint16)(at / 8 | (at + len < datagram->len ? 0x2000 : 0));
        g_autoptr(GByteArray) frame =
            frame_ip4(route, proto, 4711, flags_off, 0, datagram->data + at, len);
        lan_client_send(rig->client, frame->data, frame->len);
    }
}

typedef struct {
    const char *name;
    gsize len;   /* of the ICMP message */
    gsize chunk; /* bytes in a fragment */
    gsize first; /* the fragment that is sent first */
} PingRow;

static const PingRow ping_rows[] = {
    { "one-frame", 1480, 1480, 0 },        { "one-byte-more", 1481, 1480, 0 },
    { "tiny-fragments", 800, 8, 0 },       { "tiny-fragments-from-the-middle", 800, 8, 50 },
    { "libslirps-buffer", 2048, 1480, 1 }, { "8k", 8192, 1480, 0 },
    { "8k-last-first", 8192, 1480, 5 },    { "64k-from-the-middle", 65000, 1480, 20 },
    { "largest", 65515, 1480, 0 },
};

/* libslirp takes a frame that is larger than its MTU, and answers in fragments. */
static void
test_ping_row(gconstpointer data)
{
    const PingRow *row = data;
    const Ip4Addr targets[] = { GATEWAY_IP, DNS_IP };

    for (gsize i = 0; i < G_N_ELEMENTS(targets); i++) {
        const Ip4Route route = { GUEST_MAC, lan_mac_of(targets[i]), GUEST_IP, targets[i] };
        g_autoptr(GByteArray) message = g_byte_array_new();
        g_auto(Rig) rig;
        rig_init(&rig);
        g_byte_array_set_size(message, (guint)row->len);
        row_pattern(message->data, row->len, 7);
        memcpy(message->data, "\10\0\0\0", 4);
        frame_set16(message, 2, frame_checksum(0, message->data, row->len));
        send_pieces(&rig, &route, 1, message, row->chunk, row->first);
        g_assert_true(rig.whole && rig.in_order);
        g_assert_cmpuint(rig.answer->len, ==, row->len);
        g_assert_cmpuint(rig.answer->data[0], ==, 0);
        g_assert_cmphex(frame_checksum(0, rig.answer->data, row->len), ==, 0);
        ROW_CMPMEM(rig.answer->data + 4, row->len - 4, message->data + 4, row->len - 4);
    }
}

/* A request for a file goes through the gate, in however many pieces it came. */
static void
test_tftp(void)
{
    static const char request[] = "\0\1boot/loader.rc\0octet";
    static const char number[] = "\0\1"
                                 "0\0octet";
    const Ip4Route route = frame_to_gateway();
    g_autoptr(GByteArray) udp = frame_udp_datagram(&route, 2070, 69, request, sizeof request);
    g_autoptr(GByteArray) hidden = frame_udp_datagram(&route, 2071, 69, number, sizeof number);
    g_auto(Rig) rig;

    rig_init(&rig);
    send_pieces(&rig, &route, 17, udp, 8, 2);
    g_assert_cmpuint(rig.answer->len, ==, 8 + 4 + 430);
    g_assert_cmphex(frame_get32(rig.answer->data + 8), ==, 0x00030001);
    g_byte_array_set_size(rig.answer, 0);
    send_pieces(&rig, &route, 17, hidden, 8, 0);
    g_assert_cmphex(frame_get32(rig.answer->data + 8), ==, 0x00050001); /* not found */
}

static void
test_dhcp(void)
{
    const Ip4Route route = frame_broadcast();
    g_auto(Rig) rig;

    rig_init(&rig);
    g_autoptr(GByteArray) message =
        dhcp_bytes(1, 5, ip4_of(0), ip4_of(0), DHCP_HEX_LOADER_DISCOVER, 548);
    g_autoptr(GByteArray) udp = frame_udp_datagram(&route, 68, 67, message->data, message->len);
    send_pieces(&rig, &route, 17, udp, 64, 3);
    g_assert_cmpuint(rig.answer->len, ==, 8 + 548);
    g_autofree char *text = dhcp_options_text(rig.answer->data + 8, rig.answer->len - 8);
    g_assert_true(g_str_has_prefix(text, "53=02 "));
    g_assert_nonnull(strstr(text, " 17="));
}

/*
 * The boot server's reply to a READ of 8 KiB is fragments, and goes to whatever Ethernet address
 * the request came from: here the gateway's, everybody's, and one that nobody has.
 */
static void
test_reflected(void)
{
    const MacAddr from[] = { GATEWAY_MAC, MAC_BROADCAST, { { 2, 9, 9, 9, 9, 9 } } };
    static const guint32 header[] = { 1, 0, 2, 100003, 2, 6, 0, 0, 0, 0 };
    guint8 bytes[256];
    g_auto(Rig) rig;
    LanObject file;

    rig_init(&rig);
    g_assert_cmpuint(lan_client_walk(rig.client, "boot/kernel/kernel", &file), ==, 0);
    Buf call = buf_of(bytes, sizeof bytes, 0);
    for (gsize i = 0; i < G_N_ELEMENTS(header); i++)
        buf_be32(&call, header[i]);
    nfs_rig_put_handle(&call, 2, &file.handle);
    buf_be32(&call, 0);
    buf_be32(&call, 8192);
    buf_be32(&call, 0);
    rig.in_order = TRUE;
    for (gsize i = 0; i < G_N_ELEMENTS(from); i++) {
        const Ip4Route route = { from[i], SERVER_MAC, GUEST_IP, SERVER_IP };
        g_autoptr(GByteArray) frame = frame_udp4(&route, 1000, 2049, bytes, buf_len(&call));
        g_byte_array_set_size(rig.answer, 0);
        lan_client_send(rig.client, frame->data, frame->len);
        g_assert_cmpuint(rig.answer->len, ==, 8 + 24 + 4 + 68 + 4 + 8192);
    }
    g_assert_true(rig.in_order);
    g_assert_true(lan_client_dhcp(rig.client));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/lan-fragments/ping", ping_rows, test_ping_row);
    g_test_add_func("/lan-fragments/tftp", test_tftp);
    g_test_add_func("/lan-fragments/dhcp", test_dhcp);
    g_test_add_func("/lan-fragments/reflected", test_reflected);
    return g_test_run();
}
