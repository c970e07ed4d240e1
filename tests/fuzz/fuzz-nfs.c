/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The responder behind its first checks: an input is a program for calls whose header is right and
 * whose handles are good, and each reply is read by the RFCs.
 *
 * An input is calls, one after the other: a byte for the program and its version, one for the
 * procedure, one for the credential, and arguments up to ARG_END. Each argument is a byte that says
 * what it is (ArgKind), and its value.
 */
#include "nfs/nfs-attr.h"
#include "nfs/nfs-handle.h"
#include "nfs/xdr.h"
#include "tests/fuzz/fuzz-input.h"

#include <string.h>

#define FUZZ_KEY   G_GUINT64_CONSTANT(0x0123456789abcdef)
#define CALLS_MAX  32
#define CALL_MAX   2048
#define REPLY_MAX  (RPC_REPLY_HEADER + NFS_REPLY_MAX)
#define FORGED     0xf0 /* a handle's byte from here on: an id that is not in the tree, perhaps */
#define LIST_WHOLE 0xff /* in place of a procedure: list a directory to its end */

typedef enum {
    ARG_HANDLE, /* a byte: which object; or a FORGED one, and 8 bytes: its id */
    ARG_WORD,   /* 4 bytes */
    ARG_LONG,   /* 8 bytes */
    ARG_STRING, /* a byte: its length; and its bytes */
    ARG_NAME,   /* a byte: that of which object */
    ARG_SMALL,  /* a byte, which becomes a word */
    ARG_COOKIE, /* the last one that was seen, and the verifier of version 3 */
    ARG_END,
    ARG_COUNT
} ArgKind;

typedef struct {
    NfsServer server;
    Vfs *vfs;
    GArray *ids;      /* of VfsId: all objects */
    GPtrArray *names; /* of char: theirs */
    guint32 xid;
    guint64 cookie, verifier;
    FuzzPiece room;
} NfsFuzz;

/* ---- replies ---- */

/*
 * What follows the status: letters for the types of the RFCs. a fattr3, A fattr, d dirlist of
 * version 2, e dirlist3, f auth flavors, h nfs_fh3, H fhandle, o opaque, p post_op_attr, P
 * dirlistplus3, s string, w wcc_data, 4 and 8 integers.
 */
typedef struct {
    guint32 prog, vers, proc;
    const char *good, *bad;
} ResultRow;

static const ResultRow result_rows[] = {
    { NFS_PROGRAM, 2, 1, "A", "" },
    { NFS_PROGRAM, 2, 4, "HA", "" },
    { NFS_PROGRAM, 2, 5, "s", "" },
    { NFS_PROGRAM, 2, 6, "Ao", "" },
    { NFS_PROGRAM, 2, 16, "d", "" },
    { NFS_PROGRAM, 2, 17, "44444", "" },
    { NFS_PROGRAM, 3, 1, "a", "" },
    { NFS_PROGRAM, 3, 2, "w", "w" },
    { NFS_PROGRAM, 3, 3, "hpp", "p" },
    { NFS_PROGRAM, 3, 4, "p4", "p" },
    { NFS_PROGRAM, 3, 5, "ps", "p" },
    { NFS_PROGRAM, 3, 6, "p44o", "p" },
    { NFS_PROGRAM, 3, 7, "w", "w" },
    { NFS_PROGRAM, 3, 14, "ww", "ww" },
    { NFS_PROGRAM, 3, 15, "pw", "pw" },
    { NFS_PROGRAM, 3, 16, "p8e", "p" },
    { NFS_PROGRAM, 3, 17, "p8P", "p" },
    { NFS_PROGRAM, 3, 18, "p8888884", "p" },
    { NFS_PROGRAM, 3, 19, "p4444444884", "p" },
    { NFS_PROGRAM, 3, 20, "p444444", "p" },
    { NFS_PROGRAM, 3, 21, "w", "w" },
    { MOUNT_PROGRAM, 1, 1, "H", "" },
    { MOUNT_PROGRAM, 2, 1, "H", "" },
    { MOUNT_PROGRAM, 3, 1, "hf", "" },
};

static void
take_flag(Cursor *c, gboolean *ret)
{
    guint32 flag = cursor_be32(c);
    g_assert_cmpuint(flag, <=, 1);
    *ret = flag != 0;
}

static void
take_handle(NfsFuzz *self, Cursor *c, guint32 vers)
{
    VfsAttr attr;
    VfsId id;

    int r =
        vers == 2 ? nfs2_handle_get(&self->server, c, &id) : nfs3_handle_get(&self->server, c, &id);
    g_assert_cmpint(r, ==, 0);
    g_assert_cmpint(vfs_getattr(self->vfs, id, &attr), ==, 0);
}

