/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Translates between the tree's words and those of NFS versions 2 and 3. */
#include "nfs/nfs-attr.h"

#include "nfs/xdr.h"

#include <errno.h>
#include <string.h>

typedef struct {
    int error;
    NfsStat v2, v3;
} StatRow;

static const StatRow stat_rows[] = {
    { 0, NFS_OK, NFS_OK },
    { EPERM, NFSERR_PERM, NFSERR_PERM },
    { ENOENT, NFSERR_NOENT, NFSERR_NOENT },
    { EIO, NFSERR_IO, NFSERR_IO },
    { EACCES, NFSERR_ACCES, NFSERR_ACCES },
    { ENOTDIR, NFSERR_NOTDIR, NFSERR_NOTDIR },
    { EISDIR, NFSERR_ISDIR, NFSERR_ISDIR },
    { EINVAL, NFSERR_IO, NFS3ERR_INVAL },
    { EROFS, NFSERR_ROFS, NFSERR_ROFS },
    { ENAMETOOLONG, NFSERR_NAMETOOLONG, NFSERR_NAMETOOLONG },
    { ELOOP, NFSERR_IO, NFSERR_IO },
    { ESTALE, NFSERR_STALE, NFSERR_STALE },
    { EBADF, NFSERR_STALE, NFS3ERR_BADHANDLE },
    { ENOSPC, NFSERR_IO, NFS3ERR_SERVERFAULT },
    { ENOMEM, NFSERR_IO, NFS3ERR_SERVERFAULT },
};

static const StatRow *
stat_row(int negative_errno)
{
    for (gsize i = 0; i < G_N_ELEMENTS(stat_rows); i++) {
        if (stat_rows[i].error == -negative_errno)
            return &stat_rows[i];
    }
    return &stat_rows[3]; /* EIO */
}

/* Returns: the status of version 2 for a negative errno, or for 0 */
NfsStat
nfs2_stat(int negative_errno)
{
    return stat_row(negative_errno)->v2;
}

/* Returns: the status of version 3 for a negative errno, or for 0 */
NfsStat
nfs3_stat(int negative_errno)
{
    return stat_row(negative_errno)->v3;
}

/* File type numbers, and the S_IF bits that version 2 wants in the mode as well. */
static const struct {
    guint32 v2, v3, mode_bits;
} file_types[VFS_TYPE_COUNT] = {
    [VFS_REG] = { 1, 1, 0100000 },  [VFS_DIR] = { 2, 2, 0040000 }, [VFS_BLK] = { 3, 3, 0060000 },
    [VFS_CHR] = { 4, 4, 0020000 },  [VFS_LNK] = { 5, 5, 0120000 }, [VFS_SOCK] = { 6, 6, 0140000 },
    [VFS_FIFO] = { 8, 7, 0010000 },
};

/* Numbers 0 and 1 are left out: FreeBSD takes a directory entry with number 0 for a deleted one. */
#define FILEID_FIRST 2

/* Returns: the number that version 3 tells for an object, another for each */
guint64
nfs3_fileid(VfsId id)
{
    return id <= G_MAXUINT64 - FILEID_FIRST ? id + FILEID_FIRST : id;
}

/* Returns: the number that version 2 tells, which has 32 bits; a larger one is folded into the
 * upper half of them, where it may be another's as well, but never that of a deleted entry */
guint32
nfs2_fileid(VfsId id)
{
    guint64 fileid = nfs3_fileid(id);

    if (fileid <= G_MAXUINT32)
        return (guint32)fileid;
    return (guint32)(fileid ^ fileid >> 32) | 0x80000000u;
}

/* Bytes that the object takes up, in whole blocks of 512. */
static guint64
used_bytes(const VfsAttr *attr)
{
    return (attr->size + NFS_DIR_BLOCK - 1) / NFS_DIR_BLOCK * NFS_DIR_BLOCK;
}

static guint32
clamp32(guint64 v)
{
    return v > G_MAXUINT32 ? G_MAXUINT32 : (guint32)v;
}

