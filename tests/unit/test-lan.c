/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The switch: who gets which frame, who can have which address, and who is held when. */
#include "slirp-config/lan.h"
#include "tests/lan/frames.h"
#include "tests/lan/rows.h"

#define HOSTS 4

typedef struct {
    LanPort *port;
    guint frames, held, released;
} Host;

typedef struct {
    Lan *lan;
    Host hosts[HOSTS]; /* 0 has a fixed address, 3 has no hold */
} Rig;

static const MacAddr macs[] = {
    { { 2, 0, 0, 0, 0, 0 } },
    { { 2, 0, 0, 0, 0, 1 } },
    { { 2, 0, 0, 0, 0, 2 } },
    { { 2, 0, 0, 0, 0, 3 } },
};
static const MacAddr unknown = { { 2, 9, 9, 9, 9, 9 } };
static const MacAddr multicast = { { 1, 0, 0x5e, 0, 0, 1 } };

static void
host_input(gpointer host, const guint8 *frame, gsize len)
{
    (void)frame, (void)len;
    ((Host *)host)->frames++;
}

static void
host_hold(gpointer host, gboolean held)
{
    Host *self = host;
    if (held)
        self->held++;
    else
        self->released++;
}

static const LanPortOps with_hold = { "host", host_input, host_hold };
static const LanPortOps without_hold = { "simple", host_input, NULL };

static void
rig_init(Rig *rig)
{
    *rig = (Rig){ .lan = lan_new() };
    for (guint i = 0; i < HOSTS; i++)
        rig->hosts[i].port = lan_attach(rig->lan, i == 3 ? &without_hold : &with_hold,
                                        &rig->hosts[i], i == 0 ? &macs[0] : NULL);
}

static void
rig_clear(Rig *rig)
{
    lan_free(rig->lan);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Rig, rig_clear)

/* Sends from host @from; returns who got it, as bits. */
static guint
rig_send(Rig *rig, guint from, MacAddr src, MacAddr dst)
{
    g_autoptr(GByteArray) frame = frame_eth(dst, src, 0x88b5);
    guint got = 0;

    for (guint i = 0; i < HOSTS; i++)
        rig->hosts[i].frames = 0;
    lan_input(rig->hosts[from].port, frame->data, frame->len);
    for (guint i = 0; i < HOSTS; i++) {
        g_assert_cmpuint(rig->hosts[i].frames, <=, 1);
        got |= rig->hosts[i].frames << i;
    }
    return got;
}

static void
test_learning(void)
{
    g_auto(Rig) rig;
    rig_init(&rig);

    g_assert_cmphex(rig_send(&rig, 1, macs[1], macs[0]), ==, 1 << 0); /* fixed: known at once */
    g_assert_cmphex(rig_send(&rig, 1, macs[1], macs[2]), ==, 1 << 2 | 1 << 3); /* not yet */
    g_assert_cmphex(rig_send(&rig, 2, macs[2], macs[1]), ==, 1 << 1);
    g_assert_cmphex(rig_send(&rig, 1, macs[1], macs[2]), ==, 1 << 2);
    g_assert_cmphex(rig_send(&rig, 3, macs[3], unknown), ==, 1 << 1 | 1 << 2);
    g_assert_cmphex(rig_send(&rig, 0, macs[0], unknown), ==, 1 << 1 | 1 << 2 | 1 << 3);
}

/* A guest that is given another address, as with ifconfig ether. */
static void
test_address_changes(void)
{
    g_auto(Rig) rig;
    rig_init(&rig);

    (void)rig_send(&rig, 1, macs[1], MAC_BROADCAST);
    (void)rig_send(&rig, 2, macs[2], MAC_BROADCAST);
    (void)rig_send(&rig, 1, unknown, MAC_BROADCAST);
    g_assert_cmphex(rig_send(&rig, 2, macs[2], unknown), ==, 1 << 1);
    g_assert_cmphex(rig_send(&rig, 2, macs[2], macs[1]), ==, 1 << 1 | 1 << 3); /* forgotten */
}

static void
test_groups(void)
{
    g_auto(Rig) rig;
    rig_init(&rig);

    g_assert_cmphex(rig_send(&rig, 1, macs[1], MAC_BROADCAST), ==, 1 << 0 | 1 << 2 | 1 << 3);
    g_assert_cmphex(rig_send(&rig, 1, macs[1], multicast), ==, 1 << 0 | 1 << 2 | 1 << 3);
    g_assert_cmphex(rig_send(&rig, 0, macs[0], MAC_BROADCAST), ==, 1 << 1 | 1 << 2 | 1 << 3);
    /* A group is nobody's own address. */
    (void)rig_send(&rig, 1, multicast, macs[0]);
    g_assert_cmphex(rig_send(&rig, 2, macs[2], multicast), ==, 1 << 0 | 1 << 1 | 1 << 3);
    g_assert_cmphex(rig_send(&rig, 2, macs[2], macs[1]), ==, 1 << 1);
}

