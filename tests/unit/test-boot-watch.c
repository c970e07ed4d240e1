/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is told about frames that pass: each row is an exchange and the events of it, as text. */
#include "slirp-config/boot-watch.h"
#include "tests/lan/dhcp-bytes.h"
#include "tests/lan/rows.h"

#include <stdio.h>

typedef struct {
    Lan *lan;
    LanPort *port;
    BootWatch *watch;
    GString *events;
} Rig;

static void
host_input(gpointer host, const guint8 *frame, gsize len)
{
    (void)host, (void)frame, (void)len;
}

static const LanPortOps ops = { "host", host_input, NULL };

static void
on_event(const BootEvent *event, gpointer data)
{
    GString *out = data;
    static const char *const kinds[] = {
        [BOOT_DHCP_DISCOVER] = "discover", [BOOT_DHCP_ACK] = "ack", [BOOT_TFTP_REQUEST] = "request",
        [BOOT_TFTP_BLOCK] = "block",       [BOOT_TFTP_END] = "end", [BOOT_TFTP_ERROR] = "error",
    };

    G_STATIC_ASSERT(G_N_ELEMENTS(kinds) == BOOT_EVENT_COUNT);
    if (out->len > 0)
        g_string_append(out, ", ");
    g_string_append(out, kinds[event->kind]);
    if (event->kind == BOOT_DHCP_DISCOVER || event->kind == BOOT_DHCP_ACK)
        g_string_append_printf(out, " %s", dhcp_client_name(event->client));
    if (event->kind == BOOT_DHCP_ACK)
        g_string_append_printf(out, " " IP4_FMT, IP4_ARG(event->address));
    if (event->kind >= BOOT_TFTP_REQUEST)
        g_string_append_printf(out, " '%s'", event->name);
    if (event->kind == BOOT_TFTP_BLOCK || event->kind == BOOT_TFTP_END)
        g_string_append_printf(out, " %" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT, event->bytes,
                               event->size);
}

static void
rig_init(Rig *rig)
{
    rig->events = g_string_new(NULL);
    rig->lan = lan_new();
    rig->port = lan_attach(rig->lan, &ops, NULL, NULL);
    rig->watch = boot_watch_new(rig->lan, on_event, rig->events);
}

static void
rig_clear(Rig *rig)
{
    lan_free(rig->lan);
    boot_watch_free(rig->watch);
    g_string_free(rig->events, TRUE);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Rig, rig_clear)

static void
send_udp(Rig *rig, const Ip4Route *route, guint16 src, guint16 dst, const void *bytes, gsize len)
{
    g_autoptr(GByteArray) frame = frame_udp4(route, src, dst, bytes, len);
    lan_input(rig->port, frame->data, frame->len);
}

static void
send_dhcp(Rig *rig, guint8 op, const char *options)
{
    const Ip4Route out = frame_broadcast(), back = frame_from_gateway();
    g_autoptr(GByteArray) message =
        dhcp_bytes(op, 1, op == 2 ? GUEST_IP : ip4_of(0), GATEWAY_IP, options, 548);
    send_udp(rig, op == 1 ? &out : &back, op == 1 ? 68 : 67, op == 1 ? 67 : 68, message->data,
             message->len);
}

/*
 * One step is a letter and its text, in which '|' is NUL:
 *   D iPXE's DISCOVER, L and U a loader's, N NetBSD's · O, A, K: OFFER, ACK, NAK
 *   r a request, o an OACK, e an ERROR · d DATA: block and length, "1 1428" · a an ACK: block
 *   x DATA from another server, y DATA for another client, both on the same ports
 */
typedef struct {
    char kind;
    const char *text;
} Step;

typedef struct {
    const char *name;
    Step steps[12];
    const char *events;
} Row;

