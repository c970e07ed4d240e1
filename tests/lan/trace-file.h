/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A capture of what a real client sent (tests/data/traces/), its packets told apart by kind.
 * Whoever replays it must know what to do with each of them: there is no kind for "the rest".
 */
#pragma once

#include "tests/lan/frames.h"

typedef enum {
    TRACE_UNKNOWN, /* a fault of the trace, or of the reader */
    TRACE_ARP,
    TRACE_DHCP,
    TRACE_TFTP,
    TRACE_RPC, /* one call in a UDP datagram */
    TRACE_TCP,
    TRACE_KIND_COUNT
} TraceKind;

typedef struct {
    guint number; /* from 1, as every program that shows captures counts */
    gint64 time_us;
    const guint8 *frame; /* borrowed from the file */
    gsize len;
    TraceKind kind;
    FrameUdp udp; /* of DHCP, TFTP and RPC */
} TracePacket;

typedef struct {
    char *name; /* without ".pcap" */
    GBytes *bytes;
    GArray *packets; /* of TracePacket */
} TraceFile;

void trace_file_init(TraceFile *self, const char *name);
void trace_file_clear(TraceFile *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TraceFile, trace_file_clear)

guint trace_file_count(const TraceFile *self);
const TracePacket *trace_file_at(const TraceFile *self, guint i);
const char *trace_kind_name(TraceKind kind);
