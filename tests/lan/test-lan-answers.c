/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the LAN answers: DHCP for each kind of client, ARP, ping; and that nothing gets out of it.
 */
#include "tests/lan/dhcp-bytes.h"
#include "tests/lan/lan-client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <malloc.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
    LanHouse house;
    LanClient *client;
} Rig;

static void
rig_init(Rig *rig)
{
    lan_house_init(&rig->house, nfs_rig_tree());
    rig->client = lan_client_new(&rig->house);
}

static void
rig_clear(Rig *rig)
{
    lan_house_clear(&rig->house);
    lan_client_free(rig->client);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Rig, rig_clear)

/* ---- DHCP ---- */

/* What libslirp says to everybody: no router and no name server, since nothing is reachable. */
#define COMMON(type) "53=" type " 54=c0a84001 1=ffffff00 51=00015180 "
#define ROOT         "17=3139322e3136382e36342e343a2f "
#define VARIABLE     "250=626f6f742e6e6673726f6f742e6f7074696f6e733d6e6f6c6f636b64 "

typedef struct {
    const char *name;
    DhcpClient kind;
    const char *own; /* options that only this client gets */
} DhcpRow;

static const DhcpRow dhcp_rows[] = {
    { "ipxe", DHCP_CLIENT_IPXE, "175=b00101 " },
    { "loader-udp", DHCP_CLIENT_LOADER_UDP, ROOT VARIABLE },
    { "loader", DHCP_CLIENT_LOADER, ROOT VARIABLE },
    { "other", DHCP_CLIENT_OTHER, "" },
};

static char *
options_text(const LanClient *client)
{
    GString *text = g_string_new(NULL);
    static const guint8 first[] = { 53, 54, 1, 51 };

    for (gsize i = 0; i < G_N_ELEMENTS(first) + 256; i++) {
        guint8 tag = i < G_N_ELEMENTS(first) ? first[i] : (guint8)(i - G_N_ELEMENTS(first));
        const LanOption *option = &client->options[tag];
        if (!option->there ||
            (i >= G_N_ELEMENTS(first) && memchr(first, tag, sizeof first) != NULL))
            continue;
        g_string_append_printf(text, "%u=", tag);
        for (guint k = 0; k < option->len; k++)
            g_string_append_printf(text, "%02x", option->bytes[k]);
        g_string_append_c(text, ' ');
    }
    return g_string_free(text, FALSE);
}

static void
test_dhcp_row(gconstpointer data)
{
    const DhcpRow *row = data;
    g_auto(Rig) rig;

    rig_init(&rig);
    lan_client_start(rig.client, row->kind, 3);
    g_assert_true(lan_client_dhcp(rig.client));
    g_autofree char *text = options_text(rig.client);
    g_autofree char *want = g_strconcat(COMMON("05"), row->own, NULL);
    g_assert_cmpstr(text, ==, want);
    g_assert_true(ip4_equal(rig.client->ip, rig.house.config.guest));
    g_assert_true(ip4_equal(rig.client->siaddr, rig.house.config.gateway));
    g_assert_true(ip4_equal(rig.client->dhcp_server, rig.house.config.gateway));
    g_assert_cmpstr(rig.client->bootfile, ==, LAN_HOUSE_BOOTFILE);
}

/* One machine, one address, whoever runs on it and however often it asks. */
static void
test_same_address(void)
{
    g_auto(Rig) rig;

    rig_init(&rig);
    for (guint i = 0; i < 100; i++) {
        lan_client_start(rig.client, dhcp_rows[i % G_N_ELEMENTS(dhcp_rows)].kind, 3);
        g_assert_true(lan_client_dhcp(rig.client));
        g_assert_true(ip4_equal(rig.client->ip, rig.house.config.guest));
    }
}

/*
 * A guest that pretends to be twenty thousand machines gets sixteen leases, and the machine that
 * asked first keeps its own; nothing is kept for those that get none.
 */