static const Row rows[] = {
    { "ipxe",
      { { 'D', "" },
        { 'O', "" },
        { 'A', "" },
        { 'r', "pxeboot|octet|blksize|1432|tsize|0|" },
        { 'o', "blksize|1428|tsize|3000|" },
        { 'a', "0" },
        { 'd', "1 1428" },
        { 'a', "1" },
        { 'd', "2 1428" },
        { 'd', "3 144" } },
      "discover iPXE, ack iPXE 192.168.64.15, request 'pxeboot', block 'pxeboot' 1428/3000, "
      "block 'pxeboot' 2856/3000, end 'pxeboot' 3000/3000" },
    { "loaders",
      { { 'U', "" }, { 'A', "" }, { 'L', "" }, { 'A', "" }, { 'N', "" }, { 'A', "" } },
      "discover FreeBSD loader (up to 11), ack FreeBSD loader (up to 11) 192.168.64.15, "
      "discover FreeBSD loader, ack FreeBSD loader 192.168.64.15, "
      "discover other, ack other 192.168.64.15" },
    { "refused", { { 'D', "" }, { 'K', "" } }, "discover iPXE" },
    { "no-options",
      { { 'r', "a|octet|" }, { 'd', "1 512" }, { 'd', "2 0" } },
      "request 'a', block 'a' 512/0, end 'a' 512/0" },
    { "empty-file", { { 'r', "a|octet|" }, { 'd', "1 0" } }, "request 'a', end 'a' 0/0" },
    { "blocks-sent-again",
      { { 'r', "a|octet|" }, { 'd', "1 512" }, { 'd', "1 512" }, { 'd', "3 512" }, { 'd', "2 5" } },
      "request 'a', block 'a' 512/0, end 'a' 517/0" },
    { "behind-the-end",
      { { 'r', "a|octet|" }, { 'd', "1 5" }, { 'd', "2 512" }, { 'e', "|\1gone|" } },
      "request 'a', end 'a' 5/0" },
    { "missing",
      { { 'r', "boot/missing|octet|" }, { 'e', "|\1File not found|" }, { 'd', "1 5" } },
      "request 'boot/missing', error 'boot/missing: File not found'" },
    { "asked-again",
      { { 'r', "a|octet|" }, { 'd', "1 512" }, { 'r', "b|octet|" }, { 'd', "1 3" } },
      "request 'a', block 'a' 512/0, request 'b', end 'b' 3/0" },
    { "nobody-asked", { { 'd', "1 512" }, { 'o', "tsize|1|" }, { 'e', "|\1x|" } }, "" },
    { "odd-oack",
      { { 'r', "a|octet|" }, { 'o', "tsize|words|blksize||x" }, { 'd', "1 5" } },
      "request 'a', end 'a' 5/0" },
    { "oack-cut",
      { { 'r', "a|octet|" }, { 'o', "blksize|1428|TSIZE|77" }, { 'd', "1 600" } },
      "request 'a', end 'a' 600/0" },
    { "oack-in-capitals",
      { { 'r', "a|octet|" }, { 'o', "TSIZE|77|BLKSIZE|8|" }, { 'd', "1 8" }, { 'd', "2 5" } },
      "request 'a', block 'a' 8/77, end 'a' 13/77" },
    { "oack-out-of-range",
      { { 'r', "a|octet|" }, { 'o', "blksize|7|blksize|0|blksize|99999|" }, { 'd', "1 512" } },
      "request 'a', block 'a' 512/0" },
    { "oack-long-word",
      { { 'r', "a|octet|" },
        { 'o', "tsize|00000000000000000000000000000000000000000077|tsize|5|" },
        { 'd', "1 5" } },
      "request 'a', end 'a' 5/5" },
    { "another-server",
      { { 'r', "a|octet|" }, { 'x', "1 5" }, { 'd', "1 512" }, { 'x', "2 5" }, { 'd', "2 7" } },
      "request 'a', block 'a' 512/0, end 'a' 519/0" },
    { "another-client",
      { { 'r', "a|octet|" }, { 'y', "1 5" }, { 'd', "1 512" }, { 'y', "2 5" }, { 'd', "2 7" } },
      "request 'a', block 'a' 512/0, end 'a' 519/0" },
    { "name-is-escaped", { { 'r', "a\n\x1b[31m\xff|octet|" } }, "request 'a\\x0a\\x1b[31m\\xff'" },
    { "name-without-nul", { { 'r', "abc" } }, "request 'abc'" },
    { "name-empty", { { 'r', "" } }, "request ''" },
};

static GByteArray *
step_payload(const Step *step)
{
    GByteArray *bytes = g_byte_array_new();
    guint block = 0, len = 0;

    frame_add16(bytes, step->kind == 'r'                   ? 1
                       : strchr("dxy", step->kind) != NULL ? 3
                       : step->kind == 'a'                 ? 4
                       : step->kind == 'e'                 ? 5
                                                           : 6);
    if (strchr("dxya", step->kind) != NULL) {
        (void)sscanf(step->text, "%u %u", &block, &len);
        frame_add16(bytes, block);
        for (guint i = 0; i < len; i++)
            frame_add8(bytes, i);
        return bytes;
    }
    for (const char *p = step->text; *p != '\0'; p++)
        frame_add8(bytes, *p != '|' ? (guint)(guchar)*p : 0);
    return bytes;
}

static void
rig_step(Rig *rig, const Step *step)
{
    const Ip4Route out = frame_to_gateway();
    Ip4Route back = frame_from_gateway();

    if (step->kind == 'x')
        back.src_ip = SERVER_IP;
    if (step->kind == 'y')
        back.dst_ip = ip4_of(0xc0a84010);
    switch (step->kind) {
    case 'D':
        send_dhcp(rig, 1, DHCP_HEX_IPXE_DISCOVER);
        break;
    case 'U':
        send_dhcp(rig, 1, DHCP_HEX_LOADER_UDP_DISCOVER);
        break;
    case 'L':
        send_dhcp(rig, 1, DHCP_HEX_LOADER_DISCOVER);
        break;
    case 'N':
        send_dhcp(rig, 1, DHCP_HEX_NETBSD_DISCOVER);
        break;
    case 'O':
        send_dhcp(rig, 2, "63825363350102ff");
        break;
    case 'A':
        send_dhcp(rig, 2, "63825363350105ff");
        break;
    case 'K':
        send_dhcp(rig, 2, "63825363350106ff");
        break;
    default: {
        g_autoptr(GByteArray) bytes = step_payload(step);
        gboolean request = step->kind == 'r' || step->kind == 'a';
        send_udp(rig, request ? &out : &back, request ? 2070 : 69, request ? 69 : 2070, bytes->data,
                 bytes->len);
    }
    }
}

