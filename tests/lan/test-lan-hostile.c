/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hundred thousand frames that no honest guest sends: random bytes, and good frames with bytes
 * changed, cut, or made longer, half of them with their checksums put right again so that they get
 * deeper. Nothing breaks, nothing grows, and afterwards the machine boots as if nothing had been.
 */
#include "tests/lan/dhcp-bytes.h"
#include "tests/lan/lan-client.h"

#include <malloc.h>

#define FRAMES    100000
#define FRAME_CAP 2048

/* libslirp keeps a frame for a second when nobody answers its ARP request: many, in a test that is
 * over in a fraction of one. What our own code kept for a frame would be far more. */
#define HEAP_SLACK (1024 * 1024)

/* ---- good frames to start from ---- */

static GByteArray *
rpc_frame(const Ip4Route *route, guint16 port, guint32 prog, guint32 vers, guint32 proc)
{
    const guint32 words[] = { 7, 0, 2, prog, vers, proc, 1, 20, 0, 0, 0, 0, 0, 0, 0, 28 };
    g_autoptr(GByteArray) call = g_byte_array_new();

    for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
        frame_add32(call, words[i]);
    for (int i = 0; i < 24; i++)
        frame_add32(call, (guint32)i);
    return frame_udp4(route, 1023, port, call->data, call->len);
}

static GByteArray *
ip6_frame(guint8 next, guint16 dst_port)
{
    GByteArray *frame = frame_eth(GATEWAY_MAC, GUEST_MAC, 0x86dd);

    frame_add32(frame, 0x60000000);
    frame_add16(frame, 40);
    frame_add8(frame, next);
    frame_add8(frame, 255);
    for (int i = 0; i < 2; i++) {
        frame_add32(frame, 0xfe800000);
        frame_add32(frame, 0);
        frame_add32(frame, 0);
        frame_add32(frame, (guint32)(2 - i));
    }
    frame_add16(frame, next == 58 ? 133 << 8 : 546);
    frame_add16(frame, dst_port);
    frame_add16(frame, 40);
    frame_add16(frame, 0);
    for (int i = 0; i < 8; i++)
        frame_add32(frame, 0x01020304);
    return frame;
}

static GPtrArray *
good_frames(void)
{
    static const guint8 text[64] = "\0\1boot/loader.rc\0octet\0blksize\0001428\0tsize\0000";
    const Ip4Route gateway = frame_to_gateway(), server = frame_to_server();
    const Ip4Route everybody = frame_broadcast();
    static const char *const dhcp[] = { DHCP_HEX_IPXE_DISCOVER, DHCP_HEX_LOADER_REQUEST,
                                        DHCP_HEX_LOADER_UDP_DISCOVER };
    GPtrArray *frames = g_ptr_array_new_with_free_func((GDestroyNotify)g_byte_array_unref);

    for (gsize i = 0; i < G_N_ELEMENTS(dhcp); i++) {
        g_autoptr(GByteArray) message = dhcp_bytes(1, 5, ip4_of(0), ip4_of(0), dhcp[i], 548);
        g_ptr_array_add(frames, frame_udp4(&everybody, 68, 67, message->data, message->len));
    }
    g_ptr_array_add(frames, frame_udp4(&gateway, 2070, 69, text, sizeof text));
    g_ptr_array_add(frames, frame_udp4(&gateway, 2070, 69, "\0\4\0\0", 4));
    g_ptr_array_add(frames, frame_udp4(&gateway, 2070, 69, "\0\5\0\0stop", 9));
    g_ptr_array_add(frames, frame_arp(MAC_BROADCAST, 1, GUEST_MAC, GUEST_IP, GATEWAY_IP));
    g_ptr_array_add(frames, frame_arp(SERVER_MAC, 1, GUEST_MAC, GUEST_IP, SERVER_IP));
    g_ptr_array_add(frames, rpc_frame(&server, 111, 100000, 2, 3));
    g_ptr_array_add(frames, rpc_frame(&server, MOUNTD_PORT, 100005, 3, 1));
    for (guint32 proc = 0; proc < 22; proc++)
        g_ptr_array_add(frames, rpc_frame(&server, 2049, 100003, 2 + proc % 2, proc));
    g_ptr_array_add(frames, frame_ip4(&server, 17, 3, 0x2000, 0, text, 64));
    g_ptr_array_add(frames, frame_ip4(&server, 17, 3, 8, 0, text, 64));
    g_ptr_array_add(frames, frame_ip4(&server, 1, 3, 0, 0, "\10\0\xf7\xff\0\0\0\0", 8));
    g_ptr_array_add(frames, frame_ip4(&gateway, 1, 3, 0, 0, "\10\0\xf7\xff\0\0\0\0", 8));
    g_ptr_array_add(frames, frame_ip4(&gateway, 6, 3, 0, 0, text, 40));
    g_ptr_array_add(frames, frame_ip4(&gateway, 17, 3, 0, 8, text, 40));
    g_ptr_array_add(frames, ip6_frame(17, 547));
    g_ptr_array_add(frames, ip6_frame(17, 69));
    g_ptr_array_add(frames, ip6_frame(58, 0));
    return frames;
}

