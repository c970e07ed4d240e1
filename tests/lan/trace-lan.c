/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a client needs besides the layout of each reply: that it comes at all, from the address and
 * port that was asked, to the port that asked, in one frame.
 *
 * Of TFTP the traces have the requests only. What follows is done here as those clients do it: each
 * block is acknowledged, up to the last. A client that asks again from the same port has left the
 * transfer before; it is left after its first block.
 */
#include "tests/lan/trace-lan.h"

#include "tests/lan/dhcp-bytes.h"

#include <errno.h>
#include <glib/gstdio.h>

#define BOOTFILE  "pxeboot" /* the name that the clients of the traces were told */
#define ROOT_PATH "10.0.2.4:/"
#define TFTP_SIZE 20000 /* bytes of each file by TFTP, and not a multiple of a block size */

static const guint8 trace_gateway[4] = { 10, 0, 2, 2 };

static LanConfig
trace_config(void)
{
    LanConfig config;

    g_assert_true(lan_config_parse("10.0.2.0/24", &config, NULL));
    memcpy(config.gateway.b, trace_gateway, sizeof trace_gateway);
    return config;
}

/* ---- TFTP's files ---- */

static const char *
tftp_name(const TracePacket *packet)
{
    return (const char *)packet->udp.payload + 2;
}

static gboolean
is_missing(const TraceLan *self, const char *name)
{
    for (const char *const *missing = self->missing; *missing != NULL; missing++) {
        if (g_str_equal(*missing, name))
            return TRUE;
    }
    return FALSE;
}

static GBytes *
tftp_content(const char *name)
{
    return row_pattern_bytes(TFTP_SIZE + strlen(name), g_str_hash(name));
}

/* Adds the files that are asked for by TFTP to @tree. */
static void
add_tftp_files(const TraceLan *self, Vfs *tree)
{
    for (guint i = 0; i < trace_file_count(self->file); i++) {
        const TracePacket *packet = trace_file_at(self->file, i);
        if (packet->kind != TRACE_TFTP || is_missing(self, tftp_name(packet)))
            continue;
        g_autoptr(GBytes) content = tftp_content(tftp_name(packet));
        int r = vfs_mem_add_file(tree, tftp_name(packet), content, 0444);
        g_assert_true(r == 0 || r == -EEXIST);
    }
}

/* ---- ARP ---- */

static void
check_arp(TraceLan *self, const guint8 *frame, gsize len, Ip4Addr target, gboolean answered)
{
    MacAddr mac;

    gboolean answer = lan_client_arp_frame(self->client, frame, len, &mac);
    TRACE_WANT(&self->check, answer == answered, "%s for " IP4_FMT,
               answer ? "an answer" : "no answer", IP4_ARG(target));
    TRACE_WANT(&self->check, !answered || mac_equal(mac, lan_mac_of(target)),
               "the address " MAC_FMT " for " IP4_FMT, MAC_ARG(mac), IP4_ARG(target));
}

/* What a client asks about the foreign server it would ask about ours as well. */
static void
play_arp(TraceLan *self, const TracePacket *packet)
{
    const guint8 *arp = packet->frame + 14;
    Ip4Addr sender = ip4_of(frame_get32(arp + 14)), target = ip4_of(frame_get32(arp + 24));
    const LanConfig *config = &self->house.config;

    TRACE_WANT(&self->check, frame_get16(arp + 6) == 1 && ip4_equal(sender, config->guest),
               "not the guest's request");
    if (ip4_equal(sender, target)) { /* it announces itself */
        check_arp(self, packet->frame, packet->len, target, FALSE);
        return;
    }
    TRACE_WANT(&self->check, ip4_equal(target, config->gateway), "an unknown target");
    check_arp(self, packet->frame, packet->len, target, TRUE);
    g_autofree guint8 *twin = g_memdup2(packet->frame, packet->len);
    memcpy(twin + 14 + 24, config->server.b, 4);
    check_arp(self, twin, packet->len, config->server, TRUE);
}

/* ---- DHCP ---- */

typedef struct {
    const char *mark; /* in the text of the options; the first one that is there decides */
    const char *name;
    gboolean root_path, no_pxedhcp; /* what the reply must have, and others must not */
} DhcpKind;

