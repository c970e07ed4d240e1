/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtual LAN: a wire with a handful of hosts on it. A frame goes to the one that it is
 * addressed to; tests plug in as one more host.
 */
#pragma once

#include "slirp-config/net/eth.h"

#define LAN_PORTS_MAX 8
#define LAN_TAPS_MAX  4

typedef struct Lan Lan;
typedef struct LanPort LanPort;

typedef struct {
    const char *name;
    /* A frame for this host; borrowed for the call. It must not be refused. */
    void (*input)(gpointer host, const guint8 *frame, gsize len);
    /* (nullable): stop, or go on, taking in new work: some host cannot take more frames for now. */
    void (*hold)(gpointer host, gboolean held);
} LanPortOps;

/* Sees every frame on the wire, in order. @from names the port that sent it. */
typedef void (*LanTapFunc)(const char *from, const guint8 *frame, gsize len, gpointer data);

Lan *lan_new(void);
void lan_free(Lan *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Lan, lan_free)

LanPort *lan_attach(Lan *self, const LanPortOps *ops, gpointer host, const MacAddr *mac);
void lan_add_tap(Lan *self, LanTapFunc tap, gpointer data);

void lan_input(LanPort *from, const guint8 *frame, gsize len);
void lan_port_set_congested(LanPort *self, gboolean congested);
