/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: a switch. A port has a fixed MAC address, or learns the source address of
 * what it sends. A frame to a known address goes to that port alone, one to a group to all others,
 * one to an unknown address to all others without a fixed address.
 *
 * Back-pressure: frames are never refused and never dropped here. A host that cannot pass them on
 * (QEMU does not read) says so with lan_port_set_congested(); then every host is held, that is, it
 * takes no new work from outside the LAN, until nobody is congested any more. What is still coming
 * is bounded: the answer to one frame.
 */
#include "slirp-config/lan.h"

struct LanPort {
    Lan *lan;
    const LanPortOps *ops;
    gpointer host;
    gboolean fixed_mac;
    gboolean mac_known;
    MacAddr mac;
    gboolean congested;
};

typedef struct {
    LanTapFunc tap;
    gpointer data;
} LanTap;

struct Lan {
    guint n_ports;
    LanPort ports[LAN_PORTS_MAX];
    guint n_taps;
    LanTap taps[LAN_TAPS_MAX];
    guint n_congested;
};

/* Returns: (transfer full): a LAN with nobody on it */
Lan *
lan_new(void)
{
    return g_new0(Lan, 1);
}

/* The hosts must not use their ports any more. */
void
lan_free(Lan *self)
{
    g_free(self);
}

/**
 * lan_attach:
 * @self: the LAN
 * @ops: (transfer none): what the host does
 * @host: for @ops
 * @mac: (nullable): the host's only address; NULL to learn it
 *
 * Returns: (transfer none): the host's port, which lives as long as the LAN
 **/
LanPort *
lan_attach(Lan *self, const LanPortOps *ops, gpointer host, const MacAddr *mac)
{
    g_assert(self->n_ports < LAN_PORTS_MAX);
    LanPort *port = &self->ports[self->n_ports++];
    *port = (LanPort){ .lan = self, .ops = ops, .host = host };
    if (mac != NULL) {
        port->fixed_mac = port->mac_known = TRUE;
        port->mac = *mac;
    }
    return port;
}

/* Shows every frame to @tap from now on, until the LAN is freed. */
void
lan_add_tap(Lan *self, LanTapFunc tap, gpointer data)
{
    g_assert(self->n_taps < LAN_TAPS_MAX);
    self->taps[self->n_taps++] = (LanTap){ tap, data };
}

static LanPort *
lan_find(Lan *self, MacAddr mac)
{
    LanPort *learned = NULL;

    for (guint i = 0; i < self->n_ports; i++) {
        LanPort *port = &self->ports[i];
        if (!port->mac_known || !mac_equal(port->mac, mac))
            continue;
        if (port->fixed_mac)
            return port; /* nobody can take over a fixed address */
        learned = port;
    }
    return learned;
}

/**
 * lan_input:
 * @from: the port of the host that sends
 * @frame: an Ethernet frame, borrowed for the call
 * @len: its length, without frame check sequence; a frame shorter than its header is dropped
 **/
void
lan_input(LanPort *from, const guint8 *frame, gsize len)
{
    Lan *self = from->lan;
    Cursor cursor = cursor_of(frame, len);
    EthHeader header;

    if (!eth_parse(&cursor, &header))
        return;
    for (guint i = 0; i < self->n_taps; i++)
        self->taps[i].tap(from->ops->name, frame, len, self->taps[i].data);
    if (!from->fixed_mac && !mac_is_group(header.src)) {
        from->mac = header.src;
        from->mac_known = TRUE;
    }
    gboolean group = mac_is_group(header.dst);
    LanPort *only = group ? NULL : lan_find(self, header.dst);
    for (guint i = 0; i < self->n_ports; i++) {
        LanPort *port = &self->ports[i];
        if (port != from && (only != NULL ? port == only : group || !port->fixed_mac))
            port->ops->input(port->host, frame, len);
    }
}

/**
 * lan_port_set_congested:
 * @self: a port
 * @congested: whether its host has more frames waiting than it likes
 **/
void
lan_port_set_congested(LanPort *self, gboolean congested)
{
    Lan *lan = self->lan;
    guint before = lan->n_congested;

    if (self->congested == congested)
        return;
    self->congested = congested;
    lan->n_congested += congested ? 1 : (guint)-1;
    if ((before == 0) == (lan->n_congested == 0))
        return;
    for (guint i = 0; i < lan->n_ports; i++) {
        LanPort *port = &lan->ports[i];
        if (port->ops->hold != NULL)
            port->ops->hold(port->host, lan->n_congested > 0);
    }
}
