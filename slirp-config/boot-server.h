/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Our own host on the LAN: portmapper, mount daemon and NFS. */
#pragma once

#include "nfs/nfs-server.h"
#include "slirp-config/lan-config.h"
#include "slirp-config/lan.h"

typedef struct BootServer BootServer;

BootServer *boot_server_new(Lan *lan, const LanConfig *config, guint64 handle_key);
void boot_server_free(BootServer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BootServer, boot_server_free)

void boot_server_linger(BootServer *self, GMainContext *context);
void boot_server_set_tree(BootServer *self, Vfs *vfs);
void boot_server_set_tcp(BootServer *self, FrameFunc forward, gpointer data);
const RpcServer *boot_server_rpc(const BootServer *self);
void boot_server_set_observer(BootServer *self, NfsObserver observer, gpointer data);