/* ---- and what is made of them ---- */

/* Puts the checksums of what is still an IPv4 frame right; UDP goes without. */
static void
repair(guint8 *frame, gsize len)
{
    gsize header_len = (gsize)(frame[14] & 15) * 4;

    if (len < 14 + 20 || frame_get16(frame + 12) != 0x0800 || header_len < 20 ||
        len < 14 + header_len + 8)
        return;
    frame[24] = frame[25] = 0;
    guint16 sum = frame_checksum(0, frame + 14, header_len);
    frame[24] = (guint8)(sum >> 8);
    frame[25] = (guint8)sum;
    if (frame[23] == 17)
        frame[14 + header_len + 6] = frame[14 + header_len + 7] = 0;
}

static gsize
make_hostile(RowRandom *random, const GPtrArray *good, guint8 frame[FRAME_CAP])
{
    gsize len;

    if (row_random_below(random, 8) == 0) { /* nothing but noise, to one of the hosts */
        len = row_random_below(random, 1600);
        for (gsize i = 0; i < len; i++)
            frame[i] = (guint8)row_random(random);
        if (len > 6 && row_random_below(random, 2) == 0)
            memcpy(frame, (row_random(random) & 1) ? GATEWAY_MAC.b : SERVER_MAC.b, 6);
        return len;
    }
    const GByteArray *start = good->pdata[row_random_below(random, good->len)];
    len = start->len;
    memcpy(frame, start->data, len);
    for (guint n = row_random_below(random, 6); n > 0; n--) {
        gsize at = row_random_below(random, (guint32)len);
        static const guint8 edges[] = { 0, 1, 0x7f, 0x80, 0xff };
        frame[at] = (row_random(random) & 1) ? (guint8)row_random(random)
                                             : edges[row_random_below(random, 5)];
    }
    switch (row_random_below(random, 8)) {
    case 0: /* cut */
        len = row_random_below(random, (guint32)len + 1);
        break;
    case 1: { /* longer, up to what the MTU allows */
        gsize more = row_random_below(random, 1500 - MIN((guint32)len, 1499));
        memset(frame + len, (int)row_random(random), more);
        len += more;
        break;
    }
    default:
        break;
    }
    if (len >= 34 && (row_random(random) & 1) != 0)
        repair(frame, len);
    return len;
}

static void
tap(const char *from, const guint8 *frame, gsize len, gpointer data)
{
    guint64 *sent = data;
    (void)frame;
    if (!g_str_equal(from, "client")) {
        g_assert_cmpuint(len, <=, 1514);
        ++*sent;
    }
}

static gsize
heap_in_use(void)
{
    return mallinfo2().uordblks;
}

static void
check_boot(LanClient *client, DhcpClient kind, guint32 nfs_vers)
{
    lan_client_start(client, kind, nfs_vers);
    g_assert_true(lan_client_dhcp(client));
    g_assert_true(ip4_equal(client->ip, client->house->config.guest));
    g_autoptr(GBytes) want = row_pattern_bytes(100000, 100000);
    g_autoptr(GBytes) kernel = lan_client_load(client, "boot/kernel/kernel", 1024);
    g_assert_nonnull(kernel);
    g_assert_true(g_bytes_equal(kernel, want));
}

static gboolean
tftp_works(LanClient *client)
{
    static const LanTftp how = { .blksize = 1428, .tsize = TRUE };
    g_autoptr(GBytes) want = row_pattern_bytes(100000, 100000);
    g_auto(LanTftpResult) result = lan_client_tftp(client, "boot/kernel/kernel", &how);
    return result.file != NULL && g_bytes_equal(result.file, want);
}

typedef struct {
    const char *name;
    guint32 seed;
} Row;

