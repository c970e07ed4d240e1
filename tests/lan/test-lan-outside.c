/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way outside of `--net user`. The test is the outside: what libslirp calls to get there is
 * this program's own (outside.h), so that no network is needed and none is reached.
 */
#include "tests/lan/dhcp-bytes.h"
#include "tests/lan/lan-client.h"
#include "tests/lan/outside.h"

#include <errno.h>

typedef struct {
    LanHouse house;
    LanClient *client;
    int tcp, udp; /* listeners, on the same port of all the host's addresses */
    guint16 port;
} Rig;

static void
rig_init(Rig *rig)
{
    outside_reset();
    LanHouseSetup setup = lan_house_default();
    setup.outside = TRUE;
    lan_house_init_with(&rig->house, nfs_rig_tree(), &setup);
    rig->client = lan_client_new(&rig->house);
    lan_client_start(rig->client, DHCP_CLIENT_LOADER, 3);
    g_assert_true(lan_client_dhcp(rig->client));
    outside_listen(&rig->tcp, &rig->udp, &rig->port);
}

static void
rig_clear(Rig *rig)
{
    lan_house_clear(&rig->house);
    lan_client_free(rig->client);
    (void)close(rig->tcp);
    (void)close(rig->udp);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Rig, rig_clear)

static void
rig_pump(Rig *rig)
{
    for (int i = 0; i < 10; i++)
        lan_house_pump(&rig->house);
}

static Ip4Route
route_to(Ip4Addr dst)
{
    return (Ip4Route){ GUEST_MAC, GATEWAY_MAC, GUEST_IP, dst };
}

/* ---- it works ---- */

/* With a way outside there are a router and a name server. */
static void
test_dhcp(void)
{
    g_auto(Rig) rig;

    rig_init(&rig);
    const LanOption *router = &rig.client->options[3], *dns = &rig.client->options[6];
    ROW_CMPMEM(router->bytes, router->len, rig.house.config.gateway.b, 4);
    ROW_CMPMEM(dns->bytes, dns->len, rig.house.config.dns.b, 4);
}

static void
test_udp(void)
{
    static const gsize lengths[] = { 1, 512, 1472, 1473, 9000 };
    struct sockaddr_in from;
    g_auto(Rig) rig;

    rig_init(&rig);
    for (gsize i = 0; i < G_N_ELEMENTS(lengths); i++) {
        const Ip4Route route = route_to(OUTSIDE_IP);
        g_autofree guint8 *bytes = g_malloc(lengths[i]), *got = g_malloc(lengths[i] + 1);
        g_auto(LanDatagram) reply = { 0 };
        row_pattern(bytes, lengths[i], 5);
        g_autoptr(GByteArray) udp = frame_udp_datagram(&route, 4000, rig.port, bytes, lengths[i]);
        for (gsize at = 0; at < udp->len; at += 1480) {
            gsize len = MIN(1480, udp->len - at);
            guint16 flags_off = (guint16)(at / 8 | (at + len < udp->len ? 0x2000 : 0));
            g_autoptr(GByteArray) frame =
                frame_ip4(&route, 17, (guint16)(100 + i), flags_off, 0, udp->data + at, len);
            lan_client_send(rig.client, frame->data, frame->len);
        }
        gsize n = outside_receive(rig.udp, got, lengths[i] + 1, &from);
        ROW_CMPMEM(got, n, bytes, lengths[i]);
        outside_answer(rig.udp, got, n, &from);
        g_assert_true(lan_client_receive(rig.client, 4000, &reply));
        g_assert_true(ip4_equal(reply.src_ip, OUTSIDE_IP));
        g_assert_cmpuint(reply.src_port, ==, rig.port);
        ROW_CMPMEM(reply.payload, reply.len, bytes, lengths[i]);
    }
}

/* The LAN's name server is the host's. */
static void
test_dns(void)
{
    static const guint8 query[] = "\x12\x34\1\0\0\1\0\0\0\0\0\0\1a\1b\0\0\1\0";
    guint8 got[64];
    struct sockaddr_in from;
    g_auto(LanDatagram) reply = { 0 };
    g_auto(Rig) rig;

    rig_init(&rig);
    outside_set_dns_port(rig.port);
    lan_client_send_udp(rig.client, rig.house.config.dns, 4001, 53, query, sizeof query);
    gsize n = outside_receive(rig.udp, got, sizeof got, &from);
    ROW_CMPMEM(got, n, query, sizeof query);
    outside_answer(rig.udp, "answer", 6, &from);
    g_assert_true(lan_client_receive(rig.client, 4001, &reply));
    g_assert_true(ip4_equal(reply.src_ip, rig.house.config.dns));
    g_assert_cmpuint(reply.src_port, ==, 53);
    ROW_CMPMEM(reply.payload, reply.len, "answer", 6);
}

