/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fragments on their way to libslirp: none reaches it, and whole datagrams do, as one frame. */
#include "tests/lan/filter-rig.h"

/*
 * libslirp 4.7.0 writes through a wild pointer when the first fragment that comes is not the first
 * of its datagram, and keeps all others for half a minute in a list that it searches from the
 * start. So it gets none, wherever they are for.
 */
static void
test_alone(void)
{
    static const guint16 flags_off[] = { 0x2000, 0x2000 | 3, 3 };
    const Ip4Route route = { GUEST_MAC, GATEWAY_MAC, GUEST_IP, DNS_IP };
    g_auto(FilterRig) rig;

    filter_rig_init(&rig);
    for (gsize i = 0; i < G_N_ELEMENTS(flags_off); i++) {
        g_autoptr(GByteArray) frame =
            frame_ip4(&route, 17, 7, flags_off[i], 0, filter_rrq, sizeof filter_rrq);
        gateway_filter_input(rig.filter, frame->data, frame->len);
    }
    g_assert_cmpuint(frame_log_count(&rig.slirp), ==, 0);
}

/* Sends @datagram in two fragments, cut at @cut bytes, the second one first if it is @reversed. */
static void
input_fragments(FilterRig *rig,
                const Ip4Route *route,
                guint8 proto,
                const GByteArray *datagram,
                gsize cut,
                gsize options_len,
                gboolean reversed)
{
    g_autoptr(GByteArray) first =
        frame_ip4(route, proto, 77, 0x2000, options_len, datagram->data, cut);
    g_autoptr(GByteArray) last = frame_ip4(route, proto, 77, (guint16)(cut / 8), options_len,
                                           datagram->data + cut, datagram->len - cut);
    const GByteArray *const order[] = { reversed ? last : first, reversed ? first : last };

    for (gsize i = 0; i < G_N_ELEMENTS(order); i++) {
        g_assert_cmpuint(frame_log_count(&rig->slirp) + frame_log_count(&rig->lan), ==, 0);
        gateway_filter_input(rig->filter, order[i]->data, order[i]->len);
    }
}

typedef struct {
    const char *name;
    guint32 dst;
    guint8 proto;
    guint16 dst_port;
    gsize payload_len; /* 0: a request for a file */
    gsize cut, options_len;
    Fate fate;
} TwoRow;

static const TwoRow two_rows[] = {
    { "request", 0xc0a84001, 17, 69, 0, 16, 0, REWRITTEN },
    { "request-cut-in-the-ports", 0xc0a84001, 17, 69, 0, 8, 0, REWRITTEN },
    { "request-elsewhere", 0x08080808, 17, 69, 0, 16, 0, PASSES },
    { "request-behind-options", 0xc0a84001, 17, 69, 0, 16, 4, DROPPED },
    { "request-too-long", 0xc0a84001, 17, 69, 3000, 1480, 0, ANSWERED },
    { "dns", 0xc0a84003, 17, 53, 100, 8, 0, PASSES },
    { "dns-behind-options", 0xc0a84003, 17, 53, 100, 8, 4, DROPPED },
    { "tcp-to-the-gateway", 0xc0a84001, 6, 80, 2000, 1480, 0, PASSES },
    { "icmp-to-the-gateway", 0xc0a84001, 1, 0, 2000, 1480, 0, PASSES },
    { "broadcast", G_MAXUINT32, 17, 520, 600, 8, 0, PASSES },
    { "dhcp-in-name-only", G_MAXUINT32, 17, 67, 600, 8, 0, DROPPED },
    { "largest", 0x08080808, 17, 9, 65507, 32768, 0, PASSES },
};

static void
check_two(const TwoRow *row, gboolean reversed)
{
    Ip4Route route = frame_to_gateway();
    gsize len = row->payload_len != 0 ? row->payload_len : sizeof filter_rrq;
    g_autofree guint8 *payload = g_malloc(len);
    g_auto(FilterRig) rig;
    gsize passed_len;

    filter_rig_init(&rig);
    route.dst_ip = ip4_of(row->dst);
    memset(payload, 'n', len);
    memcpy(payload, filter_rrq, row->payload_len != 0 ? 2 : sizeof filter_rrq);
    g_autoptr(GByteArray) udp = frame_udp_datagram(&route, 2070, row->dst_port, payload, len);
    input_fragments(&rig, &route, row->proto, udp, row->cut, row->options_len, reversed);
    g_assert_cmpuint(frame_log_count(&rig.slirp), ==,
                     row->fate == PASSES || row->fate == REWRITTEN ? 1 : 0);
    g_assert_cmpuint(frame_log_count(&rig.lan), ==, row->fate == ANSWERED ? 1 : 0);
    if (row->fate == PASSES) {
        g_autoptr(GByteArray) want = frame_ip4(&route, row->proto, 77, 0, 0, udp->data, udp->len);
        const guint8 *passed = frame_log_at(&rig.slirp, 0, &passed_len);
        ROW_CMPMEM(passed, passed_len, want->data, want->len);
    }
}

static void
test_two_row(gconstpointer data)
{
    check_two(data, FALSE);
    check_two(data, TRUE);
}

/* A hostile guest starts datagrams and ends none: those that it ends afterwards still come. */
static void
test_started(void)
{
    Ip4Route route = frame_to_gateway();
    g_auto(FilterRig) rig;

    filter_rig_init(&rig);
    for (guint i = 0; i < 10000; i++) {
        g_autoptr(GByteArray) frame = frame_ip4(&route, 17, (guint16)(i + 1000),
                                                (guint16)(0x2000 | i % 8000), 0, filter_rrq, 8);
        gateway_filter_input(rig.filter, frame->data, frame->len);
    }
    g_assert_cmpuint(frame_log_count(&rig.slirp), ==, 0);
    g_autoptr(GByteArray) udp = frame_udp_datagram(&route, 2070, 53, filter_rrq, sizeof filter_rrq);
    input_fragments(&rig, &route, 17, udp, 8, 0, FALSE);
    g_assert_cmpuint(frame_log_count(&rig.slirp), ==, 1);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/gateway-fragments/alone", test_alone);
    ROWS_ADD("/gateway-fragments/two", two_rows, test_two_row);
    g_test_add_func("/gateway-fragments/started", test_started);
    return g_test_run();
}
