/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Steps over what it is told to; a call whose arguments are cut is GARBAGE_ARGS, not a read-only
 * file system. Source: RFC 1094 §2.3 (version 2), RFC 1813 §2.6, §3.3 (version 3)
 */
#include "nfs/nfs-args.h"

#include "nfs/nfs-handle.h"
#include "nfs/xdr.h"

#define SATTR_SIZE         (8 * 4) /* of version 2 */
#define SET_TO_CLIENT_TIME 2
#define CREATE_EXCLUSIVE   2
#define CREATE_VERIFIER    8
#define NFSTIME3_SIZE      8
#define SPECDATA3_SIZE     8

/* sattr3: mode, uid, gid, size, atime, mtime; each only where its first word says so. */
static void
skip_sattr3(Cursor *args)
{
    static const guint8 sizes[] = { 4, 4, 4, 8 };

    for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++)
        cursor_skip(args, cursor_be32(args) != 0 ? sizes[i] : 0);
    for (int i = 0; i < 2; i++)
        cursor_skip(args, cursor_be32(args) == SET_TO_CLIENT_TIME ? NFSTIME3_SIZE : 0);
}

/* createhow3 */
static void
skip_createhow3(Cursor *args)
{
    if (cursor_be32(args) == CREATE_EXCLUSIVE)
        cursor_skip(args, CREATE_VERIFIER);
    else
        skip_sattr3(args);
}

/* mknoddata3: attributes for devices, sockets and FIFOs; devices have their numbers besides. */
static void
skip_mknoddata3(Cursor *args)
{
    enum {
        NF3BLK = 3,
        NF3CHR = 4,
        NF3SOCK = 6,
        NF3FIFO = 7
    };
    guint32 type = cursor_be32(args);

    if (type == NF3BLK || type == NF3CHR || type == NF3SOCK || type == NF3FIFO)
        skip_sattr3(args);
    if (type == NF3BLK || type == NF3CHR)
        cursor_skip(args, SPECDATA3_SIZE);
}

static void
skip_value(Cursor *args, char type)
{
    switch (type) {
    case 'a':
        skip_sattr3(args);
        break;
    case 'c':
        skip_createhow3(args);
        break;
    case 'g': /* sattrguard3 */
        cursor_skip(args, cursor_be32(args) != 0 ? NFSTIME3_SIZE : 0);
        break;
    case 'h':
        cursor_skip(args, NFS2_HANDLE_SIZE);
        break;
    case 'm':
        skip_mknoddata3(args);
        break;
    case 'o':
        (void)xdr_get_opaque(args, cursor_left(args));
        break;
    case 's':
        cursor_skip(args, SATTR_SIZE);
        break;
    default:
        cursor_skip(args, (gsize)(type - '0'));
    }
}

/**
 * nfs_args_skip:
 * @args: arguments
 * @shape: their types, a letter each: a sattr3, c createhow3, g sattrguard3, h fhandle of version
 *2, m mknoddata3, o opaque or string, s sattr of version 2, 4 and 8 integers
 *
 * Steps over them; @args turns bad when they are not all there.
 **/
void
nfs_args_skip(Cursor *args, const char *shape)
{
    for (; *shape != '\0'; shape++)
        skip_value(args, *shape);
}
