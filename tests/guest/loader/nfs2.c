/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mount version 1 and NFS version 2, for loaders up to 8.1 [libstand/nfs.c, OLD_NFSV2]. Replies are
 * taken apart at fixed places, as the loader does with its structures. Source: RFC 1094
 */
#include "tests/guest/loader/console.h"
#include "tests/guest/loader/errors.h"
#include "tests/guest/loader/generation.h"
#include "tests/guest/loader/nfs.h"
#include "tests/guest/loader/rpc.h"

#define NFS_VERSION   2
#define MOUNT_VERSION 1
#define MOUNT_MNT     1
#define HANDLE_SIZE   32
#define ATTR_SIZE     (17 * 4)
#define ATTR_TYPE     0
#define ATTR_FSIZE    (5 * 4)
#define READ_HEADER   (4 + ATTR_SIZE + 4) /* status, attributes, length */

enum {
    NFS2_LOOKUP = 4,
    NFS2_READLINK = 5,
    NFS2_READ = 6,
    NFS2_READDIR = 16
};

static int32_t
nfs2_call(uint32_t procedure, const XdrOut *arguments, uint32_t max, const uint8_t **ret)
{
    return rpc_call(RPC_NFS, NFS_VERSION, procedure, arguments, max, ret);
}

static int32_t
nfs2_status(const uint8_t *result, int32_t len)
{
    if (len < 0)
        return len;
    return len < 4 ? -EIO : -(int32_t)be32_get(result);
}

static void
take_handle(NfsHandle *handle, const uint8_t *bytes)
{
    handle->len = HANDLE_SIZE;
    memcpy(handle->bytes, bytes, HANDLE_SIZE);
}

static int32_t
nfs2_mount(const char *path, NfsHandle *ret)
{
    XdrOut arguments = { 0 };
    const uint8_t *result;

    xdr_opaque(&arguments, path, strlen(path));
    int32_t len =
        rpc_call(RPC_MOUNT, MOUNT_VERSION, MOUNT_MNT, &arguments, 4 + HANDLE_SIZE, &result);
    int32_t r = nfs2_status(result, len);
    if (r < 0)
        return r;
    if (len < 4 + HANDLE_SIZE) {
        trouble("MNT reply of %d bytes", len);
        return -EBADRPC;
    }
    take_handle(ret, result + 4);
    return 0;
}

static int32_t
nfs2_lookup(const NfsHandle *directory, const char *name, NfsNode *ret)
{
    XdrOut arguments = { 0 };
    const uint8_t *result;
    uint32_t name_len = strlen(name);

    xdr_fixed(&arguments, directory->bytes, HANDLE_SIZE);
    xdr_opaque(&arguments, name, name_len < NFS_NAME_SENT ? name_len : NFS_NAME_SENT);
    int32_t len = nfs2_call(NFS2_LOOKUP, &arguments, 4 + HANDLE_SIZE + ATTR_SIZE, &result);
    int32_t r = nfs2_status(result, len);
    if (r < 0)
        return r;
    if (len < 4 + HANDLE_SIZE + ATTR_SIZE) {
        trouble("LOOKUP reply of %d bytes", len);
        return -EIO;
    }
    const uint8_t *attr = result + 4 + HANDLE_SIZE;
    take_handle(&ret->handle, result + 4);
    ret->type = be32_get(attr + ATTR_TYPE);
    ret->size = be32_get(attr + ATTR_FSIZE);
    return 0;
}

static int32_t
nfs2_readlink(const NfsHandle *link, char *ret, uint32_t size)
{
    XdrOut arguments = { 0 };
    const uint8_t *result;

    xdr_fixed(&arguments, link->bytes, HANDLE_SIZE);
    int32_t len = nfs2_call(NFS2_READLINK, &arguments, 8 + NFS_PATH_MAX, &result);
    int32_t r = nfs2_status(result, len);
    if (r < 0)
        return r;
    uint32_t target_len = be32_get(result + 4);
    if (target_len >= size || target_len > (uint32_t)len - 8)
        return -ENAMETOOLONG;
    memcpy(ret, result + 8, target_len);
    ret[target_len] = '\0';
    return 0;
}

static int32_t
nfs2_read(const NfsHandle *file, uint32_t offset, void *to, uint32_t len)
{
    XdrOut arguments = { 0 };
    const uint8_t *result;
    uint32_t read_size = generation.read_size();

    xdr_fixed(&arguments, file->bytes, HANDLE_SIZE);
    xdr_word(&arguments, offset);
    xdr_word(&arguments, len < read_size ? len : read_size);
    xdr_word(&arguments, 0); /* totalcount, not used */
    int32_t n = nfs2_call(NFS2_READ, &arguments, READ_HEADER + read_size, &result);
    if (n < 0)
        return n;
    if (n < READ_HEADER) {
        trouble("READ reply of %d bytes, status %u", n, be32_get(result));
        return -EBADRPC;
    }
    int32_t r = nfs2_status(result, n);
    if (r < 0)
        return r;
    uint32_t count = be32_get(result + READ_HEADER - 4);
    if ((uint32_t)n - READ_HEADER < count || count > len) {
        console_print("   nfsread: short packet, %d < %u\n", n - READ_HEADER, count);
        return -EBADRPC;
    }
    memcpy(to, result + READ_HEADER, count);
    return (int32_t)count;
}

/* One reply's entries: { 1, fileid, name, cookie } …, 0, eof. Returns: 1 at the end, 0, -errno */
static int32_t
take_entries(
    const uint8_t *at, const uint8_t *end, uint32_t *cookie, NfsEntryFunc entry, void *data)
{
    char name[NFS_NAME_MAX + 1];

    while (end - at >= 8) {
        if (be32_get(at) == 0)
            return be32_get(at + 4) != 0;
        uint32_t len = end - at >= 12 ? be32_get(at + 8) : UINT32_MAX;
        if (len > NFS_NAME_MAX || (uint32_t)(end - at) < 12 + xdr_round(len) + 4)
            break;
        memcpy(name, at + 12, len);
        name[len] = '\0';
        entry(name, data);
        at += 12 + xdr_round(len);
        *cookie = be32_get(at);
        at += 4;
    }
    trouble("READDIR reply does not end in its %d bytes", NFS_READDIR_SIZE);
    return -EBADRPC;
}

static int32_t
nfs2_readdir(const NfsHandle *directory, NfsEntryFunc entry, void *data)
{
    uint32_t cookie = 0;

    for (;;) {
        XdrOut arguments = { 0 };
        const uint8_t *result;
        xdr_fixed(&arguments, directory->bytes, HANDLE_SIZE);
        xdr_word(&arguments, cookie);
        xdr_word(&arguments, NFS_READDIR_SIZE);
        int32_t len = nfs2_call(NFS2_READDIR, &arguments, NFS_READDIR_SIZE, &result);
        int32_t r = nfs2_status(result, len);
        if (r == 0)
            r = take_entries(result + 4, result + len, &cookie, entry, data);
        if (r != 0)
            return r < 0 ? r : 0;
    }
}

const NfsClient nfs2_client = {
    .mount = nfs2_mount,
    .lookup = nfs2_lookup,
    .readlink = nfs2_readlink,
    .read = nfs2_read,
    .readdir = nfs2_readdir,
};