static void
test_row(gconstpointer data)
{
    const Row *row = data;
    g_auto(Rig) rig;

    rig_init(&rig);
    for (gsize i = 0; i < G_N_ELEMENTS(row->steps) && row->steps[i].kind != 0; i++)
        rig_step(&rig, &row->steps[i]);
    g_assert_cmpstr(rig.events->str, ==, row->events);
}

/* A file of more than 65535 blocks: the block numbers start again, the bytes go on. */
static void
test_wrap(void)
{
    const Ip4Route back = frame_from_gateway();
    g_auto(Rig) rig;
    guint8 data[512 + 4] = { 0, 3 };

    rig_init(&rig);
    rig_step(&rig, &(const Step){ 'r', "a|octet|" });
    for (guint block = 1; block < 70000; block++) {
        data[2] = (guint8)(block >> 8);
        data[3] = (guint8)block;
        g_string_truncate(rig.events, 0);
        send_udp(&rig, &back, 69, 2070, data, sizeof data);
    }
    g_assert_cmpstr(rig.events->str, ==, "block 'a' 35839488/0");
}

/* A long name is cut, its end is never lost. */
static void
test_long_name(void)
{
    g_auto(Rig) rig;
    g_autofree char *name = g_strnfill(500, 'n');
    const Step request = { 'r', name }, error = { 'e', "|\1no|" };

    rig_init(&rig);
    rig_step(&rig, &request);
    rig_step(&rig, &error);
    g_assert_cmpuint(rig.events->len, <, 2 * BOOT_NAME_MAX + 40);
}

/* Frames that are not what they seem: none of them may tell anything. */
static void
test_ignored(void)
{
    const Ip4Route out = frame_to_gateway();
    g_autoptr(GByteArray) bad_sum = frame_udp4(&out, 2070, 69, "\0\1a\0octet", 10);
    g_autoptr(GByteArray) fragment = frame_udp4(&out, 2070, 69, "\0\1a\0octet", 10);
    g_autoptr(GByteArray) other_port = frame_udp4(&out, 2070, 70, "\0\1a\0octet", 10);
    g_autoptr(GByteArray) write = frame_udp4(&out, 2070, 69, "\0\2a\0octet", 10);
    g_autoptr(GByteArray) arp = frame_arp(MAC_BROADCAST, 1, GUEST_MAC, GUEST_IP, GATEWAY_IP);
    const GByteArray *const frames[] = { bad_sum, fragment, other_port, write, arp };
    g_auto(Rig) rig;

    bad_sum->data[41] ^= 1;
    fragment->data[14 + 6] = 0x20;
    frame_set16(fragment, 14 + 10, 0);
    frame_set16(fragment, 14 + 10, frame_checksum(0, fragment->data + 14, 20));
    rig_init(&rig);
    for (gsize i = 0; i < G_N_ELEMENTS(frames); i++)
        lan_input(rig.port, frames[i]->data, frames[i]->len);
    send_dhcp(&rig, 3, DHCP_HEX_IPXE_DISCOVER);
    g_assert_cmpstr(rig.events->str, ==, "");
}

static void
test_truncated(void)
{
    const Ip4Route out = frame_to_gateway(), back = frame_from_gateway();
    g_autoptr(GByteArray) request = frame_udp4(&out, 2070, 69, "\0\1a\0octet", 10);
    g_autoptr(GByteArray) oack = frame_udp4(&back, 69, 2070, "\0\6tsize\0001", 10);
    g_auto(Rig) rig;

    rig_init(&rig);
    for (gsize len = 0; len < request->len; len++) {
        g_autofree guint8 *prefix = g_memdup2(request->data, len);
        lan_input(rig.port, prefix, len);
    }
    for (gsize len = 0; len < oack->len; len++) {
        g_autofree guint8 *prefix = g_memdup2(oack->data, len);
        lan_input(rig.port, prefix, len);
    }
    /* Cut payloads in whole datagrams. */
    for (gsize len = 0; len < 10; len++) {
        send_udp(&rig, &out, 2070, 69, "\0\1a\0octet", len);
        send_udp(&rig, &back, 69, 2070, "\0\6tsize\0001", len);
        send_udp(&rig, &back, 69, 2070, "\0\3\0\1abcdef", MIN(len, 3));
        send_udp(&rig, &back, 67, 68, "\2\1\6\0", MIN(len, 4));
    }
    g_assert_nonnull(strstr(rig.events->str, "request"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/boot-watch", rows, test_row);
    g_test_add_func("/boot-watch/wrap", test_wrap);
    g_test_add_func("/boot-watch/long-name", test_long_name);
    g_test_add_func("/boot-watch/ignored", test_ignored);
    g_test_add_func("/boot-watch/truncated", test_truncated);
    return g_test_run();
}
