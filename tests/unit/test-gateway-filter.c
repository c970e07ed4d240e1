/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The filter in front of libslirp: which frames reach it, which are dropped, which are answered or
 * completed on the way. */
#include "tests/lan/dhcp-bytes.h"
#include "tests/lan/filter-rig.h"

/* ---- to libslirp ---- */

static const char rrq_missing[] = "\0\1missing\0octet";

static GByteArray *
ip4(Ip4Addr dst, guint8 proto, guint16 flags_off, gsize options_len, guint16 dst_port)
{
    Ip4Route route = frame_to_gateway();
    route.dst_ip = dst;
    g_autoptr(GByteArray) udp =
        frame_udp_datagram(&route, 2070, dst_port, filter_rrq, sizeof filter_rrq);
    return frame_ip4(&route, proto, 1, flags_off, options_len, udp->data, udp->len);
}

/* UDP over IPv6 to the TFTP port of libslirp's host; @next: the header that follows at once. */
static GByteArray *
ip6(guint8 next, guint16 dst_port, gsize cut)
{
    GByteArray *frame = frame_eth(GATEWAY_MAC, GUEST_MAC, 0x86dd);

    frame_add32(frame, 0x60000000);
    frame_add16(frame, 8 + sizeof filter_rrq);
    frame_add8(frame, next);
    frame_add8(frame, 64);
    for (int i = 0; i < 8; i++)
        frame_add32(frame, 0xfec00000u + (guint32)i);
    if (next != 17) { /* an extension header of 8 bytes, with UDP behind */
        frame_add32(frame, 17u << 24);
        frame_add32(frame, 0);
    }
    frame_add16(frame, 2070);
    frame_add16(frame, dst_port);
    frame_add16(frame, 8 + sizeof filter_rrq);
    frame_add16(frame, 0);
    g_byte_array_append(frame, (const guint8 *)filter_rrq, sizeof filter_rrq);
    g_byte_array_set_size(frame, (guint)(frame->len - cut));
    return frame;
}

static GByteArray *
ip6_to(GByteArray *frame, guint64 network, guint64 host)
{
    for (guint i = 0; i < 8; i++) {
        frame->data[14 + 24 + i] = (guint8)(network >> (56 - 8 * i));
        frame->data[14 + 32 + i] = (guint8)(host >> (56 - 8 * i));
    }
    return frame;
}

static GByteArray *
udp(const void *payload, gsize len, guint16 port)
{
    const Ip4Route route = frame_to_gateway();
    return frame_udp4(&route, 2070, port, payload, len);
}

static GByteArray *
without_checksum(GByteArray *frame)
{
    frame_set16(frame, 14 + 20 + 6, 0);
    return frame;
}

static GByteArray *
with_bad_checksum(GByteArray *frame)
{
    frame->data[14 + 20 + 7] ^= 1;
    return frame;
}

static GByteArray *
padded(GByteArray *frame)
{
    for (int i = 0; i < 20; i++)
        frame_add8(frame, 0);
    return frame;
}

static GByteArray *
with_byte(GByteArray *frame, gsize at, guint8 byte)
{
    frame->data[at] = byte;
    return frame;
}

/* Says that it has one byte more than there is. */
static GByteArray *
ip4_longer(void)
{
    GByteArray *frame = ip4(DNS_IP, 6, 0, 0, 53);

    g_byte_array_set_size(frame, frame->len - 1);
    return frame;
}

static GByteArray *
runt(void)
{
    GByteArray *frame = frame_eth(GATEWAY_MAC, GUEST_MAC, 0x0800);
    g_byte_array_set_size(frame, 5);
    return frame;
}

/* An ICMPv6 message, its checksum left out. */
static GByteArray *
icmp6(guint8 type, guint64 network, guint64 host)
{
    GByteArray *frame = ip6(58, 0, 0);

    frame->data[14 + 40] = type;
    return ip6_to(frame, network, host);
}

#define FEC0 GATEWAY_IP6_NETWORK
#define FE80 G_GUINT64_CONSTANT(0xfe80000000000000)