static void
take_post_op(Cursor *c)
{
    gboolean follows;
    take_flag(c, &follows);
    cursor_skip(c, follows ? 84 : 0);
}

static void
take_wcc(Cursor *c)
{
    gboolean before;
    take_flag(c, &before);
    cursor_skip(c, before ? 24 : 0);
    take_post_op(c);
}

static void
take_name(Cursor *c)
{
    Cursor name = xdr_get_opaque(c, VFS_NAME_MAX);
    g_assert_cmpuint(cursor_left(&name), >, 0);
    g_assert_null(memchr(name.at, '/', cursor_left(&name)));
}

/* The entries of a listing, and whether it has come to its end. */
static void
take_list(NfsFuzz *self, Cursor *c, char type)
{
    gboolean follows, handle, eof;

    for (take_flag(c, &follows); follows; take_flag(c, &follows)) {
        cursor_skip(c, type == 'd' ? 4 : 8);
        take_name(c);
        guint64 cookie = type == 'd' ? cursor_be32(c) : cursor_be64(c);
        g_assert_cmpuint(cookie, !=, 0);
        g_assert_cmpuint(cookie, <, G_GUINT64_CONSTANT(1) << 31);
        self->cookie = cookie;
        if (type != 'P')
            continue;
        take_post_op(c);
        take_flag(c, &handle);
        if (handle)
            take_handle(self, c, 3);
    }
    take_flag(c, &eof);
}

static void
take_flavors(Cursor *c)
{
    guint32 n = cursor_be32(c);
    g_assert_cmpuint(n, <=, 7); /* the loaders have room for no more */
    cursor_skip(c, n * 4);
}

static void
take_value(NfsFuzz *self, Cursor *c, char type)
{
    switch (type) {
    case 'a':
    case 'A':
        cursor_skip(c, type == 'a' ? 84 : 68);
        break;
    case 'd':
    case 'e':
    case 'P':
        take_list(self, c, type);
        break;
    case 'f':
        take_flavors(c);
        break;
    case 'h':
    case 'H':
        take_handle(self, c, type == 'h' ? 3 : 2);
        break;
    case 'o':
    case 's':
        (void)xdr_get_opaque(c, NFS_RTMAX_UDP);
        break;
    case 'p':
        take_post_op(c);
        break;
    case 'w':
        take_wcc(c);
        break;
    default:
        cursor_skip(c, (gsize)(type - '0'));
    }
}

static void
check_results(NfsFuzz *self, const RpcCall *call, Cursor results)
{
    for (gsize i = 0; i < G_N_ELEMENTS(result_rows); i++) {
        const ResultRow *row = &result_rows[i];
        if (row->prog != call->prog || row->vers != call->vers || row->proc != call->proc)
            continue;
        for (const char *p = cursor_be32(&results) == 0 ? row->good : row->bad; *p != '\0'; p++)
            take_value(self, &results, *p);
        g_assert_true(cursor_ok(&results));
        g_assert_cmpuint(cursor_left(&results), ==, 0);
    }
}

/* ---- calls ---- */

static void
put_header(NfsFuzz *self, Buf *call, const RpcCall *header, guint8 credential)
{
    static const guint32 ids[] = { 0, 0, 1001, 65534 };

    buf_be32(call, ++self->xid);
    buf_be32(call, 0);
    buf_be32(call, RPC_VERSION);
    buf_be32(call, header->prog);
    buf_be32(call, header->vers);
    buf_be32(call, header->proc);
    if (credential == 0) {
        buf_zeros(call, 16); /* AUTH_NONE twice */
        return;
    }
    guint n_gids = credential >> 4;
    buf_be32(call, 1);
    buf_be32(call, 20 + n_gids * 4);
    buf_zeros(call, 8);
    buf_be32(call, ids[credential & 3]);
    buf_be32(call, ids[credential >> 2 & 3]);
    buf_be32(call, n_gids);
    for (guint i = 0; i < n_gids; i++)
        buf_be32(call, i);
    buf_zeros(call, 8);
}

static void
put_handle(NfsFuzz *self, Buf *call, guint32 vers, Cursor *input)
{
    guint8 which = cursor_u8(input);
    VfsId id = which >= FORGED ? cursor_be64(input)
                               : g_array_index(self->ids, VfsId, which % self->ids->len);

    if (vers == 2)
        nfs2_handle_put(&self->server, call, id);
    else
        nfs3_handle_put(&self->server, call, id);
}

static void
put_string(Buf *call, Cursor *input)
{
    gsize len = cursor_u8(input);
    len = MIN(len, cursor_left(input));
    xdr_put_opaque(call, cursor_take(input, len), len);
}

