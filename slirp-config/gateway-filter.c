/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * To libslirp: ARP, IPv4 and IPv6 as far as they can be understood here, so that what is looked for
 * cannot hide in what libslirp would read in another way. UDP over IPv4 to its TFTP server goes
 * through the gate (tftp-gate.c); a packet with IP options for it, behind which a request could
 * hide, is dropped; there is no TFTP over IPv6.
 *
 * No fragment ever reaches libslirp: up to 4.7.0 it writes through a wild pointer when the first
 * one that comes is not the first of its datagram, and it keeps as many as a guest cares to send.
 * They are put together here, in a table of fixed size, and libslirp gets the datagram as one
 * frame, which it takes in any size that IPv4 has.
 *
 * Its DHCP server gets requests that it has a lease for (dhcp-leases.c).
 *
 * From libslirp: its DHCP replies are completed (dhcp-options.c) according to the request that they
 * answer; libslirp answers within the call that brings the request, so that it is the last one.
 */
#include "slirp-config/gateway-filter.h"

#include "base/log.h"
#include "slirp-config/dhcp-leases.h"
#include "slirp-config/net/ip4-reassembly.h"
#include "slirp-config/tftp-gate.h"

#define IP6_NEXT_UDP     17
#define IP6_NEXT_ICMP    58
#define IP6_LINK_LOCAL   G_GUINT64_CONSTANT(0xfe80000000000000)
#define ICMP6_ECHO       128
#define WHOLE_HEADROOM   (ETH_HEADER + IP4_HEADER)
#define DHCP_PAYLOAD_MAX (DHCP_FIXED_SIZE + DHCP_VENDOR_SIZE)

struct GatewayFilter {
    Ip4Addr gateway;
    FrameFunc to_lan, to_slirp;
    gpointer data;
    TftpGate *tftp;
    const DhcpPolicy *policy; /* (nullable) */
    DhcpClient asking;        /* who sent the last DHCP request */
    DhcpLeases leases;
    guint16 ip_id;
    GuestNote dropped, incomplete;
    Ip4Reassembly *reassembly;
    guint8 whole[ETH_HEADER + IP4_MAX]; /* a frame made of the fragments of a datagram */
};

/* A frame taken apart as far as UDP over IPv4. */
typedef struct {
    EthHeader eth;
    Ip4Header ip;
    UdpHeader udp;
    Cursor payload;
} UdpFrame;

static void
filter_drop(GatewayFilter *self, const char *what, Cursor frame)
{
    guest_note(&self->dropped, "gateway", "dropped %s of %" G_GSIZE_FORMAT " bytes", what,
               cursor_left(&frame));
}

static void
filter_pass(GatewayFilter *self, Cursor frame)
{
    self->to_slirp(frame.at, cursor_left(&frame), self->data);
}

/* What libslirp's DHCP server may be asked, and by whom. Source: RFC 2131 §2 */
static void
filter_dhcp(GatewayFilter *self, const UdpFrame *packet, Cursor frame)
{
    DhcpMessage dhcp;

    if (packet->ip.has_options || !dhcp_message_parse(packet->payload, &dhcp) || dhcp.op != 1) {
        filter_drop(self, "what is no DHCP request", frame);
        return;
    }
    if (!dhcp_leases_room_for(&self->leases, dhcp.chaddr)) {
        filter_drop(self, "a DHCP request for which there is no lease", frame);
        return;
    }
    self->asking = dhcp.client;
    filter_pass(self, frame);
}

static gboolean
ip4_is_broadcast(Ip4Addr address)
{
    return ip4_get(address) == G_MAXUINT32;
}

static void
filter_udp4(GatewayFilter *self, UdpFrame *packet, Cursor datagram, Cursor frame)
{
    gboolean ours = ip4_equal(packet->ip.dst, self->gateway);

    if (!udp4_parse(&packet->ip, &datagram, &packet->udp, &packet->payload)) {
        filter_drop(self, "a malformed UDP datagram", frame);
    } else if (packet->udp.dst_port == TFTP_PORT && ours) {
        Ip4Route route = { packet->eth.src, packet->eth.dst, packet->ip.src, packet->ip.dst };
        tftp_gate_input(self->tftp, &route, packet->udp, packet->payload, frame);
    } else if (packet->udp.dst_port == DHCP_SERVER_PORT &&
               (ours || ip4_is_broadcast(packet->ip.dst))) {
        filter_dhcp(self, packet, frame);
    } else {
        filter_pass(self, frame);
    }
}

/*
 * Whether an address means the host that connect() is called on. libslirp's disable_host_loopback
 * is about its own addresses only: what a guest sends to 127.0.0.1 it passes on as it is.
 * Source: RFC 1122 §3.2.1.3
 */