/* What a DHCP client sends, or a bit less: @cut bytes fewer. */
static GByteArray *
dhcp(guint8 op, Ip4Addr dst, gsize options_len, gsize cut)
{
    Ip4Route route = frame_broadcast();
    g_autoptr(GByteArray) message =
        dhcp_bytes(op, 9, ip4_of(0), ip4_of(0), DHCP_HEX_NETBSD_DISCOVER, 300);

    route.dst_ip = dst;
    g_autoptr(GByteArray) datagram =
        frame_udp_datagram(&route, 68, 67, message->data, message->len - cut);
    return frame_ip4(&route, 17, 1, 0, options_len, datagram->data, datagram->len);
}

#define EVERYBODY ip4_of(G_MAXUINT32)

/* The frames, made when they are wanted, and what becomes of them. */
#define INPUT_ROWS(X)                                                                              \
    X("request", udp(filter_rrq, sizeof filter_rrq, 69), REWRITTEN)                                \
    X("request-padded", padded(udp(filter_rrq, sizeof filter_rrq, 69)), REWRITTEN)                 \
    X("request-without-checksum", without_checksum(udp(filter_rrq, sizeof filter_rrq, 69)),        \
      REWRITTEN)                                                                                   \
    X("request-bad-checksum", with_bad_checksum(udp(filter_rrq, sizeof filter_rrq, 69)), DROPPED)  \
    X("request-missing", udp(rrq_missing, sizeof rrq_missing, 69), ANSWERED)                       \
    X("request-in-first-fragment", ip4(GATEWAY_IP, 17, 0x2000, 0, 69), DROPPED)                    \
    X("request-in-later-fragment", ip4(GATEWAY_IP, 17, 3, 0, 69), DROPPED)                         \
    X("request-behind-options", ip4(GATEWAY_IP, 17, 0, 4, 69), DROPPED)                            \
    X("fragment-of-tcp", ip4(GATEWAY_IP, 6, 0x2000, 0, 80), DROPPED)                               \
    X("options-to-another-port", ip4(GATEWAY_IP, 17, 0, 40, 53), DROPPED)                          \
    X("options-to-another-host", ip4(DNS_IP, 17, 0, 4, 53), PASSES)                                \
    X("tftp-to-another-host", ip4(ip4_of(0x08080808), 17, 0, 0, 69), PASSES)                       \
    X("tftp-to-broadcast", ip4(EVERYBODY, 17, 0, 0, 69), PASSES)                                   \
    X("dhcp", dhcp(1, EVERYBODY, 0, 0), PASSES)                                                    \
    X("dhcp-to-the-gateway", dhcp(1, GATEWAY_IP, 0, 0), PASSES)                                    \
    X("dhcp-as-short-as-can-be", dhcp(1, EVERYBODY, 0, 60), PASSES)                                \
    X("dhcp-without-a-cookie", dhcp(1, EVERYBODY, 0, 61), DROPPED)                                 \
    X("dhcp-reply-from-the-guest", dhcp(2, EVERYBODY, 0, 0), DROPPED)                              \
    X("dhcp-behind-options", dhcp(1, EVERYBODY, 4, 0), DROPPED)                                    \
    X("dhcp-to-another-host", dhcp(1, ip4_of(0x08080808), 0, 61), PASSES)                          \
    X("do-not-fragment", ip4(GATEWAY_IP, 17, 0x4000, 0, 69), REWRITTEN)                            \
    X("dns", ip4(DNS_IP, 17, 0, 0, 53), PASSES)                                                    \
    X("to-127.0.0.1", ip4(ip4_of(0x7f000001), 6, 0, 0, 22), DROPPED)                               \
    X("to-127.255.255.255", ip4(ip4_of(0x7fffffff), 17, 0, 0, 53), DROPPED)                        \
    X("to-0.0.0.0", ip4(ip4_of(0), 1, 0, 0, 22), DROPPED)                                          \
    X("to-0.255.255.255", ip4(ip4_of(0x00ffffff), 6, 0, 0, 22), DROPPED)                           \
    X("to-1.0.0.0", ip4(ip4_of(0x01000000), 6, 0, 0, 22), PASSES)                                  \
    X("to-128.0.0.1", ip4(ip4_of(0x80000001), 6, 0, 0, 22), PASSES)                                \
    X("ping-to-everybody", ip4(EVERYBODY, 1, 0, 0, 0), DROPPED)                                    \
    X("tcp-to-port-69", ip4(GATEWAY_IP, 6, 0, 0, 69), PASSES)                                      \
    X("icmp", ip4(GATEWAY_IP, 1, 0, 0, 69), PASSES)                                                \
    X("arp", frame_arp(MAC_BROADCAST, 1, GUEST_MAC, GUEST_IP, GATEWAY_IP), PASSES)                 \
    X("ip6-tftp", ip6(17, 69, 0), DROPPED)                                                         \
    X("ip6-dns", ip6(17, 53, 0), PASSES)                                                           \
    X("ip6-tcp", ip6(6, 69, 0), PASSES)                                                            \
    X("ip6-ping", icmp6(128, FEC0, 2), PASSES)                                                     \
    X("ip6-ping-link-local", icmp6(128, FE80, 2), PASSES)                                          \
    X("ip6-ping-dns", icmp6(128, FEC0, 3), PASSES)                                                 \
    X("ip6-ping-elsewhere", icmp6(128, 0x2001486048600000, 0x8888), DROPPED)                       \
    X("ip6-ping-a-neighbour", icmp6(128, FEC0, 4), DROPPED)                                        \
    X("ip6-ping-itself", icmp6(128, FE80, 0x5054000012345600), DROPPED)                            \
    X("ip6-ping-reply-elsewhere", icmp6(129, 0x2001486048600000, 0x8888), PASSES)                  \
    X("ip6-router-solicitation", icmp6(133, 0xff02000000000000, 2), PASSES)                        \
    X("ip6-to-loopback", ip6_to(ip6(6, 22, 0), 0, 1), DROPPED)                                     \
    X("ip6-to-mapped-loopback", ip6_to(ip6(6, 22, 0), 0, 0xffff7f000001), DROPPED)                 \
    X("ip6-to-nat64", ip6_to(ip6(6, 22, 0), 0x0064ff9b00000000, 0x08080808), PASSES)               \
    X("ip6-hop-by-hop", ip6(0, 69, 0), PASSES) /* libslirp knows no extension headers */           \
    X("ip6-fragment-header", ip6(44, 69, 0), PASSES)                                               \
    X("ip6-destination-options", ip6(60, 69, 0), PASSES)                                           \
    X("ip6-cut-behind-the-port", ip6(17, 69, 4 + sizeof filter_rrq), DROPPED)                      \
    X("ip6-cut-in-the-port", ip6(17, 69, 5 + sizeof filter_rrq), DROPPED)                          \
    X("ip6-cut-in-the-header", ip6(17, 69, 30 + sizeof filter_rrq), DROPPED)                       \
    X("ip4-fragment-beyond-the-largest", ip4(DNS_IP, 17, 0x1fff, 0, 53), DROPPED)                  \
    X("ip4-version-5", with_byte(ip4(DNS_IP, 17, 0, 0, 53), 14, 0x55), DROPPED)                    \
    X("ip4-header-cut", with_byte(ip4(DNS_IP, 17, 0, 0, 53), 14, 0x4f), DROPPED)                   \
    X("ip4-bad-checksum", with_byte(ip4(DNS_IP, 6, 0, 0, 53), 24, 0x00), DROPPED)                  \
    X("ip4-longer-than-the-frame", ip4_longer(), DROPPED)                                          \
    X("udp-length-0", without_checksum(with_byte(udp(filter_rrq, sizeof filter_rrq, 53), 39, 0)),  \
      DROPPED)                                                                                     \
    X("udp-length-7", without_checksum(with_byte(udp(filter_rrq, sizeof filter_rrq, 53), 39, 7)),  \
      DROPPED)                                                                                     \
    X("udp-longer-than-ip",                                                                        \
      without_checksum(with_byte(udp(filter_rrq, sizeof filter_rrq, 53), 38, 1)), DROPPED)         \
    X("other-protocol", frame_eth(GATEWAY_MAC, GUEST_MAC, 0x88f8), DROPPED) /* NC-SI */            \
    X("802.3-length", frame_eth(GATEWAY_MAC, GUEST_MAC, 0x0100), DROPPED)                          \
    X("runt", runt(), DROPPED)

