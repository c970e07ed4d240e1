/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RPC messages: every way to be answered, to be refused, and not to be answered at all. */
#include "nfs/rpc.h"
#include "tests/lan/rows.h"

/* ---- a program to call ---- */

#define PROGRAM 200000

typedef struct {
    guint calls;
    RpcCall last;
} Service;

static RpcAccept
proc_null(gpointer service, const RpcCall *call, Cursor *args, Buf *res)
{
    (void)args, (void)res;
    ((Service *)service)->calls++;
    ((Service *)service)->last = *call;
    return RPC_SUCCESS;
}

static RpcAccept
proc_echo(gpointer service, const RpcCall *call, Cursor *args, Buf *res)
{
    (void)service, (void)call;
    buf_be32(res, cursor_be32(args));
    return RPC_SUCCESS;
}

static RpcAccept
proc_too_much(gpointer service, const RpcCall *call, Cursor *args, Buf *res)
{
    (void)service, (void)call, (void)args;
    buf_be32(res, 0x11111111);
    buf_zeros(res, 1 << 20);
    return RPC_SUCCESS;
}

static RpcAccept
proc_garbage(gpointer service, const RpcCall *call, Cursor *args, Buf *res)
{
    (void)service, (void)call, (void)args;
    buf_be32(res, 0x22222222);
    return RPC_GARBAGE_ARGS;
}

static const RpcProc procs[] = {
    { "NULL", proc_null },         { "ECHO", proc_echo },       { "GAP", NULL },
    { "TOO_MUCH", proc_too_much }, { "GARBAGE", proc_garbage },
};
static const RpcProgram version_2 = { PROGRAM, 2, "two", procs, G_N_ELEMENTS(procs) };
static const RpcProgram version_4 = { PROGRAM, 4, "four", procs, 1 };
static const RpcProgram other = { PROGRAM + 1, 1, "other", procs, 1 };
static const RpcProgram *const programs[] = { &version_2, &version_4, &other, NULL };

/* ---- rows ---- */

#define WORDS_MAX 40
#define END       0xdeadbeefu /* behind the last word */
#define XID       0x01020304u

/* AUTH_SYS of the loaders: length 20, all zero. */
#define LOADER_CRED            1, 20, 0, 0, 0, 0, 0
#define NO_AUTH                0, 0
#define CALL(prog, vers, proc) XID, 0, 2, prog, vers, proc

typedef struct {
    const char *name;
    guint32 call[WORDS_MAX];
    guint32 reply[WORDS_MAX]; /* END at once: no reply */
} Row;

#define ACCEPTED(stat) XID, 1, 0, 0, 0, stat
#define DENIED(stat)   XID, 1, 1, 1, stat
#define NO_REPLY       END

