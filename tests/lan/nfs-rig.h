/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The responder over a memory tree, called as a client does: calls are built and replies read word
 * by word, by the RFCs and not by the code under test.
 */
#pragma once

#include "nfs/nfs-server.h"
#include "tests/lan/rows.h"

#include <string.h>

#define NFS_RIG_KEY  G_GUINT64_CONSTANT(0x0123456789abcdef)
#define NFS_RIG_MANY 300 /* entries in /many */

/* The handle of an object, as it is on the wire. */
typedef struct {
    guint32 len;
    guint8 bytes[64];
} NfsHandle;

typedef struct {
    NfsServer server;
    Vfs *vfs;
    RpcTransport transport; /* UDP unless a test says otherwise */
    guint32 xid;
    Buf call, reply;
    guint8 call_bytes[4096];
    guint8 reply_bytes[RPC_REPLY_HEADER + NFS_REPLY_MAX];
} NfsRig;

static inline void
nfs_rig_add_file(Vfs *vfs, const char *path, gsize size, guint32 mode)
{
    g_autoptr(GBytes) content = row_pattern_bytes(size, (guint32)size);
    g_assert_cmpint(vfs_mem_add_file(vfs, path, content, mode), ==, 0);
}

/* Names of many lengths in /many, up to the longest that there can be. */
static inline char *
nfs_rig_many_name(guint i)
{
    gsize len = i % 50 == 49 ? 255 : 1 + i * 7 % 30;
    g_autofree char *number = g_strdup_printf("%u-", i);
    g_autofree char *fill = g_strnfill(MAX(len, strlen(number)) - strlen(number), 'n');
    return g_strconcat(number, fill, NULL);
}

static inline Vfs *
nfs_rig_tree(void)
{
    g_autofree char *target_1024 = g_strnfill(1024, 't');
    g_autofree char *target_1025 = g_strnfill(1025, 't');
    Vfs *vfs = vfs_mem_new();

    nfs_rig_add_file(vfs, "/boot/loader.rc", 430, 0444);
    nfs_rig_add_file(vfs, "/boot/kernel/kernel", 100000, 0555);
    nfs_rig_add_file(vfs, "/empty", 0, 0644);
    nfs_rig_add_file(vfs, "/one", 1, 0600);
    nfs_rig_add_file(vfs, "/script", 10, 0755);
    g_assert_cmpint(vfs_mem_add_symlink(vfs, "/link", "boot/loader.rc"), ==, 0);
    g_assert_cmpint(vfs_mem_add_symlink(vfs, "/boot-link", "/boot"), ==, 0);
    g_assert_cmpint(vfs_mem_add_symlink(vfs, "/link-1024", target_1024), ==, 0);
    g_assert_cmpint(vfs_mem_add_symlink(vfs, "/link-1025", target_1025), ==, 0);
    g_assert_cmpint(vfs_mem_add_dir(vfs, "/private", 0700), ==, 0);
    for (guint i = 0; i < NFS_RIG_MANY; i++) {
        g_autofree char *name = nfs_rig_many_name(i);
        g_autofree char *path = g_strconcat("/many/", name, NULL);
        nfs_rig_add_file(vfs, path, i, 0444);
    }
    return vfs;
}

/* @tree: (transfer full): what to serve */
static inline void
nfs_rig_init_tree(NfsRig *self, Vfs *tree)
{
    self->vfs = tree;
    self->transport = RPC_UDP;
    self->xid = 0x1000;
    self->call = buf_of(self->call_bytes, sizeof self->call_bytes, 0);
    self->reply = buf_of(self->reply_bytes, sizeof self->reply_bytes, 0);
    nfs_server_init(&self->server, self->vfs, NFS_RIG_KEY);
}

static inline void
nfs_rig_init(NfsRig *self)
{
    nfs_rig_init_tree(self, nfs_rig_tree());
}

static inline void
nfs_rig_clear(NfsRig *self)
{
    vfs_free(self->vfs);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NfsRig, nfs_rig_clear)