static void
test_many_machines(void)
{
    const MacAddr honest = GUEST_MAC;
    gsize before = 0;
    guint got = 0;
    g_auto(Rig) rig;

    rig_init(&rig);
    lan_client_start(rig.client, DHCP_CLIENT_LOADER, 3);
    g_assert_true(lan_client_dhcp(rig.client));
    for (guint i = 0; i < 20000; i++) {
        rig.client->mac = (MacAddr){ { 2, 0, 0, 0, (guint8)(i >> 8), (guint8)i } };
        g_autoptr(GByteArray) message =
            dhcp_bytes(1, i, ip4_of(0), ip4_of(0), DHCP_HEX_LOADER_DISCOVER, 548);
        memcpy(message->data + 28, rig.client->mac.b, 6);
        rig.client->ip = ip4_of(0);
        lan_client_send_udp(rig.client, ip4_of(G_MAXUINT32), 68, 67, message->data, message->len);
        got += g_queue_get_length(&rig.client->datagrams);
        g_queue_clear_full(&rig.client->datagrams, (GDestroyNotify)g_bytes_unref);
        if (i == 1000)
            before = mallinfo2().uordblks;
    }
    g_assert_cmpuint(got, ==, 15);
    g_assert_cmpuint(mallinfo2().uordblks, <, before + 64 * 1024);
    rig.client->mac = honest;
    lan_client_start(rig.client, DHCP_CLIENT_LOADER, 3);
    g_assert_true(lan_client_dhcp(rig.client));
    g_assert_true(ip4_equal(rig.client->ip, rig.house.config.guest));
}

/* A request for an address that this machine has not got: refused, and the refusal not completed.
 */
static void
test_refused(void)
{
    g_auto(LanDatagram) reply = { 0 };
    g_auto(Rig) rig;

    rig_init(&rig);
    lan_client_start(rig.client, DHCP_CLIENT_LOADER, 3);
    g_autoptr(GByteArray) request = dhcp_bytes(1, 77, ip4_of(0), ip4_of(0),
                                               "63825363350103"
                                               "3604c0a84001"
                                               "32040a000001"
                                               "4d080746726565425344"
                                               "ff",
                                               548);
    lan_client_send_udp(rig.client, ip4_of(G_MAXUINT32), 68, 67, request->data, request->len);
    g_assert_true(lan_client_receive(rig.client, 68, &reply));
    g_autofree char *text = dhcp_options_text(reply.payload, reply.len);
    g_assert_true(g_str_has_prefix(text, "53=06 "));
    g_assert_null(strstr(text, " 17="));
    g_assert_null(strstr(text, " 250="));
}

/* ---- ARP and ping ---- */

typedef struct {
    const char *name;
    guint8 host; /* last byte of the address */
    gboolean answers;
} ArpRow;

static const ArpRow arp_rows[] = {
    { "gateway", 1, TRUE },  { "dns", 3, TRUE },          { "server", 4, TRUE },
    { "nobody", 2, FALSE },  { "itself", 15, FALSE },     { "nobody-either", 200, FALSE },
    { "network", 0, FALSE }, { "broadcast", 255, FALSE },
};

static void
test_arp_row(gconstpointer data)
{
    const ArpRow *row = data;
    Ip4Addr target = ip4_of(0xc0a84000 | row->host);
    MacAddr mac;
    g_auto(Rig) rig;

    rig_init(&rig);
    lan_client_start(rig.client, DHCP_CLIENT_LOADER, 3);
    g_assert_true(lan_client_dhcp(rig.client));
    g_assert_cmpint(lan_client_arp(rig.client, target, &mac), ==, row->answers);
    if (row->answers)
        g_assert_true(mac_equal(mac, lan_mac_of(target)));
}

static void
tap(const char *from, const guint8 *frame, gsize len, gpointer data)
{
    if (!g_str_equal(from, "client"))
        frame_log_put(frame, len, data);
}

