/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Puts the programs together. */
#include "nfs/nfs-server.h"

#include "nfs/programs.h"

static const RpcProgram *const nfs_server_programs[] = {
    &portmap_v2, &mountd_v1, &mountd_v2, &mountd_v3, &nfs_v2, &nfs_v3, NULL,
};

/**
 * nfs_server_init:
 * @self: (out caller-allocates): the responder
 * @vfs: (transfer none) (nullable): the tree that it serves; may be set later, before the first
 *call
 * @key: makes this run's file handles differ from another's
 **/
void
nfs_server_init(NfsServer *self, Vfs *vfs, guint64 key)
{
    *self = (NfsServer){
        .vfs = vfs,
        .key = key,
        .ports = { [NFS_DAEMON_PORTMAP] = PMAP_PORT,
                   [NFS_DAEMON_MOUNT] = MOUNTD_PORT,
                   [NFS_DAEMON_NFS] = NFS_PORT },
    };
    self->rpc = (RpcServer){ .programs = nfs_server_programs, .service = self };
}

/* Returns: whether one of the programs is on @port */
gboolean
nfs_server_has_port(const NfsServer *self, guint16 port)
{
    for (gsize i = 0; i < NFS_DAEMON_COUNT; i++) {
        if (self->ports[i] == port)
            return TRUE;
    }
    return FALSE;
}
