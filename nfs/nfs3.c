/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NFS version 3, read-only: the procedures that read. Those that would write are in nfs3-rofs.c.
 *
 * FreeBSD's loaders (9 and later) parse replies by position: LOOKUP must carry the object's
 * attributes, READ, READLINK and READDIR the post-op ones [libsa/nfs.c], so they are always there
 * when there is an object.
 *
 * Source: RFC 1813 §3.3
 */
#include "nfs/nfs3.h"

#include "nfs/nfs-attr.h"
#include "nfs/nfs-handle.h"
#include "nfs/programs.h"
#include "nfs/xdr.h"

#include <errno.h>
#include <string.h>

#define NFS3_PATH_MAX 1024
#define NFS3_DTPREF   8192

enum {
    ACCESS3_READ = 0x01,
    ACCESS3_LOOKUP = 0x02,
    ACCESS3_EXECUTE = 0x20,
};
enum {
    FSF3_SYMLINK = 0x02,
    FSF3_HOMOGENEOUS = 0x08,
};

/* A failure of a procedure whose reply goes on with the post-op attributes of @id, or with none. */
RpcAccept
nfs3_fail(NfsServer *server, Buf *res, int r, gboolean have_id, VfsId id)
{
    buf_be32(res, nfs3_stat(r));
    if (have_id)
        nfs3_put_post_op_attr(server->vfs, res, id);
    else
        buf_be32(res, FALSE);
    return RPC_SUCCESS;
}

static RpcAccept
nfs3_getattr(gpointer service, const RpcCall *call, Cursor *args, Buf *res)
{
    NfsServer *server = service;
    VfsAttr attr;
    VfsId id;

    (void)call;
    int r = nfs3_handle_get(server, args, &id);
    if (r == 0)
        r = vfs_getattr(server->vfs, id, &attr);
    buf_be32(res, nfs3_stat(r));
    if (r == 0)
        nfs3_put_fattr(res, id, &attr);
    return RPC_SUCCESS;
}

static RpcAccept
nfs3_lookup(gpointer service, const RpcCall *call, Cursor *args, Buf *res)
{
    NfsServer *server = service;
    char name[VFS_NAME_MAX + 1];
    VfsAttr attr;
    VfsId dir, id;

    (void)call;
    int r = nfs3_handle_get(server, args, &dir);
    int bad_name = nfs_name_get(args, name);
    if (r < 0)
        return nfs3_fail(server, res, r, FALSE, 0);
    if ((r = bad_name) < 0 || (r = vfs_lookup(server->vfs, dir, name, &id)) < 0 ||
        (r = vfs_getattr(server->vfs, id, &attr)) < 0)
        return nfs3_fail(server, res, r == -EINVAL ? -EACCES : r, TRUE, dir);
    buf_be32(res, NFS_OK);
    nfs3_handle_put(server, res, id);
    buf_be32(res, TRUE);
    nfs3_put_fattr(res, id, &attr);
    nfs3_put_post_op_attr(server->vfs, res, dir);
    return RPC_SUCCESS;
}

/* The rwx bits, as the low three, that @cred has on an object. Root may read all, and execute what
 * anybody may execute. */
static guint32
permissions(const RpcCred *cred, const VfsAttr *attr)
{
    if (cred->uid == 0)
        return 6 | ((attr->mode & 0111) != 0 || attr->type == VFS_DIR ? 1 : 0);
    if (cred->uid == attr->uid)
        return (attr->mode >> 6) & 7;
    gboolean in_group = cred->gid == attr->gid;
    for (guint i = 0; i < cred->n_gids; i++)
        in_group = in_group || cred->gids[i] == attr->gid;
    return (in_group ? attr->mode >> 3 : attr->mode) & 7;
}

