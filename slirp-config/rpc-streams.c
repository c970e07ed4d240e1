/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: what has come on a connection is read into one buffer, the calls in it are
 * answered in order into another, and that one is sent. Both are shared by all connections, which
 * are served one after the other; a connection has memory of its own only while a call has come in
 * part, or while its client does not take the replies.
 *
 * Back-pressure: a connection whose replies are not taken is not read from, and calls that had come
 * already wait, unanswered. So it holds at most what was in the two buffers, however much its
 * client sends and however little it reads.
 *
 * Connections that nobody uses are not closed for it, since a kernel keeps its mount's for hours;
 * but there are RPC_STREAMS_MAX of them, and a new one takes the place of the one that was silent
 * longest.
 */
#include "slirp-config/rpc-streams.h"

#include "base/autofd.h"
#include "base/log.h"
#include "nfs/nfs-server.h"
#include "nfs/rpc-record.h"
#include "slirp-config/fd-watch.h"

#include <errno.h>
#include <sys/socket.h>

#define STREAM_IN_SIZE (64u << 10)

/* Room for the largest reply behind others. Sent when there is less, that is behind each large
 * reply and behind many small ones: more would only leave the processor's cache in between. */
#define STREAM_OUT_SIZE (STREAM_REPLY_MAX + (64u << 10))

/* Room for one reply with its mark. */
#define STREAM_REPLY_MAX (RPC_RECORD_MARK + NFS_REPLY_MAX)

typedef struct {
    RpcStreams *streams;
    int fd;
    FdWatch *watch;
    GList link; /* in RpcStreams.connections */
    RpcRecordReader reader;
    GByteArray *unread; /* (nullable): came in, and waits until the replies are out */
    GByteArray *unsent; /* (nullable): replies that wait until the client takes them */
    gboolean ended;     /* the client sends no more */
    gboolean broken;
} Connection;

struct RpcStreams {
    const RpcServer *rpc;
    GMainContext *context;
    int listen_fd;
    FdWatch *listener;
    GQueue connections; /* of Connection, the one that spoke last first */
    GuestNote malformed;
    guint8 in[STREAM_IN_SIZE];
    guint8 out[STREAM_OUT_SIZE];
};

/* ---- one connection ---- */

static void
connection_free(Connection *self)
{
    g_queue_unlink(&self->streams->connections, &self->link);
    fd_watch_free(self->watch);
    autofd_clear(&self->fd);
    rpc_record_clear(&self->reader);
    g_clear_pointer(&self->unread, g_byte_array_unref);
    g_clear_pointer(&self->unsent, g_byte_array_unref);
    g_free(self);
}

