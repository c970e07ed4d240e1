/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parses a call, finds its procedure in the tables, and frames the answer. Called by whoever has a
 * whole RPC message in its hands; keeps no state between calls, so that a retransmission costs the
 * same as a first call.
 */
#include "nfs/rpc.h"

#include "nfs/xdr.h"

enum {
    MSG_CALL = 0,
    MSG_REPLY = 1
};
enum {
    MSG_ACCEPTED = 0,
    MSG_DENIED = 1
};
enum {
    REJECT_RPC_MISMATCH = 0,
    REJECT_AUTH_ERROR = 1
};
enum {
    AUTH_NONE = 0,
    AUTH_SYS = 1,
    AUTH_SHORT = 2
};
enum {
    AUTH_OK = 0,
    AUTH_BADCRED = 1,
    AUTH_REJECTEDCRED = 2,
    AUTH_BADVERF = 3
};

static void
rpc_put_denied(Buf *reply, guint32 xid, guint32 reject_stat)
{
    buf_be32(reply, xid);
    buf_be32(reply, MSG_REPLY);
    buf_be32(reply, MSG_DENIED);
    buf_be32(reply, reject_stat);
}

static void
rpc_put_accepted(Buf *reply, guint32 xid, RpcAccept stat)
{
    buf_be32(reply, xid);
    buf_be32(reply, MSG_REPLY);
    buf_be32(reply, MSG_ACCEPTED);
    buf_be32(reply, AUTH_NONE);
    buf_be32(reply, 0);
    buf_be32(reply, stat);
}

/* AUTH_SYS: stamp, machine name, uid, gid, gids. Source: RFC 5531 appendix A. */
static guint32
rpc_parse_auth_sys(Cursor body, RpcCred *ret)
{
    RpcCred cred = { 0 };

    cursor_skip(&body, 4);
    (void)xdr_get_opaque(&body, RPC_MACHINE_MAX);
    cred.uid = cursor_be32(&body);
    cred.gid = cursor_be32(&body);
    cred.n_gids = cursor_be32(&body);
    if (cred.n_gids > RPC_GIDS_MAX)
        return AUTH_BADCRED;
    for (guint i = 0; i < cred.n_gids; i++)
        cred.gids[i] = cursor_be32(&body);
    if (!cursor_ok(&body))
        return AUTH_BADCRED;
    *ret = cred;
    return AUTH_OK;
}

/* Reads credential and verifier. Returns: auth_stat */
static guint32
rpc_parse_auth(Cursor *msg, RpcCred *ret)
{
    guint32 flavor = cursor_be32(msg);
    Cursor body = xdr_get_opaque(msg, RPC_AUTH_MAX);
    if (!cursor_ok(msg))
        return AUTH_BADCRED;
    guint32 verf_flavor = cursor_be32(msg);
    (void)xdr_get_opaque(msg, RPC_AUTH_MAX);

    if (!cursor_ok(msg))
        return AUTH_BADVERF;
    if (verf_flavor != AUTH_NONE && flavor <= AUTH_SYS)
        return AUTH_BADVERF;
    switch (flavor) {
    case AUTH_NONE:
        return AUTH_OK;
    case AUTH_SYS:
        return rpc_parse_auth_sys(body, ret);
    case AUTH_SHORT:
        return AUTH_REJECTEDCRED; /* a shorthand that we never gave out */
    default:
        return AUTH_BADCRED;
    }
}

typedef struct {
    const RpcProgram *program;
    guint32 low, high; /* versions that there are, when the wanted one is not */
} RpcMatch;

static RpcAccept
rpc_find_program(const RpcServer *self, const RpcCall *call, RpcMatch *ret)
{
    RpcMatch match = { NULL, G_MAXUINT32, 0 };

    for (const RpcProgram *const *p = self->programs; *p != NULL; p++) {
        if ((*p)->prog != call->prog)
            continue;
        if ((*p)->vers == call->vers)
            match.program = *p;
        match.low = MIN(match.low, (*p)->vers);
        match.high = MAX(match.high, (*p)->vers);
    }
    *ret = match;
    if (match.program != NULL)
        return RPC_SUCCESS;
    return match.high > 0 ? RPC_PROG_MISMATCH : RPC_PROG_UNAVAIL;
}

/* Runs the procedure; its results are behind the header that is already in @reply. */
static RpcAccept
rpc_call_proc(
    const RpcServer *self, const RpcProgram *program, const RpcCall *call, Cursor *args, Buf *reply)
{
    if (call->proc >= program->n_procs || program->procs[call->proc].call == NULL)
        return RPC_PROC_UNAVAIL;
    RpcAccept stat = program->procs[call->proc].call(self->service, call, args, reply);
    if (!cursor_ok(args))
        return RPC_GARBAGE_ARGS;
    if (stat == RPC_SUCCESS && !buf_ok(reply))
        return RPC_SYSTEM_ERR;
    return stat;
}

static void
rpc_answer(const RpcServer *self, const RpcCall *call, Cursor *args, Buf *reply)
{
    gsize start = buf_mark(reply);
    RpcMatch match;

    RpcAccept stat = rpc_find_program(self, call, &match);
    if (stat == RPC_SUCCESS) {
        rpc_put_accepted(reply, call->xid, RPC_SUCCESS);
        stat = rpc_call_proc(self, match.program, call, args, reply);
        if (stat == RPC_SUCCESS)
            return;
    }
    buf_rewind(reply, start);
    rpc_put_accepted(reply, call->xid, stat);
    if (stat == RPC_PROG_MISMATCH) {
        buf_be32(reply, match.low);
        buf_be32(reply, match.high);
    }
}

/**
 * rpc_dispatch:
 * @self: the programs
 * @transport: what the call came over
 * @msg: one whole RPC message; consumed
 * @reply: where the reply is appended
 *
 * Answers one call. A message that is no call, or has no complete call header, gets no reply.
 *
 * Returns: whether @reply holds a reply
 *
 * Source: RFC 5531 §9 (messages), §8.2 (authentication)
 **/
gboolean
rpc_dispatch(const RpcServer *self, RpcTransport transport, Cursor *msg, Buf *reply)
{
    RpcCall call = { .transport = transport };

    call.xid = cursor_be32(msg);
    guint32 type = cursor_be32(msg);
    guint32 rpcvers = cursor_be32(msg);
    if (!cursor_ok(msg) || type != MSG_CALL)
        return FALSE;
    if (rpcvers != RPC_VERSION) {
        rpc_put_denied(reply, call.xid, REJECT_RPC_MISMATCH);
        buf_be32(reply, RPC_VERSION);
        buf_be32(reply, RPC_VERSION);
        return buf_ok(reply);
    }
    call.prog = cursor_be32(msg);
    call.vers = cursor_be32(msg);
    call.proc = cursor_be32(msg);
    if (!cursor_ok(msg))
        return FALSE;
    guint32 auth = rpc_parse_auth(msg, &call.cred);
    if (auth != AUTH_OK) {
        rpc_put_denied(reply, call.xid, REJECT_AUTH_ERROR);
        buf_be32(reply, auth);
        return buf_ok(reply);
    }
    rpc_answer(self, &call, msg, reply);
    return buf_ok(reply);
}
