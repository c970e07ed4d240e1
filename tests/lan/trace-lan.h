/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plays the packets of a trace to the LAN, as the machine that sent them, and checks each answer.
 *
 * The foreign server was one host, 10.0.2.2; here DHCP and TFTP are libslirp's and NFS is ours. So
 * libslirp has that address, and ARP, DHCP and TFTP go as they were captured, byte for byte. RPC
 * calls go to our server's address instead, which a client would have from the root path of the
 * DHCP reply, to the ports that our portmapper names, and with the handles that our server gave.
 */
#pragma once

#include "tests/lan/lan-client.h"
#include "tests/lan/trace-check.h"

typedef struct {
    const TraceFile *file;
    TraceCheck check;
    LanHouse house;
    LanClient *client;
    char *capture_path;
    const char *const *missing; /* files that TFTP has not got; NULL-terminated */
    guint next_call;            /* index of the call that the next RPC packet is */
    guint right[TRACE_KIND_COUNT];
    guint files, refusals; /* by TFTP */
} TraceLan;

void trace_lan_init(TraceLan *self,
                    const TraceFile *file,
                    TraceModel *model,
                    const char *const *missing);
void trace_lan_clear(TraceLan *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TraceLan, trace_lan_clear)

void trace_lan_play(TraceLan *self);
