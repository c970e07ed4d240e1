/* SPDX-License-Identifier: GPL-2.0-or-later */
/* base/buf.h: headroom, and that a write that does not fit leaves every byte as it was. */
#include "base/buf.h"
#include "tests/lan/rows.h"

#define FENCE 0xa5 /* what the memory holds before */

static void
write_u8(Buf *buf)
{
    buf_u8(buf, 0x81);
}

static void
write_be16(Buf *buf)
{
    buf_be16(buf, 0x8102);
}

static void
write_be32(Buf *buf)
{
    buf_be32(buf, 0x81028304);
}

static void
write_be64(Buf *buf)
{
    buf_be64(buf, 0x8102830405060708);
}

static void
write_ip4(Buf *buf)
{
    buf_ip4(buf, ip4_of(0xc0a8400f));
}

static void
write_mac(Buf *buf)
{
    buf_mac(buf, (MacAddr){ { 0x52, 0x54, 0, 0x12, 0x34, 0x56 } });
}

static void
write_bytes(Buf *buf)
{
    buf_bytes(buf, "abc", 3);
}

static void
write_zeros(Buf *buf)
{
    buf_zeros(buf, 5);
}

static void
write_put(Buf *buf)
{
    guint8 *p = buf_put(buf, 2);
    if (p != NULL)
        memcpy(p, "xy", 2);
}

static void
write_push(Buf *buf)
{
    guint8 *p = buf_push(buf, 2);
    if (p != NULL)
        memcpy(p, "hd", 2);
}

typedef struct {
    const char *name;
    void (*write)(Buf *buf);
    gsize width;
    const char *bytes;
} WriterRow;

static const WriterRow writer_rows[] = {
    { "u8", write_u8, 1, "\x81" },
    { "be16", write_be16, 2, "\x81\x02" },
    { "be32", write_be32, 4, "\x81\x02\x83\x04" },
    { "be64", write_be64, 8, "\x81\x02\x83\x04\x05\x06\x07\x08" },
    { "ip4", write_ip4, 4, "\xc0\xa8\x40\x0f" },
    { "mac", write_mac, 6, "\x52\x54\0\x12\x34\x56" },
    { "bytes", write_bytes, 3, "abc" },
    { "zeros", write_zeros, 5, "\0\0\0\0\0" },
    { "put", write_put, 2, "xy" },
};

static void
test_value(gconstpointer data)
{
    const WriterRow *row = data;
    guint8 memory[32];
    Buf buf = buf_of(memory, 4 + row->width, 4);

    memset(memory, FENCE, sizeof memory);
    row->write(&buf);
    g_assert_true(buf_ok(&buf));
    ROW_CMPMEM(buf_data(&buf), buf_len(&buf), row->bytes, row->width);
    g_assert_cmpuint(buf_room(&buf), ==, 0);
    g_assert_cmphex(memory[3], ==, FENCE);
    g_assert_cmphex(memory[4 + row->width], ==, FENCE);
}

static void
assert_untouched(const guint8 *memory, gsize len)
{
    for (gsize i = 0; i < len; i++)
        g_assert_cmphex(memory[i], ==, FENCE);
}

/* In each smaller room: bad, nothing written, nothing grown; and it stays so. */
static void
test_overflow(gconstpointer data)
{
    const WriterRow *row = data;

    for (gsize room = 0; room < row->width; room++) {
        guint8 memory[32];
        memset(memory, FENCE, sizeof memory);
        Buf buf = buf_of(memory, 2 + room, 2);
        row->write(&buf);
        g_assert_false(buf_ok(&buf));
        g_assert_cmpuint(buf_room(&buf), ==, 0);
        g_assert_cmpuint(buf_len(&buf), ==, 0);
        for (gsize i = 0; i < G_N_ELEMENTS(writer_rows); i++)
            writer_rows[i].write(&buf);
        write_push(&buf);
        g_assert_false(buf_ok(&buf));
        g_assert_cmpuint(buf_len(&buf), ==, 0);
        assert_untouched(memory, sizeof memory);
    }
}

typedef struct {
    const char *name;
    gsize headroom, n;
    gboolean fits;
} PushRow;

static const PushRow push_rows[] = {
    { "nothing-without-headroom", 0, 0, TRUE },
    { "one-without-headroom", 0, 1, FALSE },
    { "one-less", 8, 7, TRUE },
    { "all-of-it", 8, 8, TRUE },
    { "one-more", 8, 9, FALSE },
    { "the-largest-number", 8, G_MAXSIZE, FALSE },
};

static void
test_push(gconstpointer data)
{
    const PushRow *row = data;
    guint8 memory[16];
    Buf buf = buf_of(memory, sizeof memory, row->headroom);

    memset(memory, FENCE, sizeof memory);
    buf_bytes(&buf, "body", 4);
    const guint8 *p = buf_push(&buf, row->n);
    g_assert_cmpint(buf_ok(&buf), ==, row->fits);
    g_assert_cmpuint(buf_len(&buf), ==, row->fits ? row->n + 4 : 4);
    g_assert_true(p == (row->fits ? memory + row->headroom - row->n : NULL));
    ROW_CMPMEM(memory + row->headroom, 4, "body", 4);
}