static GByteArray *
ping(Ip4Addr dst, gsize len, gboolean good)
{
    Ip4Route route = { GUEST_MAC, lan_mac_of(dst), GUEST_IP, dst };
    g_autofree guint8 *message = g_malloc0(8 + len);
    message[0] = 8;
    message[4] = 0x12;
    row_pattern(message + 8, len, 1);
    frame_set16(&(GByteArray){ message, (guint)len }, 2, frame_checksum(0, message, 8 + len));
    if (!good)
        message[7] ^= 1;
    return frame_ip4(&route, 1, 99, 0, 0, message, 8 + len);
}

static void
test_ping(void)
{
    static const gsize lengths[] = { 0, 1, 56, 1472 };
    g_auto(FrameLog) log;
    g_auto(Rig) rig;

    rig_init(&rig);
    frame_log_init(&log);
    lan_add_tap(rig.house.lan, tap, &log);
    for (gsize i = 0; i < G_N_ELEMENTS(lengths); i++) {
        g_autoptr(GByteArray) frame = ping(SERVER_IP, lengths[i], TRUE);
        gsize len;
        frame_log_empty(&log);
        lan_client_send(rig.client, frame->data, frame->len);
        g_assert_cmpuint(frame_log_count(&log), ==, 1);
        const guint8 *reply = frame_log_at(&log, 0, &len);
        g_assert_cmpuint(len, ==, 14 + 20 + 8 + lengths[i]);
        g_assert_cmpuint(reply[34], ==, 0);
        g_assert_cmphex(frame_checksum(0, reply + 34, len - 34), ==, 0);
        ROW_CMPMEM(reply + 38, len - 38, frame->data + 38, frame->len - 38);
    }
    frame_log_empty(&log);
    g_autoptr(GByteArray) bad = ping(SERVER_IP, 56, FALSE);
    lan_client_send(rig.client, bad->data, bad->len);
    g_assert_cmpuint(frame_log_count(&log), ==, 0);
}

typedef struct {
    const char *name;
    guint8 dst[16];
    gboolean answered;
} Ping6Row;

static const Ping6Row ping6_rows[] = {
    { "gateway", { 0xfe, 0xc0, [15] = 2 }, TRUE },
    { "gateway-link-local", { 0xfe, 0x80, [15] = 2 }, TRUE },
    { "dns", { 0xfe, 0xc0, [15] = 3 }, TRUE },
    { "neighbour", { 0xfe, 0xc0, [15] = 99 }, FALSE },
    { "elsewhere", { 0x20, 0x01, 0x48, 0x60, [15] = 0x88 }, FALSE },
};

/* The address of the guest is solicited first, and then libslirp's answer, if there is one, waits
 * for that: one frame. For others it must not say "critical" in the log, which ends a test. */
static void
test_ping6_row(gconstpointer data)
{
    const Ping6Row *row = data;
    g_autoptr(GByteArray) message = g_byte_array_new();
    g_auto(FrameLog) log;
    g_auto(Rig) rig;

    rig_init(&rig);
    frame_log_init(&log);
    lan_add_tap(rig.house.lan, tap, &log);
    frame_add32(message, 128u << 24);
    frame_add32(message, 0x12340001);
    g_autoptr(GByteArray) frame = frame_ip6(row->dst, 58, message, 2);
    lan_client_send(rig.client, frame->data, frame->len);
    g_assert_cmpuint(frame_log_count(&log), ==, row->answered ? 1 : 0);
}

/* ---- nothing gets out ---- */

static guint
open_sockets(void)
{
    g_autoptr(GDir) dir = g_dir_open("/proc/self/fd", 0, NULL);
    const char *name;
    guint n = 0;

    while ((name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename("/proc/self/fd", name, NULL);
        g_autofree char *target = g_file_read_link(path, NULL);
        n += target != NULL && g_str_has_prefix(target, "socket:") ? 1 : 0;
    }
    return n;
}

/* A listener of the host, on an unused port of its loopback address. */
static int
host_listener(int type, guint16 *ret_port)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    g_assert_cmpint(bind(fd, (struct sockaddr *)&address, sizeof address), ==, 0);
    if (type == SOCK_STREAM)
        g_assert_cmpint(listen(fd, 5), ==, 0);
    g_assert_cmpint(getsockname(fd, (struct sockaddr *)&address, &len), ==, 0);
    *ret_port = ntohs(address.sin_port);
    return fd;
}

