/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands between the LAN and libslirp, in both directions; pure: frames in, frames out. */
#pragma once

#include "images/vfs.h"
#include "slirp-config/dhcp-options.h"
#include "slirp-config/net/eth.h"

/* libslirp's IPv6 network, of 64 bits, and its host and name server there. */
#define GATEWAY_IP6_NETWORK G_GUINT64_CONSTANT(0xfec0000000000000)
#define GATEWAY_IP6_HOST    2
#define GATEWAY_IP6_DNS     3

typedef struct GatewayFilter GatewayFilter;

GatewayFilter *
gateway_filter_new(Ip4Addr gateway, FrameFunc to_lan, FrameFunc to_slirp, gpointer data);
void gateway_filter_end(GatewayFilter *self);
void gateway_filter_free(GatewayFilter *self);
void gateway_filter_set_tree(GatewayFilter *self, Vfs *vfs);
void gateway_filter_set_policy(GatewayFilter *self, const DhcpPolicy *policy);

void gateway_filter_input(GatewayFilter *self, const guint8 *frame, gsize len);
void gateway_filter_output(GatewayFilter *self, const guint8 *frame, gsize len);
