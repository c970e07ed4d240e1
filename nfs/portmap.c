/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The portmapper, version 2: tells clients the ports of the other programs. What it maps is fixed;
 * SET and UNSET are refused. Source: RFC 1833 §3.
 */
#include "nfs/nfs-server.h"
#include "nfs/programs.h"

typedef struct {
    guint32 prog, vers;
    NfsDaemon daemon;
} PmapEntry;

static const PmapEntry pmap_entries[] = {
    { PMAP_PROGRAM, 2, NFS_DAEMON_PORTMAP }, { MOUNT_PROGRAM, 1, NFS_DAEMON_MOUNT },
    { MOUNT_PROGRAM, 2, NFS_DAEMON_MOUNT },  { MOUNT_PROGRAM, 3, NFS_DAEMON_MOUNT },
    { NFS_PROGRAM, 2, NFS_DAEMON_NFS },      { NFS_PROGRAM, 3, NFS_DAEMON_NFS },
};

static const RpcTransport pmap_transports[] = { RPC_UDP, RPC_TCP };

static guint16
pmap_port(const NfsServer *self, const PmapEntry *entry)
{
    return self->ports[entry->daemon];
}

static gboolean
pmap_offers(const NfsServer *self, guint32 transport)
{
    return transport == RPC_UDP || (transport == RPC_TCP && self->tcp);
}

/* Procedure 0 of every program does nothing, and answers. Source: RFC 5531 §12 */
RpcAccept
rpc_null(gpointer service, const RpcCall *call, Cursor *args, Buf *res)
{
    (void)service, (void)call, (void)args, (void)res;
    return RPC_SUCCESS;
}

/* PMAPPROC_SET and _UNSET: FALSE, as to any client that may not change the map. */
static RpcAccept
pmap_refuse(gpointer service, const RpcCall *call, Cursor *args, Buf *res)
{
    (void)service, (void)call;
    cursor_skip(args, 16);
    buf_be32(res, FALSE);
    return RPC_SUCCESS;
}

static RpcAccept
pmap_getport(gpointer service, const RpcCall *call, Cursor *args, Buf *res)
{
    guint32 port = 0;

    (void)call;
    guint32 prog = cursor_be32(args);
    guint32 vers = cursor_be32(args);
    guint32 transport = cursor_be32(args);
    cursor_skip(args, 4);
    for (gsize i = 0; i < G_N_ELEMENTS(pmap_entries); i++) {
        const PmapEntry *entry = &pmap_entries[i];
        if (entry->prog == prog && entry->vers == vers && pmap_offers(service, transport))
            port = pmap_port(service, entry);
    }
    buf_be32(res, port);
    return RPC_SUCCESS;
}

static RpcAccept
pmap_dump(gpointer service, const RpcCall *call, Cursor *args, Buf *res)
{
    (void)call, (void)args;
    for (gsize t = 0; t < G_N_ELEMENTS(pmap_transports); t++) {
        if (!pmap_offers(service, pmap_transports[t]))
            continue;
        for (gsize i = 0; i < G_N_ELEMENTS(pmap_entries); i++) {
            buf_be32(res, TRUE);
            buf_be32(res, pmap_entries[i].prog);
            buf_be32(res, pmap_entries[i].vers);
            buf_be32(res, pmap_transports[t]);
            buf_be32(res, pmap_port(service, &pmap_entries[i]));
        }
    }
    buf_be32(res, FALSE);
    return RPC_SUCCESS;
}

static const RpcProc pmap_procs[] = {
    { "NULL", rpc_null },        { "SET", pmap_refuse }, { "UNSET", pmap_refuse },
    { "GETPORT", pmap_getport }, { "DUMP", pmap_dump },  { "CALLIT", NULL },
};

const RpcProgram portmap_v2 = { PMAP_PROGRAM, 2, "portmap", pmap_procs, G_N_ELEMENTS(pmap_procs) };