/* Source: RFC 1094 §2.3.5 (fattr) */
void
nfs2_put_fattr(Buf *res, VfsId id, const VfsAttr *attr)
{
    guint32 mtime_s = (guint32)CLAMP(attr->mtime_s, 0, G_MAXUINT32);

    buf_be32(res, file_types[attr->type].v2);
    buf_be32(res, file_types[attr->type].mode_bits | attr->mode);
    buf_be32(res, attr->nlink);
    buf_be32(res, attr->uid);
    buf_be32(res, attr->gid);
    buf_be32(res, clamp32(attr->size));
    buf_be32(res, 4096);
    buf_be32(res, attr->rdev_major << 8 | (attr->rdev_minor & 0xff));
    buf_be32(res, clamp32(used_bytes(attr) / 512));
    buf_be32(res, NFS_FSID);
    buf_be32(res, nfs2_fileid(id));
    for (int i = 0; i < 3; i++) { /* atime, mtime, ctime */
        buf_be32(res, mtime_s);
        buf_be32(res, attr->mtime_ns / 1000);
    }
}

/* Source: RFC 1813 §2.6 (fattr3) */
void
nfs3_put_fattr(Buf *res, VfsId id, const VfsAttr *attr)
{
    guint32 mtime_s = (guint32)CLAMP(attr->mtime_s, 0, G_MAXUINT32);

    buf_be32(res, file_types[attr->type].v3);
    buf_be32(res, attr->mode);
    buf_be32(res, attr->nlink);
    buf_be32(res, attr->uid);
    buf_be32(res, attr->gid);
    buf_be64(res, attr->size);
    buf_be64(res, used_bytes(attr));
    buf_be32(res, attr->rdev_major);
    buf_be32(res, attr->rdev_minor);
    buf_be64(res, NFS_FSID);
    buf_be64(res, nfs3_fileid(id));
    for (int i = 0; i < 3; i++) { /* atime, mtime, ctime */
        buf_be32(res, mtime_s);
        buf_be32(res, attr->mtime_ns);
    }
}

/* post_op_attr: the attributes of @id, or that there are none. Source: RFC 1813 §2.6 */
void
nfs3_put_post_op_attr(Vfs *vfs, Buf *res, VfsId id)
{
    VfsAttr attr;

    if (vfs_getattr(vfs, id, &attr) < 0) {
        buf_be32(res, FALSE);
        return;
    }
    buf_be32(res, TRUE);
    nfs3_put_fattr(res, id, &attr);
}

/**
 * nfs_name_get:
 * @args: arguments, at a filename
 * @ret_name: (out): the name, NUL-terminated
 *
 * Returns: 0, or -ENAMETOOLONG, -EINVAL (empty, or with '/' or NUL inside). A name that is not all
 *   there makes @args bad.
 **/
int
nfs_name_get(Cursor *args, char ret_name[VFS_NAME_MAX + 1])
{
    Cursor name = xdr_get_opaque(args, cursor_left(args));
    gsize len = cursor_left(&name);

    if (!cursor_ok(args))
        return -EINVAL;
    if (len > VFS_NAME_MAX)
        return -ENAMETOOLONG;
    if (len == 0 || memchr(name.at, '/', len) != NULL || memchr(name.at, '\0', len) != NULL)
        return -EINVAL;
    memcpy(ret_name, name.at, len);
    ret_name[len] = '\0';
    return 0;
}

/* Cookies 1 and 2 are "." and ".."; those of the tree follow. */
#define COOKIE_DOT    1
#define COOKIE_DOTDOT 2

/**
 * nfs_dir_next:
 * @vfs: the tree
 * @dir: a directory
 * @cookie: 0 for the first entry, else the cookie of the entry before
 * @ret: (out): the next entry, "." and ".." included
 *
 * Returns: 1, 0 behind the last entry, or a negative errno
 **/
int
nfs_dir_next(Vfs *vfs, VfsId dir, guint64 cookie, VfsDirent *ret)
{
    if (cookie < COOKIE_DOTDOT) {
        VfsId id = dir;
        int r = cookie == COOKIE_DOT ? vfs_parent(vfs, dir, &id) : 0;
        if (r < 0)
            return r;
        ret->id = id;
        ret->cookie = cookie + 1;
        (void)g_strlcpy(ret->name, cookie == COOKIE_DOT ? ".." : ".", sizeof ret->name);
        return 1;
    }
    int r = vfs_readdir(vfs, dir, cookie - COOKIE_DOTDOT, ret);
    if (r == 1)
        ret->cookie += COOKIE_DOTDOT;
    return r;
}