static void
check_input(const char *name, GByteArray *frame, Fate fate)
{
    g_auto(FilterRig) rig;
    gsize len;

    filter_rig_init(&rig);
    gateway_filter_input(rig.filter, frame->data, frame->len);
    g_test_message("%s", name);
    g_assert_cmpuint(frame_log_count(&rig.slirp), ==, fate == PASSES || fate == REWRITTEN ? 1 : 0);
    g_assert_cmpuint(frame_log_count(&rig.lan), ==, fate == ANSWERED ? 1 : 0);
    if (fate == PASSES) {
        const guint8 *passed = frame_log_at(&rig.slirp, 0, &len);
        ROW_CMPMEM(passed, len, frame->data, frame->len);
    } else if (fate == REWRITTEN) {
        FrameUdp sent = frame_log_udp(&rig.slirp, 0);
        g_assert_cmpstr((const char *)sent.payload + 2, !=, "pxeboot");
    }
    g_byte_array_unref(frame);
}

static void
test_input(void)
{
#define X(name, frame, fate) check_input(name, frame, fate);
    INPUT_ROWS(X)
#undef X
}

/* ---- from libslirp ---- */

#define REPLY_OPTIONS                                                                              \
    "63825363350105"                                                                               \
    "3604c0a84001"                                                                                 \
    "ff"
