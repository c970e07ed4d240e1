/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The only place where nfs/ meets the wire. A request comes as a frame, its reply is built behind
 * headroom in one buffer that is used again for the next, and goes out before the call returns:
 * nothing is allocated, and of the client nothing is kept but how much it can take
 * (nfs/read-limit.h). TCP is not ours: such frames are handed on to libslirp, which ends the
 * connections and gives them to rpc-streams.c.
 */
#include "slirp-config/boot-server.h"

#include "base/log.h"
#include "slirp-config/linger.h"
#include "slirp-config/net/arp.h"
#include "slirp-config/net/ip4-reassembly.h"
#include "slirp-config/net/udp4.h"

#include <string.h>

#define ICMP_PROTO      1
#define ICMP_ECHO_REPLY 0
#define ICMP_ECHO       8

/* A loader in emulation takes 150 to 600 us from an answer to its next question. */
#define LINGER_US 700

struct BootServer {
    LanPort *port;
    MacAddr mac;
    Ip4Addr address;
    NfsServer nfs;
    ReadLimit read_limit;
    Linger linger;
    GSource *linger_source; /* (nullable) */
    Ip4Reassembly *reassembly;
    guint16 ip_id;
    FrameFunc tcp; /* (nullable): takes frames with TCP in them */
    gpointer tcp_data;
    GuestNote malformed, unserved;
    guint8 tx[UDP4_HEADROOM + NFS_REPLY_MAX_UDP];
};

static void
server_emit(const guint8 *frame, gsize len, gpointer data)
{
    lan_input(((BootServer *)data)->port, frame, len);
}

static void
server_arp(BootServer *self, Cursor packet)
{
    ArpPacket arp;

    if (!arp_parse(&packet, &arp) || arp.op != ARP_REQUEST ||
        !ip4_equal(arp.target_ip, self->address))
        return;
    ArpPacket reply = {
        .op = ARP_REPLY,
        .sender_mac = self->mac,
        .sender_ip = self->address,
        .target_mac = arp.sender_mac,
        .target_ip = arp.sender_ip,
    };
    Buf frame = buf_of(self->tx, sizeof self->tx, ETH_HEADER);
    arp_put(&frame, &reply);
    eth_push(&frame, arp.sender_mac, self->mac, ETH_TYPE_ARP);
    server_emit(buf_data(&frame), buf_len(&frame), self);
}

/* Returns: FALSE when @message is no call */
static gboolean
server_answer(BootServer *self, const Ip4Route *route, const UdpHeader *udp, Cursor message)
{
    Buf reply = buf_of(self->tx, sizeof self->tx, UDP4_HEADROOM);

    if (!rpc_dispatch(&self->nfs.rpc, RPC_UDP, &message, &reply))
        return FALSE;
    udp4_push(&reply, route, (UdpHeader){ udp->dst_port, udp->src_port }, UDP_NO_CHECKSUM);
    ip4_send(&reply, route, IP_PROTO_UDP, self->ip_id++, server_emit, self);
    return TRUE;
}

static void
server_udp(BootServer *self, const Ip4Route *route, const Ip4Header *ip, Cursor datagram)
{
    UdpHeader udp;
    Cursor message;

    if (!udp4_parse(ip, &datagram, &udp, &message)) {
        guest_note(&self->malformed, "nfs", "malformed UDP datagram");
        return;
    }
    if (!nfs_server_has_port(&self->nfs, udp.dst_port) || self->nfs.vfs == NULL)
        return;
    linger_asked(&self->linger);
    if (!server_answer(self, route, &udp, message))
        guest_note(&self->malformed, "nfs", "a datagram to port %u is no RPC call", udp.dst_port);
    else if (read_limit_is_doubtful(&self->read_limit))
        (void)server_answer(self, route, &udp, message);
    if (self->linger_source != NULL)
        linger_answered(&self->linger, LINGER_US);
}

/* Answers a ping, which is how one finds out from the guest that this host is there. RFC 792 */
static void
server_icmp(BootServer *self, const Ip4Route *route, Cursor message)
{
    gsize len = cursor_left(&message);
    Buf reply = buf_of(self->tx, sizeof self->tx, UDP4_HEADROOM);

    if (len < 8 || message.at[0] != ICMP_ECHO || inet_checksum(0, message.at, len) != 0)
        return;
    buf_bytes(&reply, message.at, len);
    if (!buf_ok(&reply))
        return;
    guint8 *p = buf_data(&reply);
    p[0] = ICMP_ECHO_REPLY;
    memset(p + 2, 0, 2);
    be16 checksum = be16_of(inet_checksum(0, p, len));
    memcpy(p + 2, checksum.b, sizeof checksum.b);
    ip4_send(&reply, route, ICMP_PROTO, self->ip_id++, server_emit, self);
}

