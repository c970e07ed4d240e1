/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Binds them, and says clearly why not. */
#include "launcher/serve-sockets.h"

#include "base/autofd.h"
#include "base/error.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define LISTEN_QUEUE  128
#define FREE_PORT_TRY 16 /* ports that TCP got and UDP may not get */

/* Returns: a non-blocking socket bound to @address and @port, or -1 with errno */
static int
bind_inet(GInetAddress *address, guint16 port, int type)
{
    g_autoptr(GSocketAddress) whole = g_inet_socket_address_new(address, port);
    struct sockaddr_storage native;
    gssize size = g_socket_address_get_native_size(whole);
    const int yes = 1;

    if (!g_socket_address_to_native(whole, &native, sizeof native, NULL)) {
        errno = EAFNOSUPPORT;
        return -1;
    }
    auto_fd fd = socket(native.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    if (type == SOCK_STREAM)
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(fd, (const struct sockaddr *)&native, (socklen_t)size) < 0)
        return -1;
    return autofd_steal(&fd);
}

static guint16
bound_port(int fd)
{
    struct sockaddr_storage native;
    socklen_t len = sizeof native;

    if (getsockname(fd, (struct sockaddr *)&native, &len) < 0)
        return 0;
    g_autoptr(GSocketAddress) address = g_socket_address_new_from_native(&native, len);
    return g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(address));
}

/* One try. Returns: FALSE with errno */
static gboolean
open_pair(ServeSockets *self, GInetAddress *address, guint16 port)
{
    auto_fd tcp = bind_inet(address, port, SOCK_STREAM);
    if (tcp < 0 || listen(tcp, LISTEN_QUEUE) < 0)
        return FALSE;
    self->port = bound_port(tcp);
    auto_fd udp = bind_inet(address, self->port, SOCK_DGRAM);
    if (udp < 0)
        return FALSE;
    self->tcp = autofd_steal(&tcp);
    self->udp = autofd_steal(&udp);
    return TRUE;
}

/**
 * serve_sockets_open:
 * @self: (out caller-allocates): the sockets
 * @address: where to listen
 * @port: which port, or 0 for one that is free
 * @error: PXE_RUN_ERROR_HOST
 **/
gboolean
serve_sockets_open(ServeSockets *self, GInetAddress *address, guint16 port, GError **error)
{
    *self = (ServeSockets){ -1, -1, 0 };
    for (int i = 0; i < (port == 0 ? FREE_PORT_TRY : 1); i++) {
        if (open_pair(self, address, port))
            return TRUE;
        if (errno != EADDRINUSE)
            break;
    }
    g_autofree char *text = g_inet_address_to_string(address);
    const char *cure = errno == EACCES ? " (ports below 1024 need a privilege: leave --port out)"
                       : errno == EADDRINUSE    ? " (leave --port out to get one that is free)"
                       : errno == EADDRNOTAVAIL ? " (no interface of this host has it)"
                                                : "";
    g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_HOST, "cannot listen on %s port %u: %s%s", text,
                port, g_strerror(errno), cure);
    return FALSE;
}

/* Closes those that nobody has taken. */
void
serve_sockets_clear(ServeSockets *self)
{
    autofd_clear(&self->tcp);
    autofd_clear(&self->udp);
}

/* Whether somebody answers at @address, rather than having left a socket there. */
static gboolean
somebody_listens(const struct sockaddr_un *address)
{
    auto_fd fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return fd < 0 || connect(fd, (const struct sockaddr *)address, sizeof *address) == 0 ||
           errno != ECONNREFUSED;
}

/**
 * serve_unix_socket_open:
 * @path: of the socket; one that a server has left behind is replaced
 * @error: PXE_RUN_ERROR_HOST; PXE_RUN_ERROR_USAGE when @path is too long for a socket
 *
 * Returns: (transfer full): a descriptor that listens, non-blocking, or -1
 **/
int
serve_unix_socket_open(const char *path, GError **error)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    if (g_strlcpy(address.sun_path, path, sizeof address.sun_path) >= sizeof address.sun_path) {
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_USAGE,
                    "--socket '%s': the path of a socket has at most %zu bytes", path,
                    sizeof address.sun_path - 1);
        return -1;
    }
    auto_fd fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int r = fd >= 0 ? bind(fd, (const struct sockaddr *)&address, sizeof address) : -1;
    if (r < 0 && fd >= 0 && errno == EADDRINUSE && !somebody_listens(&address)) {
        (void)unlink(path);
        r = bind(fd, (const struct sockaddr *)&address, sizeof address);
    }
    if (r < 0 || listen(fd, LISTEN_QUEUE) < 0) {
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_HOST, "cannot listen on '%s': %s", path,
                    g_strerror(errno));
        return -1;
    }
    return autofd_steal(&fd);
}
