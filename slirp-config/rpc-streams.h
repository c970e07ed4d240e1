/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RPC over stream sockets: TCP connections of the guest, which libslirp ends, or of the host. */
#pragma once

#include "nfs/rpc.h"

#define RPC_STREAMS_MAX                                                                            \
    64 /* connections; one more, and the one that was silent longest is closed */

typedef struct RpcStreams RpcStreams;

RpcStreams *rpc_streams_new(const RpcServer *rpc, GMainContext *context);
void rpc_streams_free(RpcStreams *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RpcStreams, rpc_streams_free)

void rpc_streams_listen(RpcStreams *self, int fd);
void rpc_streams_add(RpcStreams *self, int fd);
guint rpc_streams_count(const RpcStreams *self);