#define REPLY_TEXT "53=05 54=c0a84001 "
#define ROOT_TEXT  "17=3139322e3136382e36342e343a2f 250=613d62 "

typedef struct {
    const char *name;
    const char *asked; /* options of the request; NULL: none came */
    const char *want;  /* options of the reply; NULL: untouched */
} DhcpRow;

static const DhcpRow dhcp_rows[] = {
    { "ipxe", DHCP_HEX_IPXE_DISCOVER, REPLY_TEXT "175=b00101 end" },
    { "loader-udp", DHCP_HEX_LOADER_UDP_REQUEST, REPLY_TEXT ROOT_TEXT "end" },
    { "loader", DHCP_HEX_LOADER_REQUEST, REPLY_TEXT ROOT_TEXT "end" },
    { "netbsd", DHCP_HEX_NETBSD_DISCOVER, NULL },
    { "nobody", NULL, NULL },
    { "no-dhcp", "", NULL },
};

static void
ask(FilterRig *rig, const char *options)
{
    const Ip4Route route = frame_broadcast();
    g_autoptr(GByteArray) message = dhcp_bytes(1, 9, ip4_of(0), ip4_of(0), options, 548);
    if (*options == '\0')
        g_byte_array_set_size(message, 100);
    g_autoptr(GByteArray) frame = frame_udp4(&route, 68, 67, message->data, message->len);
    gateway_filter_input(rig->filter, frame->data, frame->len);
}

static GByteArray *
reply_frame(Ip4Addr from, guint16 port)
{
    Ip4Route route = frame_from_gateway();
    g_autoptr(GByteArray) message = dhcp_bytes(2, 9, GUEST_IP, GATEWAY_IP, REPLY_OPTIONS, 548);
    route.src_ip = from;
    route.dst_ip = ip4_of(G_MAXUINT32);
    return frame_udp4(&route, port, 68, message->data, message->len);
}

static void
check_untouched(const FilterRig *rig, const GByteArray *frame)
{
    gsize len;
    const guint8 *passed = frame_log_at(&rig->lan, 0, &len);
    g_assert_cmpuint(frame_log_count(&rig->lan), ==, 1);
    ROW_CMPMEM(passed, len, frame->data, frame->len);
}

