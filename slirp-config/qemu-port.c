/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: a stream of frames, each with its length in front in four bytes
 * (`-netdev stream,addr.type=fd`). QEMU reads as much as there is at once, where it would take one
 * datagram in a turn of its main loop; so do we. What the LAN has for QEMU in a turn of our main
 * loop is gathered in a ring and written before the loop waits again, or when there is as much as
 * QEMU reads at once. Nothing is allocated for a frame.
 *
 * When the socket takes no more (EAGAIN), QEMU is slower than we are: the ring fills, the LAN is
 * told that we are congested, and the socket is polled for output. A frame that finds no room in
 * the ring is lost and counted; holding the LAN from half the ring on keeps that from happening.
 *
 * ENOBUFS is another thing: the host's kernel has no memory now, although the socket has room and
 * polls as writable. Then the port tries again after a while.
 *
 * QEMU keeps to the lengths that it announces, save where it was in the middle of a frame of more
 * than 32 KiB, which no driver sends, and its guest resets the card: the rest is never sent. Such a
 * guest has put its own card out of step; we only take care to need no memory for it.
 */
#include "slirp-config/qemu-port.h"

#include "base/autofd.h"
#include "base/cursor.h"
#include "base/log.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define LENGTH_SIZE ((gsize)sizeof(be32))
#define FRAME_MAX   65536 /* what a NIC model may hand us at most, and QEMU takes */
#define IN_SIZE     (LENGTH_SIZE + FRAME_MAX)
#define OUT_BATCH   (64u << 10)
/* Taken in before other sources get their turn; of the same priority, or they would get none. */
#define FRAMES_PER_ROUND 64
#define NO_MEMORY_US     (10 * 1000)

struct QemuPort {
    LanPort *port;
    int fd;
    GSource *source;
    gpointer fd_tag;
    gboolean held;
    gboolean gone;      /* the other end is closed */
    gboolean full;      /* the last write met EAGAIN */
    gboolean no_memory; /* the last write met ENOBUFS */
    GIOCondition watched;
    guint8 *out; /* ring of QEMU_PORT_QUEUE_SIZE; NULL until it is needed */
    gsize out_first, out_len;
    guint64 lost;
    GuestNote oversized;
    gsize in_first, in_len; /* what has come and is not taken */
    gsize in_skip;          /* of a frame that is too large: still to come */
    guint8 in[IN_SIZE];
};

typedef struct {
    GSource source;
    QemuPort *port;
} QemuPortSource;

static void
port_update_watch(QemuPort *self)
{
    GIOCondition wanted = 0;

    if (!self->held)
        wanted |= G_IO_IN;
    if (self->full)
        wanted |= G_IO_OUT;
    if (wanted != self->watched && !self->gone)
        g_source_modify_unix_fd(self->source, self->fd_tag, wanted);
    self->watched = wanted;
}

/* ---- out: from the LAN to QEMU ---- */