static gboolean
ip4_is_host_itself(Ip4Addr address)
{
    return address.b[0] == 127 || address.b[0] == 0;
}

static void
filter_datagram(GatewayFilter *self, UdpFrame *packet, Cursor datagram, Cursor frame)
{
    if (ip4_is_host_itself(packet->ip.dst))
        filter_drop(self, "a packet to the host itself", frame);
    else if (packet->ip.has_options && ip4_equal(packet->ip.dst, self->gateway))
        filter_drop(self, "a packet with IP options", frame);
    else if (packet->ip.proto == IP_PROTO_UDP)
        filter_udp4(self, packet, datagram, frame);
    else if (ip4_is_broadcast(packet->ip.dst))
        filter_drop(self, "a broadcast", frame); /* a ping would go out to the host's network */
    else
        filter_pass(self, frame);
}

/* Keeps a fragment, and goes on with the datagram when it was the last one that was missing. */
static void
filter_fragment(GatewayFilter *self, UdpFrame *packet, Cursor part, Cursor frame)
{
    Buf whole = buf_of(self->whole, sizeof self->whole, WHOLE_HEADROOM);
    Ip4Route route = { packet->eth.src, packet->eth.dst, packet->ip.src, packet->ip.dst };
    Cursor datagram;

    if (packet->ip.has_options) {
        filter_drop(self, "a fragment with IP options", frame);
        return;
    }
    if (!ip4_reassembly_put(self->reassembly, &packet->ip, part, g_get_monotonic_time(), &datagram))
        return;
    buf_bytes(&whole, datagram.at, cursor_left(&datagram));
    datagram = cursor_of(buf_data(&whole), buf_len(&whole));
    ip4_push(&whole, &route, packet->ip.proto, packet->ip.id);
    filter_datagram(self, packet, datagram, cursor_of(buf_data(&whole), buf_len(&whole)));
}

static void
filter_ip4(GatewayFilter *self, UdpFrame *packet, Cursor frame, Cursor rest)
{
    Cursor datagram;

    if (!ip4_parse(&rest, &packet->ip, &datagram))
        filter_drop(self, "a malformed IPv4 packet", frame);
    else if (ip4_is_fragment(&packet->ip))
        filter_fragment(self, packet, datagram, frame);
    else
        filter_datagram(self, packet, datagram, frame);
}

/* Whether libslirp answers a ping: its host and its name server, in both of their networks. */
static gboolean
ip6_answers(guint64 network, guint64 host)
{
    return (network == GATEWAY_IP6_NETWORK || network == IP6_LINK_LOCAL) &&
           (host == GATEWAY_IP6_HOST || host == GATEWAY_IP6_DNS);
}

/*
 * Looks at an IPv6 packet. libslirp knows no extension headers, so that what the first header
 * names follows at once or not at all. To a ping for anybody but itself it says "critical" in the
 * log. Returns: (nullable): why it must not reach libslirp
 */
static const char *
ip6_why_not(Cursor packet)
{
    cursor_skip(&packet, 6);
    guint8 next = cursor_u8(&packet);
    cursor_skip(&packet, 1 + 16);
    guint64 network = cursor_be64(&packet), host = cursor_be64(&packet);
    if (!cursor_ok(&packet))
        return "a malformed IPv6 packet";
    if (network == 0) /* "::", "::1", and IPv4 addresses in IPv6 ones: RFC 4291 §2.5 */
        return "an IPv6 packet to the host itself";
    if (next == IP6_NEXT_UDP) {
        cursor_skip(&packet, 2);
        if (cursor_be16(&packet) == TFTP_PORT)
            return "TFTP over IPv6";
    } else if (next == IP6_NEXT_ICMP) {
        if (cursor_u8(&packet) == ICMP6_ECHO && !ip6_answers(network, host))
            return "an IPv6 ping";
    }
    return cursor_ok(&packet) ? NULL : "a malformed IPv6 packet";
}

static void
filter_ip6(GatewayFilter *self, Cursor frame, Cursor rest)
{
    const char *why_not = ip6_why_not(rest);

    if (why_not != NULL)
        filter_drop(self, why_not, frame);
    else
        filter_pass(self, frame);
}

/**
 * gateway_filter_input:
 * @self: the filter
 * @frame: a frame from the LAN
 * @len: its length
 **/
void
gateway_filter_input(GatewayFilter *self, const guint8 *frame, gsize len)
{
    const Cursor whole = cursor_of(frame, len);
    Cursor rest = whole;
    UdpFrame packet;

    if (!eth_parse(&rest, &packet.eth))
        return;
    switch (packet.eth.type) {
    case ETH_TYPE_IP4:
        filter_ip4(self, &packet, whole, rest);
        break;
    case ETH_TYPE_IP6:
        filter_ip6(self, whole, rest);
        break;
    case ETH_TYPE_ARP:
        filter_pass(self, whole);
        break;
    default:
        filter_drop(self, "a frame of another protocol", whole);
    }
}

