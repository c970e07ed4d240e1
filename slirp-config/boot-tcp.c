/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A frame with TCP for the boot server's address goes from boot-server.c to libslirp, which ends
 * the connection and makes one to a private Unix socket of it; rpc-streams.c answers there. What
 * libslirp sends back comes from the server's IP address and libslirp's Ethernet address, which no
 * client minds.
 */
#include "slirp-config/boot-tcp.h"

#include "base/autofd.h"
#include "slirp-config/private-socket.h"
#include "slirp-config/rpc-streams.h"

struct BootTcp {
    PrivateSocket socket;
    RpcStreams *streams;
};

/**
 * boot_tcp_new:
 * @gateway: (transfer none): must not outlive the result by a frame
 * @server: (transfer none): must outlive the result
 * @config: (transfer none): the address plan
 * @context: (nullable): where to run
 * @error: PXE_RUN_ERROR_HOST
 *
 * Has portmapper, mount daemon and NFS answer over TCP at the server's address. The server must
 *have a tree by the time that the guest connects.
 *
 * Returns: (transfer full): what does so; free it behind the gateway and before the server
 **/
BootTcp *
boot_tcp_new(Gateway *gateway,
             BootServer *server,
             const LanConfig *config,
             GMainContext *context,
             GError **error)
{
    static const guint16 ports[] = { PMAP_PORT, MOUNTD_PORT, NFS_PORT, 0 };
    g_autoptr(BootTcp) self = g_new0(BootTcp, 1);

    self->socket = (PrivateSocket){ .listen_fd = -1, .name_fd = -1 };
    if (!private_socket_open(&self->socket, error) ||
        !gateway_forward_tcp(gateway, config->server, ports, self->socket.path, error))
        return NULL;
    self->streams = rpc_streams_new(boot_server_rpc(server), context);
    rpc_streams_listen(self->streams, autofd_steal(&self->socket.listen_fd));
    boot_server_set_tcp(server, gateway_input_frame, gateway);
    return g_steal_pointer(&self);
}

/* @self: (nullable) (transfer full): all connections are closed */
void
boot_tcp_free(BootTcp *self)
{
    if (self == NULL)
        return;
    rpc_streams_free(self->streams);
    private_socket_clear(&self->socket);
    g_free(self);
}
