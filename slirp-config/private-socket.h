/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A listening Unix socket that nobody but this process can reach. */
#pragma once

#include <glib.h>

typedef struct {
    int listen_fd; /* non-blocking */
    int name_fd;   /* keeps the name alive */
    char path[32]; /* to connect to, from within this process */
} PrivateSocket;

gboolean private_socket_open(PrivateSocket *self, GError **error);
void private_socket_clear(PrivateSocket *self);
