/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RPC over a stream: an input is records (fuzz-input.h), which make up one stream. Each is a
 * fragment, whose mark is put in front of it; or, with RECORD_RAW, bytes as they are. The upper
 * flags say in which pieces the bytes arrive.
 *
 * However the stream is cut, the calls that the reader finds are those of model_read(), which has
 * all of it at once; each is answered as over TCP.
 */
#include "nfs/nfs-server.h"
#include "nfs/rpc-record.h"
#include "tests/fuzz/fuzz-input.h"

#include <string.h>

#define FUZZ_KEY        G_GUINT64_CONSTANT(0x0123456789abcdef)
#define REPLY_MAX       (RPC_REPLY_HEADER + NFS_REPLY_MAX)
#define LAST_FRAGMENT   0x80000000u
#define RECORD_RAW      FUZZ_RECORD_FLAG(0)
#define RECORD_MORE     FUZZ_RECORD_FLAG(1) /* not the last fragment */
#define RECORD_PIECE_AT 2                   /* the flags from here on: an index of piece_sizes */

static const gsize piece_sizes[] = { FUZZ_RECORD_MAX + RPC_RECORD_MARK, 1, 3, 4, 5, 7, 64, 1024 };

typedef struct {
    GByteArray *bytes; /* the whole stream */
    GArray *pieces;    /* of gsize: how it arrives */
} Stream;

static void
stream_clear(Stream *self)
{
    g_byte_array_unref(self->bytes);
    g_array_unref(self->pieces);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Stream, stream_clear)

static void
stream_cut(Stream *self, gsize len, gsize size)
{
    for (gsize at = 0; at < len; at += size) {
        gsize piece = MIN(size, len - at);
        g_array_append_val(self->pieces, piece);
    }
}

static Stream
stream_build(Cursor input)
{
    Stream self = { g_byte_array_new(), g_array_new(FALSE, FALSE, sizeof(gsize)) };
    FuzzPiece content;
    guint flags;

    for (guint i = 0; i < FUZZ_RECORDS_MAX && fuzz_record_next(&input, &flags, &content); i++) {
        guint before = self.bytes->len;
        if ((flags & RECORD_RAW) == 0) {
            guint32 last = (flags & RECORD_MORE) != 0 ? 0 : LAST_FRAGMENT;
            be32 mark = be32_of(last | (guint32)content.len);
            g_byte_array_append(self.bytes, mark.b, sizeof mark.b);
        }
        g_byte_array_append(self.bytes, content.bytes, (guint)content.len);
        stream_cut(&self, self.bytes->len - before, piece_sizes[flags >> RECORD_PIECE_AT]);
        fuzz_piece_clear(&content);
    }
    return self;
}

/* RFC 5531 §11 as it is written. Returns: how the stream goes on; its records in @ret */
static RpcRecordStatus
model_read(Cursor stream, GPtrArray *ret)
{
    g_autoptr(GByteArray) record = g_byte_array_new();

    for (;;) {
        guint32 mark = cursor_be32(&stream);
        gsize len = mark & ~LAST_FRAGMENT;
        if (!cursor_ok(&stream))
            return RPC_RECORD_MORE;
        if (record->len + len > RPC_RECORD_MAX)
            return RPC_RECORD_BAD;
        if (len > cursor_left(&stream))
            return RPC_RECORD_MORE;
        g_byte_array_append(record, cursor_take(&stream, len), (guint)len);
        if ((mark & LAST_FRAGMENT) != 0) {
            g_ptr_array_add(ret, g_bytes_new(record->data, record->len));
            g_byte_array_set_size(record, 0);
        }
    }
}

/* A reply as a record of its own: marked, of whole words, with the call's number. */
static void
check_answer(const NfsServer *server, Cursor call)
{
    g_auto(FuzzPiece) room = fuzz_piece_new(RPC_RECORD_MARK + REPLY_MAX);
    Buf out = buf_of(room.bytes, room.len, 0);
    Cursor header = call;

    buf_zeros(&out, RPC_RECORD_MARK);
    if (!rpc_dispatch(&server->rpc, RPC_TCP, &call, &out)) {
        g_assert_true(buf_ok(&out));
        return;
    }
    rpc_record_put_mark(&out, 0);
    Cursor reply = cursor_of(buf_data(&out), buf_len(&out));
    g_assert_cmphex(cursor_be32(&reply), ==, LAST_FRAGMENT | (buf_len(&out) - RPC_RECORD_MARK));
    g_assert_cmpuint(cursor_left(&reply) % 4, ==, 0);
    g_assert_cmphex(cursor_be32(&reply), ==, cursor_be32(&header));
    g_assert_cmpuint(cursor_be32(&reply), ==, 1);
    gboolean accepted = cursor_be32(&reply) == 0;
    cursor_skip(&reply, 8); /* the verifier; or why it was denied */
    if (accepted)
        g_assert_cmpuint(cursor_be32(&reply), <, RPC_SYSTEM_ERR);
    g_assert_true(cursor_ok(&reply));
}

typedef struct {
    const NfsServer *server;
    GPtrArray *records; /* (element-type GBytes): those that must come */
    guint n_records;
    RpcRecordReader reader;
} Reading;

/* Takes one piece. Memory is set aside for what has come, not for what was announced. */
static RpcRecordStatus
reading_take(Reading *self, FuzzPiece *piece)
{
    Cursor bytes = fuzz_piece_cursor(piece), record;
    RpcRecordStatus status;

    while ((status = rpc_record_next(&self->reader, &bytes, &record)) == RPC_RECORD_WHOLE) {
        g_assert_cmpuint(self->n_records, <, self->records->len);
        GBytes *want = g_ptr_array_index(self->records, self->n_records++);
        g_assert_cmpuint(cursor_left(&record), ==, g_bytes_get_size(want));
        if (cursor_left(&record) > 0)
            g_assert_true(memcmp(record.at, g_bytes_get_data(want, NULL), record.left) == 0);
        check_answer(self->server, record);
    }
    g_assert_true(status == RPC_RECORD_BAD || cursor_left(&bytes) == 0);
    g_assert_true(self->reader.record == NULL || self->reader.record->len <= RPC_RECORD_MAX);
    return status;
}

int
LLVMFuzzerTestOneInput(const guint8 *bytes, gsize len)
{
    g_auto(Stream) stream = stream_build(cursor_of(bytes, len));
    g_autoptr(GPtrArray) records = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    NfsServer server;
    Reading reading = { .server = &server, .records = records };
    Cursor rest = cursor_of(stream.bytes->data, stream.bytes->len);
    RpcRecordStatus status = RPC_RECORD_MORE, end = model_read(rest, records);

    nfs_server_init(&server, fuzz_tree(), FUZZ_KEY);
    for (guint i = 0; i < stream.pieces->len && status == RPC_RECORD_MORE; i++) {
        gsize n = g_array_index(stream.pieces, gsize, i);
        g_auto(FuzzPiece) piece = fuzz_piece_copy(cursor_take(&rest, n), n);
        status = reading_take(&reading, &piece);
    }
    g_assert_cmpint(status, ==, end);
    g_assert_cmpuint(reading.n_records, ==, records->len);
    rpc_record_clear(&reading.reader);
    return 0;
}
