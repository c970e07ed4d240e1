/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The RPC programs that there are, one table in each file. Internal to nfs/. */
#pragma once

#include "nfs/rpc.h"

extern const RpcProgram portmap_v2;
extern const RpcProgram mountd_v1;
extern const RpcProgram mountd_v2;
extern const RpcProgram mountd_v3;
extern const RpcProgram nfs_v2;
extern const RpcProgram nfs_v3;

/* Procedure 0 of every program: no arguments, no results. */
RpcAccept rpc_null(gpointer service, const RpcCall *call, Cursor *args, Buf *res);
