/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What libslirp's DHCP server has given to whom, as its replies told. */
#pragma once

#include "base/bytes.h"

#define DHCP_LEASES_MAX 16 /* as many as libslirp has */

typedef struct {
    guint n;
    struct {
        Ip4Addr address;
        MacAddr mac;
    } table[DHCP_LEASES_MAX];
} DhcpLeases;

gboolean dhcp_leases_room_for(const DhcpLeases *self, MacAddr mac);
void dhcp_leases_put(DhcpLeases *self, Ip4Addr address, MacAddr mac);