/* Takes apart what libslirp sends. Returns: FALSE when it is no whole UDP datagram over IPv4 */
static gboolean
frame_parse_udp4(Cursor frame, UdpFrame *ret)
{
    Cursor datagram;

    return eth_parse(&frame, &ret->eth) && ret->eth.type == ETH_TYPE_IP4 &&
           ip4_parse(&frame, &ret->ip, &datagram) && !ip4_is_fragment(&ret->ip) &&
           ret->ip.proto == IP_PROTO_UDP &&
           udp4_parse(&ret->ip, &datagram, &ret->udp, &ret->payload);
}

/*
 * Sends a completed DHCP reply in place of @udp, and notes what libslirp gives to whom.
 * Returns: FALSE when there is nothing to complete
 */
static gboolean
filter_complete_dhcp(GatewayFilter *self, const UdpFrame *udp)
{
    guint8 memory[UDP4_HEADROOM + DHCP_PAYLOAD_MAX];
    Buf payload = buf_of(memory, sizeof memory, UDP4_HEADROOM);
    Ip4Route route = { udp->eth.src, udp->eth.dst, udp->ip.src, udp->ip.dst };
    DhcpMessage dhcp;

    if (!dhcp_message_parse(udp->payload, &dhcp) || dhcp.op != 2 ||
        (dhcp.type != DHCP_OFFER && dhcp.type != DHCP_ACK))
        return FALSE;
    dhcp_leases_put(&self->leases, dhcp.yiaddr, dhcp.chaddr);
    if (self->policy == NULL || !dhcp_options_needed(self->asking))
        return FALSE;
    if (!dhcp_options_complete(self->policy, self->asking, udp->payload, &payload)) {
        guest_note(&self->incomplete, "gateway", "the DHCP options for %s do not fit",
                   dhcp_client_name(self->asking));
        return FALSE;
    }
    udp4_push(&payload, &route, udp->udp, UDP_CHECKSUM);
    ip4_send(&payload, &route, IP_PROTO_UDP, self->ip_id++, self->to_lan, self->data);
    return TRUE;
}

/**
 * gateway_filter_output:
 * @self: the filter
 * @frame: a frame from libslirp
 * @len: its length
 **/
void
gateway_filter_output(GatewayFilter *self, const guint8 *frame, gsize len)
{
    Cursor whole = cursor_of(frame, len);
    UdpFrame udp;

    if (frame_parse_udp4(whole, &udp) && ip4_equal(udp.ip.src, self->gateway)) {
        if (udp.udp.src_port == DHCP_SERVER_PORT && filter_complete_dhcp(self, &udp))
            return;
        if (udp.udp.src_port == TFTP_PORT)
            tftp_gate_output(self->tftp, udp.udp, udp.payload, whole);
    }
    self->to_lan(frame, len, self->data);
}

/**
 * gateway_filter_new:
 * @gateway: libslirp's own address
 * @to_lan: takes frames for the LAN
 * @to_slirp: takes frames for libslirp
 * @data: for both
 *
 * Returns: (transfer full): a filter without tree and policy
 **/
GatewayFilter *
gateway_filter_new(Ip4Addr gateway, FrameFunc to_lan, FrameFunc to_slirp, gpointer data)
{
    GatewayFilter *self = g_new0(GatewayFilter, 1);

    self->gateway = gateway;
    self->to_lan = to_lan;
    self->to_slirp = to_slirp;
    self->data = data;
    self->tftp = tftp_gate_new(gateway, to_lan, to_slirp, data);
    self->reassembly = ip4_reassembly_new();
    return self;
}

/* @vfs: (transfer none): the tree whose files TFTP offers */
void
gateway_filter_set_tree(GatewayFilter *self, Vfs *vfs)
{
    tftp_gate_set_tree(self->tftp, vfs);
}

/* @policy: (transfer none) (nullable): what DHCP tells in addition */
void
gateway_filter_set_policy(GatewayFilter *self, const DhcpPolicy *policy)
{
    self->policy = policy;
}

/* Call it before libslirp is freed: ends what libslirp would not. */
void
gateway_filter_end(GatewayFilter *self)
{
    tftp_gate_end(self->tftp);
}

/* @self: (nullable) (transfer full): the filter */
void
gateway_filter_free(GatewayFilter *self)
{
    if (self == NULL)
        return;
    tftp_gate_free(self->tftp);
    ip4_reassembly_free(self->reassembly);
    g_free(self);
}