static const Row rows[] = {
    { "one", 20080227 },
    { "two", 4711 },
};

static void
test_row(gconstpointer data)
{
    const Row *row = data;
    g_autoptr(GPtrArray) good = good_frames();
    g_autoptr(LanClient) client = NULL;
    RowRandom random = { row->seed };
    guint8 frame[FRAME_CAP];
    guint64 sent = 0;
    gsize warm = 0;
    g_auto(LanHouse) house;

    lan_house_init(&house, nfs_rig_tree());
    client = lan_client_new(&house);
    check_boot(client, DHCP_CLIENT_LOADER, 3);
    lan_add_tap(house.lan, tap, &sent);
    client->ip = ip4_of(0); /* what is answered to these frames is not for the client */
    for (guint i = 0; i < FRAMES; i++) {
        gsize len = make_hostile(&random, good, frame);
        /* A copy of the exact size, for the sanitizers. */
        g_autofree guint8 *exact = g_memdup2(frame, len);
        lan_client_send(client, exact, len);
        if (i % 1000 == 0) {
            lan_house_pump(&house);
            g_queue_clear_full(&client->datagrams, (GDestroyNotify)g_bytes_unref);
        }
        if (i == FRAMES / 5)
            warm = heap_in_use();
    }
    g_queue_clear_full(&client->datagrams, (GDestroyNotify)g_bytes_unref);
    g_test_message("%" G_GUINT64_FORMAT " frames came back, heap %" G_GSIZE_FORMAT
                   " -> %" G_GSIZE_FORMAT,
                   sent, warm, heap_in_use());
    g_assert_cmpuint(sent, >, FRAMES / 20);
    g_assert_cmpuint(heap_in_use(), <, warm + HEAP_SLACK);
    check_boot(client, DHCP_CLIENT_IPXE, 3);
    check_boot(client, DHCP_CLIENT_LOADER_UDP, 2);
    g_assert_true(tftp_works(client));
}

/* One frame: the end of a datagram whose beginning never came, to an address that nobody has. */
static void
test_lone_fragment(void)
{
    const Ip4Route route = { GUEST_MAC, GATEWAY_MAC, GUEST_IP, ip4_of(0xc0a840c8) };
    g_autoptr(GByteArray) frame = frame_ip4(&route, 17, 7, 185, 0, "12345678", 8);
    g_autoptr(LanClient) client = NULL;
    g_auto(LanHouse) house;

    lan_house_init(&house, nfs_rig_tree());
    client = lan_client_new(&house);
    lan_client_send(client, frame->data, frame->len);
    check_boot(client, DHCP_CLIENT_LOADER, 3);
}

/*
 * A guest that says to be the gateway, the boot server, the name server and a hundred others, in
 * ARP and as the sender of frames; then it is honest again.
 */
static void
test_pretended_addresses(void)
{
    const MacAddr macs[] = { GATEWAY_MAC, SERVER_MAC, GUEST_MAC, lan_mac_of(DNS_IP) };
    g_autoptr(LanClient) client = NULL;
    g_auto(LanHouse) house;

    lan_house_init(&house, nfs_rig_tree());
    client = lan_client_new(&house);
    check_boot(client, DHCP_CLIENT_IPXE, 3);
    for (guint32 host = 0; host < 256; host++) {
        const Ip4Addr address = ip4_of(0xc0a84000 | host);
        for (gsize i = 0; i < G_N_ELEMENTS(macs); i++) {
            g_autoptr(GByteArray) gratuitous =
                frame_arp(MAC_BROADCAST, 1, macs[i], address, address);
            g_autoptr(GByteArray) reply = frame_arp(GATEWAY_MAC, 2, macs[i], address, GATEWAY_IP);
            g_autoptr(GByteArray) ask = frame_arp(MAC_BROADCAST, 1, macs[i], address, SERVER_IP);
            lan_client_send(client, gratuitous->data, gratuitous->len);
            lan_client_send(client, reply->data, reply->len);
            lan_client_send(client, ask->data, ask->len);
        }
    }
    check_boot(client, DHCP_CLIENT_LOADER_UDP, 2);
    g_assert_true(tftp_works(client));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/lan-hostile", rows, test_row);
    g_test_add_func("/lan-hostile/lone-fragment", test_lone_fragment);
    g_test_add_func("/lan-hostile/pretended-addresses", test_pretended_addresses);
    return g_test_run();
}
