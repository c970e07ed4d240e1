/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attributes, status codes and directory entries as NFS has them, for both versions. */
#pragma once

#include "images/vfs.h"
#include "nfs/nfs-server.h"

#define NFS_FSID      0x70786552u
#define NFS_DIR_BLOCK 512u

/* nfsstat and nfsstat3: one list of numbers. RFC 1094 §2.3.1, RFC 1813 §2.6. */
typedef enum {
    NFS_OK = 0,
    NFSERR_PERM = 1,
    NFSERR_NOENT = 2,
    NFSERR_IO = 5,
    NFSERR_ACCES = 13,
    NFSERR_NOTDIR = 20,
    NFSERR_ISDIR = 21,
    NFS3ERR_INVAL = 22,
    NFSERR_ROFS = 30,
    NFSERR_NAMETOOLONG = 63,
    NFSERR_STALE = 70,
    NFS3ERR_BADHANDLE = 10001,
    NFS3ERR_BAD_COOKIE = 10003,
    NFS3ERR_NOTSUPP = 10004,
    NFS3ERR_TOOSMALL = 10005,
    NFS3ERR_SERVERFAULT = 10006,
} NfsStat;

NfsStat nfs2_stat(int negative_errno);
NfsStat nfs3_stat(int negative_errno);

guint64 nfs3_fileid(VfsId id);
guint32 nfs2_fileid(VfsId id);
void nfs2_put_fattr(Buf *res, VfsId id, const VfsAttr *attr);
void nfs3_put_fattr(Buf *res, VfsId id, const VfsAttr *attr);
void nfs3_put_post_op_attr(Vfs *vfs, Buf *res, VfsId id);

int nfs_name_get(Cursor *args, char ret_name[VFS_NAME_MAX + 1]);
int nfs_dir_next(Vfs *vfs, VfsId dir, guint64 cookie, VfsDirent *ret);
