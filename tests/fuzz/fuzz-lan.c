/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The whole LAN but libslirp, which is a sink: each record is a frame, from the guest or from
 * libslirp's side. What comes out of the boot server must be well-formed, and what goes on to
 * libslirp must be what the filter promises.
 */
#include "slirp-config/boot-server.h"
#include "slirp-config/boot-watch.h"
#include "slirp-config/gateway-filter.h"
#include "tests/fuzz/fuzz-input.h"
#include "tests/lan/frames.h"

#define FUZZ_KEY   G_GUINT64_CONSTANT(0x0123456789abcdef)
#define AS_IT_IS   FUZZ_RECORD_FLAG(0) /* checksums and lengths are not made right */
#define FROM_SLIRP FUZZ_RECORD_FLAG(1)
#define FRAME_MAX  (ETH_HEADER + ETH_MTU) /* of ours; a card may send larger ones */

enum {
    TFTP_PORT_NUMBER = 69,
    TFTP_RRQ_OPCODE = 1,
    TFTP_ACK_OPCODE = 4,
    TFTP_ERROR_OPCODE = 5,
};

typedef struct {
    Vfs *tree;
    Lan *lan;
    BootServer *server;
    BootWatch *watch;
    LanPort *guest, *gateway;
    GatewayFilter *filter;
    gboolean from_slirp; /* the frame under way is what libslirp may send, with any addresses */
} LanFuzz;

/* ---- the gateway's end ---- */

static void
gateway_input(gpointer host, const guint8 *frame, gsize len)
{
    gateway_filter_input(((LanFuzz *)host)->filter, frame, len);
}

static void
filter_to_lan(const guint8 *frame, gsize len, gpointer data)
{
    lan_input(((LanFuzz *)data)->gateway, frame, len);
}

/* libslirp sees no fragment to its address, and of TFTP only our requests and ends of transfers. */
static void
filter_to_slirp(const guint8 *frame, gsize len, gpointer data)
{
    FrameUdp udp;

    (void)data;
    if (len >= 34 && frame_get16(frame + 12) == ETH_TYPE_IP4 && frame[14] == 0x45 &&
        frame_get16(frame + 16) <= len - ETH_HEADER && frame_checksum(0, frame + 14, 20) == 0 &&
        frame_get32(frame + 30) == ip4_get(GATEWAY_IP))
        g_assert_cmpuint(frame_get16(frame + 20) & 0x3fff, ==, 0);
    if (!frame_take_udp(frame, len, &udp) || udp.dst_port != TFTP_PORT_NUMBER ||
        !ip4_equal(udp.dst_ip, GATEWAY_IP))
        return;
    g_assert_cmpuint(udp.len, >=, 4);
    guint16 opcode = frame_get16(udp.payload);
    g_assert_true(opcode == TFTP_RRQ_OPCODE || opcode == TFTP_ACK_OPCODE ||
                  opcode == TFTP_ERROR_OPCODE);
    for (const guint8 *p = udp.payload + 2; opcode == TFTP_RRQ_OPCODE && *p != 0; p++)
        g_assert_true(g_ascii_isdigit((char)*p));
}

/* ---- the guest's end ---- */

static void
guest_input(gpointer host, const guint8 *frame, gsize len)
{
    const LanFuzz *self = host;
    MacAddr src;

    g_assert_cmpuint(len, >=, ETH_HEADER);
    memcpy(src.b, frame + 6, sizeof src.b);
    if (self->from_slirp || !mac_equal(src, SERVER_MAC))
        return; /* not ours to judge */
    g_assert_cmpuint(len, <=, FRAME_MAX);
    if (frame_get16(frame + 12) != ETH_TYPE_IP4)
        return;
    g_assert_cmpuint(frame_get16(frame + 16), ==, len - ETH_HEADER);
    g_assert_cmpuint(frame_checksum(0, frame + ETH_HEADER, 20), ==, 0);
}

static const LanPortOps guest_ops = { "guest", guest_input, NULL };
static const LanPortOps gateway_ops = { "gateway", gateway_input, NULL };

static void
on_event(const BootEvent *event, gpointer data)
{
    (void)data;
    g_assert_cmpuint(event->kind, <, BOOT_EVENT_COUNT);
    g_assert_nonnull(dhcp_client_name(event->client));
    for (const char *p = event->name; *p != '\0'; p++)
        g_assert_true(g_ascii_isprint(*p));
}

static void
run_record(LanFuzz *self, guint flags, FuzzPiece *frame)
{
    if ((flags & AS_IT_IS) == 0)
        fuzz_frame_mend(frame);
    self->from_slirp = (flags & FROM_SLIRP) != 0;
    if (self->from_slirp)
        gateway_filter_output(self->filter, frame->bytes, frame->len);
    else
        lan_input(self->guest, frame->bytes, frame->len);
}

static void
lan_fuzz_init(LanFuzz *self)
{
    static const DhcpPolicy policy = { "192.168.64.4:/", { "boot.nfsroot.options=nolockd" } };
    g_autoptr(GError) error = NULL;
    LanConfig config;

    g_assert_true(lan_config_parse(LAN_DEFAULT_NETWORK, &config, &error));
    self->tree = fuzz_tree_new();
    self->lan = lan_new();
    self->server = boot_server_new(self->lan, &config, FUZZ_KEY);
    self->watch = boot_watch_new(self->lan, on_event, NULL);
    self->guest = lan_attach(self->lan, &guest_ops, self, NULL);
    self->gateway = lan_attach(self->lan, &gateway_ops, self, NULL);
    self->filter = gateway_filter_new(config.gateway, filter_to_lan, filter_to_slirp, self);
    boot_server_set_tree(self->server, self->tree);
    gateway_filter_set_tree(self->filter, self->tree);
    gateway_filter_set_policy(self->filter, &policy);
}

static void
lan_fuzz_clear(LanFuzz *self)
{
    gateway_filter_free(self->filter);
    boot_server_free(self->server);
    lan_free(self->lan);
    boot_watch_free(self->watch);
    vfs_free(self->tree);
}

int
LLVMFuzzerTestOneInput(const guint8 *bytes, gsize len)
{
    Cursor input = cursor_of(bytes, len);
    LanFuzz fuzz = { 0 };
    guint flags;

    lan_fuzz_init(&fuzz);
    for (guint i = 0; i < FUZZ_RECORDS_MAX; i++) {
        g_auto(FuzzPiece) frame = { 0 };
        if (!fuzz_record_next(&input, &flags, &frame))
            break;
        run_record(&fuzz, flags, &frame);
    }
    lan_fuzz_clear(&fuzz);
    return 0;
}
