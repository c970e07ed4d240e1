/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ONC RPC version 2, the server's half: one call in, one reply out. It knows no sockets and no
 * frames; who carries the bytes says in RpcCall.transport how they came. Source: RFC 5531.
 */
#pragma once

#include "base/buf.h"
#include "base/cursor.h"

#define RPC_VERSION     2
#define RPC_AUTH_MAX    400 /* bytes in an opaque_auth body, RFC 5531 §8.2 */
#define RPC_GIDS_MAX    16  /* RFC 5531 appendix A */
#define RPC_MACHINE_MAX 255

/* Bytes of an accepted reply before the results: xid, REPLY, MSG_ACCEPTED, verifier, accept_stat.
 */
#define RPC_REPLY_HEADER 24

/* accept_stat, RFC 5531 §9 */
typedef enum {
    RPC_SUCCESS = 0,
    RPC_PROG_UNAVAIL = 1,
    RPC_PROG_MISMATCH = 2,
    RPC_PROC_UNAVAIL = 3,
    RPC_GARBAGE_ARGS = 4,
    RPC_SYSTEM_ERR = 5,
} RpcAccept;

/* Numbers of the transports as the portmapper has them: those of the IP protocols. */
typedef enum {
    RPC_TCP = 6,
    RPC_UDP = 17,
} RpcTransport;

/* Who asks, from the credential; all zero with AUTH_NONE. */
typedef struct {
    guint32 uid, gid;
    guint32 gids[RPC_GIDS_MAX];
    guint n_gids;
} RpcCred;

typedef struct {
    RpcTransport transport;
    guint32 xid, prog, vers, proc;
    RpcCred cred;
} RpcCall;

/*
 * A procedure reads @args and writes its results to @res. Whatever it has written is dropped when
 * it does not return RPC_SUCCESS. When @args turned bad, the caller answers RPC_GARBAGE_ARGS
 * itself; when the results did not fit, RPC_SYSTEM_ERR.
 */
typedef RpcAccept (*RpcProcFunc)(gpointer service, const RpcCall *call, Cursor *args, Buf *res);

typedef struct {
    const char *name;
    RpcProcFunc call; /* NULL: RPC_PROC_UNAVAIL */
} RpcProc;

/* One version of one program; a procedure's number is its index. */
typedef struct {
    guint32 prog, vers;
    const char *name;
    const RpcProc *procs;
    guint n_procs;
} RpcProgram;

typedef struct {
    const RpcProgram *const *programs; /* NULL-terminated */
    gpointer service;                  /* handed to each procedure */
} RpcServer;

gboolean rpc_dispatch(const RpcServer *self, RpcTransport transport, Cursor *msg, Buf *reply);