/* Whoever says to be the server does not get its frames. */
static void
test_fixed_address(void)
{
    g_auto(Rig) rig;
    rig_init(&rig);

    (void)rig_send(&rig, 1, macs[0], MAC_BROADCAST);
    g_assert_cmphex(rig_send(&rig, 2, macs[2], macs[0]), ==, 1 << 0);
    (void)rig_send(&rig, 0, macs[1], MAC_BROADCAST); /* and the server learns no other address */
    g_assert_cmphex(rig_send(&rig, 2, macs[2], macs[0]), ==, 1 << 0);
    g_assert_cmphex(rig_send(&rig, 0, macs[0], macs[0]), ==, 0); /* to itself */
}

static void
test_truncated(void)
{
    g_auto(Rig) rig;
    g_autoptr(GByteArray) frame = frame_eth(MAC_BROADCAST, macs[1], 0x0800);
    rig_init(&rig);

    for (gsize len = 0; len < frame->len; len++) {
        g_autofree guint8 *prefix = g_memdup2(frame->data, len);
        lan_input(rig.hosts[1].port, prefix, len);
    }
    g_assert_cmpuint(rig.hosts[0].frames + rig.hosts[2].frames + rig.hosts[3].frames, ==, 0);
    lan_input(rig.hosts[1].port, frame->data, frame->len);
    g_assert_cmpuint(rig.hosts[0].frames, ==, 1);
}

typedef struct {
    guint frames;
    const char *from;
} Tap;

static void
tap(const char *from, const guint8 *frame, gsize len, gpointer data)
{
    Tap *self = data;
    (void)frame;
    g_assert_cmpuint(len, ==, 14);
    self->from = from;
    self->frames++;
}

static void
test_taps(void)
{
    g_auto(Rig) rig;
    Tap taps[LAN_TAPS_MAX] = { { 0 } };
    rig_init(&rig);

    for (guint i = 0; i < LAN_TAPS_MAX; i++)
        lan_add_tap(rig.lan, tap, &taps[i]);
    (void)rig_send(&rig, 1, macs[1], macs[0]);
    (void)rig_send(&rig, 0, macs[0], macs[0]); /* seen even if nobody gets it */
    (void)rig_send(&rig, 3, macs[3], macs[1]);
    for (guint i = 0; i < LAN_TAPS_MAX; i++) {
        g_assert_cmpuint(taps[i].frames, ==, 3);
        g_assert_cmpstr(taps[i].from, ==, "simple");
    }
}

static void
test_all_ports(void)
{
    g_auto(Rig) rig;
    Host more[LAN_PORTS_MAX - HOSTS] = { { 0 } };
    rig_init(&rig);

    for (guint i = 0; i < G_N_ELEMENTS(more); i++)
        more[i].port = lan_attach(rig.lan, &with_hold, &more[i], NULL);
    (void)rig_send(&rig, 1, macs[1], MAC_BROADCAST);
    for (guint i = 0; i < G_N_ELEMENTS(more); i++)
        g_assert_cmpuint(more[i].frames, ==, 1);
}

static void
check_held(const Rig *rig, guint held, guint released)
{
    for (guint i = 0; i < 3; i++) {
        g_assert_cmpuint(rig->hosts[i].held, ==, held);
        g_assert_cmpuint(rig->hosts[i].released, ==, released);
    }
    g_assert_cmpuint(rig->hosts[3].held + rig->hosts[3].released, ==, 0);
}

static void
test_congestion(void)
{
    g_auto(Rig) rig;
    rig_init(&rig);

    lan_port_set_congested(rig.hosts[1].port, FALSE);
    check_held(&rig, 0, 0);
    lan_port_set_congested(rig.hosts[1].port, TRUE);
    check_held(&rig, 1, 0);
    lan_port_set_congested(rig.hosts[1].port, TRUE);
    lan_port_set_congested(rig.hosts[2].port, TRUE);
    check_held(&rig, 1, 0);
    lan_port_set_congested(rig.hosts[1].port, FALSE);
    lan_port_set_congested(rig.hosts[1].port, FALSE);
    check_held(&rig, 1, 0); /* one is still congested */
    lan_port_set_congested(rig.hosts[2].port, FALSE);
    check_held(&rig, 1, 1);
    lan_port_set_congested(rig.hosts[3].port, TRUE);
    lan_port_set_congested(rig.hosts[3].port, FALSE);
    check_held(&rig, 2, 2);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/lan/learning", test_learning);
    g_test_add_func("/lan/address-changes", test_address_changes);
    g_test_add_func("/lan/groups", test_groups);
    g_test_add_func("/lan/fixed-address", test_fixed_address);
    g_test_add_func("/lan/truncated", test_truncated);
    g_test_add_func("/lan/taps", test_taps);
    g_test_add_func("/lan/all-ports", test_all_ports);
    g_test_add_func("/lan/congestion", test_congestion);
    return g_test_run();
}
