/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation:
 *
 * Requests. libslirp opens its TFTP directory plus whatever name the guest sends, follows links,
 * and up to 4.7.0 uses memory after freeing it when a read fails. So the guest's request never
 * reaches it. It is parsed, its file is opened (tftp-files.c), and libslirp gets a request of ours:
 * its TFTP directory is /proc/self/fd and the file name is the number of that descriptor. libslirp
 * opens it on the spot, so the descriptor can be closed, or used again, as soon as it has handled
 * the frame. No file is written anywhere.
 *
 * Transfers. libslirp sends the next block for any ACK, so that an ACK that a client repeats would
 * shift the file by a block. Here only the ACK for the block that was sent last goes through; one
 * for the block before gets that last frame again. (RFC 1350 §2: the lost packet's sender resends.)
 *
 * libslirp has room for 20 transfers, tells them apart by the client's address and port, and drops
 * a request that finds no room until one of them has been silent for five seconds. The table here
 * mirrors its own: whatever was started there has a place here, and before a request of a new
 * client goes through when all are taken, the transfer that has been silent for longest is ended
 * with an ERROR packet. An ERROR for one that libslirp has ended already does nothing.
 */
#include "slirp-config/tftp-gate.h"

#include "base/log.h"
#include "slirp-config/lan-config.h"
#include "slirp-config/tftp-files.h"
#include "slirp-config/tftp-request.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define FRAME_MAX (ETH_HEADER + ETH_MTU)

typedef struct {
    gboolean used;
    Ip4Route from_guest;
    guint16 port;       /* the guest's */
    TftpFile file;      /* its descriptor is of no use any more */
    guint64 last_use;   /* grows with each request and ACK of any transfer */
    guint16 last_block; /* of the DATA that was sent last; 0 for an OACK */
    guint16 last_len;   /* bytes of the frame; 0 before anything was sent */
    guint8 last_frame[FRAME_MAX];
} TftpSession;

struct TftpGate {
    Ip4Addr server;
    FrameFunc to_guest, to_server;
    gpointer data;
    guint16 ip_id;
    TftpFiles *files;
    guint64 uses;
    TftpSession sessions[TFTP_SESSIONS_MAX];
    GuestNote malformed, refused;
};

static TftpFailure
failure_of(int negative_errno)
{
    switch (-negative_errno) {
    case ENOENT:
    case ENOTDIR:
    case ENAMETOOLONG:
    case ELOOP:
        return (TftpFailure){ TFTP_ERR_NOT_FOUND, "File not found" };
    case EACCES:
    case EPERM:
        return (TftpFailure){ TFTP_ERR_ACCESS, "Access violation" };
    case EFBIG:
        return (TftpFailure){ TFTP_ERR_UNDEFINED, "File too large for TFTP" };
    default:
        return (TftpFailure){ TFTP_ERR_UNDEFINED, "Cannot read the file" };
    }
}

/* ---- frames ---- */

/* Sends @payload (an unused Buf's contents) from @from to @to by way of @emit. */
static void
gate_send(TftpGate *self, Buf *payload, const Ip4Route *route, UdpHeader ports, FrameFunc emit)
{
    if (!buf_ok(payload))
        return;
    udp4_push(payload, route, ports, UDP_CHECKSUM);
    ip4_send(payload, route, IP_PROTO_UDP, self->ip_id++, emit, self->data);
}

static void
gate_send_error(TftpGate *self, const Ip4Route *from_guest, UdpHeader ports, TftpFailure failure)
{
    guint8 memory[UDP4_HEADROOM + 128];
    Buf payload = buf_of(memory, sizeof memory, UDP4_HEADROOM);
    Ip4Route route = {
        .src_mac = lan_mac_of(self->server),
        .dst_mac = from_guest->src_mac,
        .src_ip = self->server,
        .dst_ip = from_guest->src_ip,
    };

    buf_be16(&payload, TFTP_ERROR);
    buf_be16(&payload, failure.code);
    buf_bytes(&payload, failure.text, strlen(failure.text) + 1);
    gate_send(self, &payload, &route, (UdpHeader){ TFTP_PORT, ports.src_port }, self->to_guest);
}

static void
put_string(Buf *out, const char *text)
{
    buf_bytes(out, text, strlen(text) + 1);
}

/* Hands libslirp a request for descriptor @fd in place of the guest's. */
static void
gate_send_request(
    TftpGate *self, const Ip4Route *from_guest, UdpHeader ports, const TftpRequest *request, int fd)
{
    guint8 memory[UDP4_HEADROOM + 128];
    Buf payload = buf_of(memory, sizeof memory, UDP4_HEADROOM);
    char number[16];

    buf_be16(&payload, TFTP_RRQ);
    (void)snprintf(number, sizeof number, "%d", fd);
    put_string(&payload, number);
    put_string(&payload, "octet");
    if (request->blksize != 0) {
        (void)snprintf(number, sizeof number, "%u", request->blksize);
        put_string(&payload, "blksize");
        put_string(&payload, number);
    }
    if (request->tsize) {
        put_string(&payload, "tsize");
        put_string(&payload, "0");
    }
    gate_send(self, &payload, from_guest, ports, self->to_server);
}

/* ---- transfers ---- */

static TftpSession *
gate_session(TftpGate *self, Ip4Addr guest, guint16 port)
{
    for (guint i = 0; i < TFTP_SESSIONS_MAX; i++) {
        TftpSession *session = &self->sessions[i];
        if (session->used && session->port == port && ip4_equal(session->from_guest.src_ip, guest))
            return session;
    }
    return NULL;
}

/* Ends a transfer in libslirp and here, in the guest's name. */
static void
gate_end_session(TftpGate *self, TftpSession *session)
{
    guint8 memory[UDP4_HEADROOM + 5];
    Buf payload = buf_of(memory, sizeof memory, UDP4_HEADROOM);

    buf_be16(&payload, TFTP_ERROR);
    buf_be16(&payload, TFTP_ERR_UNDEFINED);
    buf_u8(&payload, 0);
    session->used = FALSE;
    gate_send(self, &payload, &session->from_guest, (UdpHeader){ session->port, TFTP_PORT },
              self->to_server);
}

/* A place in the table: a free one, or that of the transfer that has been silent for longest. */
static TftpSession *
gate_make_room(TftpGate *self)
{
    TftpSession *room = &self->sessions[0];

    for (guint i = 0; i < TFTP_SESSIONS_MAX; i++) {
        TftpSession *session = &self->sessions[i];
        if (!session->used)
            return session;
        if (session->last_use < room->last_use)
            room = session;
    }
    gate_end_session(self, room);
    return room;
}

/* libslirp has a file open while it is transferred: the memory of a copy that made room for another
 * one goes only when its transfers have ended. */
static void
gate_end_lost_copies(TftpGate *self)
{
    for (guint i = 0; i < TFTP_SESSIONS_MAX; i++) {
        TftpSession *session = &self->sessions[i];
        if (session->used && !tftp_files_keeps(self->files, &session->file))
            gate_end_session(self, session);
    }
}

/* A request from a port that has a transfer already ends that one, in libslirp as well. */
static void
gate_start_session(TftpGate *self, const Ip4Route *from_guest, guint16 port, const TftpFile *file)
{
    TftpSession *session = gate_session(self, from_guest->src_ip, port);
    if (session == NULL)
        session = gate_make_room(self);
    session->used = TRUE;
    session->from_guest = *from_guest;
    session->port = port;
    session->file = *file;
    session->last_use = ++self->uses;
    session->last_block = 0;
    session->last_len = 0;
}

static void
gate_request(TftpGate *self, const Ip4Route *from_guest, UdpHeader ports, Cursor payload)
{
    TftpRequest request;
    TftpFailure failure;
    TftpFile file;

    if (!tftp_request_parse(payload, &request, &failure)) {
        guest_note(&self->malformed, "tftp", "%s", failure.text);
        gate_send_error(self, from_guest, ports, failure);
        return;
    }
    g_autofree char *shown = log_escape(request.name, strlen(request.name));
    int r = tftp_files_open(self->files, request.name, &file);
    gate_end_lost_copies(self);
    if (r < 0) {
        failure = failure_of(r);
        guest_note(&self->refused, "tftp", "RRQ '%s': %s", shown, failure.text);
        gate_send_error(self, from_guest, ports, failure);
        return;
    }
    g_log("tftp", G_LOG_LEVEL_INFO, "RRQ '%s' blksize %u", shown, request.blksize);
    gate_start_session(self, from_guest, ports.src_port, &file);
    gate_send_request(self, from_guest, ports, &request, file.fd);
}

static void
gate_ack(TftpGate *self, TftpSession *session, Cursor payload, Cursor frame)
{
    guint16 block = cursor_be16(&payload);

    if (session->last_len == 0 || !cursor_ok(&payload))
        return;
    session->last_use = ++self->uses;
    if (block == session->last_block)
        self->to_server(frame.at, cursor_left(&frame), self->data);
    else if (block == (guint16)(session->last_block - 1))
        self->to_guest(session->last_frame, session->last_len, self->data);
}

/**
 * tftp_gate_input:
 * @self: the gate
 * @from_guest: the two ends of the frame that came
 * @ports: its UDP ports; the destination is TFTP_PORT
 * @payload: its UDP payload
 * @frame: the whole frame, which must not be an IP fragment or have IP options
 *
 * Handles what the guest sends to the TFTP server. Never fails: what is wrong is answered with an
 * ERROR packet, or dropped where RFC 1350 has no answer.
 *
 * Source: RFC 1350, RFC 2347, RFC 2348 (blksize), RFC 2349 (tsize)
 **/
void
tftp_gate_input(
    TftpGate *self, const Ip4Route *from_guest, UdpHeader ports, Cursor payload, Cursor frame)
{
    static const TftpFailure read_only = { TFTP_ERR_ACCESS, "this server is read-only" };
    TftpSession *session = gate_session(self, from_guest->src_ip, ports.src_port);
    guint16 opcode = cursor_be16(&payload);

    if (!cursor_ok(&payload))
        return;
    switch (opcode) {
    case TFTP_RRQ:
        gate_request(self, from_guest, ports, payload);
        break;
    case TFTP_WRQ:
        gate_send_error(self, from_guest, ports, read_only);
        break;
    case TFTP_ACK:
        if (session != NULL)
            gate_ack(self, session, payload, frame);
        break;
    case TFTP_ERROR:
        if (session != NULL)
            gate_end_session(self, session);
        break;
    default:
        guest_note(&self->malformed, "tftp", "opcode %u", opcode);
    }
}

/**
 * tftp_gate_output:
 * @self: the gate
 * @ports: UDP ports of a frame from libslirp's TFTP server
 * @payload: its UDP payload
 * @frame: the frame, which is on its way to the guest
 *
 * Remembers what was sent last in a transfer.
 **/
void
tftp_gate_output(TftpGate *self, UdpHeader ports, Cursor payload, Cursor frame)
{
    Cursor rest = frame, datagram;
    EthHeader eth;
    Ip4Header ip;

    if (!eth_parse(&rest, &eth) || !ip4_parse(&rest, &ip, &datagram))
        return;
    TftpSession *session = gate_session(self, ip.dst, ports.dst_port);
    guint16 opcode = cursor_be16(&payload);
    gsize len = cursor_left(&frame);
    if (session == NULL || (opcode != TFTP_DATA && opcode != TFTP_OACK) || len > FRAME_MAX)
        return;
    session->last_block = opcode == TFTP_DATA ? cursor_be16(&payload) : 0;
    session->last_len = (guint16)len;
    memcpy(session->last_frame, frame.at, len);
}

/**
 * tftp_gate_new:
 * @server: address of libslirp's TFTP server
 * @to_guest: takes frames for the guest
 * @to_server: takes frames for libslirp, which must have handled one when it returns
 * @data: for both
 *
 * Returns: (transfer full): a gate without a tree, which has no files
 **/
TftpGate *
tftp_gate_new(Ip4Addr server, FrameFunc to_guest, FrameFunc to_server, gpointer data)
{
    TftpGate *self = g_new0(TftpGate, 1);

    self->server = server;
    self->to_guest = to_guest;
    self->to_server = to_server;
    self->data = data;
    self->files = tftp_files_new();
    return self;
}

/* @vfs: (transfer none): the tree whose files are offered; it must outlive the gate */
void
tftp_gate_set_tree(TftpGate *self, Vfs *vfs)
{
    tftp_files_set_tree(self->files, vfs);
}

/* Ends all transfers. libslirp up to 4.7.0 forgets to close their files when it is freed. */
void
tftp_gate_end(TftpGate *self)
{
    for (guint i = 0; i < TFTP_SESSIONS_MAX; i++) {
        if (self->sessions[i].used)
            gate_end_session(self, &self->sessions[i]);
    }
}

/* @self: (nullable) (transfer full): the gate */
void
tftp_gate_free(TftpGate *self)
{
    if (self == NULL)
        return;
    tftp_files_free(self->files);
    g_free(self);
}
