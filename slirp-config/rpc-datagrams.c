/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One datagram in, one out, through two buffers; a call that is sent again is answered again. */
#include "slirp-config/rpc-datagrams.h"

#include "base/autofd.h"
#include "base/log.h"
#include "nfs/nfs-server.h"
#include "slirp-config/fd-watch.h"

#include <sys/socket.h>

#define DATAGRAM_MAX        65535
#define DATAGRAMS_PER_ROUND 64 /* answered before other sources get their turn */

/* A client on another processor takes some 10 us from our answer to its next question, most of them
 * to wake up. */
#define LINGER_US 30

struct RpcDatagrams {
    const RpcServer *rpc;
    int fd;
    FdWatch *watch;
    GuestNote malformed;
    guint8 in[DATAGRAM_MAX];
    guint8 out[NFS_REPLY_MAX_UDP];
};

/* Answers the next datagram. Returns: FALSE when there is none */
static gboolean
datagrams_answer(RpcDatagrams *self)
{
    struct sockaddr_storage from;
    socklen_t from_len = sizeof from;
    Buf reply = buf_of(self->out, sizeof self->out, 0);

    ssize_t n = recvfrom(self->fd, self->in, sizeof self->in, MSG_DONTWAIT,
                         (struct sockaddr *)&from, &from_len);
    if (n < 0)
        return FALSE;
    Cursor message = cursor_of(self->in, (gsize)n);
    if (rpc_dispatch(self->rpc, RPC_UDP, &message, &reply))
        (void)sendto(self->fd, buf_data(&reply), buf_len(&reply), MSG_DONTWAIT,
                     (const struct sockaddr *)&from, from_len); /* or it asks again */
    else
        guest_note(&self->malformed, "nfs", "a datagram is no RPC call");
    return TRUE;
}

static void
datagrams_ready(GIOCondition ready, gpointer data)
{
    (void)ready;
    for (int i = 0; i < DATAGRAMS_PER_ROUND && datagrams_answer(data); i++)
        ;
}

static const FdWatchKind datagrams_watch = { "rpc-datagrams", G_PRIORITY_DEFAULT, datagrams_ready,
                                             LINGER_US };

/**
 * rpc_datagrams_new:
 * @rpc: (transfer none): answers the calls
 * @fd: (transfer full): a bound UDP socket
 * @context: (nullable): where to run
 *
 * Returns: (transfer full): a server that runs
 **/
RpcDatagrams *
rpc_datagrams_new(const RpcServer *rpc, int fd, GMainContext *context)
{
    RpcDatagrams *self = g_new0(RpcDatagrams, 1);

    self->rpc = rpc;
    self->fd = fd;
    self->watch = fd_watch_new(&datagrams_watch, fd, G_IO_IN, context, self);
    return self;
}

/* @self: (nullable) (transfer full): the server */
void
rpc_datagrams_free(RpcDatagrams *self)
{
    if (self == NULL)
        return;
    fd_watch_free(self->watch);
    autofd_clear(&self->fd);
    g_free(self);
}
