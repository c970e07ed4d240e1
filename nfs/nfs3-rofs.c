/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The procedures of NFS version 3 that would change something: NFS3ERR_ROFS with the weak cache
 * data that RFC 1813 asks for. FreeBSD's start-up scripts find out from exactly this error that
 * they must mount memory file systems for /tmp and /var [etc/rc.d/tmp, rc.d/var].
 */
#include "nfs/nfs-args.h"
#include "nfs/nfs-attr.h"
#include "nfs/nfs-handle.h"
#include "nfs/nfs3.h"
#include "nfs/xdr.h"

#include <errno.h>

/* wcc_data: no attributes from before, those from now. Source: RFC 1813 §2.6 */
static void
put_wcc(NfsServer *server, Buf *res, int r, VfsId id)
{
    buf_be32(res, FALSE);
    if (r == 0)
        nfs3_put_post_op_attr(server->vfs, res, id);
    else
        buf_be32(res, FALSE);
}

/* What comes behind the first handle, by procedure. Source: RFC 1813 §3.3 */
static const char *const rofs_args[] = {
    [2] = "ag",   /* SETATTR: new_attributes, guard */
    [7] = "844o", /* WRITE: offset, count, stable, data */
    [8] = "oc",   /* CREATE: name, how */
    [9] = "oa",   /* MKDIR: name, attributes */
    [10] = "oao", /* SYMLINK: name, symlink_attributes, symlink_data */
    [11] = "om",  /* MKNOD: name, what */
    [12] = "o",   /* REMOVE: name */
    [13] = "o",   /* RMDIR: name */
    [21] = "84",  /* COMMIT: offset, count */
};

/* All whose result on failure is one wcc_data, that of the first handle in the arguments. */
RpcAccept
nfs3_rofs_one(gpointer service, const RpcCall *call, Cursor *args, Buf *res)
{
    VfsId id = 0;

    int r = nfs3_handle_get(service, args, &id);
    nfs_args_skip(args, rofs_args[call->proc]);
    buf_be32(res, nfs3_stat(r < 0 ? r : -EROFS));
    put_wcc(service, res, r, id);
    return RPC_SUCCESS;
}

/* RENAME: from-directory, name, to-directory, name → two wcc_data. */
RpcAccept
nfs3_rofs_rename(gpointer service, const RpcCall *call, Cursor *args, Buf *res)
{
    VfsId from = 0, to = 0;

    (void)call;
    int r_from = nfs3_handle_get(service, args, &from);
    (void)xdr_get_opaque(args, cursor_left(args));
    int r_to = nfs3_handle_get(service, args, &to);
    (void)xdr_get_opaque(args, cursor_left(args));
    buf_be32(res, nfs3_stat(r_from < 0 ? r_from : r_to < 0 ? r_to : -EROFS));
    put_wcc(service, res, r_from, from);
    put_wcc(service, res, r_to, to);
    return RPC_SUCCESS;
}

/* LINK: file, directory, name → attributes of the file, wcc_data of the directory. */
RpcAccept
nfs3_rofs_link(gpointer service, const RpcCall *call, Cursor *args, Buf *res)
{
    NfsServer *server = service;
    VfsId file = 0, dir = 0;

    (void)call;
    int r_file = nfs3_handle_get(server, args, &file);
    int r_dir = nfs3_handle_get(server, args, &dir);
    (void)xdr_get_opaque(args, cursor_left(args));
    buf_be32(res, nfs3_stat(r_file < 0 ? r_file : r_dir < 0 ? r_dir : -EROFS));
    if (r_file == 0)
        nfs3_put_post_op_attr(server->vfs, res, file);
    else
        buf_be32(res, FALSE);
    put_wcc(server, res, r_dir, dir);
    return RPC_SUCCESS;
}
