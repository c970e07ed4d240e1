/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The responder: an input is one UDP datagram. */
#include "nfs/nfs-handle.h"
#include "nfs/nfs-server.h"
#include "tests/fuzz/fuzz-input.h"

#include <string.h>

#define FUZZ_KEY  G_GUINT64_CONSTANT(0x0123456789abcdef) /* of the handles; the seeds know it */
#define REPLY_MAX (RPC_REPLY_HEADER + NFS_REPLY_MAX)

static void
observe(const NfsEvent *event, gpointer data)
{
    VfsAttr attr;
    g_assert_cmpint(vfs_getattr(data, event->id, &attr), ==, 0);
}

/* Where the arguments of @call begin; it is one that was answered, so its header is whole. */
static guint32
word_at(const FuzzPiece *call, gsize index)
{
    Cursor cursor = fuzz_piece_cursor(call);
    cursor_skip(&cursor, index * 4);
    return cursor_be32(&cursor);
}

/* A handle that was given out is good for the object that it names. */
static void
check_handle(const NfsServer *server, guint32 vers, Cursor *results)
{
    VfsAttr attr;
    VfsId id;

    int r =
        vers < 3 ? nfs2_handle_get(server, results, &id) : nfs3_handle_get(server, results, &id);
    g_assert_cmpint(r, ==, 0);
    g_assert_cmpint(vfs_getattr(server->vfs, id, &attr), ==, 0);
}

static void
check_reply(const NfsServer *server, const FuzzPiece *call, Cursor reply)
{
    guint32 prog = word_at(call, 3), vers = word_at(call, 4), proc = word_at(call, 5);

    g_assert_cmpuint(cursor_left(&reply), <=, REPLY_MAX);
    g_assert_cmpuint(cursor_left(&reply) % 4, ==, 0);
    g_assert_cmphex(cursor_be32(&reply), ==, word_at(call, 0));
    g_assert_cmpuint(cursor_be32(&reply), ==, 1);
    guint32 denied = cursor_be32(&reply);
    g_assert_cmpuint(denied, <=, 1);
    if (denied != 0)
        return;
    g_assert_cmpuint(cursor_be64(&reply), ==, 0); /* the verifier */
    guint32 stat = cursor_be32(&reply);
    g_assert_cmpuint(stat, <=, RPC_SYSTEM_ERR);
    g_assert_cmpuint(stat, !=, RPC_SYSTEM_ERR); /* everything fits into a reply */
    gboolean gives_handle = (prog == MOUNT_PROGRAM && proc == 1) ||
                            (prog == NFS_PROGRAM && proc == (vers == 2 ? 4 : 3));
    if (stat == RPC_SUCCESS && gives_handle && cursor_be32(&reply) == 0)
        check_handle(server, vers, &reply);
    g_assert_true(cursor_ok(&reply));
}

/* A call has no effect, so that the same one is answered in the same way. */
static void
check_same(const NfsServer *server, const FuzzPiece *call, const Buf *reply)
{
    g_auto(FuzzPiece) room = fuzz_piece_new(REPLY_MAX);
    Buf again = buf_of(room.bytes, room.len, 0);
    Cursor message = fuzz_piece_cursor(call);

    g_assert_true(rpc_dispatch(&server->rpc, RPC_UDP, &message, &again));
    g_assert_cmpuint(buf_len(&again), ==, buf_len(reply));
    g_assert_true(memcmp(buf_data(&again), buf_data(reply), buf_len(reply)) == 0);
}

/* With too little room there is a short reply or none. */
static void
check_little_room(const NfsServer *server, const FuzzPiece *call)
{
    g_auto(FuzzPiece) room = fuzz_piece_new(call->len % 160);
    Buf reply = buf_of(room.bytes, room.len, 0);
    Cursor message = fuzz_piece_cursor(call);

    if (rpc_dispatch(&server->rpc, RPC_TCP, &message, &reply))
        g_assert_cmpuint(buf_len(&reply) % 4, ==, 0);
}

int
LLVMFuzzerTestOneInput(const guint8 *bytes, gsize len)
{
    g_auto(FuzzPiece) call = fuzz_piece_copy(bytes, len);
    g_auto(FuzzPiece) room = fuzz_piece_new(REPLY_MAX);
    Vfs *vfs = fuzz_tree();
    NfsServer server;

    nfs_server_init(&server, vfs, FUZZ_KEY);
    server.observer = observe;
    server.observer_data = vfs;
    Buf reply = buf_of(room.bytes, room.len, 0);
    Cursor message = fuzz_piece_cursor(&call);
    if (!rpc_dispatch(&server.rpc, RPC_UDP, &message, &reply))
        return 0;
    check_reply(&server, &call, cursor_of(buf_data(&reply), buf_len(&reply)));
    check_same(&server, &call, &reply);
    check_little_room(&server, &call);
    return 0;
}