/* Returns: how many bytes the socket took; 0 when it takes none for now */
static gsize
connection_send(Connection *self, const guint8 *bytes, gsize len)
{
    ssize_t n;

    do {
        n = send(self->fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    self->broken = self->broken || (n < 0 && errno != EAGAIN);
    return n > 0 ? (gsize)n : 0;
}

/* Sends what is in @out and empties it; what the socket does not take waits. Returns: whether
 * nothing waits */
static gboolean
connection_flush(Connection *self, Buf *out)
{
    gsize len = buf_len(out);
    gsize sent = len > 0 ? connection_send(self, buf_data(out), len) : 0;

    if (sent < len && !self->broken) {
        self->unsent = g_byte_array_new();
        g_byte_array_append(self->unsent, buf_data(out) + sent, (guint)(len - sent));
    }
    buf_reset(out, 0);
    return self->unsent == NULL && !self->broken;
}

/* Appends the reply to @record to @out. Returns: FALSE when it is no call */
static gboolean
connection_answer(RpcStreams *streams, Cursor *record, Buf *out)
{
    gsize mark = buf_mark(out);

    buf_zeros(out, RPC_RECORD_MARK);
    if (!rpc_dispatch(streams->rpc, RPC_TCP, record, out)) {
        buf_rewind(out, mark);
        return FALSE;
    }
    rpc_record_put_mark(out, mark);
    return TRUE;
}

/* Answers the calls in @bytes, as long as the client takes the replies. */
static void
connection_serve(Connection *self, Cursor bytes)
{
    RpcStreams *streams = self->streams;
    Buf out = buf_of(streams->out, sizeof streams->out, 0);
    Cursor record;

    for (;;) {
        if (buf_room(&out) < STREAM_REPLY_MAX && !connection_flush(self, &out))
            break;
        RpcRecordStatus status = rpc_record_next(&self->reader, &bytes, &record);
        if (status == RPC_RECORD_MORE)
            break;
        if (status == RPC_RECORD_BAD || !connection_answer(streams, &record, &out)) {
            guest_note(&streams->malformed, "nfs", "a stream carries no RPC calls: closed");
            (void)connection_flush(self, &out);
            self->broken = TRUE;
            return;
        }
    }
    if (cursor_left(&bytes) > 0 && !self->broken) {
        self->unread = g_byte_array_new();
        g_byte_array_append(self->unread, bytes.at, (guint)cursor_left(&bytes));
    }
    if (self->unsent == NULL)
        (void)connection_flush(self, &out);
}

static void
connection_read(Connection *self)
{
    RpcStreams *streams = self->streams;

    ssize_t n = recv(self->fd, streams->in, sizeof streams->in, MSG_DONTWAIT);
    if (n > 0)
        connection_serve(self, cursor_of(streams->in, (gsize)n));
    else if (n == 0)
        self->ended = TRUE;
    else
        self->broken = errno != EAGAIN && errno != EINTR;
}

/* Sends what waits, and goes on with the calls behind it. */
static void
connection_write(Connection *self)
{
    gsize sent = connection_send(self, self->unsent->data, self->unsent->len);

    if (sent < self->unsent->len) {
        if (sent > 0)
            g_byte_array_remove_range(self->unsent, 0, (guint)sent);
        return;
    }
    g_clear_pointer(&self->unsent, g_byte_array_unref);
    g_autoptr(GByteArray) unread = g_steal_pointer(&self->unread);
    if (unread != NULL)
        connection_serve(self, cursor_of(unread->data, unread->len));
}

static void
connection_ready(GIOCondition ready, gpointer data)
{
    Connection *self = data;

    g_queue_unlink(&self->streams->connections, &self->link);
    g_queue_push_head_link(&self->streams->connections, &self->link);
    if (self->unsent != NULL)
        connection_write(self);
    else if ((ready & (G_IO_IN | G_IO_HUP)) != 0)
        connection_read(self);
    if (self->broken || (ready & (G_IO_ERR | G_IO_NVAL)) != 0 ||
        (self->ended && self->unsent == NULL)) {
        connection_free(self);
        return;
    }
    fd_watch_set(self->watch, self->unsent != NULL ? G_IO_OUT : G_IO_IN);
}

static const FdWatchKind connection_watch = { "rpc-stream", G_PRIORITY_DEFAULT, connection_ready };

/**
 * rpc_streams_add:
 * @self: the streams
 * @fd: (transfer full): a connected stream socket
 *
 * Serves the calls that come on it, until its other end closes it or another one needs its place.
 **/
void
rpc_streams_add(RpcStreams *self, int fd)
{
    if (g_queue_get_length(&self->connections) >= RPC_STREAMS_MAX)
        connection_free(g_queue_peek_tail(&self->connections));
    Connection *connection = g_new0(Connection, 1);
    connection->streams = self;
    connection->fd = fd;
    connection->link.data = connection;
    g_queue_push_head_link(&self->connections, &connection->link);
    connection->watch = fd_watch_new(&connection_watch, fd, G_IO_IN, self->context, connection);
}

/* ---- all of them ---- */

static void
streams_accept(GIOCondition ready, gpointer data)
{
    RpcStreams *self = data;
    int fd;

    (void)ready;
    while ((fd = accept4(self->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
        rpc_streams_add(self, fd);
}

/* Above all else: libslirp connects from within this process, and would wait for ever if the queue
 * of connections that wait to be accepted were full. */
static const FdWatchKind listener_watch = { "rpc-listener", G_PRIORITY_HIGH - 10, streams_accept };

/**
 * rpc_streams_new:
 * @rpc: (transfer none): answers the calls
 * @context: (nullable): where to run
 *
 * Returns: (transfer full): a set of connections, empty
 **/
RpcStreams *
rpc_streams_new(const RpcServer *rpc, GMainContext *context)
{
    RpcStreams *self = g_new0(RpcStreams, 1);

    self->rpc = rpc;
    self->context = context;
    self->listen_fd = -1;
    g_queue_init(&self->connections);
    return self;
}

/**
 * rpc_streams_listen:
 * @self: the streams; may be told once
 * @fd: (transfer full): a non-blocking socket that listens, whose connections are served
 **/
void
rpc_streams_listen(RpcStreams *self, int fd)
{
    g_assert(self->listener == NULL);
    self->listen_fd = fd;
    self->listener = fd_watch_new(&listener_watch, fd, G_IO_IN, self->context, self);
}

/* Returns: how many connections there are */
guint
rpc_streams_count(const RpcStreams *self)
{
    return self->connections.length;
}

/* @self: (nullable) (transfer full): the streams; all connections are closed */
void
rpc_streams_free(RpcStreams *self)
{
    if (self == NULL)
        return;
    while (!g_queue_is_empty(&self->connections))
        connection_free(g_queue_peek_tail(&self->connections));
    fd_watch_free(self->listener);
    autofd_clear(&self->listen_fd);
    g_free(self);
}
