/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RPC on a UDP socket of the host, for `pxe-run serve`. */
#pragma once

#include "nfs/rpc.h"

typedef struct RpcDatagrams RpcDatagrams;

RpcDatagrams *rpc_datagrams_new(const RpcServer *rpc, int fd, GMainContext *context);
void rpc_datagrams_free(RpcDatagrams *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RpcDatagrams, rpc_datagrams_free)