/* Starts a call, with the credential that FreeBSD's loaders send; the arguments follow. */
static inline Buf *
nfs_rig_begin(NfsRig *self, guint32 prog, guint32 vers, guint32 proc)
{
    static const guint32 auth[] = { 1, 20, 0, 0, 0, 0, 0, 0, 0 };

    buf_reset(&self->call, 0);
    buf_be32(&self->call, ++self->xid);
    buf_be32(&self->call, 0);
    buf_be32(&self->call, 2);
    buf_be32(&self->call, prog);
    buf_be32(&self->call, vers);
    buf_be32(&self->call, proc);
    for (gsize i = 0; i < G_N_ELEMENTS(auth); i++)
        buf_be32(&self->call, auth[i]);
    return &self->call;
}

#define NFS_RIG_CALL_HEADER (15 * 4)

/* Sends the call, which must be answered. Returns: a cursor behind the xid, which is checked */
static inline Cursor
nfs_rig_send(NfsRig *self)
{
    /* A copy of the exact size: a read beyond it is seen by the sanitizers. */
    gsize len = buf_len(&self->call);
    g_autofree guint8 *exact = g_memdup2(buf_data(&self->call), len);
    Cursor msg = cursor_of(exact, len);

    g_assert_true(buf_ok(&self->call));
    buf_reset(&self->reply, 0);
    g_assert_true(rpc_dispatch(&self->server.rpc, self->transport, &msg, &self->reply));
    Cursor reply = cursor_of(buf_data(&self->reply), buf_len(&self->reply));
    g_assert_cmpuint(cursor_left(&reply) % 4, ==, 0);
    g_assert_cmphex(cursor_be32(&reply), ==, self->xid);
    g_assert_cmpuint(cursor_be32(&reply), ==, 1);
    return reply;
}

/* Sends the call. Returns: its accept_stat; the results, if there are any, in @ret_results */
static inline guint32
nfs_rig_accept(NfsRig *self, Cursor *ret_results)
{
    Cursor reply = nfs_rig_send(self);
    g_assert_cmpuint(cursor_be32(&reply), ==, 0); /* MSG_ACCEPTED */
    g_assert_cmpuint(cursor_be32(&reply), ==, 0); /* verifier: AUTH_NONE … */
    g_assert_cmpuint(cursor_be32(&reply), ==, 0); /* … of no bytes */
    guint32 stat = cursor_be32(&reply);
    g_assert_true(cursor_ok(&reply));
    *ret_results = reply;
    return stat;
}

/* Sends the call, which must succeed as a call. Returns: its results */
static inline Cursor
nfs_rig_call(NfsRig *self)
{
    Cursor results;
    g_assert_cmpuint(nfs_rig_accept(self, &results), ==, RPC_SUCCESS);
    return results;
}

static inline void
nfs_rig_put_opaque(Buf *out, const void *bytes, gsize len)
{
    buf_be32(out, (guint32)len);
    buf_bytes(out, bytes, len);
    buf_zeros(out, (4 - len % 4) % 4);
}

static inline void
nfs_rig_put_string(Buf *out, const char *text)
{
    nfs_rig_put_opaque(out, text, strlen(text));
}

static inline NfsHandle
nfs_rig_take_handle3(Cursor *c)
{
    NfsHandle handle = { .len = cursor_be32(c) };
    g_assert_cmpuint(handle.len, <=, sizeof handle.bytes);
    const guint8 *bytes = cursor_take(c, handle.len);
    g_assert_nonnull(bytes);
    memcpy(handle.bytes, bytes, handle.len);
    cursor_skip(c, (4 - handle.len % 4) % 4);
    return handle;
}

static inline NfsHandle
nfs_rig_take_handle2(Cursor *c)
{
    NfsHandle handle = { .len = 32 };
    const guint8 *bytes = cursor_take(c, 32);
    g_assert_nonnull(bytes);
    memcpy(handle.bytes, bytes, 32);
    return handle;
}

/* Writes @handle as the first argument of a call of NFS version @vers. */
static inline void
nfs_rig_put_handle(Buf *out, guint32 vers, const NfsHandle *handle)
{
    if (vers == 2)
        buf_bytes(out, handle->bytes, 32);
    else
        nfs_rig_put_opaque(out, handle->bytes, handle->len);
}