static const DhcpKind dhcp_kinds[] = {
    { " 77=69505845 ", "iPXE", FALSE, TRUE },
    { " 77=0746726565425344 ", "loader from 12 on", TRUE, FALSE },
    { " 60=505845436c69656e74 ", "loader up to 11", TRUE, FALSE },
    { "", "other", FALSE, FALSE },
};

static void
check_dhcp_options(TraceLan *self, const DhcpKind *kind, const LanDatagram *reply, gboolean ack)
{
    /* The loaders up to 10 read no more than 312 bytes from the cookie on. */
    g_autofree char *text = dhcp_options_text(reply->payload, MIN(reply->len, 236 + 312));
    g_autoptr(GString) root_path = g_string_new(" 17=");
    TraceCheck *check = &self->check;

    for (const char *p = ROOT_PATH; *p != '\0'; p++)
        g_string_append_printf(root_path, "%02x", (guint)*p);
    g_string_append_c(root_path, ' ');
    TRACE_WANT(check, g_str_has_prefix(text, ack ? "53=05 " : "53=02 "), "options %s", text);
    TRACE_WANT(check, g_str_has_suffix(text, " end"), "END is not in reach: %s", text);
    TRACE_WANT(check, strstr(text, "pad") == NULL, "a PAD in front of END: %s", text);
    TRACE_WANT(check, strstr(text, " 54=0a000202 ") != NULL, "server identifier: %s", text);
    TRACE_WANT(check, strstr(text, " 1=ffffff00 ") != NULL, "netmask: %s", text);
    TRACE_WANT(check, strstr(text, " 51=") != NULL, "no lease time: %s", text);
    TRACE_WANT(check, (strstr(text, root_path->str) != NULL) == kind->root_path,
               "root path for %s: %s", kind->name, text);
    TRACE_WANT(check, kind->root_path || strstr(text, " 17=") == NULL, "a root path: %s", text);
    TRACE_WANT(check, (strstr(text, " 175=b00101 ") != NULL) == kind->no_pxedhcp,
               "iPXE's no-pxedhcp for %s: %s", kind->name, text);
}

static void
play_dhcp(TraceLan *self, const TracePacket *packet)
{
    const guint8 *request = packet->udp.payload;
    const Ip4Addr guest = self->house.config.guest, gateway = self->house.config.gateway;
    g_autofree char *text = dhcp_options_text(request, packet->udp.len);
    gboolean ack = g_str_has_prefix(text, "53=03 ");
    g_auto(LanDatagram) reply = { 0 };
    const DhcpKind *kind = dhcp_kinds;
    TraceCheck *check = &self->check;

    TRACE_WANT(check, ack || g_str_has_prefix(text, "53=01 "), "no DISCOVER or REQUEST: %s", text);
    while (strstr(text, kind->mark) == NULL)
        kind++;
    lan_client_send(self->client, packet->frame, packet->len);
    TRACE_WANT(check, lan_client_receive(self->client, 68, &reply), "no answer");
    TRACE_WANT(check, reply.src_port == 67 && ip4_equal(reply.src_ip, gateway), "another source");
    TRACE_WANT(check, reply.len >= 300, "%" G_GSIZE_FORMAT " bytes, less than BOOTP", reply.len);
    TRACE_WANT(check, reply.payload[0] == 2, "not a reply");
    TRACE_WANT(check, memcmp(reply.payload + 4, request + 4, 4) == 0, "another xid");
    TRACE_WANT(check, memcmp(reply.payload + 28, request + 28, 16) == 0, "another chaddr");
    TRACE_WANT(check, memcmp(reply.payload + 16, guest.b, 4) == 0, "another yiaddr");
    TRACE_WANT(check, memcmp(reply.payload + 20, gateway.b, 4) == 0, "another siaddr");
    TRACE_WANT(check, strncmp((const char *)reply.payload + 108, BOOTFILE, 128) == 0, "file");
    TRACE_WANT(check, frame_get32(reply.payload + 236) == 0x63825363, "no cookie");
    check_dhcp_options(self, kind, &reply, ack);
    if (ack)
        self->client->ip = guest;
}

/* ---- TFTP ---- */

