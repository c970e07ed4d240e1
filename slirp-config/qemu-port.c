/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: one datagram is one frame (`-netdev dgram,local.type=fd`). A Unix datagram
 * socket takes a handful of datagrams (net.unix.max_dgram_qlen) and answers EAGAIN when QEMU is
 * slower than we are; then frames wait in a ring, the LAN is told that we are congested, and the
 * socket is polled for output. Nothing is allocated for a frame, and in the usual case it is not
 * copied either. A frame that finds the ring full is lost and counted; holding the LAN from half
 * the ring on keeps that from happening.
 *
 * ENOBUFS is another thing: the host's kernel has no memory for a datagram now, although the socket
 * has room and polls as writable. Then the port tries again after a while.
 */
#include "slirp-config/qemu-port.h"

#include "base/autofd.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define FRAME_IN_MAX  65536 /* what a NIC model may hand us at most */
#define FRAME_OUT_MAX (ETH_HEADER + ETH_MTU)
/* Taken in before other sources get their turn; of the same priority, or they would get none. */
#define FRAMES_PER_ROUND 64
#define NO_MEMORY_US     (10 * 1000)

typedef struct {
    gsize len;
    guint8 bytes[FRAME_OUT_MAX];
} QueuedFrame;

struct QemuPort {
    LanPort *port;
    int fd;
    GSource *source;
    gpointer fd_tag;
    gboolean held;
    gboolean gone;      /* the other end is closed */
    gboolean no_memory; /* the last frame met ENOBUFS */
    GIOCondition watched;
    QueuedFrame *queue; /* ring of QEMU_PORT_QUEUE_MAX; NULL until it is needed */
    gsize queue_first, queue_len;
    guint64 lost;
    guint8 frame_in[FRAME_IN_MAX];
};

typedef struct {
    GSource source;
    QemuPort *port;
} QemuPortSource;

static void
port_update_watch(QemuPort *self)
{
    gboolean later = self->queue_len > 0 && self->no_memory;
    GIOCondition wanted = 0;

    if (!self->held)
        wanted |= G_IO_IN;
    if (self->queue_len > 0 && !later)
        wanted |= G_IO_OUT;
    if (wanted != self->watched && !self->gone)
        g_source_modify_unix_fd(self->source, self->fd_tag, wanted);
    self->watched = wanted;
    g_source_set_ready_time(self->source, later ? g_get_monotonic_time() + NO_MEMORY_US : -1);
}

/* struct iovec knows no const; sendmsg() does not write. */
static struct iovec
iovec_of(const void *bytes, gsize len)
{
    return (struct iovec){ (gpointer)(guintptr)bytes, len };
}

/* Returns: FALSE when the socket takes no more for now */
static gboolean
port_send(QemuPort *self, const guint8 *frame, gsize len)
{
    static const guint8 padding[ETH_MIN_FRAME];
    struct iovec parts[2] = {
        iovec_of(frame, len),
        iovec_of(padding, len < ETH_MIN_FRAME ? ETH_MIN_FRAME - len : 0),
    };
    struct msghdr msg = { .msg_iov = parts, .msg_iovlen = parts[1].iov_len > 0 ? 2 : 1 };

    self->no_memory = FALSE;
    for (;;) {
        if (sendmsg(self->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
            return TRUE;
        self->no_memory = errno == ENOBUFS;
        if (errno == EAGAIN || errno == ENOBUFS)
            return FALSE;
        if (errno != EINTR)
            return TRUE; /* QEMU is gone: the frame has nobody to go to */
    }
}

static void
port_enqueue(QemuPort *self, const guint8 *frame, gsize len)
{
    if (self->queue_len == QEMU_PORT_QUEUE_MAX || len > FRAME_OUT_MAX) {
        self->lost++;
        return;
    }
    if (self->queue == NULL)
        self->queue = g_new(QueuedFrame, QEMU_PORT_QUEUE_MAX);
    gsize at = (self->queue_first + self->queue_len++) % QEMU_PORT_QUEUE_MAX;
    self->queue[at].len = len;
    memcpy(self->queue[at].bytes, frame, len);
    if (self->queue_len >= QEMU_PORT_QUEUE_MAX / 2)
        lan_port_set_congested(self->port, TRUE);
    port_update_watch(self);
}

static void
port_drain(QemuPort *self)
{
    while (self->queue_len > 0) {
        const QueuedFrame *frame = &self->queue[self->queue_first];
        if (!port_send(self, frame->bytes, frame->len))
            break;
        self->queue_first = (self->queue_first + 1) % QEMU_PORT_QUEUE_MAX;
        self->queue_len--;
    }
    if (self->queue_len < QEMU_PORT_QUEUE_MAX / 4)
        lan_port_set_congested(self->port, FALSE);
    port_update_watch(self);
}

static void
port_receive(QemuPort *self)
{
    for (int i = 0; i < FRAMES_PER_ROUND && !self->held; i++) {
        ssize_t len = recv(self->fd, self->frame_in, sizeof self->frame_in, MSG_DONTWAIT);
        if (len < 0 && errno == EINTR)
            continue;
        if (len <= 0)
            return;
        lan_input(self->port, self->frame_in, (gsize)len);
    }
}

static void
port_input(gpointer host, const guint8 *frame, gsize len)
{
    QemuPort *self = host;
    if (self->queue_len > 0 || !port_send(self, frame, len))
        port_enqueue(self, frame, len);
}

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
source_check(GSource *source)
{
    return port_ready(((QemuPortSource *)source)->port) != 0;
}

static gboolean
source_dispatch(GSource *source, GSourceFunc callback, gpointer data)
{
    QemuPort *self = ((QemuPortSource *)source)->port;
    GIOCondition ready = port_ready(self);

    (void)callback, (void)data;
    if ((ready & G_IO_OUT) != 0 || self->no_memory)
        port_drain(self);
    if ((ready & G_IO_IN) != 0)
        port_receive(self);
    if ((ready & (G_IO_ERR | G_IO_HUP | G_IO_NVAL)) != 0) {
        /* poll() tells these whether one asks for them or not, so that asking for less is no help
         */
        self->gone = TRUE;
        g_source_remove_unix_fd(source, self->fd_tag);
    }
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs qemu_port_source_funcs = {
    .check = source_check,
    .dispatch = source_dispatch,
};

/**
 * qemu_port_new:
 * @lan: the LAN to attach to
 * @fd: (transfer full): our end of the datagram socketpair
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
    g_free(self->queue);
    g_free(self);
}