/* The handle of the directory @path, from the mount daemon that goes with NFS version @vers. */
static inline NfsHandle
nfs_rig_mount(NfsRig *self, guint32 vers, const char *path)
{
    nfs_rig_put_string(nfs_rig_begin(self, MOUNT_PROGRAM, vers == 2 ? 1 : 3, 1), path);
    Cursor results = nfs_rig_call(self);
    g_assert_cmpuint(cursor_be32(&results), ==, 0);
    return vers == 2 ? nfs_rig_take_handle2(&results) : nfs_rig_take_handle3(&results);
}

/* Starts procedure @proc on the object @path; the rest of the arguments follows. */
static inline Buf *
nfs_rig_begin_on(NfsRig *self, guint32 vers, guint32 proc, const NfsHandle *handle)
{
    Buf *call = nfs_rig_begin(self, NFS_PROGRAM, vers, proc);
    nfs_rig_put_handle(call, vers, handle);
    return call;
}

/* The handle of any object: mount of the root, then a LOOKUP for each name in @path. */
static inline NfsHandle
nfs_rig_handle(NfsRig *self, guint32 vers, const char *path)
{
    NfsHandle at = nfs_rig_mount(self, vers, "/");
    g_auto(GStrv) names = g_strsplit(path, "/", -1);

    for (char **name = names; *name != NULL; name++) {
        if (**name == '\0')
            continue;
        nfs_rig_put_string(nfs_rig_begin_on(self, vers, vers == 2 ? 4 : 3, &at), *name);
        Cursor results = nfs_rig_call(self);
        g_assert_cmpuint(cursor_be32(&results), ==, 0);
        at = vers == 2 ? nfs_rig_take_handle2(&results) : nfs_rig_take_handle3(&results);
    }
    return at;
}

/* A handle that looks good but names an object that is not there. */
static inline NfsHandle
nfs_rig_stale(NfsRig *self, guint32 vers)
{
    NfsHandle handle = nfs_rig_mount(self, vers, "/");
    handle.bytes[10] ^= 0x40;
    return handle;
}

/* An attribute record of either version, taken apart. */
typedef struct {
    guint32 type, mode, nlink, uid, gid;
    guint64 size, used, fsid, fileid;
} NfsRigAttr;

static inline NfsRigAttr
nfs_rig_take_fattr2(Cursor *c)
{
    NfsRigAttr attr;

    attr.type = cursor_be32(c);
    attr.mode = cursor_be32(c);
    attr.nlink = cursor_be32(c);
    attr.uid = cursor_be32(c);
    attr.gid = cursor_be32(c);
    attr.size = cursor_be32(c);
    g_assert_cmpuint(cursor_be32(c), >, 0); /* blocksize */
    cursor_skip(c, 4);                      /* rdev */
    attr.used = (guint64)cursor_be32(c) * 512;
    attr.fsid = cursor_be32(c);
    attr.fileid = cursor_be32(c);
    cursor_skip(c, 6 * 4);
    g_assert_true(cursor_ok(c));
    return attr;
}

static inline NfsRigAttr
nfs_rig_take_fattr3(Cursor *c)
{
    NfsRigAttr attr;

    attr.type = cursor_be32(c);
    attr.mode = cursor_be32(c);
    attr.nlink = cursor_be32(c);
    attr.uid = cursor_be32(c);
    attr.gid = cursor_be32(c);
    attr.size = cursor_be64(c);
    attr.used = cursor_be64(c);
    cursor_skip(c, 8); /* rdev */
    attr.fsid = cursor_be64(c);
    attr.fileid = cursor_be64(c);
    cursor_skip(c, 6 * 4);
    g_assert_true(cursor_ok(c));
    return attr;
}

/* post_op_attr with attributes in it. */
static inline NfsRigAttr
nfs_rig_take_post_op(Cursor *c)
{
    g_assert_cmpuint(cursor_be32(c), ==, 1);
    return nfs_rig_take_fattr3(c);
}

/* What each procedure's results end with. */
static inline void
nfs_rig_done(const Cursor *c)
{
    g_assert_true(cursor_ok(c));
    g_assert_cmpuint(cursor_left(c), ==, 0);
}
