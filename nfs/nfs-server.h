/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The read-only responder: portmapper, mount daemon and NFS over one tree. Bytes in, bytes out; it
 * knows neither frames nor sockets.
 */
#pragma once

#include "images/vfs.h"
#include "nfs/read-limit.h"
#include "nfs/rpc.h"

/* The ports on the virtual LAN; the defaults of NfsServer. */
#define PMAP_PORT   111
#define NFS_PORT    2049
#define MOUNTD_PORT 20048 /* any would do: clients ask the portmapper */

#define PMAP_PROGRAM  100000
#define NFS_PROGRAM   100003
#define MOUNT_PROGRAM 100005

/* Bytes in one READ of NFSv3: over UDP a reply must fit a datagram, in a few dozen fragments. */
#define NFS_RTMAX_UDP 32768
#define NFS_RTMAX_TCP 65536

/* The largest reply: a READ with all its attributes, rounded up. */
#define NFS_REPLY_MAX_UDP (NFS_RTMAX_UDP + 512)
#define NFS_REPLY_MAX     (NFS_RTMAX_TCP + 512)

typedef enum {
    NFS_EVENT_MOUNT,
    NFS_EVENT_READ,
} NfsEventKind;

/* What a client did, for those who show progress. */
typedef struct {
    NfsEventKind kind;
    VfsId id;
    guint64 offset, count, size; /* READ: bytes; size is that of the file */
} NfsEvent;

typedef void (*NfsObserver)(const NfsEvent *event, gpointer data);

/* The daemons, which have a port each. */
typedef enum {
    NFS_DAEMON_PORTMAP,
    NFS_DAEMON_MOUNT,
    NFS_DAEMON_NFS,
    NFS_DAEMON_COUNT
} NfsDaemon;

typedef struct {
    Vfs *vfs; /* (transfer none) */
    guint64 key;
    guint16 ports[NFS_DAEMON_COUNT]; /* what the portmapper tells */
    gboolean tcp;                    /* whether the portmapper offers TCP as well */
    ReadLimit *read_limit;           /* (nullable): for the only client over UDP */
    NfsObserver observer;
    gpointer observer_data;
    RpcServer rpc;
} NfsServer;

void nfs_server_init(NfsServer *self, Vfs *vfs, guint64 key);
gboolean nfs_server_has_port(const NfsServer *self, guint16 port);
