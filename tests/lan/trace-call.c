/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls are found by two roads. A UDP datagram is one call. TCP segments are put together to the
 * stream that they were, and the stream is cut at its record marks (RFC 5531 §11); a segment that
 * repeats bytes is used for what is new in it, and a hole ends the test, as does a record that is
 * not whole.
 */
#include "tests/lan/trace-call.h"

#include "base/cursor.h"
#include "nfs/nfs-server.h"

typedef struct {
    guint32 prog, proc;
    guint32 vers; /* 0: any */
    CallKind kind;
    const char *name;
} CallProc;

/* What boot clients are known to call; anything else in a trace ends the test. */
static const CallProc call_procs[] = {
    { PMAP_PROGRAM, 3, 2, CALL_GETPORT, "GETPORT" }, { MOUNT_PROGRAM, 1, 0, CALL_MNT, "MNT" },
    { NFS_PROGRAM, 4, 2, CALL_LOOKUP, "LOOKUP" },    { NFS_PROGRAM, 6, 2, CALL_READ, "READ" },
    { NFS_PROGRAM, 1, 3, CALL_GETATTR, "GETATTR" },  { NFS_PROGRAM, 3, 3, CALL_LOOKUP, "LOOKUP" },
    { NFS_PROGRAM, 4, 3, CALL_ACCESS, "ACCESS" },    { NFS_PROGRAM, 6, 3, CALL_READ, "READ" },
    { NFS_PROGRAM, 16, 3, CALL_READDIR, "READDIR" }, { NFS_PROGRAM, 18, 3, CALL_FSSTAT, "FSSTAT" },
    { NFS_PROGRAM, 19, 3, CALL_FSINFO, "FSINFO" },
};

/* Returns: (transfer none): the name of a procedure, as the RFCs have it */
const char *
call_kind_name(CallKind kind)
{
    for (gsize i = 0; i < G_N_ELEMENTS(call_procs); i++) {
        if (call_procs[i].kind == kind)
            return call_procs[i].name;
    }
    g_assert_not_reached();
}

static Cursor
take_opaque(Cursor *args)
{
    guint32 len = cursor_be32(args);
    Cursor bytes = cursor_sub(args, len);
    cursor_skip(args, (4 - len % 4) % 4);
    return bytes;
}

static char *
take_string(Cursor *args)
{
    Cursor bytes = take_opaque(args);
    return g_strndup((const char *)bytes.at, cursor_left(&bytes));
}

static void
parse_nfs_handle(TraceCall *call, Cursor *args)
{
    call->handle_at = (gsize)(args->at - call->message);
    Cursor handle = call->vers == 2 ? cursor_sub(args, 32) : take_opaque(args);
    call->handle = handle.at;
    call->handle_len = cursor_left(&handle);
    call->handle_end = (gsize)(args->at - call->message);
}

static void
parse_args(TraceCall *call, Cursor *args)
{
    if (call->prog == NFS_PROGRAM)
        parse_nfs_handle(call, args);
    switch (call->kind) {
    case CALL_GETPORT:
        call->wanted[0] = cursor_be32(args);
        call->wanted[1] = cursor_be32(args);
        g_assert_cmpuint(cursor_be32(args), ==, 17); /* they all ask for UDP */
        cursor_skip(args, 4);
        break;
    case CALL_MNT:
    case CALL_LOOKUP:
        call->name = take_string(args);
        break;
    case CALL_READ:
        call->offset = call->vers == 2 ? cursor_be32(args) : cursor_be64(args);
        call->count = cursor_be32(args);
        cursor_skip(args, call->vers == 2 ? 4 : 0); /* totalcount */
        break;
    case CALL_READDIR:
        call->offset = cursor_be64(args);
        cursor_skip(args, 8); /* cookieverf */
        call->count = cursor_be32(args);
        break;
    case CALL_ACCESS:
        call->count = cursor_be32(args);
        break;
    case CALL_GETATTR:
    case CALL_FSSTAT:
    case CALL_FSINFO:
    case CALL_KIND_COUNT:
    default:
        break;
    }
}

static const CallProc *
call_proc(guint32 prog, guint32 vers, guint32 proc)
{
    for (gsize i = 0; i < G_N_ELEMENTS(call_procs); i++) {
        const CallProc *row = &call_procs[i];
        if (row->prog == prog && row->proc == proc && (row->vers == vers || row->vers == 0))
            return row;
    }
    return NULL;
}

/* @call comes with its message; the rest is read from that. */
static void
parse_call(const char *trace, TraceCall *call)
{
    Cursor args = cursor_of(call->message, call->len);

    call->xid = cursor_be32(&args);
    g_assert_cmpuint(cursor_be32(&args), ==, 0); /* CALL */
    g_assert_cmpuint(cursor_be32(&args), ==, 2); /* RPC version */
    call->prog = cursor_be32(&args);
    call->vers = cursor_be32(&args);
    guint32 proc = cursor_be32(&args);
    for (int i = 0; i < 2; i++) { /* credential, verifier */
        cursor_skip(&args, 4);
        (void)take_opaque(&args);
    }
    const CallProc *row = call_proc(call->prog, call->vers, proc);
    if (row == NULL)
        g_error("%s packet %u: no known procedure: program %u version %u procedure %u", trace,
                call->packet, call->prog, call->vers, proc);
    call->kind = row->kind;
    parse_args(call, &args);
    if (!cursor_ok(&args) || cursor_left(&args) != 0)
        g_error("%s packet %u: the arguments of %s are %" G_GSIZE_FORMAT " bytes too long or short",
                trace, call->packet, row->name, cursor_left(&args));
}