/* The guest's end of a TCP connection. */
typedef struct {
    Rig *rig;
    guint32 seq, ack; /* the next byte to send, and that is expected */
    guint32 acked;    /* what the other end was told of the latter */
    gboolean established, closed;
    GByteArray *in;
} Tcp;

static void
tcp_send(Tcp *self, guint8 flags, const void *bytes, gsize len)
{
    const Ip4Route route = route_to(OUTSIDE_IP);
    g_autoptr(GByteArray) tcp = g_byte_array_new();

    frame_add16(tcp, 4002);
    frame_add16(tcp, self->rig->port);
    frame_add32(tcp, self->seq);
    frame_add32(tcp, self->acked = self->ack);
    frame_add16(tcp, 0x5000u | flags);
    frame_add16(tcp, 65535);
    frame_add32(tcp, 0);
    g_byte_array_append(tcp, bytes, (guint)len);
    guint32 pseudo = frame_pseudo_sum(route.src_ip, route.dst_ip, tcp->len) - 17 + 6;
    frame_set16(tcp, 16, frame_checksum(pseudo, tcp->data, tcp->len));
    g_autoptr(GByteArray) frame = frame_ip4(&route, 6, 5, 0x4000, 0, tcp->data, tcp->len);
    self->seq += (guint32)len + ((flags & 0x03) != 0 ? 1 : 0); /* SYN, FIN */
    lan_client_send(self->rig->client, frame->data, frame->len);
}

static void
tcp_tap(const char *from, const guint8 *frame, gsize len, gpointer data)
{
    Tcp *self = data;
    const guint8 *ip = frame + 14, *tcp = frame + 34;

    if (!g_str_equal(from, "gateway") || len < 54 || frame_get16(frame + 12) != 0x0800 ||
        ip[9] != 6)
        return;
    gsize header_len = (gsize)(tcp[12] >> 4) * 4, data_len = frame_get16(ip + 2) - 20 - header_len;
    g_assert_cmphex(frame_get32(ip + 12), ==, ip4_get(OUTSIDE_IP));
    if ((tcp[13] & 0x02) != 0) {
        self->ack = frame_get32(tcp + 4) + 1;
        self->established = TRUE;
    } else if (frame_get32(tcp + 4) == self->ack) {
        g_byte_array_append(self->in, tcp + header_len, (guint)data_len);
        self->ack += (guint32)data_len + (tcp[13] & 0x01);
        self->closed = (tcp[13] & 0x05) != 0; /* FIN, RST */
    }
}

/* A connection, a request, a long answer, and the end. */
static void
test_tcp(void)
{
    const gsize size = 300000;
    g_autoptr(GBytes) page = row_pattern_bytes(size, 9);
    const guint8 *bytes = g_bytes_get_data(page, NULL);
    g_autoptr(GByteArray) in = g_byte_array_new();
    char request[8] = "";
    gsize sent = 0;
    int fd = -1;
    g_auto(Rig) rig;
    Tcp tcp = { .rig = &rig, .seq = 1000, .in = in };

    rig_init(&rig);
    lan_add_tap(rig.house.lan, tcp_tap, &tcp);
    tcp_send(&tcp, 0x02, "", 0);
    for (int i = 0; i < 1000 && !tcp.established; i++)
        rig_pump(&rig);
    g_assert_true(tcp.established);
    tcp_send(&tcp, 0x18, "GET /", 5);
    rig_pump(&rig);
    g_assert_cmpint(fd = accept4(rig.tcp, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK), >=, 0);
    g_assert_cmpint(recv(fd, request, sizeof request, 0), ==, 5);
    g_assert_cmpstr(request, ==, "GET /");
    for (int i = 0; i < 100000 && !tcp.closed; i++) {
        ssize_t n = sent < size ? send(fd, bytes + sent, size - sent, MSG_NOSIGNAL) : 0;
        sent += n > 0 ? (gsize)n : 0;
        if (fd >= 0 && sent == size) {
            (void)close(fd);
            fd = -1;
            sent++;
        }
        rig_pump(&rig);
        if (tcp.acked != tcp.ack)
            tcp_send(&tcp, 0x10, "", 0);
    }
    g_assert_true(tcp.closed);
    ROW_CMPMEM(in->data, in->len, bytes, size);
    /* The guest does not close its side: the main loop sleeps nevertheless. */
    guint busy = 0;
    for (int i = 0; i < 1000; i++)
        busy += g_main_context_iteration(rig.house.context, FALSE) ? 1 : 0;
    g_assert_cmpuint(busy, <, 20);
}

