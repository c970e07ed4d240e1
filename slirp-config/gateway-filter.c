/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * To libslirp: everything but what reaches its TFTP server. IPv4 to that server goes through the
 * gate (tftp-gate.c) when it is one plain datagram, and is dropped when it is a fragment or has IP
 * options, behind which a request could hide; there is no TFTP over IPv6.
 *
 * From libslirp: its DHCP replies are completed (dhcp-options.c) according to the request that they
 * answer; libslirp answers within the call that brings the request, so that it is the last one.
 */
#include "slirp-config/gateway-filter.h"

#include "base/log.h"
#include "slirp-config/lan-config.h"
#include "slirp-config/tftp-gate.h"

#define IP6_HEADER       40
#define IP6_NEXT_UDP     17
#define DHCP_PAYLOAD_MAX (DHCP_FIXED_SIZE + DHCP_VENDOR_SIZE)

struct GatewayFilter {
    Ip4Addr gateway;
    FrameFunc to_lan, to_slirp;
    gpointer data;
    TftpGate *tftp;
    const DhcpPolicy *policy; /* (nullable) */
    DhcpClient asking;        /* who sent the last DHCP request */
    guint16 ip_id;
    GuestNote dropped;
};

/* A frame taken apart as far as UDP over IPv4. */
typedef struct {
    EthHeader eth;
    Ip4Header ip;
    UdpHeader udp;
    Cursor payload;
} UdpFrame;

typedef enum {
    FRAME_OTHER, /* not UDP over IPv4, or malformed */
    FRAME_ODD,   /* IPv4, but a fragment or with options */
    FRAME_UDP,
} FrameKind;

static FrameKind
frame_parse(Cursor frame, UdpFrame *ret)
{
    Cursor datagram;

    if (!eth_parse(&frame, &ret->eth) || ret->eth.type != ETH_TYPE_IP4 ||
        !ip4_parse(&frame, &ret->ip, &datagram))
        return FRAME_OTHER;
    if (ip4_is_fragment(&ret->ip) || ret->ip.has_options)
        return FRAME_ODD;
    if (ret->ip.proto != IP_PROTO_UDP || !udp4_parse(&ret->ip, &datagram, &ret->udp, &ret->payload))
        return FRAME_OTHER;
    return FRAME_UDP;
}

/* libslirp knows no extension headers, so that UDP follows at once or not at all. */
static gboolean
is_tftp_over_ip6(Cursor frame)
{
    EthHeader eth;

    if (!eth_parse(&frame, &eth) || eth.type != ETH_TYPE_IP6)
        return FALSE;
    cursor_skip(&frame, 6);
    guint8 next = cursor_u8(&frame);
    cursor_skip(&frame, IP6_HEADER - 7 + 2);
    return next == IP6_NEXT_UDP && cursor_be16(&frame) == TFTP_PORT;
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
    Cursor whole = cursor_of(frame, len);
    UdpFrame udp;
    DhcpMessage dhcp;

    FrameKind kind = frame_parse(whole, &udp);
    if (is_tftp_over_ip6(whole) || (kind == FRAME_ODD && ip4_equal(udp.ip.dst, self->gateway))) {
        guest_note(&self->dropped, "gateway", "dropped a frame of %" G_GSIZE_FORMAT " bytes", len);
        return;
    }
    if (kind == FRAME_UDP && udp.udp.dst_port == TFTP_PORT &&
        ip4_equal(udp.ip.dst, self->gateway)) {
        Ip4Route route = { udp.eth.src, udp.eth.dst, udp.ip.src, udp.ip.dst };
        tftp_gate_input(self->tftp, &route, udp.udp, udp.payload, whole);
        return;
    }
    if (kind == FRAME_UDP && udp.udp.dst_port == DHCP_SERVER_PORT)
        self->asking = dhcp_message_parse(udp.payload, &dhcp) ? dhcp.client : DHCP_CLIENT_OTHER;
    self->to_slirp(frame, len, self->data);
}

/* Sends a completed DHCP reply in place of @udp. Returns: FALSE when there is nothing to complete
 */
static gboolean
filter_complete_dhcp(GatewayFilter *self, const UdpFrame *udp)
{
    guint8 memory[UDP4_HEADROOM + DHCP_PAYLOAD_MAX];
    Buf payload = buf_of(memory, sizeof memory, UDP4_HEADROOM);
    Ip4Route route = { udp->eth.src, udp->eth.dst, udp->ip.src, udp->ip.dst };

    if (self->policy == NULL ||
        !dhcp_options_complete(self->policy, self->asking, udp->payload, &payload))
        return FALSE;
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

    if (frame_parse(whole, &udp) == FRAME_UDP && ip4_equal(udp.ip.src, self->gateway)) {
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

/* @self: (nullable) (transfer full): the filter */
void
gateway_filter_free(GatewayFilter *self)
{
    if (self == NULL)
        return;
    tftp_gate_free(self->tftp);
    g_free(self);
}
