/* SPDX-License-Identifier: GPL-2.0-or-later */
/* base/bytes.h: wire order, sizes, and the addresses' helpers. */
#include "base/bytes.h"
#include "tests/lan/rows.h"

/* The types lie on the wire as they are declared. */
G_STATIC_ASSERT(sizeof(be16) == 2 && _Alignof(be16) == 1);
G_STATIC_ASSERT(sizeof(be32) == 4 && _Alignof(be32) == 1);
G_STATIC_ASSERT(sizeof(be64) == 8 && _Alignof(be64) == 1);
G_STATIC_ASSERT(sizeof(MacAddr) == 6 && sizeof(Ip4Addr) == 4);

typedef struct {
    const char *name;
    guint64 value;
    guint8 bytes[8];
} IntegerRow;

static const IntegerRow integer_rows[] = {
    { "zero", 0, { 0 } },
    { "one", 1, { 0, 0, 0, 0, 0, 0, 0, 1 } },
    { "no-sign-extension", 0x80, { 0, 0, 0, 0, 0, 0, 0, 0x80 } },
    { "high-bit-of-16", 0x8001, { 0, 0, 0, 0, 0, 0, 0x80, 1 } },
    { "high-bit-of-32", 0x80000001, { 0, 0, 0, 0, 0x80, 0, 0, 1 } },
    { "all-different", 0x8182838485868788, { 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88 } },
    { "all-ones", G_MAXUINT64, { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } },
};

static void
test_integer(gconstpointer data)
{
    const IntegerRow *row = data;
    be16 w16;
    be32 w32;
    be64 w64;

    memcpy(w16.b, row->bytes + 6, 2);
    memcpy(w32.b, row->bytes + 4, 4);
    memcpy(w64.b, row->bytes, 8);
    g_assert_cmphex(be16_get(w16), ==, (guint16)row->value);
    g_assert_cmphex(be32_get(w32), ==, (guint32)row->value);
    g_assert_cmphex(be64_get(w64), ==, row->value);
    ROW_CMPMEM(be16_of((guint16)row->value).b, 2, row->bytes + 6, 2);
    ROW_CMPMEM(be32_of((guint32)row->value).b, 4, row->bytes + 4, 4);
    ROW_CMPMEM(be64_of(row->value).b, 8, row->bytes, 8);
}

typedef struct {
    const char *name;
    guint32 value;
    const char *text;
} Ip4Row;

static const Ip4Row ip4_rows[] = {
    { "none", 0, "0.0.0.0" },
    { "guest", 0xc0a8400f, "192.168.64.15" },
    { "longest", 0xffffffff, "255.255.255.255" },
};

static void
test_ip4(gconstpointer data)
{
    const Ip4Row *row = data;
    Ip4Addr address = ip4_of(row->value);
    g_autofree char *text = g_strdup_printf(IP4_FMT, IP4_ARG(address));

    g_assert_cmphex(ip4_get(address), ==, row->value);
    g_assert_cmpstr(text, ==, row->text);
    g_assert_cmpuint(strlen(text) + 1, <=, IP4_STRLEN);
    g_assert_true(ip4_equal(address, ip4_of(row->value)));
    for (guint bit = 0; bit < 32; bit++)
        g_assert_false(ip4_equal(address, ip4_of(row->value ^ 1u << bit)));
}

typedef struct {
    const char *name;
    MacAddr mac;
    gboolean group;
    const char *text;
} MacRow;

static const MacRow mac_rows[] = {
    { "qemu", { { 0x52, 0x54, 0x00, 0x12, 0x34, 0x56 } }, FALSE, "52:54:00:12:34:56" },
    { "multicast", { { 0x01, 0x00, 0x5e, 0, 0, 1 } }, TRUE, "01:00:5e:00:00:01" },
    { "only-the-first-byte-tells-a-group",
      { { 0xfe, 1, 1, 1, 1, 1 } },
      FALSE,
      "fe:01:01:01:01:01" },
    { "broadcast", { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } }, TRUE, "ff:ff:ff:ff:ff:ff" },
};

static void
test_mac(gconstpointer data)
{
    const MacRow *row = data;
    g_autofree char *text = g_strdup_printf(MAC_FMT, MAC_ARG(row->mac));

    g_assert_cmpstr(text, ==, row->text);
    g_assert_cmpint(mac_is_group(row->mac), ==, row->group);
    g_assert_cmpint(mac_equal(row->mac, MAC_BROADCAST), ==, g_str_equal(row->name, "broadcast"));
    for (gsize i = 0; i < sizeof row->mac.b; i++) {
        MacAddr other = row->mac;
        g_assert_true(mac_equal(row->mac, other));
        other.b[i] ^= 0x80;
        g_assert_false(mac_equal(row->mac, other));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/bytes/integer", integer_rows, test_integer);
    ROWS_ADD("/bytes/ip4", ip4_rows, test_ip4);
    ROWS_ADD("/bytes/mac", mac_rows, test_mac);
    return g_test_run();
}