static void
test_dhcp_row(gconstpointer data)
{
    const DhcpRow *row = data;
    g_autoptr(GByteArray) frame = reply_frame(GATEWAY_IP, 67);
    g_auto(FilterRig) rig;

    filter_rig_init(&rig);
    if (row->asked != NULL)
        ask(&rig, row->asked);
    gateway_filter_output(rig.filter, frame->data, frame->len);
    if (row->want == NULL) {
        check_untouched(&rig, frame);
        return;
    }
    FrameUdp sent = frame_log_udp(&rig.lan, 0);
    g_assert_false(sent.no_checksum);
    g_assert_true(mac_equal(sent.src, GATEWAY_MAC) && mac_equal(sent.dst, GUEST_MAC));
    g_assert_true(ip4_equal(sent.src_ip, GATEWAY_IP));
    g_assert_true(ip4_equal(sent.dst_ip, ip4_of(G_MAXUINT32)));
    g_assert_cmpuint(sent.src_port, ==, 67);
    g_assert_cmpuint(sent.dst_port, ==, 68);
    g_autofree char *text = dhcp_options_text(sent.payload, sent.len);
    g_assert_cmpstr(text, ==, row->want);
}

/* iPXE asks, then the loader: the last one that asked is the one that is answered. */
static void
test_dhcp_last_asker(void)
{
    g_autoptr(GByteArray) frame = reply_frame(GATEWAY_IP, 67);
    g_auto(FilterRig) rig;

    filter_rig_init(&rig);
    ask(&rig, DHCP_HEX_IPXE_REQUEST);
    ask(&rig, DHCP_HEX_LOADER_DISCOVER);
    gateway_filter_output(rig.filter, frame->data, frame->len);
    FrameUdp sent = frame_log_udp(&rig.lan, 0);
    g_autofree char *text = dhcp_options_text(sent.payload, sent.len);
    g_assert_cmpstr(text, ==, REPLY_TEXT ROOT_TEXT "end");
}

/* libslirp has sixteen leases; the seventeenth machine does not reach it, the others still do. */
static void
test_dhcp_leases(void)
{
    const Ip4Route out = frame_broadcast();
    Ip4Route back = frame_from_gateway();
    g_auto(FilterRig) rig;

    filter_rig_init(&rig);
    back.dst_ip = EVERYBODY;
    for (guint i = 0; i < 40; i++) {
        guint8 mac = (guint8)(i % 20);
        g_autoptr(GByteArray) message =
            dhcp_bytes(1, 9, ip4_of(0), ip4_of(0), DHCP_HEX_NETBSD_DISCOVER, 300);
        message->data[33] = mac;
        g_autoptr(GByteArray) frame = frame_udp4(&out, 68, 67, message->data, message->len);
        frame_log_empty(&rig.slirp);
        gateway_filter_input(rig.filter, frame->data, frame->len);
        g_assert_cmpuint(frame_log_count(&rig.slirp), ==, mac < 16 ? 1 : 0);
        if (mac >= 16)
            continue;
        g_autoptr(GByteArray) reply =
            dhcp_bytes(2, 9, ip4_of(0xc0a8400fu + mac), GATEWAY_IP, REPLY_OPTIONS, 548);
        reply->data[33] = mac;
        g_autoptr(GByteArray) reply_frame = frame_udp4(&back, 67, 68, reply->data, reply->len);
        gateway_filter_output(rig.filter, reply_frame->data, reply_frame->len);
    }
}