/* Headers in front of a payload, as a frame is built. */
static void
test_headers(void)
{
    guint8 memory[16];
    Buf buf = buf_of(memory, sizeof memory, 6);

    buf_bytes(&buf, "payload", 7);
    memcpy(buf_push(&buf, 3), "udp", 3);
    memcpy(buf_push(&buf, 2), "ip", 2);
    ROW_CMPMEM(buf_data(&buf), buf_len(&buf), "ipudppayload", 12);
    g_assert_null(buf_push(&buf, 2));
    g_assert_false(buf_ok(&buf));
    buf_reset(&buf, 0);
    g_assert_true(buf_ok(&buf));
    g_assert_cmpuint(buf_len(&buf), ==, 0);
    g_assert_cmpuint(buf_room(&buf), ==, sizeof memory);
}

static void
test_put_the_largest_number(void)
{
    guint8 memory[8];
    Buf buf = buf_of(memory, sizeof memory, 0);

    buf_u8(&buf, 1);
    g_assert_null(buf_put(&buf, G_MAXSIZE)); /* where an addition would wrap */
    g_assert_false(buf_ok(&buf));
    g_assert_cmpuint(buf_len(&buf), ==, 1);
}

/* An entry that did not fit is taken back, and the list ended in the room that it left. */
static void
test_rewind(void)
{
    guint8 memory[8];
    Buf buf = buf_of(memory, sizeof memory, 0);

    buf_be32(&buf, 1);
    gsize mark = buf_mark(&buf);
    buf_be16(&buf, 2);
    buf_be32(&buf, 3);
    g_assert_false(buf_ok(&buf));
    buf_rewind(&buf, mark);
    g_assert_true(buf_ok(&buf));
    g_assert_cmpuint(buf_len(&buf), ==, 4);
    buf_be32(&buf, 4);
    g_assert_true(buf_ok(&buf));
    ROW_CMPMEM(buf_data(&buf), buf_len(&buf), "\0\0\0\1\0\0\0\4", 8);
}

static void
test_rewind_after_push(void)
{
    guint8 memory[12];
    Buf buf = buf_of(memory, sizeof memory, 4);

    gsize mark = buf_mark(&buf);
    buf_be32(&buf, 1);
    g_assert_nonnull(buf_push(&buf, 2));
    buf_rewind(&buf, mark);
    g_assert_cmpuint(buf_len(&buf), ==, 2);
}

typedef struct {
    const char *name;
    gsize put, back; /* bytes in the buffer; patch so many in front of its end */
    gboolean bad, patched;
} PatchRow;

static const PatchRow patch_rows[] = {
    { "at-the-beginning", 8, 8, FALSE, TRUE },        { "last-four", 8, 4, FALSE, TRUE },
    { "one-behind-the-end", 8, 3, FALSE, FALSE },     { "at-the-end", 8, 0, FALSE, FALSE },
    { "in-a-bad-one-not-at-all", 8, 8, TRUE, FALSE },
};

static void
test_patch(gconstpointer data)
{
    const PatchRow *row = data;
    guint8 memory[16] = { 0 };
    Buf buf = buf_of(memory, 12, 2);

    buf_zeros(&buf, row->put);
    gsize mark = buf_mark(&buf) - row->back;
    if (row->bad)
        (void)buf_put(&buf, 100);
    buf_patch_be32(&buf, mark, 0x01020304);
    guint8 expected[16] = { 0 };
    if (row->patched)
        memcpy(expected + mark, "\1\2\3\4", 4);
    ROW_CMPMEM(memory, sizeof memory, expected, sizeof expected);
    g_assert_cmpint(buf_ok(&buf), ==, !row->bad);
}

static void
test_nothing_to_copy(void)
{
    guint8 memory[4];
    Buf buf = buf_of(memory, sizeof memory, 4);

    buf_bytes(&buf, NULL, 0);
    buf_zeros(&buf, 0);
    g_assert_true(buf_ok(&buf));
    g_assert_cmpuint(buf_len(&buf), ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/buf/value", writer_rows, test_value);
    ROWS_ADD("/buf/overflow", writer_rows, test_overflow);
    ROWS_ADD("/buf/push", push_rows, test_push);
    ROWS_ADD("/buf/patch", patch_rows, test_patch);
    g_test_add_func("/buf/headers", test_headers);
    g_test_add_func("/buf/put-the-largest-number", test_put_the_largest_number);
    g_test_add_func("/buf/rewind", test_rewind);
    g_test_add_func("/buf/rewind-after-push", test_rewind_after_push);
    g_test_add_func("/buf/nothing-to-copy", test_nothing_to_copy);
    return g_test_run();
}