static GByteArray *
tcp_syn(Ip4Addr dst, guint16 port)
{
    const Ip4Route route = { GUEST_MAC, GATEWAY_MAC, GUEST_IP, dst };
    g_autoptr(GByteArray) tcp = g_byte_array_new();

    frame_add16(tcp, 1025);
    frame_add16(tcp, port);
    frame_add32(tcp, 1000);
    frame_add32(tcp, 0);
    frame_add16(tcp, 0x5002);
    frame_add16(tcp, 65535);
    frame_add32(tcp, 0);
    guint32 pseudo = frame_pseudo_sum(route.src_ip, route.dst_ip, 20) - 17 + 6;
    frame_set16(tcp, 16, frame_checksum(pseudo, tcp->data, tcp->len));
    return frame_ip4(&route, 6, 5, 0x4000, 0, tcp->data, tcp->len);
}

static void
test_restricted(void)
{
    static const guint32 targets[] = { 0xc0a84001, 0xc0a84003, 0x7f000001, 0x08080808, 0x0a000001 };
    g_auto(Rig) rig;
    guint16 udp_port, tcp_port;
    char byte;

    rig_init(&rig);
    lan_client_start(rig.client, DHCP_CLIENT_OTHER, 3);
    g_assert_true(lan_client_dhcp(rig.client));
    int udp = host_listener(SOCK_DGRAM, &udp_port), tcp = host_listener(SOCK_STREAM, &tcp_port);
    guint before = open_sockets();
    for (gsize i = 0; i < G_N_ELEMENTS(targets); i++) {
        Ip4Addr dst = ip4_of(targets[i]);
        const Ip4Route route = { GUEST_MAC, GATEWAY_MAC, GUEST_IP, dst };
        g_autoptr(GByteArray) to_host = frame_udp4(&route, 5000, udp_port, "x", 1);
        g_autoptr(GByteArray) dns = frame_udp4(&route, 5000, 53, "\0\1\1\0\0\1\0\0\0\0\0", 12);
        g_autoptr(GByteArray) syn = tcp_syn(dst, tcp_port), echo = ping(dst, 56, TRUE);
        lan_client_send(rig.client, to_host->data, to_host->len);
        lan_client_send(rig.client, dns->data, dns->len);
        lan_client_send(rig.client, syn->data, syn->len);
        memcpy(echo->data, route.dst_mac.b, 6);
        lan_client_send(rig.client, echo->data, echo->len);
        for (int k = 0; k < 20; k++)
            lan_house_pump(&rig.house);
    }
    g_assert_cmpuint(open_sockets(), ==, before);
    g_assert_cmpint(recv(udp, &byte, 1, 0), ==, -1);
    g_assert_cmpint(accept(tcp, NULL, NULL), ==, -1);
    g_assert_cmpint(errno, ==, EAGAIN);
    (void)close(udp);
    (void)close(tcp);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/lan-answers/dhcp", dhcp_rows, test_dhcp_row);
    g_test_add_func("/lan-answers/dhcp/same-address", test_same_address);
    g_test_add_func("/lan-answers/dhcp/many-machines", test_many_machines);
    g_test_add_func("/lan-answers/dhcp/refused", test_refused);
    ROWS_ADD("/lan-answers/arp", arp_rows, test_arp_row);
    g_test_add_func("/lan-answers/ping", test_ping);
    ROWS_ADD("/lan-answers/ping6", ping6_rows, test_ping6_row);
    g_test_add_func("/lan-answers/restricted", test_restricted);
    return g_test_run();
}
