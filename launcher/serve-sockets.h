/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sockets of `pxe-run serve`. */
#pragma once

#include <gio/gio.h>

typedef struct {
    int tcp, udp; /* bound to the same address and port */
    guint16 port;
} ServeSockets;

gboolean
serve_sockets_open(ServeSockets *self, GInetAddress *address, guint16 port, GError **error);
void serve_sockets_clear(ServeSockets *self);

int serve_unix_socket_open(const char *path, GError **error);
