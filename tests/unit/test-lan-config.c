/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --net-address: the address plan that comes out of it, and what is refused. */
#include "base/error.h"
#include "slirp-config/lan-config.h"
#include "tests/lan/rows.h"

typedef struct {
    const char *name;
    const char *text;
    guint32 network; /* 0: refused */
    guint32 netmask;
} Row;

static const Row rows[] = {
    { "default", LAN_DEFAULT_NETWORK, 0xc0a84000, 0xffffff00 },
    { "class-a", "10.0.0.0/8", 0x0a000000, 0xff000000 },
    { "qemu-like", "10.0.2.0/24", 0x0a000200, 0xffffff00 },
    { "16", "172.16.0.0/16", 0xac100000, 0xffff0000 },
    { "longest-prefix", "192.168.1.64/26", 0xc0a80140, 0xffffffc0 },
    { "last-unicast", "223.255.255.0/24", 0xdfffff00, 0xffffff00 },
    { "prefix-7", "10.0.0.0/7", 0, 0 },
    { "prefix-27", "192.168.1.32/27", 0, 0 },
    { "prefix-33", "10.0.0.0/33", 0, 0 },
    { "prefix-negative", "10.0.0.0/-8", 0, 0 },
    { "prefix-empty", "10.0.0.0/", 0, 0 },
    { "prefix-words", "10.0.0.0/8x", 0, 0 },
    { "no-prefix", "10.0.0.0", 0, 0 },
    { "two-prefixes", "10.0.0.0/8/8", 0, 0 },
    { "netmask", "10.0.0.0/255.0.0.0", 0, 0 },
    { "host-bits", "192.168.64.1/24", 0, 0 },
    { "host-bits-26", "192.168.1.32/26", 0, 0 },
    { "three-bytes", "10.0.0/8", 0, 0 },
    { "byte-256", "256.0.0.0/8", 0, 0 },
    { "a-name", "localhost/8", 0, 0 },
    { "ip6", "fe80::/16", 0, 0 },
    { "empty", "", 0, 0 },
    { "only-prefix", "/24", 0, 0 },
    { "space", " 10.0.0.0/8", 0, 0 },
    { "this-network", "0.0.0.0/8", 0, 0 },
    { "loopback", "127.0.0.0/8", 0, 0 },
    { "multicast", "224.0.0.0/8", 0, 0 },
    { "reserved", "240.0.0.0/8", 0, 0 },
    { "broadcast", "255.255.255.0/24", 0, 0 },
};

static void
test_row(gconstpointer data)
{
    const Row *row = data;
    g_autoptr(GError) error = NULL;
    LanConfig config = { .prefix_len = 99 };

    gboolean good = lan_config_parse(row->text, &config, &error);
    g_assert_cmpint(good, ==, row->network != 0);
    if (!good) {
        g_assert_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_USAGE);
        g_assert_nonnull(strstr(error->message, row->text));
        g_assert_cmpuint(config.prefix_len, ==, 99);
        return;
    }
    g_assert_no_error(error);
    g_assert_cmphex(ip4_get(config.network), ==, row->network);
    g_assert_cmphex(ip4_get(lan_config_netmask(&config)), ==, row->netmask);
    g_assert_cmphex(ip4_get(config.gateway), ==, row->network + 1);
    g_assert_cmphex(ip4_get(config.dns), ==, row->network + 3);
    g_assert_cmphex(ip4_get(config.server), ==, row->network + 4);
    g_assert_cmphex(ip4_get(config.guest), ==, row->network + 15);
}

/* libslirp's own rule, by which its hosts answer ARP. */
static void
test_mac(void)
{
    const MacAddr want = { { 0x52, 0x55, 192, 168, 64, 4 } };
    g_assert_true(mac_equal(lan_mac_of(ip4_of(0xc0a84004)), want));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/lan-config", rows, test_row);
    g_test_add_func("/lan-config/mac", test_mac);
    return g_test_run();
}
