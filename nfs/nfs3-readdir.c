/* SPDX-License-Identifier: GPL-2.0-or-later */
/* READDIR and READDIRPLUS of NFS version 3. A cookie is the position of an entry. */
#include "nfs/nfs-attr.h"
#include "nfs/nfs-handle.h"
#include "nfs/nfs3.h"
#include "nfs/xdr.h"

#include <errno.h>
#include <string.h>

typedef struct {
    gboolean plus;
    gboolean fits;    /* there is room for a listing without entries */
    gsize dir_room;   /* dircount: bytes of names, cookies and numbers */
    gsize reply_room; /* bytes of the whole result that are for entries */
} Listing;

#define FATTR3_SIZE 84

/* What an entry takes of the two rooms: follows, fileid, name, cookie; and with READDIRPLUS the
 * attributes and the handle. */
static gsize
nfs3_entry_size(const VfsDirent *entry)
{
    return 4 + 8 + xdr_opaque_size(strlen(entry->name)) + 8;
}

static gsize
nfs3_entry_plus_size(const VfsDirent *entry)
{
    return nfs3_entry_size(entry) + 4 + FATTR3_SIZE + 4 + 4 + NFS_HANDLE_SIZE;
}

static gboolean
listing_take(Listing *self, const VfsDirent *entry)
{
    gsize dir = nfs3_entry_size(entry);
    gsize whole = self->plus ? nfs3_entry_plus_size(entry) : dir;
    if (dir > self->dir_room || whole > self->reply_room)
        return FALSE;
    self->dir_room -= dir;
    self->reply_room -= whole;
    return TRUE;
}

static void
nfs3_put_entry(NfsServer *server, Buf *res, const VfsDirent *entry, gboolean plus)
{
    buf_be32(res, TRUE);
    buf_be64(res, nfs3_fileid(entry->id));
    xdr_put_opaque(res, entry->name, strlen(entry->name));
    buf_be64(res, entry->cookie);
    if (plus) {
        nfs3_put_post_op_attr(server->vfs, res, entry->id);
        buf_be32(res, TRUE);
        nfs3_handle_put(server, res, entry->id);
    }
}

/* The verifier tells a listing from that of a directory that has changed since. Never 0. */
static guint64
dir_verifier(const VfsAttr *attr)
{
    return ((guint64)attr->mtime_s << 30 ^ attr->mtime_ns) | G_GUINT64_CONSTANT(1) << 63;
}

static RpcAccept
nfs3_list(NfsServer *server, VfsId dir, guint64 cookie, guint64 verf, Listing *listing, Buf *res)
{
    VfsDirent entry;
    VfsAttr attr;

    int r = vfs_getattr(server->vfs, dir, &attr);
    if (r < 0)
        return nfs3_fail(server, res, r, FALSE, 0);
    if (attr.type != VFS_DIR)
        return nfs3_fail(server, res, -ENOTDIR, TRUE, dir);
    if (cookie != 0 && verf != 0 && verf != dir_verifier(&attr)) {
        buf_be32(res, NFS3ERR_BAD_COOKIE);
        nfs3_put_post_op_attr(server->vfs, res, dir);
        return RPC_SUCCESS;
    }
    gsize start = buf_mark(res);
    buf_be32(res, NFS_OK);
    buf_be32(res, TRUE);
    nfs3_put_fattr(res, dir, &attr);
    buf_be64(res, dir_verifier(&attr));
    gsize first = buf_mark(res);
    while ((r = nfs_dir_next(server->vfs, dir, cookie, &entry)) == 1) {
        if (!listing_take(listing, &entry))
            break;
        nfs3_put_entry(server, res, &entry, listing->plus);
        cookie = entry.cookie;
    }
    if (r < 0 || !listing->fits || (r == 1 && buf_mark(res) == first)) {
        buf_rewind(res, start);
        if (r < 0)
            return nfs3_fail(server, res, r, TRUE, dir);
        buf_be32(res, NFS3ERR_TOOSMALL);
        nfs3_put_post_op_attr(server->vfs, res, dir);
        return RPC_SUCCESS;
    }
    buf_be32(res, FALSE);
    buf_be32(res, r == 0);
    return RPC_SUCCESS;
}

/* Bytes of a listing without entries: status, attributes, verifier, end of the list, eof. */
#define NFS3_LISTING_FRAME (4 + 4 + FATTR3_SIZE + 8 + 4 + 4)

static gsize
listing_room(guint32 count)
{
    gsize room = MIN(count, NFS_RTMAX_UDP);
    return room > NFS3_LISTING_FRAME ? room - NFS3_LISTING_FRAME : 0;
}

/*
 * READDIR's count is the size of the result. FreeBSD's loader gives 1024 and has a buffer of about
 * that for the whole reply. Source: RFC 1813 §3.3.16
 */
RpcAccept
nfs3_readdir(gpointer service, const RpcCall *call, Cursor *args, Buf *res)
{
    VfsId dir;

    (void)call;
    int r = nfs3_handle_get(service, args, &dir);
    guint64 cookie = cursor_be64(args);
    guint64 verf = cursor_be64(args);
    guint32 count = cursor_be32(args);
    if (!cursor_ok(args))
        return RPC_GARBAGE_ARGS;
    if (r < 0)
        return nfs3_fail(service, res, r, FALSE, 0);
    Listing listing = { FALSE, count >= NFS3_LISTING_FRAME, G_MAXSIZE, listing_room(count) };
    return nfs3_list(service, dir, cookie, verf, &listing, res);
}

/* Source: RFC 1813 §3.3.17 */
RpcAccept
nfs3_readdirplus(gpointer service, const RpcCall *call, Cursor *args, Buf *res)
{
    VfsId dir;

    (void)call;
    int r = nfs3_handle_get(service, args, &dir);
    guint64 cookie = cursor_be64(args);
    guint64 verf = cursor_be64(args);
    guint32 dircount = cursor_be32(args);
    guint32 maxcount = cursor_be32(args);
    if (!cursor_ok(args))
        return RPC_GARBAGE_ARGS;
    if (r < 0)
        return nfs3_fail(service, res, r, FALSE, 0);
    Listing listing = { TRUE, maxcount >= NFS3_LISTING_FRAME, dircount, listing_room(maxcount) };
    return nfs3_list(service, dir, cookie, verf, &listing, res);
}
