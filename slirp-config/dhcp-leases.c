/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: libslirp has sixteen leases, which never expire; an Ethernet address gets
 * the first one that is its own or free. For one that finds neither, libslirp up to 4.7.0 makes a
 * reply and forgets it, memory that is lost for the rest of the run. So such a request must not
 * reach it. The machine that boots asks first and keeps its lease, whatever it pretends to be later
 * on.
 */
#include "slirp-config/dhcp-leases.h"

#include <string.h>

/* Returns: whether libslirp has a lease for @mac, or a free one */
gboolean
dhcp_leases_room_for(const DhcpLeases *self, MacAddr mac)
{
    gboolean known = FALSE;

    for (guint i = 0; i < self->n; i++)
        known = known || mac_equal(self->table[i].mac, mac);
    return known || self->n < DHCP_LEASES_MAX;
}

/* Notes that @address was offered or given to @mac. */
void
dhcp_leases_put(DhcpLeases *self, Ip4Addr address, MacAddr mac)
{
    guint i = 0;

    while (i < self->n && !ip4_equal(self->table[i].address, address))
        i++;
    if (i == DHCP_LEASES_MAX)
        return;
    self->table[i].address = address;
    self->table[i].mac = mac;
    self->n = MAX(self->n, i + 1);
}
