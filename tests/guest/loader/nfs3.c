/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mount and NFS version 3, for loaders from 8.2 on [libsa/nfs.c]. The loader knows where things are
 * in a reply only if the optional attributes are there: a READ reply without them, even an error,
 * is EBADRPC, and a LOOKUP reply without those of the object EIO. Source: RFC 1813
 */
#include "tests/guest/loader/console.h"
#include "tests/guest/loader/errors.h"
#include "tests/guest/loader/generation.h"
#include "tests/guest/loader/nfs.h"
#include "tests/guest/loader/rpc.h"

#define NFS_VERSION    3
#define MOUNT_VERSION  3
#define MOUNT_MNT      1
#define MOUNT_FLAVOURS 7 /* that the loader has room for */
#define ATTR_SIZE      84
#define ATTR_TYPE      0
#define ATTR_FSIZE_LOW 24
#define POST_OP_SIZE   (4 + ATTR_SIZE)
#define READ_HEADER    (4 + POST_OP_SIZE + 12) /* status, attributes, count, eof, length */
#define READ_COUNT     (4 + POST_OP_SIZE)
#define READDIR_HEADER (4 + POST_OP_SIZE + 8) /* status, attributes, verifier */
#define READDIR_NAME   16                     /* in an entry: 1, fileid, length in front of it */

enum {
    NFS3_LOOKUP = 3,
    NFS3_READLINK = 5,
    NFS3_READ = 6,
    NFS3_READDIR = 16
};

static int32_t
nfs3_call(uint32_t procedure, const XdrOut *arguments, uint32_t max, const uint8_t **ret)
{
    return rpc_call(RPC_NFS, NFS_VERSION, procedure, arguments, max, ret);
}

static int32_t
nfs3_status(const uint8_t *result, int32_t len)
{
    if (len < 0)
        return len;
    if (len < 8) {
        trouble("NFS reply of %d bytes", len);
        return -EIO;
    }
    return -(int32_t)be32_get(result);
}

/* Reads a handle with its length in front. Returns: what it takes; -EBADRPC */
static int32_t
take_handle(NfsHandle *handle, const uint8_t *at, uint32_t left)
{
    uint32_t len = be32_get(at);

    if (len == 0 || len > NFS_HANDLE_MAX || 4 + xdr_round(len) > left) {
        trouble("handle of %u bytes in the %u that are left", len, left);
        return -EBADRPC;
    }
    handle->len = len;
    memcpy(handle->bytes, at + 4, len);
    return (int32_t)(4 + xdr_round(len));
}

static int32_t
nfs3_mount(const char *path, NfsHandle *ret)
{
    XdrOut arguments = { 0 };
    const uint8_t *result;

    xdr_opaque(&arguments, path, strlen(path));
    int32_t len = rpc_call(RPC_MOUNT, MOUNT_VERSION, MOUNT_MNT, &arguments,
                           8 + NFS_HANDLE_MAX + 4 + 4 * MOUNT_FLAVOURS, &result);
    if (len >= 0 && len < 8) {
        trouble("MNT reply of %d bytes", len);
        return -EBADRPC;
    }
    int32_t r = nfs3_status(result, len);
    if (r == 0)
        r = take_handle(ret, result + 4, (uint32_t)len - 4);
    return r < 0 ? r : 0;
}

static int32_t
nfs3_lookup(const NfsHandle *directory, const char *name, NfsNode *ret)
{
    XdrOut arguments = { 0 };
    const uint8_t *result;
    uint32_t name_len = strlen(name);

    xdr_opaque(&arguments, directory->bytes, directory->len);
    xdr_opaque(&arguments, name, name_len < NFS_NAME_SENT ? name_len : NFS_NAME_SENT);
    int32_t len =
        nfs3_call(NFS3_LOOKUP, &arguments, 8 + NFS_HANDLE_MAX + 2 * POST_OP_SIZE, &result);
    int32_t r = nfs3_status(result, len);
    if (r < 0)
        return r;
    r = take_handle(&ret->handle, result + 4, (uint32_t)len - 4);
    if (r < 0)
        return r;
    const uint8_t *attr = result + 4 + r;
    if (result + len - attr < POST_OP_SIZE || be32_get(attr) == 0) {
        trouble("LOOKUP reply without attributes of the object");
        return -EIO;
    }
    ret->type = be32_get(attr + 4 + ATTR_TYPE);
    ret->size = be32_get(attr + 4 + ATTR_FSIZE_LOW);
    return 0;
}

