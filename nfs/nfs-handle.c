/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Layout of a handle: magic 4, fsid 4, VfsId 8, check 8, zero 4. */
#include "nfs/nfs-handle.h"

#include "nfs/nfs-attr.h"
#include "nfs/xdr.h"

#include <errno.h>

#define NFS_HANDLE_MAGIC 0x50584552u /* "PXER" */

/* Not a secret from the guest, which may read everything anyway: it tells this run's handles from
 * another's and from garbage. The mixing steps are those of splitmix64. */
static guint64
handle_check(const NfsServer *server, VfsId id)
{
    guint64 x = id ^ server->key;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static void
handle_put(const NfsServer *server, Buf *res, VfsId id)
{
    buf_be32(res, NFS_HANDLE_MAGIC);
    buf_be32(res, NFS_FSID);
    buf_be64(res, id);
    buf_be64(res, handle_check(server, id));
    buf_be32(res, 0);
}

static int
handle_parse(const NfsServer *server, Cursor handle, VfsId *ret)
{
    guint32 magic = cursor_be32(&handle);
    guint32 fsid = cursor_be32(&handle);
    VfsId id = cursor_be64(&handle);
    guint64 check = cursor_be64(&handle);
    guint8 rest = 0;

    while (cursor_left(&handle) > 0)
        rest |= cursor_u8(&handle);
    if (magic != NFS_HANDLE_MAGIC || rest != 0)
        return -EBADF;
    if (fsid != NFS_FSID || check != handle_check(server, id))
        return -ESTALE;
    *ret = id;
    return 0;
}

/* Reads a handle of version 2, which has a fixed size. Source: RFC 1094 §2.3.3 */
int
nfs2_handle_get(const NfsServer *server, Cursor *args, VfsId *ret)
{
    Cursor handle = cursor_sub(args, NFS2_HANDLE_SIZE);
    return cursor_ok(args) && handle_parse(server, handle, ret) == 0 ? 0 : -ESTALE;
}

/* Reads a handle of version 3; bytes behind ours must be zero. Source: RFC 1813 §2.6 (nfs_fh3) */
int
nfs3_handle_get(const NfsServer *server, Cursor *args, VfsId *ret)
{
    Cursor handle = xdr_get_opaque(args, NFS3_HANDLE_MAX);
    if (!cursor_ok(args) || cursor_left(&handle) < NFS_HANDLE_SIZE)
        return -EBADF;
    return handle_parse(server, handle, ret);
}

/* Appends the handle of @id as version 2 has it, padded with zeros. */
void
nfs2_handle_put(const NfsServer *server, Buf *res, VfsId id)
{
    handle_put(server, res, id);
    buf_zeros(res, NFS2_HANDLE_SIZE - NFS_HANDLE_SIZE);
}

/* Appends the handle of @id as version 3 has it, with its length in front. */
void
nfs3_handle_put(const NfsServer *server, Buf *res, VfsId id)
{
    buf_be32(res, NFS_HANDLE_SIZE);
    handle_put(server, res, id);
}
