/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * File handles. The first 28 bytes name the object and the rest is zero, because a FreeBSD 8 kernel
 * takes the first 28 bytes of the version 2 handle that its loader got and speaks version 3 with
 * them [sys/nfsclient/nfs_diskless.c]. A handle is good for the whole run and for every version.
 */
#pragma once

#include "nfs/nfs-server.h"

#define NFS_HANDLE_SIZE  28
#define NFS2_HANDLE_SIZE 32 /* RFC 1094 §2.3.3 */
#define NFS3_HANDLE_MAX  64 /* RFC 1813 §2.4 */

/* Both return 0, or -ESTALE, or -EBADF for one that cannot be ours (NFS3ERR_BADHANDLE). */
int nfs2_handle_get(const NfsServer *server, Cursor *args, VfsId *ret);
int nfs3_handle_get(const NfsServer *server, Cursor *args, VfsId *ret);

void nfs2_handle_put(const NfsServer *server, Buf *res, VfsId id);
void nfs3_handle_put(const NfsServer *server, Buf *res, VfsId id);
