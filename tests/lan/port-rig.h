/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QEMU's card on a LAN with one other host; the test is QEMU, at the other end of the socketpair.
 */
#pragma once

#include "slirp-config/qemu-port.h"
#include "tests/lan/frames.h"
#include "tests/lan/rows.h"

#include <sys/socket.h>
#include <unistd.h>

typedef struct {
    GMainContext *context;
    Lan *lan;
    QemuPort *port;
    int qemu; /* QEMU's end; -1 when it is closed */
    LanPort *host;
    gboolean held;
    guint holds;
    guint32 received; /* frames that the host got, in order */
} PortRig;

/* A frame of @len bytes that carries its number. */
static inline GByteArray *
numbered(guint32 number, gsize len)
{
    GByteArray *frame = frame_eth(MAC_BROADCAST, GUEST_MAC, 0x88b5);
    frame_add32(frame, number);
    g_byte_array_set_size(frame, (guint)len);
    row_pattern(frame->data + 18, len - 18, number);
    return frame;
}

static inline void
check_numbered(const guint8 *frame, gsize len, guint32 number, gsize want_len)
{
    g_autoptr(GByteArray) want = numbered(number, want_len);
    ROW_CMPMEM(frame, len, want->data, want->len);
}

/* Lengths from a small frame to a full one, in an odd order. */
static inline gsize
length_of(guint32 number)
{
    return 60 + number * 631 % (1514 - 60 + 1);
}

static inline void
host_input(gpointer host, const guint8 *frame, gsize len)
{
    PortRig *rig = host;
    check_numbered(frame, len, rig->received, length_of(rig->received));
    rig->received++;
}

static inline void
host_hold(gpointer host, gboolean held)
{
    PortRig *rig = host;
    rig->held = held;
    rig->holds += held ? 1 : 0;
}

static const LanPortOps host_ops = { "host", host_input, host_hold };

static inline void
port_rig_init(PortRig *rig)
{
    int ends[2];

    *rig = (PortRig){ .context = g_main_context_new(), .lan = lan_new() };
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), ==, 0);
    rig->qemu = ends[1];
    rig->port = qemu_port_new(rig->lan, ends[0], rig->context);
    rig->host = lan_attach(rig->lan, &host_ops, rig, NULL);
}

static inline void
port_rig_clear(PortRig *rig)
{
    qemu_port_free(rig->port);
    lan_free(rig->lan);
    if (rig->qemu >= 0)
        (void)close(rig->qemu);
    g_main_context_unref(rig->context);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PortRig, port_rig_clear)

/* Returns: how many rounds of the main loop had something to do, of @max */
static inline guint
port_rig_iterate(PortRig *rig, guint max)
{
    guint busy = 0;
    for (guint i = 0; i < max; i++)
        busy += g_main_context_iteration(rig->context, FALSE) ? 1 : 0;
    return busy;
}

static inline void
host_send(PortRig *rig, guint32 number, gsize len)
{
    g_autoptr(GByteArray) frame = numbered(number, len);
    lan_input(rig->host, frame->data, frame->len);
}

/* Reads @len bytes as QEMU, fewer when there are not as many yet. */
static inline gsize
qemu_read_bytes(PortRig *rig, guint8 *bytes, gsize len)
{
    ssize_t n = recv(rig->qemu, bytes, len, MSG_DONTWAIT);
    return n > 0 ? (gsize)n : 0;
}

/* Reads one frame as QEMU. Returns: its length, or -1 when there is none; one that has begun is
 * waited for */
static inline ssize_t
qemu_read(PortRig *rig, guint8 *frame, gsize cap)
{
    be32 length;
    gsize got = qemu_read_bytes(rig, length.b, sizeof length.b);

    if (got == 0)
        return -1;
    while (got < sizeof length.b) {
        got += qemu_read_bytes(rig, length.b + got, sizeof length.b - got);
        (void)g_main_context_iteration(rig->context, FALSE);
    }
    gsize len = be32_get(length);
    g_assert_cmpuint(len, <=, cap);
    for (got = 0; got < len; (void)g_main_context_iteration(rig->context, FALSE))
        got += qemu_read_bytes(rig, frame + got, len - got);
    return (ssize_t)len;
}

/* Sends one frame as QEMU does, in one go. Returns: FALSE when the socket does not take it */
static inline gboolean
qemu_send(PortRig *rig, const guint8 *frame, gsize len)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    frame_add32(bytes, (guint32)len);
    g_byte_array_append(bytes, frame, (guint)len);
    ssize_t n = send(rig->qemu, bytes->data, bytes->len, MSG_DONTWAIT);
    g_assert_true(n == (ssize_t)bytes->len ||
                  n < 0); /* never a part of a frame that a driver sends */
    return n > 0;
}

/* Sends the frame of that number as QEMU does. */
static inline gboolean
qemu_send_numbered(PortRig *rig, guint32 number)
{
    g_autoptr(GByteArray) frame = numbered(number, length_of(number));
    return qemu_send(rig, frame->data, frame->len);
}
