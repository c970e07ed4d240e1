/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nfs/rpc-record.h"
#include "tests/lan/rows.h"

#define LAST "\x80"

typedef struct {
    const char *name;
    const char *bytes;
    gsize len;
    const char *records; /* each in brackets */
    RpcRecordStatus end;
} Row;

#define B(text) text, sizeof text - 1

static const Row rows[] = {
    { "nothing", B(""), "", RPC_RECORD_MORE },
    { "one", B(LAST "\0\0\3abc"), "[abc]", RPC_RECORD_MORE },
    { "two", B(LAST "\0\0\3abc" LAST "\0\0\2de"), "[abc][de]", RPC_RECORD_MORE },
    { "fragments", B("\0\0\0\1a\0\0\0\2bc" LAST "\0\0\1d"), "[abcd]", RPC_RECORD_MORE },
    { "of-one-byte", B("\0\0\0\1a\0\0\0\1b\0\0\0\1c" LAST "\0\0\1d"), "[abcd]", RPC_RECORD_MORE },
    { "empty-record", B(LAST "\0\0\0" LAST "\0\0\1x"), "[][x]", RPC_RECORD_MORE },
    { "empty-fragments", B("\0\0\0\0\0\0\0\0" LAST "\0\0\1x"), "[x]", RPC_RECORD_MORE },
    { "empty-last-fragment", B("\0\0\0\1x" LAST "\0\0\0"), "[x]", RPC_RECORD_MORE },
    { "fragments-then-one", B("\0\0\0\1a" LAST "\0\0\1b" LAST "\0\0\1c"), "[ab][c]",
      RPC_RECORD_MORE },
    { "half", B(LAST "\0\0\3ab"), "", RPC_RECORD_MORE },
    { "half-a-mark", B(LAST "\0"), "", RPC_RECORD_MORE },
    { "two-gibibytes", B("\xff\xff\xff\xff"), "", RPC_RECORD_BAD },
    { "two-gibibytes-not-last", B("\x7f\xff\xff\xff"), "", RPC_RECORD_BAD },
    { "after-a-good-one", B(LAST "\0\0\1a\xff\xff\xff\xff"), "[a]", RPC_RECORD_BAD },
    { "sum-too-large", B("\0\0\0\1a" LAST "\1\x10\0"), "", RPC_RECORD_BAD },
};

/* Feeds @len bytes, @step at a time. Returns: the last status; the records in @ret */
static RpcRecordStatus
feed(const char *bytes, gsize len, gsize step, GString *ret)
{
    RpcRecordReader reader = { 0 };
    RpcRecordStatus status = RPC_RECORD_MORE;

    for (gsize at = 0; at < len && status != RPC_RECORD_BAD; at += step) {
        /* A copy of the exact size, for the sanitizers. */
        gsize n = MIN(step, len - at);
        g_autofree char *piece = g_memdup2(bytes + at, n);
        Cursor cursor = cursor_of(piece, n), record;
        while ((status = rpc_record_next(&reader, &cursor, &record)) == RPC_RECORD_WHOLE) {
            g_string_append_c(ret, '[');
            g_string_append_len(ret, (const char *)record.at, (gssize)cursor_left(&record));
            g_string_append_c(ret, ']');
        }
    }
    rpc_record_clear(&reader);
    return status;
}

/* However the bytes are cut, the records are the same. */
static void
test_row(gconstpointer data)
{
    const Row *row = data;

    for (gsize step = 1; step <= row->len + 1; step++) {
        g_autoptr(GString) records = g_string_new(NULL);
        g_assert_cmpint(feed(row->bytes, row->len, step, records), ==, row->end);
        g_assert_cmpstr(records->str, ==, row->records);
    }
}

/* A record at the limit is taken, one byte more is refused, as one fragment and as many. */
static void
test_limit(void)
{
    for (gsize pieces = 1; pieces <= 4; pieces *= 4) {
        for (gsize excess = 0; excess <= 1; excess++) {
            RpcRecordReader reader = { 0 };
            g_autoptr(GByteArray) bytes = g_byte_array_new();
            for (gsize i = 0; i < pieces; i++) {
                gboolean last = i == pieces - 1;
                guint32 len = (guint32)(RPC_RECORD_MAX / pieces + (last ? excess : 0));
                be32 mark = be32_of(len | (last ? 0x80000000u : 0));
                g_byte_array_append(bytes, mark.b, sizeof mark.b);
                g_byte_array_set_size(bytes, bytes->len + len);
            }
            Cursor cursor = cursor_of(bytes->data, bytes->len), record;
            RpcRecordStatus status = rpc_record_next(&reader, &cursor, &record);
            g_assert_cmpint(status, ==, excess ? RPC_RECORD_BAD : RPC_RECORD_WHOLE);
            if (!excess)
                g_assert_cmpuint(cursor_left(&record), ==, RPC_RECORD_MAX);
            rpc_record_clear(&reader);
        }
    }
}

/* Fragments without end: refused at the limit, not gathered for ever. */
static void
test_never_ends(void)
{
    static const guint8 fragment[] = { 0, 0, 0, 4, 1, 2, 3, 4 };
    RpcRecordReader reader = { 0 };
    RpcRecordStatus status = RPC_RECORD_MORE;
    gsize fed = 0;

    while (status == RPC_RECORD_MORE && fed < 2 * RPC_RECORD_MAX) {
        Cursor cursor = cursor_of(fragment, sizeof fragment), record;
        status = rpc_record_next(&reader, &cursor, &record);
        fed += 4;
    }
    g_assert_cmpint(status, ==, RPC_RECORD_BAD);
    g_assert_cmpuint(fed, ==, RPC_RECORD_MAX + 4);
    rpc_record_clear(&reader);
}

/* A record that is all there is not copied. */
static void
test_no_copy(void)
{
    static const guint8 bytes[] = { 0x80, 0, 0, 2, 'h', 'i' };
    RpcRecordReader reader = { 0 };
    Cursor cursor = cursor_of(bytes, sizeof bytes), record;

    g_assert_cmpint(rpc_record_next(&reader, &cursor, &record), ==, RPC_RECORD_WHOLE);
    g_assert_true(record.at == bytes + 4);
    g_assert_null(reader.record);
}

static void
test_put_mark(void)
{
    guint8 memory[32];
    Buf reply = buf_of(memory, sizeof memory, 0);

    buf_bytes(&reply, "xx", 2);
    gsize mark = buf_mark(&reply);
    buf_zeros(&reply, RPC_RECORD_MARK);
    buf_bytes(&reply, "hello", 5);
    rpc_record_put_mark(&reply, mark);
    ROW_CMPMEM(buf_data(&reply), buf_len(&reply), "xx\x80\0\0\5hello", 11);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/rpc-record/row", rows, test_row);
    g_test_add_func("/rpc-record/limit", test_limit);
    g_test_add_func("/rpc-record/never-ends", test_never_ends);
    g_test_add_func("/rpc-record/no-copy", test_no_copy);
    g_test_add_func("/rpc-record/put-mark", test_put_mark);
    return g_test_run();
}
