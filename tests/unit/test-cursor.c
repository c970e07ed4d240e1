/* SPDX-License-Identifier: GPL-2.0-or-later */
/* base/cursor.h: every accessor, and that a read past the end is felt once and for all. */
#include "base/cursor.h"
#include "tests/lan/rows.h"

static const guint8 sample[] = { 0x81, 0x02, 0x83, 0x04, 0x85, 0x06, 0x87, 0x08, 0x89 };

static guint64
read_u8(Cursor *at)
{
    return cursor_u8(at);
}

static guint64
read_be16(Cursor *at)
{
    return cursor_be16(at);
}

static guint64
read_be32(Cursor *at)
{
    return cursor_be32(at);
}

static guint64
read_be64(Cursor *at)
{
    return cursor_be64(at);
}

static guint64
read_le16(Cursor *at)
{
    return cursor_le16(at);
}

static guint64
read_le64(Cursor *at)
{
    return cursor_le64(at);
}

static guint64
read_le32(Cursor *at)
{
    return cursor_le32(at);
}

static guint64
read_ip4(Cursor *at)
{
    return ip4_get(cursor_ip4(at));
}

static guint64
read_mac(Cursor *at)
{
    guint64 value = 0;
    MacAddr mac = cursor_mac(at);
    for (gsize i = 0; i < sizeof mac.b; i++)
        value = value << 8 | mac.b[i];
    return value;
}

static guint64
read_take_3(Cursor *at)
{
    const guint8 *p = cursor_take(at, 3);
    return p != NULL ? (guint64)p[0] << 16 | (guint64)p[1] << 8 | p[2] : 0;
}

static guint64
read_sub_3(Cursor *at)
{
    Cursor sub = cursor_sub(at, 3);
    g_assert_cmpint(cursor_ok(&sub), ==, cursor_ok(at));
    return read_take_3(&sub);
}

static guint64
read_skip_2(Cursor *at)
{
    cursor_skip(at, 2);
    return cursor_u8(at);
}

typedef struct {
    const char *name;
    guint64 (*read)(Cursor *at);
    gsize width;
    guint64 value;
} AccessorRow;

static const AccessorRow accessor_rows[] = {
    { "u8", read_u8, 1, 0x81 },
    { "be16", read_be16, 2, 0x8102 },
    { "be32", read_be32, 4, 0x81028304 },
    { "be64", read_be64, 8, 0x8102830485068708 },
    { "le16", read_le16, 2, 0x0281 },
    { "le32", read_le32, 4, 0x04830281 },
    { "le64", read_le64, 8, 0x0887068504830281 },
    { "ip4-in-wire-order", read_ip4, 4, 0x81028304 },
    { "mac-in-wire-order", read_mac, 6, 0x810283048506 },
    { "take", read_take_3, 3, 0x810283 },
    { "sub", read_sub_3, 3, 0x810283 },
    { "skip-then-u8", read_skip_2, 3, 0x83 },
};

static void
test_value(gconstpointer data)
{
    const AccessorRow *row = data;
    Cursor at = cursor_of(sample, sizeof sample);

    g_assert_cmphex(row->read(&at), ==, row->value);
    g_assert_true(cursor_ok(&at));
    g_assert_cmpuint(cursor_left(&at), ==, sizeof sample - row->width);
    g_assert_true(at.at == sample + row->width);
}

/* Exactly enough is enough. */
static void
test_last_byte(gconstpointer data)
{
    const AccessorRow *row = data;
    Cursor at = cursor_of(sample, row->width);

    g_assert_cmphex(row->read(&at), ==, row->value);
    g_assert_true(cursor_ok(&at));
    g_assert_cmpuint(cursor_left(&at), ==, 0);
}

/* Each shorter input yields zero, and nothing can be read any more; the memory is as short, so that
 * a sanitizer sees a read behind it. */
static void
test_every_prefix(gconstpointer data)
{
    const AccessorRow *row = data;

    for (gsize len = 0; len < row->width; len++) {
        g_autofree guint8 *bytes = g_memdup2(sample, len);
        Cursor at = cursor_of(bytes, len);
        guint64 value = row->read(&at);
        g_assert_false(cursor_ok(&at));
        g_assert_cmpuint(cursor_left(&at), ==, 0);
        for (gsize i = 0; i < G_N_ELEMENTS(accessor_rows); i++) {
            g_assert_cmphex(accessor_rows[i].read(&at), ==, 0);
            g_assert_false(cursor_ok(&at));
        }
        g_assert_cmphex(value, ==, 0);
    }
}

typedef struct {
    const char *name;
    gsize len, n;
    gboolean fits;
} BoundaryRow;

static const BoundaryRow boundary_rows[] = {
    { "nothing-of-nothing", 0, 0, TRUE },
    { "one-of-nothing", 0, 1, FALSE },
    { "nothing-of-some", 4, 0, TRUE },
    { "one-less", 4, 3, TRUE },
    { "all", 4, 4, TRUE },
    { "one-more", 4, 5, FALSE },
    { "the-largest-number", 4, G_MAXSIZE, FALSE },
    { "where-an-addition-would-wrap", 4, G_MAXSIZE - 3, FALSE },
};

static void
test_boundary(gconstpointer data)
{
    const BoundaryRow *row = data;
    Cursor taken = cursor_of(sample, row->len);
    Cursor skipped = taken, parent = taken;

    const guint8 *p = cursor_take(&taken, row->n);
    cursor_skip(&skipped, row->n);
    Cursor sub = cursor_sub(&parent, row->n);
    g_assert_true(p == (row->fits ? sample : NULL));
    g_assert_cmpint(cursor_ok(&taken), ==, row->fits);
    g_assert_cmpint(cursor_ok(&skipped), ==, row->fits);
    g_assert_cmpint(cursor_ok(&parent), ==, row->fits);
    g_assert_cmpint(cursor_ok(&sub), ==, row->fits);
    g_assert_cmpuint(cursor_left(&sub), ==, row->fits ? row->n : 0);
    g_assert_cmpuint(cursor_left(&taken), ==, row->fits ? row->len - row->n : 0);
    g_assert_cmpuint(cursor_left(&parent), ==, cursor_left(&taken));
    g_assert_cmpuint(cursor_left(&skipped), ==, cursor_left(&taken));
}

/* What fails inside a sub-cursor does not reach the outer one, and cannot read on behind its end.
 */
static void
test_sub_is_a_fence(void)
{
    Cursor outer = cursor_of(sample, sizeof sample);
    Cursor sub = cursor_sub(&outer, 2);

    g_assert_cmphex(cursor_be32(&sub), ==, 0);
    g_assert_false(cursor_ok(&sub));
    g_assert_true(cursor_ok(&outer));
    g_assert_cmphex(cursor_u8(&outer), ==, 0x83);
}

static void
test_sub_of_bad(void)
{
    Cursor outer = cursor_of(sample, 1);
    cursor_skip(&outer, 2);
    Cursor sub = cursor_sub(&outer, 1);
    g_assert_false(cursor_ok(&sub));
    g_assert_null(cursor_take(&sub, 1));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/cursor/value", accessor_rows, test_value);
    ROWS_ADD("/cursor/last-byte", accessor_rows, test_last_byte);
    ROWS_ADD("/cursor/every-prefix", accessor_rows, test_every_prefix);
    ROWS_ADD("/cursor/boundary", boundary_rows, test_boundary);
    g_test_add_func("/cursor/sub-is-a-fence", test_sub_is_a_fence);
    g_test_add_func("/cursor/sub-of-bad", test_sub_of_bad);
    return g_test_run();
}