static RpcAccept
nfs3_access(gpointer service, const RpcCall *call, Cursor *args, Buf *res)
{
    NfsServer *server = service;
    VfsAttr attr;
    VfsId id;

    int r = nfs3_handle_get(server, args, &id);
    guint32 wanted = cursor_be32(args);
    if (r < 0 || (r = vfs_getattr(server->vfs, id, &attr)) < 0)
        return nfs3_fail(server, res, r, FALSE, 0);
    guint32 bits = permissions(&call->cred, &attr);
    guint32 granted = (bits & 4) != 0 ? ACCESS3_READ : 0;
    if ((bits & 1) != 0)
        granted |= attr.type == VFS_DIR ? ACCESS3_LOOKUP : ACCESS3_EXECUTE;
    buf_be32(res, NFS_OK);
    nfs3_put_post_op_attr(server->vfs, res, id);
    buf_be32(res, wanted & granted);
    return RPC_SUCCESS;
}

static RpcAccept
nfs3_readlink(gpointer service, const RpcCall *call, Cursor *args, Buf *res)
{
    NfsServer *server = service;
    char target[NFS3_PATH_MAX];
    VfsAttr attr;
    VfsId id;

    (void)call;
    int r = nfs3_handle_get(server, args, &id);
    if (r < 0 || (r = vfs_getattr(server->vfs, id, &attr)) < 0)
        return nfs3_fail(server, res, r, FALSE, 0);
    gssize len = vfs_readlink(server->vfs, id, target, sizeof target);
    if (len < 0)
        return nfs3_fail(server, res, (int)len, TRUE, id);
    buf_be32(res, NFS_OK);
    buf_be32(res, TRUE);
    nfs3_put_fattr(res, id, &attr);
    xdr_put_opaque(res, target, (gsize)len);
    return RPC_SUCCESS;
}

/* The most that one READ may bring over the transport of @call. */
static guint32
nfs3_rtmax(const RpcCall *call)
{
    return call->transport == RPC_TCP ? NFS_RTMAX_TCP : NFS_RTMAX_UDP;
}

/* Whether the @n bytes that were read are the last ones. The file may be shorter than @attr has it,
 * when it has changed in between: then fewer came than were wanted. */
static gboolean
read_ends(const VfsAttr *attr, guint64 offset, guint32 count, guint64 n)
{
    return n < count || offset >= attr->size || n >= attr->size - offset;
}

/* The hot path: one getattr and one read, straight into the reply. */
static RpcAccept
nfs3_read(gpointer service, const RpcCall *call, Cursor *args, Buf *res)
{
    NfsServer *server = service;
    VfsAttr attr;
    VfsId id;

    int r = nfs3_handle_get(server, args, &id);
    guint64 offset = cursor_be64(args);
    guint32 count = cursor_be32(args);
    if (!cursor_ok(args))
        return RPC_GARBAGE_ARGS;
    if (r < 0 || (r = vfs_getattr(server->vfs, id, &attr)) < 0)
        return nfs3_fail(server, res, r, FALSE, 0);

    ReadLimitCall asked = { call->xid, id, offset, count };
    ReadLimit *limit = call->transport == RPC_UDP ? server->read_limit : NULL;
    if (limit != NULL)
        count = read_limit_count(limit, &asked);
    count = MIN(count, nfs3_rtmax(call));
    gsize start = buf_mark(res);
    buf_be32(res, NFS_OK);
    buf_be32(res, TRUE);
    nfs3_put_fattr(res, id, &attr);
    gsize count_at = buf_mark(res);
    buf_zeros(res, 4 + 4 + 4); /* count, eof, length of the data */
    gsize data_at = buf_mark(res);
    guint8 *data = buf_put(res, count);
    if (data == NULL)
        return RPC_SYSTEM_ERR;
    gssize n = vfs_read(server->vfs, id, offset, data, count);
    if (n < 0) {
        buf_rewind(res, start);
        return nfs3_fail(server, res, (int)n, TRUE, id);
    }
    buf_rewind(res, data_at + (gsize)n);
    buf_zeros(res, xdr_pad((gsize)n));
    buf_patch_be32(res, count_at, (guint32)n);
    buf_patch_be32(res, count_at + 4, read_ends(&attr, offset, count, (guint64)n) ? 1 : 0);
    buf_patch_be32(res, count_at + 8, (guint32)n);
    if (limit != NULL)
        read_limit_answered(limit, &asked, (guint32)n);
    if (server->observer != NULL) {
        NfsEvent event = { NFS_EVENT_READ, id, offset, (guint64)n, attr.size };
        server->observer(&event, server->observer_data);
    }
    return RPC_SUCCESS;
}