static int32_t
nfs3_readlink(const NfsHandle *link, char *ret, uint32_t size)
{
    XdrOut arguments = { 0 };
    const uint8_t *result;

    xdr_opaque(&arguments, link->bytes, link->len);
    int32_t len =
        nfs3_call(NFS3_READLINK, &arguments, 4 + POST_OP_SIZE + 4 + NFS_PATH_MAX, &result);
    int32_t r = nfs3_status(result, len);
    if (r < 0)
        return r;
    if (be32_get(result + 4) == 0 || len < 4 + POST_OP_SIZE + 4) {
        trouble("READLINK reply without attributes");
        return -EIO;
    }
    uint32_t target_len = be32_get(result + 4 + POST_OP_SIZE);
    if (target_len >= size || target_len > (uint32_t)len - (4 + POST_OP_SIZE + 4))
        return -ENAMETOOLONG;
    memcpy(ret, result + 4 + POST_OP_SIZE + 4, target_len);
    ret[target_len] = '\0';
    return 0;
}

static int32_t
nfs3_read(const NfsHandle *file, uint32_t offset, void *to, uint32_t len)
{
    uint32_t read_size = generation.read_size();
    XdrOut arguments = { 0 };
    const uint8_t *result;

    xdr_opaque(&arguments, file->bytes, file->len);
    xdr_word(&arguments, 0);
    xdr_word(&arguments, offset);
    xdr_word(&arguments, len < read_size ? len : read_size);
    int32_t n = nfs3_call(NFS3_READ, &arguments, READ_HEADER + read_size, &result);
    if (n < 0)
        return n;
    if (n < READ_HEADER) {
        trouble("READ reply of %d bytes, status %u", n, be32_get(result));
        return -EBADRPC;
    }
    int32_t r = nfs3_status(result, n);
    if (r < 0)
        return r;
    uint32_t count = be32_get(result + READ_COUNT);
    if ((uint32_t)n - READ_HEADER < count || count > len) {
        console_print("   nfsread: short packet, %d < %u\n", n - READ_HEADER, count);
        return -EBADRPC;
    }
    memcpy(to, result + READ_HEADER, count);
    return (int32_t)count;
}

/* ---- directories ---- */

typedef struct {
    uint8_t cookie[8], verifier[8];
} ReaddirState;

/* One reply's entries: { 1, fileid, name, cookie } …, 0, eof. Returns: 1 at the end, 0, -errno */
static int32_t
take_entries(
    const uint8_t *at, const uint8_t *end, ReaddirState *state, NfsEntryFunc entry, void *data)
{
    char name[NFS_NAME_MAX + 1];

    while (end - at >= 8) {
        if (be32_get(at) == 0)
            return be32_get(at + 4) != 0;
        uint32_t len = end - at >= READDIR_NAME ? be32_get(at + 12) : UINT32_MAX;
        if (len > NFS_NAME_MAX || (uint32_t)(end - at) < READDIR_NAME + xdr_round(len) + 8)
            break;
        memcpy(name, at + READDIR_NAME, len);
        name[len] = '\0';
        entry(name, data);
        at += READDIR_NAME + xdr_round(len);
        memcpy(state->cookie, at, sizeof state->cookie);
        at += sizeof state->cookie;
    }
    trouble("READDIR reply does not end in its %d bytes", NFS_READDIR_SIZE);
    return -EBADRPC;
}

static int32_t
nfs3_readdir(const NfsHandle *directory, NfsEntryFunc entry, void *data)
{
    ReaddirState state = { 0 };

    for (;;) {
        XdrOut arguments = { 0 };
        const uint8_t *result;
        xdr_opaque(&arguments, directory->bytes, directory->len);
        xdr_fixed(&arguments, state.cookie, sizeof state.cookie);
        xdr_fixed(&arguments, state.verifier, sizeof state.verifier);
        xdr_word(&arguments, NFS_READDIR_SIZE);
        int32_t len = nfs3_call(NFS3_READDIR, &arguments, NFS_READDIR_SIZE, &result);
        int32_t r = nfs3_status(result, len);
        if (r < 0)
            return r;
        if (len < READDIR_HEADER || be32_get(result + 4) == 0) {
            trouble("READDIR reply without attributes");
            return -EIO;
        }
        memcpy(state.verifier, result + READDIR_HEADER - 8, sizeof state.verifier);
        r = take_entries(result + READDIR_HEADER, result + len, &state, entry, data);
        if (r != 0)
            return r < 0 ? r : 0;
    }
}

const NfsClient nfs3_client = {
    .mount = nfs3_mount,
    .lookup = nfs3_lookup,
    .readlink = nfs3_readlink,
    .read = nfs3_read,
    .readdir = nfs3_readdir,
};