static void
put_name(NfsFuzz *self, Buf *call, Cursor *input)
{
    const char *name = g_ptr_array_index(self->names, cursor_u8(input) % self->names->len);
    xdr_put_opaque(call, name, strlen(name));
}

static void
put_cookie(NfsFuzz *self, Buf *call, guint32 vers)
{
    if (vers == 2) {
        buf_be32(call, (guint32)self->cookie);
    } else {
        buf_be64(call, self->cookie);
        buf_be64(call, 0);
    }
}

static void
put_args(NfsFuzz *self, Buf *call, guint32 vers, Cursor *input)
{
    while (cursor_left(input) > 0) {
        switch ((ArgKind)(cursor_u8(input) % ARG_COUNT)) {
        case ARG_HANDLE:
            put_handle(self, call, vers, input);
            break;
        case ARG_WORD:
            buf_be32(call, cursor_be32(input));
            break;
        case ARG_LONG:
            buf_be64(call, cursor_be64(input));
            break;
        case ARG_STRING:
            put_string(call, input);
            break;
        case ARG_NAME:
            put_name(self, call, input);
            break;
        case ARG_SMALL:
            buf_be32(call, cursor_u8(input));
            break;
        case ARG_COOKIE:
            put_cookie(self, call, vers);
            break;
        case ARG_END:
        case ARG_COUNT:
            return;
        }
    }
}

/* Sends a call. Returns: its results, or a bad cursor when it did not succeed */
static Cursor
dispatch(NfsFuzz *self, const Buf *call)
{
    g_auto(FuzzPiece) exact = fuzz_piece_copy(buf_data(call), buf_len(call));
    Cursor message = fuzz_piece_cursor(&exact);
    Buf reply = buf_of(self->room.bytes, self->room.len, 0);

    g_assert_true(rpc_dispatch(&self->server.rpc, RPC_UDP, &message, &reply));
    Cursor results = cursor_of(buf_data(&reply), buf_len(&reply));
    g_assert_cmpuint(cursor_left(&results) % 4, ==, 0);
    g_assert_cmpuint(cursor_be32(&results), ==, self->xid);
    g_assert_cmpuint(cursor_be32(&results), ==, 1);
    g_assert_cmpuint(cursor_be32(&results), ==, 0); /* the credentials are good */
    g_assert_cmpuint(cursor_be64(&results), ==, 0);
    guint32 stat = cursor_be32(&results);
    g_assert_true(cursor_ok(&results));
    g_assert_cmpuint(stat, !=, RPC_SYSTEM_ERR);
    return stat == RPC_SUCCESS ? results : (Cursor){ NULL, 0, TRUE };
}

/* Version 2: READ and READDIR have their count at the same place, and never give more. */
static void
check_count2(guint32 proc, Cursor args, Cursor results)
{
    gsize size = cursor_left(&results);

    cursor_skip(&args, NFS2_HANDLE_SIZE + 4);
    cursor_skip(&results, 4 + 68);
    g_assert_cmpuint(proc == 6 ? cursor_be32(&results) : size, <=, cursor_be32(&args));
}

/* READ gives what the tree has there, and a listing is no larger than was asked for. */
static void
check_arguments(NfsFuzz *self, const RpcCall *header, Cursor args, Cursor results)
{
    g_auto(FuzzPiece) want = fuzz_piece_new(NFS_RTMAX_UDP);
    gsize size = cursor_left(&results);
    VfsId id;

    if (header->prog != NFS_PROGRAM)
        return;
    if (header->vers == 2 && (header->proc == 6 || header->proc == 16) && size > 4)
        check_count2(header->proc, args, results);
    if (header->vers != 3 || cursor_be32(&results) != 0)
        return;
    if (header->proc == 6) {
        g_assert_cmpint(nfs3_handle_get(&self->server, &args, &id), ==, 0);
        guint64 offset = cursor_be64(&args);
        gsize wanted = cursor_be32(&args);
        cursor_skip(&results, 4 + 84 + 4 + 4);
        Cursor data = xdr_get_opaque(&results, NFS_RTMAX_UDP);
        gssize n = vfs_read(self->vfs, id, offset, want.bytes, MIN(wanted, want.len));
        g_assert_cmpint(n, ==, (gssize)cursor_left(&data));
        g_assert_true(memcmp(data.at, want.bytes, (gsize)n) == 0);
    } else if (header->proc == 16 || header->proc == 17) {
        g_assert_cmpint(nfs3_handle_get(&self->server, &args, &id), ==, 0);
        cursor_skip(&args, 8 + 8 + (header->proc == 17 ? 4 : 0));
        g_assert_cmpuint(size, <=, cursor_be32(&args));
    }
}

/* ---- a listing to its end ---- */

