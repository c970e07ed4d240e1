/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A TFTP gate between a guest and a server that are tests. The server opens the file as libslirp
 * does: by the name in the request, below TFTP_ROOT, within the call.
 */
#pragma once

#include "slirp-config/tftp-format.h"
#include "slirp-config/tftp-gate.h"
#include "tests/lan/frames.h"
#include "tests/lan/rows.h"

#define TFTP_RIG_PORT 2070 /* of the guest */
static inline Vfs *
tftp_rig_tree(void)
{
    Vfs *vfs = vfs_mem_new();
    g_autoptr(GBytes) loader = g_bytes_new_static("the loader", 10);
    g_autoptr(GBytes) empty = g_bytes_new_static("", 0);

    g_assert_cmpint(vfs_mem_add_file(vfs, "/boot/pxeboot", loader, 0444), ==, 0);
    g_assert_cmpint(vfs_mem_add_file(vfs, "/empty", empty, 0444), ==, 0);
    g_assert_cmpint(vfs_mem_add_symlink(vfs, "/inside", "boot/pxeboot"), ==, 0);
    g_assert_cmpint(vfs_mem_add_symlink(vfs, "/absolute", "/boot/pxeboot"), ==, 0);
    g_assert_cmpint(vfs_mem_add_symlink(vfs, "/above", "../../boot/pxeboot"), ==, 0);
    g_assert_cmpint(vfs_mem_add_symlink(vfs, "/outside", "../../../../etc/passwd"), ==, 0);
    g_assert_cmpint(vfs_mem_add_symlink(vfs, "/outside-absolute", "/etc/passwd"), ==, 0);
    g_assert_cmpint(vfs_mem_add_symlink(vfs, "/loop", "loop"), ==, 0);
    return vfs;
}

typedef struct {
    FrameLog guest, server; /* server: but for ERRORs */
    guint errors;           /* that the server got: ends of transfers */
    TftpGate *gate;
    Vfs *vfs;
    GString *contents; /* of the file that the server was asked for last */
} TftpRig;

static inline void
tftp_rig_to_guest(const guint8 *frame, gsize len, gpointer data)
{
    frame_log_put(frame, len, &((TftpRig *)data)->guest);
}

static inline void
tftp_rig_to_server(const guint8 *frame, gsize len, gpointer data)
{
    TftpRig *rig = data;
    FrameUdp udp;

    g_assert_true(frame_take_udp(frame, len, &udp));
    if (frame_get16(udp.payload) == TFTP_ERROR) {
        rig->errors++;
        return;
    }
    frame_log_put(frame, len, &rig->server);
    if (frame_get16(udp.payload) != TFTP_RRQ)
        return;
    g_autofree char *path = g_strconcat(TFTP_ROOT, "/", (const char *)udp.payload + 2, NULL);
    char *bytes = NULL;
    gsize n;
    g_assert_true(g_file_get_contents(path, &bytes, &n, NULL));
    g_string_truncate(rig->contents, 0);
    g_string_append_len(rig->contents, bytes, (gssize)n);
    g_free(bytes);
}

static inline void
tftp_rig_init(TftpRig *rig, Vfs *vfs)
{
    rig->errors = 0;
    frame_log_init(&rig->guest);
    frame_log_init(&rig->server);
    rig->contents = g_string_new(NULL);
    rig->gate = tftp_gate_new(GATEWAY_IP, tftp_rig_to_guest, tftp_rig_to_server, rig);
    rig->vfs = vfs;
    if (vfs != NULL)
        tftp_gate_set_tree(rig->gate, vfs);
}

static inline void
tftp_rig_clear(TftpRig *rig)
{
    tftp_gate_free(rig->gate);
    vfs_free(rig->vfs);
    g_string_free(rig->contents, TRUE);
    frame_log_clear(&rig->guest);
    frame_log_clear(&rig->server);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TftpRig, tftp_rig_clear)

/* Sends @payload from @port to the TFTP server. */
static inline void
tftp_rig_send(TftpRig *rig, guint16 port, const void *payload, gsize len)
{
    const Ip4Route route = frame_to_gateway();
    g_autoptr(GByteArray) frame = frame_udp4(&route, port, TFTP_PORT, payload, len);
    const UdpHeader ports = { port, TFTP_PORT };

    tftp_gate_input(rig->gate, &route, ports, cursor_of(frame->data + 42, frame->len - 42),
                    cursor_of(frame->data, frame->len));
}

/* Sends an opcode and @text, in which '|' stands for NUL. */
static inline void
tftp_rig_send_text(TftpRig *rig, guint16 port, guint16 opcode, const char *text)
{
    g_autoptr(GByteArray) payload = g_byte_array_new();

    frame_add16(payload, opcode);
    for (; *text != '\0'; text++)
        frame_add8(payload, *text != '|' ? (guint)(guchar)*text : 0);
    tftp_rig_send(rig, port, payload->data, payload->len);
}

static inline void
tftp_rig_ack(TftpRig *rig, guint16 port, guint16 block)
{
    const guint8 ack[4] = { 0, TFTP_ACK, (guint8)(block >> 8), (guint8)block };
    tftp_rig_send(rig, port, ack, sizeof ack);
}

/* The server sends DATA @block, or an OACK when it is 0; it goes past the gate. */
static inline void
tftp_rig_serve(TftpRig *rig, guint16 port, guint16 block)
{
    const Ip4Route route = frame_from_gateway();
    const guint8 data[8] = {
        0, TFTP_DATA, (guint8)(block >> 8), (guint8)block, 'd', 'a', 't', 'a'
    };
    const guint8 oack[8] = { 0, TFTP_OACK, 't', 's', '\0', '1', '\0' };
    g_autoptr(GByteArray) frame =
        frame_udp4(&route, TFTP_PORT, port, block != 0 ? data : oack, sizeof data);

    tftp_gate_output(rig->gate, (UdpHeader){ TFTP_PORT, port },
                     cursor_of(frame->data + 42, frame->len - 42),
                     cursor_of(frame->data, frame->len));
}