/* ---- what is asked of the file system as a whole ---- */

static RpcAccept
nfs3_fsstat(gpointer service, const RpcCall *call, Cursor *args, Buf *res)
{
    NfsServer *server = service;
    VfsId id;

    (void)call;
    int r = nfs3_handle_get(server, args, &id);
    if (r < 0)
        return nfs3_fail(server, res, r, FALSE, 0);
    buf_be32(res, NFS_OK);
    nfs3_put_post_op_attr(server->vfs, res, id);
    buf_be64(res, vfs_total_bytes(server->vfs)); /* tbytes */
    buf_zeros(res, 8 + 8);                       /* fbytes, abytes */
    buf_zeros(res, 8 + 8 + 8);                   /* tfiles, ffiles, afiles */
    buf_be32(res, G_MAXUINT32);                  /* invarsec: nothing will change */
    return RPC_SUCCESS;
}

static RpcAccept
nfs3_fsinfo(gpointer service, const RpcCall *call, Cursor *args, Buf *res)
{
    NfsServer *server = service;
    VfsId id;

    int r = nfs3_handle_get(server, args, &id);
    if (r < 0)
        return nfs3_fail(server, res, r, FALSE, 0);
    buf_be32(res, NFS_OK);
    nfs3_put_post_op_attr(server->vfs, res, id);
    for (int i = 0; i < 2; i++) { /* rtmax, rtpref, rtmult; the same for writes */
        buf_be32(res, nfs3_rtmax(call));
        buf_be32(res, nfs3_rtmax(call));
        buf_be32(res, 512);
    }
    buf_be32(res, NFS3_DTPREF);
    buf_be64(res, G_MAXINT64); /* maxfilesize */
    buf_be32(res, 1);          /* time_delta: seconds, as ISO 9660 has them */
    buf_be32(res, 0);
    buf_be32(res, FSF3_SYMLINK | FSF3_HOMOGENEOUS);
    return RPC_SUCCESS;
}

static RpcAccept
nfs3_pathconf(gpointer service, const RpcCall *call, Cursor *args, Buf *res)
{
    NfsServer *server = service;
    VfsId id;

    (void)call;
    int r = nfs3_handle_get(server, args, &id);
    if (r < 0)
        return nfs3_fail(server, res, r, FALSE, 0);
    buf_be32(res, NFS_OK);
    nfs3_put_post_op_attr(server->vfs, res, id);
    buf_be32(res, 1);            /* linkmax */
    buf_be32(res, VFS_NAME_MAX); /* name_max */
    buf_be32(res, TRUE);         /* no_trunc */
    buf_be32(res, TRUE);         /* chown_restricted */
    buf_be32(res, FALSE);        /* case_insensitive */
    buf_be32(res, TRUE);         /* case_preserving */
    return RPC_SUCCESS;
}

static const RpcProc nfs3_procs[] = {
    { "NULL", rpc_null },        { "GETATTR", nfs3_getattr },  { "SETATTR", nfs3_rofs_one },
    { "LOOKUP", nfs3_lookup },   { "ACCESS", nfs3_access },    { "READLINK", nfs3_readlink },
    { "READ", nfs3_read },       { "WRITE", nfs3_rofs_one },   { "CREATE", nfs3_rofs_one },
    { "MKDIR", nfs3_rofs_one },  { "SYMLINK", nfs3_rofs_one }, { "MKNOD", nfs3_rofs_one },
    { "REMOVE", nfs3_rofs_one }, { "RMDIR", nfs3_rofs_one },   { "RENAME", nfs3_rofs_rename },
    { "LINK", nfs3_rofs_link },  { "READDIR", nfs3_readdir },  { "READDIRPLUS", nfs3_readdirplus },
    { "FSSTAT", nfs3_fsstat },   { "FSINFO", nfs3_fsinfo },    { "PATHCONF", nfs3_pathconf },
    { "COMMIT", nfs3_rofs_one },
};
G_STATIC_ASSERT(G_N_ELEMENTS(nfs3_procs) == 22);

const RpcProgram nfs_v3 = { NFS_PROGRAM, 3, "nfs3", nfs3_procs, G_N_ELEMENTS(nfs3_procs) };