static const Row rows[] = {
    { "null", { CALL(PROGRAM, 2, 0), LOADER_CRED, NO_AUTH, END }, { ACCEPTED(0), END } },
    { "null-with-a-body",
      { CALL(PROGRAM, 2, 0), LOADER_CRED, NO_AUTH, 1, 2, 3, END },
      { ACCEPTED(0), END } },
    { "null-of-auth-none", { CALL(PROGRAM, 2, 0), NO_AUTH, NO_AUTH, END }, { ACCEPTED(0), END } },
    { "result", { CALL(PROGRAM, 2, 1), LOADER_CRED, NO_AUTH, 77, END }, { ACCEPTED(0), 77, END } },
    { "trailing-bytes-are-ignored",
      { CALL(PROGRAM, 2, 1), LOADER_CRED, NO_AUTH, 77, 88, 99, END },
      { ACCEPTED(0), 77, END } },
    { "arguments-missing",
      { CALL(PROGRAM, 2, 1), LOADER_CRED, NO_AUTH, END },
      { ACCEPTED(RPC_GARBAGE_ARGS), END } },
    { "arguments-refused",
      { CALL(PROGRAM, 2, 4), LOADER_CRED, NO_AUTH, END },
      { ACCEPTED(RPC_GARBAGE_ARGS), END } },
    { "results-too-large",
      { CALL(PROGRAM, 2, 3), LOADER_CRED, NO_AUTH, END },
      { ACCEPTED(RPC_SYSTEM_ERR), END } },
    { "rpc-version-1",
      { XID, 0, 1, PROGRAM, 2, 0, LOADER_CRED, NO_AUTH, END },
      { XID, 1, 1, 0, 2, 2, END } },
    { "rpc-version-3-and-nothing-else", { XID, 0, 3, END }, { XID, 1, 1, 0, 2, 2, END } },
    { "unknown-program",
      { CALL(99, 2, 0), LOADER_CRED, NO_AUTH, END },
      { ACCEPTED(RPC_PROG_UNAVAIL), END } },
    { "version-too-low",
      { CALL(PROGRAM, 1, 0), LOADER_CRED, NO_AUTH, END },
      { ACCEPTED(RPC_PROG_MISMATCH), 2, 4, END } },
    { "version-between",
      { CALL(PROGRAM, 3, 0), LOADER_CRED, NO_AUTH, END },
      { ACCEPTED(RPC_PROG_MISMATCH), 2, 4, END } },
    { "version-too-high",
      { CALL(PROGRAM, 0xffffffff, 0), LOADER_CRED, NO_AUTH, END },
      { ACCEPTED(RPC_PROG_MISMATCH), 2, 4, END } },
    { "version-of-the-other",
      { CALL(PROGRAM + 1, 2, 0), LOADER_CRED, NO_AUTH, END },
      { ACCEPTED(RPC_PROG_MISMATCH), 1, 1, END } },
    { "procedure-in-a-gap",
      { CALL(PROGRAM, 2, 2), LOADER_CRED, NO_AUTH, END },
      { ACCEPTED(RPC_PROC_UNAVAIL), END } },
    { "procedure-behind-the-table",
      { CALL(PROGRAM, 2, 5), LOADER_CRED, NO_AUTH, END },
      { ACCEPTED(RPC_PROC_UNAVAIL), END } },
    { "procedure-huge",
      { CALL(PROGRAM, 2, 0xffffffff), LOADER_CRED, NO_AUTH, END },
      { ACCEPTED(RPC_PROC_UNAVAIL), END } },
    { "procedure-of-the-other-version",
      { CALL(PROGRAM, 4, 1), LOADER_CRED, NO_AUTH, 77, END },
      { ACCEPTED(RPC_PROC_UNAVAIL), END } },
    /* credentials: AUTH_NONE 0, AUTH_SYS 1, AUTH_SHORT 2, AUTH_DH 3, RPCSEC_GSS 6 */
    { "auth-none", { CALL(PROGRAM, 2, 0), NO_AUTH, NO_AUTH, END }, { ACCEPTED(0), END } },
    { "auth-none-with-a-body",
      { CALL(PROGRAM, 2, 0), 0, 8, 1, 2, NO_AUTH, END },
      { ACCEPTED(0), END } },
    { "auth-sys-of-a-kernel",
      { CALL(PROGRAM, 2, 0), 1, 32, 5, 3, 0x61626300, 0, 0, 2, 0, 5, NO_AUTH, END },
      { ACCEPTED(0), END } },
    { "auth-sys-16-groups",
      { CALL(PROGRAM, 2, 0),
        1,
        84,
        5,
        0,
        0,
        0,
        16,
        1,
        2,
        3,
        4,
        5,
        6,
        7,
        8,
        9,
        10,
        11,
        12,
        13,
        14,
        15,
        16,
        NO_AUTH,
        END },
      { ACCEPTED(0), END } },
    { "auth-sys-17-groups",
      { CALL(PROGRAM, 2, 0),
        1,
        88,
        5,
        0,
        0,
        0,
        17,
        1,
        2,
        3,
        4,
        5,
        6,
        7,
        8,
        9,
        10,
        11,
        12,
        13,
        14,
        15,
        16,
        17,
        NO_AUTH,
        END },
      { DENIED(1), END } },
    { "auth-sys-groups-cut",
      { CALL(PROGRAM, 2, 0), 1, 24, 5, 0, 0, 0, 2, 1, NO_AUTH, END },
      { DENIED(1), END } },
    { "auth-sys-empty", { CALL(PROGRAM, 2, 0), 1, 0, NO_AUTH, END }, { DENIED(1), END } },
    { "auth-sys-machine-of-256",
      { CALL(PROGRAM, 2, 0), 1, 20, 5, 256, 0, 0, 0, NO_AUTH, END },
      { DENIED(1), END } },
    { "auth-sys-longer-than-it-says",
      { CALL(PROGRAM, 2, 0), 1, 28, 0, 0, 0, 0, 0, 7, 7, NO_AUTH, END },
      { ACCEPTED(0), END } },
    { "auth-short", { CALL(PROGRAM, 2, 0), 2, 4, 9, NO_AUTH, END }, { DENIED(2), END } },
    { "auth-dh", { CALL(PROGRAM, 2, 0), 3, 4, 9, NO_AUTH, END }, { DENIED(1), END } },
    { "auth-gss", { CALL(PROGRAM, 2, 0), 6, 4, 9, NO_AUTH, END }, { DENIED(1), END } },
    { "auth-unknown", { CALL(PROGRAM, 2, 0), 0x5a5a5a5a, 0, NO_AUTH, END }, { DENIED(1), END } },
    { "credential-of-404", { CALL(PROGRAM, 2, 0), 0, 404, END }, { DENIED(1), END } },
    { "credential-huge", { CALL(PROGRAM, 2, 0), 0, 0xfffffffc, NO_AUTH, END }, { DENIED(1), END } },
    { "verifier-of-another-flavor",
      { CALL(PROGRAM, 2, 0), LOADER_CRED, 1, 0, END },
      { DENIED(3), END } },
    { "verifier-with-a-body",
      { CALL(PROGRAM, 2, 0), LOADER_CRED, 0, 8, 1, 2, END },
      { ACCEPTED(0), END } },
    { "verifier-huge", { CALL(PROGRAM, 2, 0), LOADER_CRED, 0, 404, END }, { DENIED(3), END } },
    { "verifier-cut", { CALL(PROGRAM, 2, 0), LOADER_CRED, 0, 8, 1, END }, { DENIED(3), END } },
    { "verifier-missing", { CALL(PROGRAM, 2, 0), LOADER_CRED, END }, { DENIED(3), END } },
    { "credential-missing", { CALL(PROGRAM, 2, 0), END }, { DENIED(1), END } },
    { "wrong-credential-and-verifier",
      { CALL(PROGRAM, 2, 0), 1, 0, 0, 404, END },
      { DENIED(3), END } },
    { "a-reply", { XID, 1, 0, 0, 0, 0, END }, { NO_REPLY } },
    { "neither-call-nor-reply", { XID, 2, 2, PROGRAM, 2, 0, END }, { NO_REPLY } },
    { "nothing", { END }, { NO_REPLY } },
    { "header-only", { XID, 0, 2, PROGRAM, 2, END }, { NO_REPLY } },
};