/* Reads what the request asks for. Returns: FALSE when it is no read request in octet mode */
static gboolean
parse_rrq(const TracePacket *packet, LanTftp *ret)
{
    const char *at = tftp_name(packet), *end = (const char *)packet->udp.payload + packet->udp.len;
    LanTftp how = { 0 };

    if (packet->udp.len < 6 || end[-1] != '\0' || frame_get16(packet->udp.payload) != 1)
        return FALSE;
    at += strlen(at) + 1;
    if (at >= end || !g_str_equal(at, "octet"))
        return FALSE;
    for (at += strlen(at) + 1; at < end; at += strlen(at) + 1) {
        const char *value = at + strlen(at) + 1;
        if (value >= end)
            return FALSE;
        if (g_str_equal(at, "blksize"))
            how.blksize = (guint)g_ascii_strtoull(value, NULL, 10);
        else if (g_str_equal(at, "tsize"))
            how.tsize = TRUE;
        else
            return FALSE;
        at = value;
    }
    *ret = how;
    return TRUE;
}

/* Whether the request that follows packet @i comes from the same port. */
static gboolean
is_left(const TraceLan *self, guint i)
{
    guint16 port = trace_file_at(self->file, i)->udp.src_port;

    while (++i < trace_file_count(self->file)) {
        const TracePacket *packet = trace_file_at(self->file, i);
        if (packet->kind == TRACE_TFTP)
            return packet->udp.src_port == port;
    }
    return FALSE;
}

static void
check_tftp_file(TraceLan *self, const char *name, const LanTftp *how, const LanTftpResult *got)
{
    g_autoptr(GBytes) content = tftp_content(name);
    TraceCheck *check = &self->check;
    gsize size = g_bytes_get_size(content);

    TRACE_WANT(check, got->file != NULL, "no file '%s', error %d", name, got->error);
    TRACE_WANT(check, got->tsize == (how->tsize ? (gint64)size : -1), "tsize of '%s'", name);
    TRACE_WANT(check, got->blksize == (how->blksize != 0 ? MIN(how->blksize, 1428) : 512),
               "blksize %u of '%s'", got->blksize, name);
    if (how->leave_after == 0)
        TRACE_WANT(check, g_bytes_equal(got->file, content), "other bytes in '%s'", name);
    else
        TRACE_WANT(check, got->blocks == how->leave_after, "%u blocks of '%s'", got->blocks, name);
    self->files++;
}

static void
play_tftp(TraceLan *self, const TracePacket *packet)
{
    const char *name = tftp_name(packet);
    LanTftp how;

    TRACE_WANT(&self->check, parse_rrq(packet, &how), "not an RRQ that is understood");
    how.leave_after = is_left(self, packet->number - 1) ? 1 : 0;
    self->client->tftp_port = packet->udp.src_port;
    lan_client_send(self->client, packet->frame, packet->len);
    g_auto(LanTftpResult) got = lan_client_tftp_take(self->client, &how);
    if (!is_missing(self, name)) {
        check_tftp_file(self, name, &how, &got);
        return;
    }
    TRACE_WANT(&self->check, got.error == 1, "error %d for '%s', not 1", got.error, name);
    self->refusals++;
}

/* ---- RPC ---- */

static guint16
our_port(TraceLan *self, const TraceCall *call)
{
    if (call->prog == PMAP_PROGRAM)
        return PMAP_PORT;
    guint16 port = self->check.ports[call->prog == MOUNT_PROGRAM ? 0 : 1];
    TRACE_WANT(&self->check, port != 0, "no reply has told the port before");
    return port;
}

static void
play_rpc(TraceLan *self, const TracePacket *packet)
{
    const TraceCall *call = trace_calls_at(&self->check.model->calls, self->next_call++);
    const Ip4Addr server = self->house.config.server;
    LanClient *client = self->client;
    TraceCheck *check = &self->check;
    g_auto(LanDatagram) reply = { 0 };
    guint8 memory[2048];
    Buf message = buf_of(memory, sizeof memory, 0);
    guint frames = client->frames_in;

    g_assert_cmpuint(call->packet, ==, packet->number);
    trace_check_put_call(check, call, &message);
    guint16 port = our_port(self, call);
    lan_client_send_udp(client, server, call->src_port, port, buf_data(&message),
                        buf_len(&message));
    TRACE_WANT(check, lan_client_receive(client, call->src_port, &reply), "no answer");
    TRACE_WANT(check, ip4_equal(reply.src_ip, server) && reply.src_port == port,
               "an answer from " IP4_FMT " port %u", IP4_ARG(reply.src_ip), reply.src_port);
    TRACE_WANT(check, client->frames_in == frames + 1 && client->fragments_in == 0,
               "%u frames, %u fragments", client->frames_in - frames, client->fragments_in);
    trace_check_reply(check, call, reply.payload, reply.len);
}

