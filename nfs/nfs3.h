/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What nfs3.c, nfs3-readdir.c and nfs3-rofs.c share. Internal to nfs/. */
#pragma once

#include "nfs/nfs-server.h"

RpcAccept nfs3_fail(NfsServer *server, Buf *res, int r, gboolean have_id, VfsId id);

RpcAccept nfs3_readdir(gpointer service, const RpcCall *call, Cursor *args, Buf *res);
RpcAccept nfs3_readdirplus(gpointer service, const RpcCall *call, Cursor *args, Buf *res);

RpcAccept nfs3_rofs_one(gpointer service, const RpcCall *call, Cursor *args, Buf *res);
RpcAccept nfs3_rofs_rename(gpointer service, const RpcCall *call, Cursor *args, Buf *res);
RpcAccept nfs3_rofs_link(gpointer service, const RpcCall *call, Cursor *args, Buf *res);
