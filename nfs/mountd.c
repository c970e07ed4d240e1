/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mount daemon, versions 1 to 3: gives out the handle of a directory. The tree is exported to
 * everybody as "/". FreeBSD's loaders ask for "/pxeroot" when no root-path option told them
 * otherwise [libi386/pxe.c: pxe_open], so that name, and the empty one, mean the root as well.
 * There is no list of mounts: nothing depends on it, and a guest that is reset never unmounts.
 *
 * Source: RFC 1094 appendix A (versions 1, 2), RFC 1813 appendix I (version 3)
 */
#include "nfs/nfs-attr.h"
#include "nfs/nfs-handle.h"
#include "nfs/programs.h"
#include "nfs/xdr.h"

#include <errno.h>
#include <string.h>

#define MNTPATHLEN 1024
#define PXEROOT    "/pxeroot"

/* The NFS errors that MNT may answer in all versions. */
static guint32
mnt_stat(int r)
{
    return r == -ENAMETOOLONG ? NFSERR_NAMETOOLONG : nfs2_stat(r);
}

static int
mnt_find(Vfs *vfs, const char *path, VfsId *ret)
{
    VfsAttr attr;

    int r = vfs_walk(vfs, path, ret);
    if (r == -ENOENT && g_str_has_prefix(path, PXEROOT)) {
        const char *rest = path + strlen(PXEROOT);
        if (*rest == '\0' || *rest == '/')
            r = vfs_walk(vfs, rest, ret);
    }
    if (r < 0)
        return r;
    if ((r = vfs_getattr(vfs, *ret, &attr)) < 0)
        return r;
    return attr.type == VFS_DIR ? 0 : -ENOTDIR;
}

/* Reads the path and finds its directory. Returns: 0 or -errno */
static int
mnt_get(NfsServer *server, Cursor *args, VfsId *ret)
{
    char path[MNTPATHLEN + 1];

    Cursor bytes = xdr_get_opaque(args, cursor_left(args));
    gsize len = cursor_left(&bytes);
    if (!cursor_ok(args))
        return -EINVAL;
    if (len > MNTPATHLEN)
        return -ENAMETOOLONG;
    if (len > 0 && memchr(bytes.at, '\0', len) != NULL)
        return -ENOENT;
    if (len > 0)
        memcpy(path, bytes.at, len);
    path[len] = '\0';
    int r = mnt_find(server->vfs, path, ret);
    if (r == 0 && server->observer != NULL) {
        NfsEvent event = { .kind = NFS_EVENT_MOUNT, .id = *ret };
        server->observer(&event, server->observer_data);
    }
    return r;
}

static RpcAccept
mnt_v1(gpointer service, const RpcCall *call, Cursor *args, Buf *res)
{
    NfsServer *server = service;
    VfsId id;

    (void)call;
    int r = mnt_get(server, args, &id);
    buf_be32(res, mnt_stat(r));
    if (r == 0)
        nfs2_handle_put(server, res, id);
    return RPC_SUCCESS;
}

/* The auth flavors that follow the handle: AUTH_SYS and AUTH_NONE. */
static RpcAccept
mnt_v3(gpointer service, const RpcCall *call, Cursor *args, Buf *res)
{
    NfsServer *server = service;
    VfsId id;

    (void)call;
    int r = mnt_get(server, args, &id);
    buf_be32(res, mnt_stat(r));
    if (r < 0)
        return RPC_SUCCESS;
    nfs3_handle_put(server, res, id);
    buf_be32(res, 2);
    buf_be32(res, 1);
    buf_be32(res, 0);
    return RPC_SUCCESS;
}

/* DUMP: an empty list. */
static RpcAccept
mnt_dump(gpointer service, const RpcCall *call, Cursor *args, Buf *res)
{
    (void)service, (void)call, (void)args;
    buf_be32(res, FALSE);
    return RPC_SUCCESS;
}

static RpcAccept
mnt_umnt(gpointer service, const RpcCall *call, Cursor *args, Buf *res)
{
    (void)service, (void)call, (void)res;
    (void)xdr_get_opaque(args, cursor_left(args));
    return RPC_SUCCESS;
}

/* EXPORT: "/", to no group in particular, which means to everybody. */
static RpcAccept
mnt_export(gpointer service, const RpcCall *call, Cursor *args, Buf *res)
{
    (void)service, (void)call, (void)args;
    buf_be32(res, TRUE);
    xdr_put_opaque(res, "/", 1);
    buf_be32(res, FALSE);
    buf_be32(res, FALSE);
    return RPC_SUCCESS;
}

static const RpcProc mnt_procs_v1[] = {
    { "NULL", rpc_null }, { "MNT", mnt_v1 },       { "DUMP", mnt_dump },
    { "UMNT", mnt_umnt }, { "UMNTALL", rpc_null }, { "EXPORT", mnt_export },
};

static const RpcProc mnt_procs_v3[] = {
    { "NULL", rpc_null }, { "MNT", mnt_v3 },       { "DUMP", mnt_dump },
    { "UMNT", mnt_umnt }, { "UMNTALL", rpc_null }, { "EXPORT", mnt_export },
};

const RpcProgram mountd_v1 = { MOUNT_PROGRAM, 1, "mount", mnt_procs_v1,
                               G_N_ELEMENTS(mnt_procs_v1) };
const RpcProgram mountd_v2 = { MOUNT_PROGRAM, 2, "mount", mnt_procs_v1,
                               G_N_ELEMENTS(mnt_procs_v1) };
const RpcProgram mountd_v3 = { MOUNT_PROGRAM, 3, "mount", mnt_procs_v3,
                               G_N_ELEMENTS(mnt_procs_v3) };