/* Writes the ring's content. Returns: what sendmsg() does */
static ssize_t
port_write(QemuPort *self)
{
    gsize head = MIN(self->out_len, QEMU_PORT_QUEUE_SIZE - self->out_first);
    struct iovec parts[2] = {
        { self->out + self->out_first, head },
        { self->out, self->out_len - head },
    };
    struct msghdr msg = { .msg_iov = parts, .msg_iovlen = parts[1].iov_len > 0 ? 2 : 1 };

    return sendmsg(self->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* Writes until nothing waits or the socket takes no more. Only that makes us congested, so that
 * only what tells of room, in dispatch, ends it: GLib has asked the others by then. */
static void
port_flush(QemuPort *self)
{
    self->full = self->no_memory = FALSE;
    while (self->out_len > 0 && !self->full && !self->no_memory) {
        ssize_t n = port_write(self);
        if (n >= 0) {
            self->out_first = (self->out_first + (gsize)n) % QEMU_PORT_QUEUE_SIZE;
            self->out_len -= (gsize)n;
        } else if (errno != EINTR) {
            self->full = errno == EAGAIN;
            self->no_memory = errno == ENOBUFS;
            if (!self->full && !self->no_memory)
                self->out_len = 0; /* QEMU is gone: the frames have nobody to go to */
        }
    }
    if (self->out_len == 0)
        self->out_first = 0; /* the same memory again, which the processor has at hand */
    if (self->out_len < QEMU_PORT_QUEUE_SIZE / 4)
        lan_port_set_congested(self->port, FALSE);
    port_update_watch(self);
    g_source_set_ready_time(self->source,
                            self->no_memory ? g_get_monotonic_time() + NO_MEMORY_US : -1);
}

static gboolean
port_may_flush(const QemuPort *self)
{
    return self->out_len > 0 && !self->full && !self->no_memory;
}

static void
port_put(QemuPort *self, const guint8 *bytes, gsize len)
{
    gsize at = (self->out_first + self->out_len) % QEMU_PORT_QUEUE_SIZE;
    gsize head = MIN(len, QEMU_PORT_QUEUE_SIZE - at);

    memcpy(self->out + at, bytes, head);
    memcpy(self->out, bytes + head, len - head);
    self->out_len += len;
}

static void
port_input(gpointer host, const guint8 *frame, gsize len)
{
    static const guint8 padding[ETH_MIN_FRAME];
    QemuPort *self = host;
    gsize padded = MAX(len, ETH_MIN_FRAME);
    be32 length = be32_of((guint32)padded);

    if (self->gone)
        return;
    if (len > FRAME_MAX || LENGTH_SIZE + padded > QEMU_PORT_QUEUE_SIZE - self->out_len) {
        self->lost++;
        return;
    }
    if (self->out == NULL)
        self->out = g_malloc(QEMU_PORT_QUEUE_SIZE);
    port_put(self, length.b, sizeof length.b);
    port_put(self, frame, len);
    port_put(self, padding, padded - len);
    if (self->out_len >= OUT_BATCH && port_may_flush(self))
        port_flush(self);
    if (self->out_len >= QEMU_PORT_QUEUE_SIZE / 2)
        lan_port_set_congested(self->port, TRUE);
}

/* ---- in: from QEMU to the LAN ---- */

/* Reads what there is. Returns: whether there may be more */
static gboolean
port_read(QemuPort *self)
{
    memmove(self->in, self->in + self->in_first, self->in_len);
    self->in_first = 0;
    gsize room = sizeof self->in - self->in_len;
    ssize_t n = recv(self->fd, self->in + self->in_len, room, MSG_DONTWAIT);
    if (n <= 0)
        return n < 0 && errno == EINTR;
    gsize skipped = MIN(self->in_skip, (gsize)n);
    self->in_skip -= skipped;
    self->in_first = skipped;
    self->in_len += (gsize)n - skipped;
    return (gsize)n == room;
}

/* Returns: whether what has come begins with a whole frame, or with one that is to be skipped */
static gboolean
port_peek(const QemuPort *self, gsize *ret_len)
{
    Cursor bytes = cursor_of(self->in + self->in_first, self->in_len);
    gsize len = cursor_be32(&bytes);

    if (!cursor_ok(&bytes) || (len <= FRAME_MAX && len > cursor_left(&bytes)))
        return FALSE;
    *ret_len = len;
    return TRUE;
}

/* Takes the frame of @len bytes that port_peek() has seen. */
static void
port_take(QemuPort *self, gsize len)
{
    const guint8 *frame = self->in + self->in_first + LENGTH_SIZE;
    gsize taken = MIN(len, self->in_len - LENGTH_SIZE);

    self->in_first += LENGTH_SIZE + taken;
    self->in_len -= LENGTH_SIZE + taken;
    self->in_skip = len - taken;
    if (len <= FRAME_MAX)
        lan_input(self->port, frame, len);
    else
        guest_note(&self->oversized, "lan", "dropped a frame of %" G_GSIZE_FORMAT " bytes", len);
}

static void
port_receive(QemuPort *self, gboolean readable)
{
    for (int i = 0; i < FRAMES_PER_ROUND && !self->held; i++) {
        gsize len;
        if (port_peek(self, &len))
            port_take(self, len);
        else if (readable)
            readable = port_read(self);
        else
            return;
    }
}

/* Returns: whether a frame lies here that the last round had no time for */
static gboolean
port_has_frame(const QemuPort *self)
{
    gsize len;
    return !self->held && port_peek(self, &len);
}

/* ---- on the LAN and on the main loop ---- */

static void
port_hold(gpointer host, gboolean held)
{
    QemuPort *self = host;
    self->held = held;
    port_update_watch(self);
}

static const LanPortOps qemu_port_ops = { "qemu", port_input, port_hold };

static GIOCondition
port_ready(const QemuPort *self)
{
    return self->gone ? 0 : g_source_query_unix_fd(self->source, self->fd_tag);
}

static gboolean
source_prepare(GSource *source, gint *timeout_ms)
{
    QemuPort *self = ((QemuPortSource *)source)->port;

    *timeout_ms = -1;
    if (port_may_flush(self))
        port_flush(self);
    return port_has_frame(self);
}

static gboolean
source_check(GSource *source)
{
    const QemuPort *self = ((QemuPortSource *)source)->port;
    return port_ready(self) != 0 || port_has_frame(self);
}

/* Poll tells of an end whether one asks for it or not, so that asking for less is no help. */
static void
port_end(QemuPort *self)
{
    self->gone = TRUE;
    g_source_remove_unix_fd(self->source, self->fd_tag);
    self->out_len = 0;
    port_flush(self);
}

static gboolean
source_dispatch(GSource *source, GSourceFunc callback, gpointer data)
{
    QemuPort *self = ((QemuPortSource *)source)->port;
    GIOCondition ready = port_ready(self);

    (void)callback, (void)data;
    if ((ready & G_IO_OUT) != 0 || self->no_memory)
        port_flush(self);
    port_receive(self, (ready & G_IO_IN) != 0);
    if ((ready & (G_IO_ERR | G_IO_HUP | G_IO_NVAL)) != 0)
        port_end(self);
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs qemu_port_source_funcs = {
    .prepare = source_prepare,
    .check = source_check,
    .dispatch = source_dispatch,
};

/**
 * qemu_port_new:
 * @lan: the LAN to attach to
 * @fd: (transfer full): our end of the stream socketpair
 * @context: (nullable): where to run
 *
 * Returns: (transfer full): the port; free it before the LAN
 **/
QemuPort *
qemu_port_new(Lan *lan, int fd, GMainContext *context)
{
    QemuPort *self = g_new0(QemuPort, 1);

    self->fd = fd;
    self->port = lan_attach(lan, &qemu_port_ops, self, NULL);
    self->source = g_source_new(&qemu_port_source_funcs, sizeof(QemuPortSource));
    ((QemuPortSource *)self->source)->port = self;
    g_source_set_static_name(self->source, "qemu-port");
    g_source_set_can_recurse(self->source, TRUE); /* it never does, but is faster; see fd-watch.c */
    self->watched = G_IO_IN;
    self->fd_tag = g_source_add_unix_fd(self->source, fd, self->watched);
    g_source_attach(self->source, context);
    return self;
}

/* Returns: frames that were dropped because QEMU did not take them */
guint64
qemu_port_lost(const QemuPort *self)
{
    return self->lost;
}

/* @self: (nullable) (transfer full): the port; frames that still wait are dropped */
void
qemu_port_free(QemuPort *self)
{
    if (self == NULL)
        return;
    g_source_destroy(self->source);
    g_source_unref(self->source);
    autofd_clear(&self->fd);
    g_free(self->out);
    g_free(self);
}