static guint
count_entries(Cursor results, guint32 vers, gboolean *ret_eof)
{
    guint n = 0;

    cursor_skip(&results, vers == 2 ? 4 : 4 + 4 + 84 + 8);
    while (cursor_be32(&results) != 0) {
        cursor_skip(&results, vers == 2 ? 4 : 8);
        (void)xdr_get_opaque(&results, VFS_NAME_MAX);
        cursor_skip(&results, vers == 2 ? 4 : 8);
        n++;
    }
    *ret_eof = cursor_be32(&results) != 0;
    return n;
}

static guint
entries_of(Vfs *vfs, VfsId dir)
{
    VfsDirent entry = { .cookie = 0 };
    guint n = 2; /* "." and ".." */

    while (vfs_readdir(vfs, dir, entry.cookie, &entry) == 1)
        n++;
    return n;
}

/* Lists a directory with replies of sizes from the input: every entry comes, and each once. */
static void
list_whole(NfsFuzz *self, guint32 vers, Cursor *input)
{
    guint8 memory[CALL_MAX];
    const RpcCall header = { .prog = NFS_PROGRAM, .vers = vers, .proc = 16 };
    VfsId dir = g_array_index(self->ids, VfsId, cursor_u8(input) % self->ids->len);
    gboolean eof = FALSE;
    guint n = 0;

    self->cookie = 0;
    while (!eof) {
        Buf call = buf_of(memory, sizeof memory, 0);
        put_header(self, &call, &header, 0);
        if (vers == 2)
            nfs2_handle_put(&self->server, &call, dir);
        else
            nfs3_handle_put(&self->server, &call, dir);
        put_cookie(self, &call, vers);
        buf_be32(&call, 128 + (guint32)cursor_u8(input) * 16);
        Cursor results = dispatch(self, &call);
        Cursor status = results;
        check_results(self, &header, results);
        guint32 stat = cursor_be32(&status);
        if (stat != 0 && cursor_left(input) == 0)
            return; /* no directory, or there is room for nothing */
        n += stat == 0 ? count_entries(results, vers, &eof) : 0;
    }
    g_assert_cmpuint(n, ==, entries_of(self->vfs, dir));
}

/* ---- an input ---- */

static void
collect(NfsFuzz *self, VfsId dir, const char *name)
{
    VfsDirent entry = { .cookie = 0 };

    g_array_append_val(self->ids, dir);
    g_ptr_array_add(self->names, g_strdup(name));
    while (vfs_readdir(self->vfs, dir, entry.cookie, &entry) == 1)
        collect(self, entry.id, entry.name);
}

static void
run_call(NfsFuzz *self, Cursor *input)
{
    static const RpcCall programs[] = {
        { .prog = NFS_PROGRAM, .vers = 2 },   { .prog = NFS_PROGRAM, .vers = 3 },
        { .prog = MOUNT_PROGRAM, .vers = 1 }, { .prog = MOUNT_PROGRAM, .vers = 3 },
        { .prog = PMAP_PROGRAM, .vers = 2 },
    };
    guint8 memory[CALL_MAX];
    Buf call = buf_of(memory, sizeof memory, 0);

    RpcCall header = programs[cursor_u8(input) % G_N_ELEMENTS(programs)];
    guint8 proc = cursor_u8(input);
    if (proc == LIST_WHOLE) {
        list_whole(self, header.vers == 2 ? 2 : 3, input);
        return;
    }
    header.proc = proc % 24;
    put_header(self, &call, &header, cursor_u8(input));
    gsize args_at = buf_mark(&call);
    put_args(self, &call, header.vers == 1 ? 2 : header.vers, input);
    if (!buf_ok(&call))
        return;
    Cursor results = dispatch(self, &call);
    if (!cursor_ok(&results))
        return;
    check_results(self, &header, results);
    check_arguments(self, &header, cursor_of(call.base + args_at, buf_mark(&call) - args_at),
                    results);
}

int
LLVMFuzzerTestOneInput(const guint8 *bytes, gsize len)
{
    Cursor input = cursor_of(bytes, len);
    NfsFuzz fuzz = {
        .vfs = fuzz_tree(),
        .ids = g_array_new(FALSE, FALSE, sizeof(VfsId)),
        .names = g_ptr_array_new_with_free_func(g_free),
        .room = fuzz_piece_new(REPLY_MAX),
    };

    nfs_server_init(&fuzz.server, fuzz.vfs, FUZZ_KEY);
    collect(&fuzz, vfs_root(fuzz.vfs), "");
    for (guint i = 0; i < CALLS_MAX && cursor_left(&input) > 0; i++)
        run_call(&fuzz, &input);
    g_array_unref(fuzz.ids);
    g_ptr_array_unref(fuzz.names);
    fuzz_piece_clear(&fuzz.room);
    return 0;
}