static void
server_ip4(BootServer *self, const EthHeader *eth, Cursor packet, Cursor frame)
{
    Ip4Header ip;
    Cursor payload;

    if (!ip4_parse(&packet, &ip, &payload)) {
        guest_note(&self->malformed, "nfs", "malformed IPv4 packet");
        return;
    }
    if (!ip4_equal(ip.dst, self->address))
        return;
    if (ip.proto == IP_PROTO_TCP && self->tcp != NULL) {
        self->tcp(frame.at, cursor_left(&frame), self->tcp_data);
        return;
    }
    if (ip4_is_fragment(&ip) &&
        !ip4_reassembly_put(self->reassembly, &ip, payload, g_get_monotonic_time(), &payload))
        return;
    Ip4Route route = { self->mac, eth->src, self->address, ip.src };
    if (ip.proto == IP_PROTO_UDP)
        server_udp(self, &route, &ip, payload);
    else if (ip.proto == ICMP_PROTO)
        server_icmp(self, &route, payload);
    else
        guest_note(&self->unserved, "nfs", "IP protocol %u is not served", ip.proto);
}

static void
server_input(gpointer host, const guint8 *frame, gsize len)
{
    BootServer *self = host;
    Cursor cursor = cursor_of(frame, len);
    EthHeader eth;

    if (!eth_parse(&cursor, &eth))
        return;
    if (eth.type == ETH_TYPE_IP4)
        server_ip4(self, &eth, cursor, cursor_of(frame, len));
    else if (eth.type == ETH_TYPE_ARP)
        server_arp(self, cursor);
}

static const LanPortOps boot_server_ops = { "server", server_input, NULL };

/**
 * boot_server_new:
 * @lan: the LAN to attach to
 * @config: the address plan
 * @handle_key: see nfs_server_init()
 *
 * Returns: (transfer full): a server that answers ARP, and RPC once it has a tree; free it before
 *   the LAN
 **/
BootServer *
boot_server_new(Lan *lan, const LanConfig *config, guint64 handle_key)
{
    BootServer *self = g_new0(BootServer, 1);

    self->address = config->server;
    self->mac = lan_mac_of(config->server);
    self->reassembly = ip4_reassembly_new();
    nfs_server_init(&self->nfs, NULL, handle_key);
    self->nfs.read_limit = &self->read_limit;
    self->port = lan_attach(lan, &boot_server_ops, self, &self->mac);
    return self;
}

/* Has the loop linger after an answer over UDP. @context: (nullable): where the LAN runs */
void
boot_server_linger(BootServer *self, GMainContext *context)
{
    self->linger_source = linger_source_new(&self->linger, "boot-server", context);
}

/* @vfs: (transfer none): the tree to serve; it must outlive the server */
void
boot_server_set_tree(BootServer *self, Vfs *vfs)
{
    self->nfs.vfs = vfs;
}

/**
 * boot_server_set_tcp:
 * @self: the server
 * @forward: takes each frame with TCP for the server's address
 * @data: for @forward
 *
 * Has the portmapper offer TCP; without it, TCP is dropped.
 **/
void
boot_server_set_tcp(BootServer *self, FrameFunc forward, gpointer data)
{
    self->tcp = forward;
    self->tcp_data = data;
    self->nfs.tcp = TRUE;
}

/* Returns: (transfer none): what answers the calls, for other transports; there must be a tree
 * before it is used */
const RpcServer *
boot_server_rpc(const BootServer *self)
{
    return &self->nfs.rpc;
}

/* @observer: (nullable): is told of each mount and each READ, before the reply goes out */
void
boot_server_set_observer(BootServer *self, NfsObserver observer, gpointer data)
{
    self->nfs.observer = observer;
    self->nfs.observer_data = data;
}

/* @self: (nullable) (transfer full): the server */
void
boot_server_free(BootServer *self)
{
    if (self == NULL)
        return;
    ip4_reassembly_free(self->reassembly);
    if (self->linger_source != NULL)
        g_source_destroy(self->linger_source);
    g_clear_pointer(&self->linger_source, g_source_unref);
    g_free(self);
}