/*
 * A guest that pretends to be the boot server has a host outside send it an RPC call. The boot
 * server answers while libslirp still sends; the answer goes nowhere.
 */
static void
test_server_pretended(void)
{
    static const guint8 null_call[40] = {
        [3] = 1, [11] = 2, [13] = 1, [14] = 0x86, [15] = 0xa3, [19] = 3
    };
    const Ip4Route route = { GUEST_MAC, GATEWAY_MAC, SERVER_IP, OUTSIDE_IP };
    g_autoptr(GByteArray) frame = NULL;
    struct sockaddr_in from;
    g_auto(Rig) rig;
    char bytes[64];

    rig_init(&rig);
    frame = frame_udp4(&route, 2049, rig.port, "x", 1);
    lan_client_send(rig.client, frame->data, frame->len);
    g_assert_cmpuint(outside_receive(rig.udp, bytes, sizeof bytes, &from), ==, 1);
    guint frames = rig.client->frames_in;
    for (int i = 0; i < 3; i++) {
        outside_answer(rig.udp, null_call, sizeof null_call, &from);
        rig_pump(&rig);
    }
    g_assert_cmpuint(rig.client->frames_in, ==, frames + 1); /* libslirp's ARP request */
    g_assert_cmpint(recv(rig.udp, bytes, sizeof bytes, 0), ==, -1);
    g_assert_true(lan_client_dhcp(rig.client));
}

/* ---- many at once ---- */

#define MANY 100

/* A host that cannot take more than one frame for now. */
typedef struct {
    LanPort *port;
    guint frames;
} Slow;

static void
slow_input(gpointer host, const guint8 *frame, gsize len)
{
    Slow *self = host;

    if (len < 42 || frame_get16(frame + 12) != 0x0800 || frame[23] != 17)
        return;
    self->frames++;
    lan_port_set_congested(self->port, TRUE);
}

static const LanPortOps slow_ops = { "slow", slow_input, NULL };

/* A hundred sockets have something to say, and the LAN is held after the first: the others wait. */
static void
test_held(void)
{
    const MacAddr slow_mac = { { 2, 0, 0, 0, 0, 0x51 } };
    struct sockaddr_in from;
    Slow slow = { 0 };
    g_auto(Rig) rig;

    rig_init(&rig);
    slow.port = lan_attach(rig.house.lan, &slow_ops, &slow, &slow_mac);
    g_autoptr(GByteArray) arp =
        frame_arp(MAC_BROADCAST, 1, slow_mac, ip4_of(0xc0a84050), GATEWAY_IP);
    lan_input(slow.port, arp->data, arp->len);
    for (guint16 i = 0; i < MANY; i++) {
        const Ip4Route route = { slow_mac, GATEWAY_MAC, ip4_of(0xc0a84050), OUTSIDE_IP };
        g_autoptr(GByteArray) frame = frame_udp4(&route, (guint16)(6000 + i), rig.port, "x", 1);
        char byte;
        lan_input(slow.port, frame->data, frame->len);
        g_assert_cmpuint(outside_receive(rig.udp, &byte, 1, &from), ==, 1);
        outside_answer(rig.udp, "y", 1, &from);
    }
    for (guint i = 1; i <= MANY; i++) {
        rig_pump(&rig);
        g_assert_cmpuint(slow.frames, ==, i);
        lan_port_set_congested(slow.port, FALSE);
    }
    rig_pump(&rig);
    g_assert_cmpuint(slow.frames, ==, MANY);
}

/* ---- and the host itself is closed ---- */

typedef struct {
    const char *name;
    const char *address;
} ClosedRow;

