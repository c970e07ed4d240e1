/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The boot server's programs over TCP: joins the gateway, the server and the streams. */
#pragma once

#include "slirp-config/boot-server.h"
#include "slirp-config/gateway.h"

typedef struct BootTcp BootTcp;

BootTcp *boot_tcp_new(Gateway *gateway,
                      BootServer *server,
                      const LanConfig *config,
                      GMainContext *context,
                      GError **error);
void boot_tcp_free(BootTcp *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BootTcp, boot_tcp_free)
