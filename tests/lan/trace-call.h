/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The RPC calls in a trace, taken apart by the RFCs: from UDP datagrams, or out of a TCP stream. */
#pragma once

#include "tests/lan/trace-file.h"

typedef enum {
    CALL_GETPORT,
    CALL_MNT,
    CALL_GETATTR,
    CALL_LOOKUP,
    CALL_ACCESS,
    CALL_READ,
    CALL_READDIR,
    CALL_FSSTAT,
    CALL_FSINFO,
    CALL_KIND_COUNT
} CallKind;

typedef struct TraceObject TraceObject;

typedef struct {
    guint packet; /* that brought its last byte */
    gint64 time_us;
    guint16 src_port, dst_port;
    const guint8 *message; /* from the xid on; borrowed from the trace */
    gsize len;
    guint32 xid, prog, vers;
    CallKind kind;
    /* The first argument of NFS calls: where it is in the message, and the handle in it. */
    gsize handle_at, handle_end;
    const guint8 *handle;
    gsize handle_len;
    char *name;          /* LOOKUP: one name; MNT: a path */
    guint64 offset;      /* READ; READDIR: the cookie */
    guint32 count;       /* READ, READDIR: bytes; ACCESS: the bits asked for */
    guint32 wanted[2];   /* GETPORT: program and version */
    TraceObject *object; /* that the handle names; see trace-model.h */
    TraceObject *target; /* LOOKUP, MNT: what the name stands for */
} TraceCall;

const char *call_kind_name(CallKind kind);

/* What a trace says in RPC; the bytes of a TCP stream are kept here. */
typedef struct {
    GArray *calls;      /* of TraceCall, in order */
    GByteArray *stream; /* what the client sent by TCP */
    guint data_segments, bare_segments;
} TraceCalls;

void trace_calls_init(TraceCalls *self, const TraceFile *file);
void trace_calls_clear(TraceCalls *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TraceCalls, trace_calls_clear)

guint trace_calls_count(const TraceCalls *self);
TraceCall *trace_calls_at(const TraceCalls *self, guint i);
