/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who has a lease, and for whom there is one left. */
#include "slirp-config/dhcp-leases.h"

static MacAddr
mac_of(guint i)
{
    return (MacAddr){ { 2, 0, 0, 0, (guint8)(i >> 8), (guint8)i } };
}

static Ip4Addr
address_of(guint i)
{
    return ip4_of(0xc0a8400f + i);
}

static void
test_empty(void)
{
    const DhcpLeases leases = { 0 };

    g_assert_true(dhcp_leases_room_for(&leases, mac_of(0)));
    g_assert_true(dhcp_leases_room_for(&leases, (MacAddr){ { 0 } }));
}

/* One for each of sixteen machines; after that only those have one. */
static void
test_full(void)
{
    DhcpLeases leases = { 0 };

    for (guint i = 0; i < DHCP_LEASES_MAX; i++) {
        g_assert_true(dhcp_leases_room_for(&leases, mac_of(1000)));
        dhcp_leases_put(&leases, address_of(i), mac_of(i));
        dhcp_leases_put(&leases, address_of(i), mac_of(i)); /* OFFER and ACK */
    }
    g_assert_false(dhcp_leases_room_for(&leases, mac_of(1000)));
    for (guint i = 0; i < DHCP_LEASES_MAX; i++)
        g_assert_true(dhcp_leases_room_for(&leases, mac_of(i)));
    dhcp_leases_put(&leases, address_of(99), mac_of(99)); /* cannot be */
    g_assert_false(dhcp_leases_room_for(&leases, mac_of(99)));
    g_assert_cmpuint(leases.n, ==, DHCP_LEASES_MAX);
}

/* A machine that asks for one address after the other takes them all. */
static void
test_one_takes_all(void)
{
    DhcpLeases leases = { 0 };

    for (guint i = 0; i < DHCP_LEASES_MAX; i++)
        dhcp_leases_put(&leases, address_of(i), mac_of(7));
    g_assert_true(dhcp_leases_room_for(&leases, mac_of(7)));
    g_assert_false(dhcp_leases_room_for(&leases, mac_of(8)));
}

/* An address that goes to another machine is no longer the first one's. */
static void
test_passed_on(void)
{
    DhcpLeases leases = { 0 };

    for (guint i = 0; i < DHCP_LEASES_MAX; i++)
        dhcp_leases_put(&leases, address_of(i), mac_of(i));
    dhcp_leases_put(&leases, address_of(3), mac_of(50));
    g_assert_false(dhcp_leases_room_for(&leases, mac_of(3)));
    g_assert_true(dhcp_leases_room_for(&leases, mac_of(50)));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/dhcp-leases/empty", test_empty);
    g_test_add_func("/dhcp-leases/full", test_full);
    g_test_add_func("/dhcp-leases/one-takes-all", test_one_takes_all);
    g_test_add_func("/dhcp-leases/passed-on", test_passed_on);
    return g_test_run();
}