/* ---- TCP ---- */

/* Where in the stream the bytes of a packet end. */
typedef struct {
    gsize end;
    const TracePacket *packet;
} StreamMark;

typedef struct {
    gboolean open;
    guint32 first_seq; /* of the first byte */
    guint16 port;      /* the client's: there is one connection in a trace */
    GArray *marks;     /* of StreamMark */
} TcpStream;

/* Returns: how many bytes @packet adds to the stream */
static gsize
take_segment(TraceCalls *self, TcpStream *tcp, const TracePacket *packet)
{
    const guint8 *ip = packet->frame + 14, *header = ip + 20;
    gsize total = frame_get16(ip + 2);

    g_assert_cmpuint(total, <=, packet->len - 14);
    g_assert_cmpuint(total, >=, 40);
    gsize header_len = (gsize)(header[12] >> 4) * 4;
    g_assert_cmpuint(20 + header_len, <=, total);
    gsize len = total - 20 - header_len;
    guint32 seq = frame_get32(header + 4);
    if ((header[13] & 2) != 0) { /* SYN */
        g_assert_false(tcp->open);
        tcp->open = TRUE;
        tcp->first_seq = seq + 1;
        tcp->port = frame_get16(header);
        return 0;
    }
    g_assert_true(tcp->open);
    g_assert_cmpuint(frame_get16(header), ==, tcp->port);
    g_assert_cmpuint(frame_get16(header + 2), ==, NFS_PORT);
    gsize at = seq - tcp->first_seq, have = self->stream->len;
    if (len == 0 || at + len <= have)
        return 0;
    if (at > have)
        g_error("packet %u: the TCP stream has a hole", packet->number);
    g_byte_array_append(self->stream, header + header_len + (have - at),
                        (guint)(len - (have - at)));
    return len - (have - at);
}

static void
take_tcp(TraceCalls *self, TcpStream *tcp, const TracePacket *packet)
{
    if (take_segment(self, tcp, packet) == 0) {
        self->bare_segments++;
        return;
    }
    StreamMark mark = { self->stream->len, packet };
    g_array_append_val(tcp->marks, mark);
    self->data_segments++;
}

/* The packet that brought byte @at - 1 of the stream. */
static const TracePacket *
stream_packet(const TcpStream *tcp, gsize at)
{
    guint i = 0;
    while (g_array_index(tcp->marks, StreamMark, i).end < at)
        i++;
    return g_array_index(tcp->marks, StreamMark, i).packet;
}

/* Cuts the stream into records. Each is one fragment: FreeBSD's kernel sends no others. */
static void
split_records(TraceCalls *self, const char *trace, const TcpStream *tcp)
{
    Cursor stream = cursor_of(self->stream->data, self->stream->len);

    while (cursor_left(&stream) > 0) {
        guint32 mark = cursor_be32(&stream);
        g_assert_cmphex(mark & 0x80000000u, !=, 0);
        Cursor record = cursor_sub(&stream, mark & 0x7fffffffu);
        if (!cursor_ok(&record))
            g_error("%s: the last record is not whole", trace);
        const TracePacket *packet =
            stream_packet(tcp, (gsize)(record.at - self->stream->data) + cursor_left(&record));
        TraceCall call = {
            .packet = packet->number,
            .time_us = packet->time_us,
            .src_port = tcp->port,
            .dst_port = NFS_PORT,
            .message = record.at,
            .len = cursor_left(&record),
        };
        parse_call(trace, &call);
        g_array_append_val(self->calls, call);
    }
}

/* ---- both ---- */

static void
take_datagram(TraceCalls *self, const char *trace, const TracePacket *packet)
{
    TraceCall call = {
        .packet = packet->number,
        .time_us = packet->time_us,
        .src_port = packet->udp.src_port,
        .dst_port = packet->udp.dst_port,
        .message = packet->udp.payload,
        .len = packet->udp.len,
    };

    parse_call(trace, &call);
    g_array_append_val(self->calls, call);
}

static void
call_clear(gpointer call)
{
    g_free(((TraceCall *)call)->name);
}

/* Finds the calls in @file, which must outlive them. */
void
trace_calls_init(TraceCalls *self, const TraceFile *file)
{
    g_autoptr(GArray) marks = g_array_new(FALSE, FALSE, sizeof(StreamMark));
    TcpStream tcp = { .marks = marks };

    *self = (TraceCalls){
        .calls = g_array_new(FALSE, FALSE, sizeof(TraceCall)),
        .stream = g_byte_array_new(),
    };
    g_array_set_clear_func(self->calls, call_clear);
    for (guint i = 0; i < trace_file_count(file); i++) {
        const TracePacket *packet = trace_file_at(file, i);
        if (packet->kind == TRACE_RPC)
            take_datagram(self, file->name, packet);
        else if (packet->kind == TRACE_TCP)
            take_tcp(self, &tcp, packet);
    }
    split_records(self, file->name, &tcp);
}

void
trace_calls_clear(TraceCalls *self)
{
    g_clear_pointer(&self->calls, g_array_unref);
    g_clear_pointer(&self->stream, g_byte_array_unref);
}

guint
trace_calls_count(const TraceCalls *self)
{
    return self->calls->len;
}

/* Returns: (transfer none): call @i, counted from 0 */
TraceCall *
trace_calls_at(const TraceCalls *self, guint i)
{
    g_assert_cmpuint(i, <, self->calls->len);
    return &g_array_index(self->calls, TraceCall, i);
}