/* ---- the trace ---- */

static void (*const plays[TRACE_KIND_COUNT])(TraceLan *, const TracePacket *) = {
    [TRACE_ARP] = play_arp,
    [TRACE_DHCP] = play_dhcp,
    [TRACE_TFTP] = play_tftp,
    [TRACE_RPC] = play_rpc,
};

/* @missing: files that the client asks for by TFTP and did not find; NULL-terminated */
void
trace_lan_init(TraceLan *self, const TraceFile *file, TraceModel *model, const char *const *missing)
{
    const LanHouseSetup setup = {
        .lan = trace_config(),
        .bootfile = BOOTFILE,
        .root_path = ROOT_PATH,
    };
    Vfs *tree = trace_model_tree(model);
    g_autoptr(GError) error = NULL;

    *self = (TraceLan){ .file = file, .check.model = model, .missing = missing };
    add_tftp_files(self, tree);
    lan_house_init_with(&self->house, tree, &setup);
    self->client = lan_client_new(&self->house);
    g_autofree char *base = g_strdup_printf("lan-traces-%s.pcap", file->name);
    self->capture_path = g_test_build_filename(G_TEST_BUILT, base, NULL);
    self->check.capture = pcap_open(self->capture_path, &error);
    g_assert_no_error(error);
    pcap_attach(self->check.capture, self->house.lan);
}

/* The capture of what passed is kept only when something was wrong. */
void
trace_lan_clear(TraceLan *self)
{
    lan_house_clear(&self->house);
    lan_client_free(self->client);
    g_assert_true(pcap_close(self->check.capture, NULL));
    (void)g_unlink(self->capture_path);
    g_free(self->capture_path);
}

/* What those who watch the LAN have seen must be what was played. */
static void
check_watchers(TraceLan *self)
{
    const TraceModel *model = self->check.model;
    const LanHouse *house = &self->house;
    TraceCheck *check = &self->check;

    TRACE_WANT(check, self->next_call == trace_calls_count(&model->calls), "calls are left over");
    TRACE_WANT(check, house->mounts == model->n_calls[CALL_MNT], "%u mounts seen", house->mounts);
    TRACE_WANT(check, house->bytes_read == model->bytes_read, "bytes seen to be read");
    TRACE_WANT(check,
               house->events[BOOT_DHCP_DISCOVER] + house->events[BOOT_DHCP_ACK] ==
                   self->right[TRACE_DHCP],
               "%u DISCOVERs and %u ACKs seen", house->events[BOOT_DHCP_DISCOVER],
               house->events[BOOT_DHCP_ACK]);
    TRACE_WANT(check, house->events[BOOT_TFTP_ERROR] == self->refusals, "%u TFTP errors seen",
               house->events[BOOT_TFTP_ERROR]);
}

/* Plays the whole trace; the first wrong answer ends the test. */
void
trace_lan_play(TraceLan *self)
{
    guint count[TRACE_KIND_COUNT] = { 0 };

    for (guint i = 0; i < trace_file_count(self->file); i++) {
        const TracePacket *packet = trace_file_at(self->file, i);
        count[packet->kind]++;
        self->check.packet = packet->number;
        self->check.what = trace_kind_name(packet->kind);
        TRACE_WANT(&self->check, plays[packet->kind] != NULL, "is not played to the LAN");
        plays[packet->kind](self, packet);
        self->right[packet->kind]++;
    }
    trace_check_done(&self->check);
    check_watchers(self);
    for (TraceKind kind = 0; kind < TRACE_KIND_COUNT; kind++)
        g_assert_cmpuint(self->right[kind], ==, count[kind]);
    g_test_message("%s: %u packets: ARP %u, DHCP %u, TFTP %u (%u files, %u not there), RPC %u",
                   self->file->name, trace_file_count(self->file), count[TRACE_ARP],
                   count[TRACE_DHCP], count[TRACE_TFTP], self->files, self->refusals,
                   count[TRACE_RPC]);
}