static gsize
put_words(guint8 *bytes, const guint32 *words)
{
    gsize len = 0;
    for (; *words != END; words++) {
        be32 w = be32_of(*words);
        memcpy(bytes + len, w.b, 4);
        len += 4;
    }
    return len;
}

static void
test_row(gconstpointer data)
{
    const Row *row = data;
    guint8 call[WORDS_MAX * 4], want[WORDS_MAX * 4], memory[1024];
    gsize len = put_words(call, row->call), want_len = put_words(want, row->reply);
    g_autofree guint8 *exact = g_memdup2(call, len);
    Service service = { 0 };
    const RpcServer server = { programs, &service };
    Buf reply = buf_of(memory, sizeof memory, 16);
    Cursor msg = cursor_of(exact, len);

    g_assert_cmpint(rpc_dispatch(&server, RPC_UDP, &msg, &reply), ==, want_len > 0);
    if (want_len > 0)
        ROW_CMPMEM(buf_data(&reply), buf_len(&reply), want, want_len);
}

/* A credential as large as it may be: 400 bytes. */
static void
test_largest_credential(void)
{
    guint8 memory[1024], reply_memory[256];
    Service service = { 0 };
    const RpcServer server = { programs, &service };
    Buf call = buf_of(memory, sizeof memory, 0);
    Buf reply = buf_of(reply_memory, sizeof reply_memory, 0);
    static const guint32 header[] = { CALL(PROGRAM, 2, 0), 0, 400 };

    for (gsize i = 0; i < G_N_ELEMENTS(header); i++)
        buf_be32(&call, header[i]);
    buf_zeros(&call, 400 + 8);
    Cursor msg = cursor_of(buf_data(&call), buf_len(&call));
    g_assert_true(rpc_dispatch(&server, RPC_TCP, &msg, &reply));
    g_assert_cmpuint(service.calls, ==, 1);
    g_assert_cmpint(service.last.transport, ==, RPC_TCP);
    g_assert_cmpuint(service.last.cred.n_gids, ==, 0);
}

