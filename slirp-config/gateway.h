/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libslirp on the LAN: DHCP, TFTP, and the way outside where the user has opened it. */
#pragma once

#include "images/vfs.h"
#include "slirp-config/dhcp-options.h"
#include "slirp-config/lan-config.h"
#include "slirp-config/lan.h"

typedef struct Gateway Gateway;

typedef struct {
    LanConfig lan;
    const char *bootfile; /* as DHCP tells it: a path in the tree; shorter than 128 bytes */
    gboolean outside;     /* --net user: the guest may talk to the host's network */
} GatewayConfig;

Gateway *gateway_new(Lan *lan, const GatewayConfig *config, GMainContext *context, GError **error);
void gateway_free(Gateway *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Gateway, gateway_free)

void gateway_set_tree(Gateway *self, Vfs *vfs);
gboolean gateway_forward_tcp(
    Gateway *self, Ip4Addr host, const guint16 *ports, const char *socket_path, GError **error);
void gateway_input_frame(const guint8 *frame, gsize len, gpointer gateway);
void gateway_set_policy(Gateway *self, const DhcpPolicy *policy);
