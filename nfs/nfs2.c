/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NFS version 2, read-only. Spoken by the loaders of FreeBSD 7 and 8.0/8.1 (LOOKUP, READ of at most
 * 1024 bytes, READLINK, READDIR) and by the 7.x kernel (8 KiB reads). Every failure is a bare
 * status, so that all that would change something is one function.
 *
 * Source: RFC 1094 §2.2
 */
#include "nfs/nfs-args.h"
#include "nfs/nfs-attr.h"
#include "nfs/nfs-handle.h"
#include "nfs/programs.h"
#include "nfs/xdr.h"

#include <errno.h>
#include <string.h>

#define NFS2_MAXDATA    8192
#define NFS2_MAXPATHLEN 1024

static RpcAccept
nfs2_fail(Buf *res, int r)
{
    buf_be32(res, nfs2_stat(r));
    return RPC_SUCCESS;
}

/* What comes behind the first handle, by procedure. Source: RFC 1094 §2.2 */
static const char *const nfs2_changing_args[] = {
    [2] = "s",    /* SETATTR: attributes */
    [8] = "444o", /* WRITE: beginoffset, offset, totalcount, data */
    [9] = "os",   /* CREATE: name, attributes */
    [10] = "o",   /* REMOVE: name */
    [11] = "oho", /* RENAME: from name, to directory and name */
    [12] = "ho",  /* LINK: to directory and name */
    [13] = "oos", /* SYMLINK: name, to, attributes */
    [14] = "os",  /* MKDIR: name, attributes */
    [15] = "o",   /* RMDIR: name */
};

static RpcAccept
nfs2_read_only(gpointer service, const RpcCall *call, Cursor *args, Buf *res)
{
    VfsId id;

    int r = nfs2_handle_get(service, args, &id);
    nfs_args_skip(args, nfs2_changing_args[call->proc]);
    return nfs2_fail(res, r < 0 ? r : -EROFS);
}

static RpcAccept
nfs2_getattr(gpointer service, const RpcCall *call, Cursor *args, Buf *res)
{
    NfsServer *server = service;
    VfsAttr attr;
    VfsId id;

    (void)call;
    int r = nfs2_handle_get(server, args, &id);
    if (r < 0 || (r = vfs_getattr(server->vfs, id, &attr)) < 0)
        return nfs2_fail(res, r);
    buf_be32(res, NFS_OK);
    nfs2_put_fattr(res, id, &attr);
    return RPC_SUCCESS;
}

static RpcAccept
nfs2_lookup(gpointer service, const RpcCall *call, Cursor *args, Buf *res)
{
    NfsServer *server = service;
    char name[VFS_NAME_MAX + 1];
    VfsAttr attr;
    VfsId dir, id;

    (void)call;
    int r = nfs2_handle_get(server, args, &dir);
    int bad_name = nfs_name_get(args, name);
    if (r < 0 || (r = bad_name) < 0 || (r = vfs_lookup(server->vfs, dir, name, &id)) < 0 ||
        (r = vfs_getattr(server->vfs, id, &attr)) < 0)
        return nfs2_fail(res, r);
    buf_be32(res, NFS_OK);
    nfs2_handle_put(server, res, id);
    nfs2_put_fattr(res, id, &attr);
    return RPC_SUCCESS;
}

static RpcAccept
nfs2_readlink(gpointer service, const RpcCall *call, Cursor *args, Buf *res)
{
    NfsServer *server = service;
    char target[NFS2_MAXPATHLEN];
    VfsId id;

    (void)call;
    int r = nfs2_handle_get(server, args, &id);
    if (r < 0)
        return nfs2_fail(res, r);
    gssize len = vfs_readlink(server->vfs, id, target, sizeof target);
    if (len < 0)
        return nfs2_fail(res, (int)len);
    buf_be32(res, NFS_OK);
    xdr_put_opaque(res, target, (gsize)len);
    return RPC_SUCCESS;
}

static RpcAccept
nfs2_read(gpointer service, const RpcCall *call, Cursor *args, Buf *res)
{
    NfsServer *server = service;
    VfsAttr attr;
    VfsId id;

    (void)call;
    int r = nfs2_handle_get(server, args, &id);
    guint32 offset = cursor_be32(args);
    guint32 wanted = cursor_be32(args); /* MIN() would read its argument twice */
    guint32 count = MIN(wanted, NFS2_MAXDATA);
    cursor_skip(args, 4); /* totalcount, unused */
    if (!cursor_ok(args))
        return RPC_GARBAGE_ARGS;
    if (r < 0 || (r = vfs_getattr(server->vfs, id, &attr)) < 0)
        return nfs2_fail(res, r);

    gsize start = buf_mark(res);
    buf_be32(res, NFS_OK);
    nfs2_put_fattr(res, id, &attr);
    gsize len_at = buf_mark(res);
    buf_be32(res, 0);
    gsize data_at = buf_mark(res);
    guint8 *data = buf_put(res, count);
    if (data == NULL)
        return RPC_SYSTEM_ERR;
    gssize n = vfs_read(server->vfs, id, offset, data, count);
    if (n < 0) {
        buf_rewind(res, start);
        return nfs2_fail(res, (int)n);
    }
    buf_rewind(res, data_at + (gsize)n);
    buf_zeros(res, xdr_pad((gsize)n));
    buf_patch_be32(res, len_at, (guint32)n);
    if (server->observer != NULL) {
        NfsEvent event = { NFS_EVENT_READ, id, offset, (guint64)n, attr.size };
        server->observer(&event, server->observer_data);
    }
    return RPC_SUCCESS;
}

