/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libslirp hands over a TCP connection of the guest by connecting to a Unix socket, which it knows
 * by a path. The path must not outlive us, not even a SIGKILL, and nobody else must find it: the
 * socket is made in a directory of its own, opened as a name (O_PATH), and its file and directory
 * are removed at once. /proc/self/fd/N then leads to it, in this process alone.
 */
#include "slirp-config/private-socket.h"

#include "base/autofd.h"
#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

/* The guest can open as many connections in one round of the main loop as frames are taken in. */
#define LISTEN_QUEUE 256

/* Binds @fd to a name in the fresh directory @dir. Returns: a descriptor of that name, or -1 with
 * errno */
static int
bind_in(int fd, const char *dir)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    if (g_snprintf(address.sun_path, sizeof address.sun_path, "%s/rpc", dir) >=
        (int)sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    if (bind(fd, (const struct sockaddr *)&address, sizeof address) < 0)
        return -1;
    int name_fd = open(address.sun_path, O_PATH | O_CLOEXEC);
    int saved = errno;
    (void)unlink(address.sun_path);
    errno = saved;
    return name_fd;
}

/* Tries the places where a directory can be made for a moment. */
static int
bind_somewhere(int fd)
{
    const char *const places[] = { g_getenv("XDG_RUNTIME_DIR"), g_get_tmp_dir(), "/tmp",
                                   "/dev/shm" };
    int name_fd = -1;

    for (gsize i = 0; i < G_N_ELEMENTS(places) && name_fd < 0; i++) {
        if (places[i] == NULL || *places[i] != '/')
            continue;
        g_autofree char *dir = g_strconcat(places[i], "/pxe-run-XXXXXX", NULL);
        if (mkdtemp(dir) == NULL)
            continue;
        name_fd = bind_in(fd, dir);
        int saved = errno;
        (void)rmdir(dir);
        errno = saved;
    }
    return name_fd;
}

/**
 * private_socket_open:
 * @self: (out caller-allocates): the socket
 * @error: PXE_RUN_ERROR_HOST
 **/
gboolean
private_socket_open(PrivateSocket *self, GError **error)
{
    auto_fd fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    auto_fd name_fd = fd >= 0 ? bind_somewhere(fd) : -1;

    if (name_fd < 0 || listen(fd, LISTEN_QUEUE) < 0) {
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_HOST,
                    "cannot make a socket in $XDG_RUNTIME_DIR, $TMPDIR, /tmp or /dev/shm: %s",
                    g_strerror(errno));
        return FALSE;
    }
    (void)g_snprintf(self->path, sizeof self->path, "/proc/self/fd/%d", name_fd);
    self->listen_fd = autofd_steal(&fd);
    self->name_fd = autofd_steal(&name_fd);
    return TRUE;
}

/* Closes what is still owned; one that was zero-initialised with -1 descriptors is fine. */
void
private_socket_clear(PrivateSocket *self)
{
    autofd_clear(&self->listen_fd);
    autofd_clear(&self->name_fd);
}