static const ClosedRow closed_rows[] = {
    { "gateway", "192.168.64.1" },
    { "loopback", "127.0.0.1" },
    { "loopback-last", "127.255.255.254" },
    { "unspecified", "0.0.0.0" }, /* connect() takes it for the loopback address */
    { "this-network", "0.1.2.3" },
    { "broadcast", "255.255.255.255" },
};

static void
test_closed_row(gconstpointer data)
{
    const ClosedRow *row = data;
    static const guint8 echo[8] = { 8, 0, 0xf7, 0xff };
    g_auto(Rig) rig;
    char byte;

    rig_init(&rig);
    Ip4Addr dst = outside_address(row->address);
    const Ip4Route route = route_to(dst);
    g_autoptr(GByteArray) udp = frame_udp4(&route, 5000, rig.port, "x", 1);
    g_autoptr(GByteArray) syn = g_byte_array_new();
    g_autoptr(GByteArray) ping = frame_ip4(&route, 1, 7, 0, 0, echo, sizeof echo);
    frame_add16(syn, 5001);
    frame_add16(syn, rig.port);
    frame_add32(syn, 1);
    frame_add32(syn, 0);
    frame_add32(syn, 0x5002ffff);
    frame_add32(syn, 0);
    guint32 pseudo = frame_pseudo_sum(route.src_ip, dst, syn->len) - 17 + 6;
    frame_set16(syn, 16, frame_checksum(pseudo, syn->data, syn->len));
    g_autoptr(GByteArray) tcp = frame_ip4(&route, 6, 5, 0, 0, syn->data, syn->len);
    lan_client_send(rig.client, udp->data, udp->len);
    lan_client_send(rig.client, tcp->data, tcp->len);
    lan_client_send(rig.client, ping->data, ping->len);
    rig_pump(&rig);
    g_assert_cmpuint(outside_calls(), ==, 0);
    g_assert_cmpint(recv(rig.udp, &byte, 1, 0), ==, -1);
    g_assert_cmpint(accept(rig.tcp, NULL, NULL), ==, -1);
    g_assert_cmpint(errno, ==, EAGAIN);
}

static const ClosedRow closed6_rows[] = {
    { "gateway", "fec0::2" },
    { "loopback", "::1" },
    { "unspecified", "::" },
    { "mapped-loopback", "::ffff:127.0.0.1" },
    { "mapped-unspecified", "::ffff:0.0.0.0" },
    { "compatible-loopback", "::127.0.0.1" },
};

static void
test_closed6_row(gconstpointer data)
{
    const ClosedRow *row = data;
    g_autoptr(GByteArray) udp = g_byte_array_new(), tcp = g_byte_array_new();
    guint8 dst[16];
    g_auto(Rig) rig;
    char byte;

    rig_init(&rig);
    outside_address6(row->address, dst);
    frame_add16(udp, 5000);
    frame_add16(udp, rig.port);
    frame_add32(udp, 10u << 16);
    frame_add16(udp, 0x7878);
    frame_add16(tcp, 5001);
    frame_add16(tcp, rig.port);
    frame_add32(tcp, 1);
    frame_add32(tcp, 0);
    frame_add32(tcp, 0x5002ffff);
    frame_add32(tcp, 0);
    g_autoptr(GByteArray) udp_frame = frame_ip6(dst, 17, udp, 6);
    g_autoptr(GByteArray) tcp_frame = frame_ip6(dst, 6, tcp, 16);
    lan_client_send(rig.client, udp_frame->data, udp_frame->len);
    lan_client_send(rig.client, tcp_frame->data, tcp_frame->len);
    rig_pump(&rig);
    g_assert_cmpuint(outside_calls(), ==, 0);
    g_assert_cmpint(recv(rig.udp, &byte, 1, 0), ==, -1);
    g_assert_cmpint(accept(rig.tcp, NULL, NULL), ==, -1);
    g_assert_cmpint(errno, ==, EAGAIN);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/lan-outside/dhcp", test_dhcp);
    g_test_add_func("/lan-outside/udp", test_udp);
    g_test_add_func("/lan-outside/dns", test_dns);
    g_test_add_func("/lan-outside/tcp", test_tcp);
    g_test_add_func("/lan-outside/held", test_held);
    g_test_add_func("/lan-outside/server-pretended", test_server_pretended);
    ROWS_ADD("/lan-outside/closed", closed_rows, test_closed_row);
    ROWS_ADD("/lan-outside/closed6", closed6_rows, test_closed6_row);
    return g_test_run();
}