/* Bytes of a list entry: follows, fileid, name, cookie. */
static gsize
nfs2_entry_size(const char *name)
{
    return 4 + 4 + xdr_opaque_size(strlen(name)) + 4;
}

/* Bytes of a listing without entries: status, end of the list, eof. */
#define NFS2_LISTING_FRAME (4 + 4 + 4)

/*
 * The count is the size of the whole result. FreeBSD's loaders up to 8.1 give 1024 and have just
 * that for it, status included [libstand/nfs.c: nfs_readdir]. Source: RFC 1094 §2.2.17
 */
static RpcAccept
nfs2_readdir(gpointer service, const RpcCall *call, Cursor *args, Buf *res)
{
    NfsServer *server = service;
    VfsDirent entry;
    VfsAttr attr;
    VfsId dir;

    (void)call;
    int r = nfs2_handle_get(server, args, &dir);
    entry.cookie = cursor_be32(args);
    guint32 wanted = cursor_be32(args); /* MIN() would read its argument twice */
    gsize room = MIN(wanted, NFS2_MAXDATA);
    if (!cursor_ok(args))
        return RPC_GARBAGE_ARGS;
    if (r < 0 || (r = vfs_getattr(server->vfs, dir, &attr)) < 0)
        return nfs2_fail(res, r);
    r = attr.type == VFS_DIR ? nfs_dir_next(server->vfs, dir, entry.cookie, &entry) : -ENOTDIR;
    if (r < 0)
        return nfs2_fail(res, r);
    gsize start = buf_mark(res);
    gsize used = NFS2_LISTING_FRAME;
    buf_be32(res, NFS_OK);
    while (r == 1 && used + nfs2_entry_size(entry.name) <= room) {
        used += nfs2_entry_size(entry.name);
        buf_be32(res, TRUE);
        buf_be32(res, nfs2_fileid(entry.id));
        xdr_put_opaque(res, entry.name, strlen(entry.name));
        buf_be32(res, (guint32)entry.cookie);
        r = nfs_dir_next(server->vfs, dir, entry.cookie, &entry);
    }
    if (r < 0 || room < NFS2_LISTING_FRAME || (r == 1 && used == NFS2_LISTING_FRAME)) {
        /* not even one entry fits, or not even the end of the list */
        buf_rewind(res, start);
        return nfs2_fail(res, r < 0 ? r : -EIO);
    }
    buf_be32(res, FALSE);
    buf_be32(res, r == 0);
    return RPC_SUCCESS;
}

static RpcAccept
nfs2_statfs(gpointer service, const RpcCall *call, Cursor *args, Buf *res)
{
    NfsServer *server = service;
    VfsId id;

    (void)call;
    int r = nfs2_handle_get(server, args, &id);
    if (r < 0)
        return nfs2_fail(res, r);
    guint64 blocks = vfs_total_bytes(server->vfs) / 4096;
    buf_be32(res, NFS_OK);
    buf_be32(res, NFS2_MAXDATA); /* tsize */
    buf_be32(res, 4096);         /* bsize */
    buf_be32(res, (guint32)MIN(blocks, G_MAXINT32));
    buf_be32(res, 0); /* bfree */
    buf_be32(res, 0); /* bavail */
    return RPC_SUCCESS;
}

static const RpcProc nfs2_procs[] = {
    { "NULL", rpc_null },          { "GETATTR", nfs2_getattr },
    { "SETATTR", nfs2_read_only }, { "ROOT", NULL },
    { "LOOKUP", nfs2_lookup },     { "READLINK", nfs2_readlink },
    { "READ", nfs2_read },         { "WRITECACHE", NULL },
    { "WRITE", nfs2_read_only },   { "CREATE", nfs2_read_only },
    { "REMOVE", nfs2_read_only },  { "RENAME", nfs2_read_only },
    { "LINK", nfs2_read_only },    { "SYMLINK", nfs2_read_only },
    { "MKDIR", nfs2_read_only },   { "RMDIR", nfs2_read_only },
    { "READDIR", nfs2_readdir },   { "STATFS", nfs2_statfs },
};
G_STATIC_ASSERT(G_N_ELEMENTS(nfs2_procs) == 18);

const RpcProgram nfs_v2 = { NFS_PROGRAM, 2, "nfs2", nfs2_procs, G_N_ELEMENTS(nfs2_procs) };