static void
test_credential_is_told(void)
{
    static const guint32 words[] = {
        CALL(PROGRAM, 2, 0), 1, 32, 5, 3, 0x61626300, 1001, 1002, 2, 5, 20, 0, 0, END
    };
    guint8 call[256], memory[256];
    Service service = { 0 };
    const RpcServer server = { programs, &service };
    Buf reply = buf_of(memory, sizeof memory, 0);
    Cursor msg = cursor_of(call, put_words(call, words));

    g_assert_true(rpc_dispatch(&server, RPC_UDP, &msg, &reply));
    const RpcCall *last = &service.last;
    g_assert_cmphex(last->xid, ==, XID);
    g_assert_cmpuint(last->prog, ==, PROGRAM);
    g_assert_cmpuint(last->vers, ==, 2);
    g_assert_cmpuint(last->cred.uid, ==, 1001);
    g_assert_cmpuint(last->cred.gid, ==, 1002);
    g_assert_cmpuint(last->cred.n_gids, ==, 2);
    g_assert_cmpuint(last->cred.gids[0], ==, 5);
    g_assert_cmpuint(last->cred.gids[1], ==, 20);
}

/* Without room even for the header of a reply there is none; nothing is written beyond. */
static void
test_no_room(void)
{
    static const guint32 words[] = { CALL(PROGRAM, 2, 1), LOADER_CRED, NO_AUTH, 77, END };
    guint8 call[256];
    gsize len = put_words(call, words);

    for (gsize cap = 0; cap < 40; cap++) {
        Service service = { 0 };
        const RpcServer server = { programs, &service };
        g_autofree guint8 *memory = g_malloc(cap + 1);
        Buf reply = buf_of(memory, cap, 0);
        Cursor msg = cursor_of(call, len);
        g_assert_cmpint(rpc_dispatch(&server, RPC_UDP, &msg, &reply), ==, cap >= 24);
        if (cap >= 24)
            g_assert_cmpuint(buf_len(&reply), ==, cap >= 28 ? 28 : 24);
    }
}

/*
 * Every prefix of a good call: no reply while the header is not there; behind it the call may be
 * refused, but nothing is ever called without its arguments.
 */
static void
test_truncated(void)
{
    static const guint32 words[] = { CALL(PROGRAM, 2, 0), LOADER_CRED, NO_AUTH, END };
    guint8 call[256];
    gsize len = put_words(call, words);

    for (gsize n = 0; n < len; n++) {
        g_autofree guint8 *prefix = g_memdup2(call, n);
        guint8 memory[256];
        Service service = { 0 };
        const RpcServer server = { programs, &service };
        Buf reply = buf_of(memory, sizeof memory, 0);
        Cursor msg = cursor_of(prefix, n);
        gboolean answered = rpc_dispatch(&server, RPC_UDP, &msg, &reply);
        g_assert_true(n >= 24 || !answered);
        g_assert_cmpuint(service.calls, ==, 0);
        if (answered)
            g_assert_cmpuint(buf_len(&reply), ==, 5 * 4);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/rpc", rows, test_row);
    g_test_add_func("/rpc/largest-credential", test_largest_credential);
    g_test_add_func("/rpc/credential-is-told", test_credential_is_told);
    g_test_add_func("/rpc/no-room", test_no_room);
    g_test_add_func("/rpc/truncated", test_truncated);
    return g_test_run();
}