static void
test_output_untouched(void)
{
    const Ip4Route route = frame_from_gateway();
    g_autoptr(GByteArray) foreign = reply_frame(DNS_IP, 67);
    g_autoptr(GByteArray) other_port = reply_frame(GATEWAY_IP, 68);
    g_autoptr(GByteArray) tftp = frame_udp4(&route, 69, 2070, "\0\3\0\1x", 5);
    g_autoptr(GByteArray) arp = frame_arp(GUEST_MAC, 2, GATEWAY_MAC, GATEWAY_IP, GUEST_IP);
    g_autoptr(GByteArray) fragment = frame_ip4(&route, 17, 1, 0x2000, 0, "12345678", 8);
    g_autoptr(GByteArray) short_frame = runt();
    const GByteArray *const frames[] = { foreign, other_port, tftp, arp, fragment, short_frame };

    for (gsize i = 0; i < G_N_ELEMENTS(frames); i++) {
        g_auto(FilterRig) rig;
        filter_rig_init(&rig);
        ask(&rig, DHCP_HEX_LOADER_REQUEST);
        gateway_filter_output(rig.filter, frames[i]->data, frames[i]->len);
        check_untouched(&rig, frames[i]);
    }
}

static void
test_no_policy(void)
{
    g_autoptr(GByteArray) frame = reply_frame(GATEWAY_IP, 67);
    g_auto(FilterRig) rig;

    filter_rig_init(&rig);
    gateway_filter_set_policy(rig.filter, NULL);
    ask(&rig, DHCP_HEX_LOADER_REQUEST);
    gateway_filter_output(rig.filter, frame->data, frame->len);
    check_untouched(&rig, frame);
}

/* What libslirp's TFTP server sends is remembered: an ACK that comes again gets the same frame. */
static void
test_tftp_again(void)
{
    const Ip4Route back = frame_from_gateway();
    g_autoptr(GByteArray) request = udp(filter_rrq, sizeof filter_rrq, 69);
    g_autoptr(GByteArray) data_1 = frame_udp4(&back, 69, 2070, "\0\3\0\1x", 5);
    g_autoptr(GByteArray) ack_0 = udp("\0\4\0\0", 4, 69);
    g_auto(FilterRig) rig;
    gsize len;

    filter_rig_init(&rig);
    gateway_filter_input(rig.filter, request->data, request->len);
    gateway_filter_output(rig.filter, data_1->data, data_1->len);
    gateway_filter_input(rig.filter, ack_0->data, ack_0->len);
    g_assert_cmpuint(frame_log_count(&rig.lan), ==, 2);
    const guint8 *again = frame_log_at(&rig.lan, 1, &len);
    ROW_CMPMEM(again, len, data_1->data, data_1->len);
}

/* Every prefix of what matters, in both directions: no crash, and at most one frame for one. */
static void
test_truncated(void)
{
    g_autoptr(GByteArray) reply = reply_frame(GATEWAY_IP, 67);
    g_autoptr(GByteArray) request = udp(filter_rrq, sizeof filter_rrq, 69);
    g_autoptr(GByteArray) request6 = ip6(17, 69, 0);
    const GByteArray *const frames[] = { reply, request, request6 };
    g_auto(FilterRig) rig;

    filter_rig_init(&rig);
    for (gsize i = 0; i < G_N_ELEMENTS(frames); i++) {
        for (gsize len = 0; len < frames[i]->len; len++) {
            g_autofree guint8 *prefix = g_memdup2(frames[i]->data, len);
            frame_log_empty(&rig.lan);
            frame_log_empty(&rig.slirp);
            gateway_filter_input(rig.filter, prefix, len);
            g_assert_cmpuint(frame_log_count(&rig.lan), ==, 0);
            gateway_filter_output(rig.filter, prefix, len);
            g_assert_cmpuint(frame_log_count(&rig.lan), ==, 1);
            g_assert_cmpuint(frame_log_count(&rig.slirp), <=, 1);
        }
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/gateway-filter/input", test_input);
    ROWS_ADD("/gateway-filter/dhcp", dhcp_rows, test_dhcp_row);
    g_test_add_func("/gateway-filter/dhcp/last-asker", test_dhcp_last_asker);
    g_test_add_func("/gateway-filter/dhcp/leases", test_dhcp_leases);
    g_test_add_func("/gateway-filter/output-untouched", test_output_untouched);
    g_test_add_func("/gateway-filter/no-policy", test_no_policy);
    g_test_add_func("/gateway-filter/tftp-again", test_tftp_again);
    g_test_add_func("/gateway-filter/truncated", test_truncated);
    return g_test_run();
}
