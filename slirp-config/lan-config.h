/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The addresses on the virtual LAN. */
#pragma once

#include "base/bytes.h"

typedef struct {
    Ip4Addr network;
    guint prefix_len;
    Ip4Addr gateway; /* libslirp's host: DHCP and TFTP, and the way out: network + 1 */
    Ip4Addr dns;     /* libslirp's name server: network + 3 */
    Ip4Addr server;  /* ours: NFS: network + 4 */
    Ip4Addr guest;   /* the first, and only, lease: network + 15 */
} LanConfig;

#define LAN_DEFAULT_NETWORK "192.168.64.0/24"

gboolean lan_config_parse(const char *text, LanConfig *ret, GError **error);
Ip4Addr lan_config_netmask(const LanConfig *self);
MacAddr lan_mac_of(Ip4Addr address);
