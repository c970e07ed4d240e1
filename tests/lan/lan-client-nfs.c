/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The client's portmap, mount and NFS over UDP, as FreeBSD's loaders do them: replies are read by
 * position, and one that is shorter than the layout is an error whatever its status says.
 */
#include "tests/lan/dhcp-bytes.h"
#include "tests/lan/lan-client.h"

#define RPC_ERROR 72 /* EBADRPC, which the loaders say when a reply is not one */

typedef struct {
    guint8 bytes[4096];
    Buf buf;
    guint16 port;
} Call;

static void
call_begin(LanClient *self, Call *call, guint16 port, guint32 prog, guint32 vers, guint32 proc)
{
    const guint32 words[] = { ++self->rpc_xid, 0, 2, prog, vers, proc, 1, 20, 0, 0, 0, 0, 0, 0, 0 };

    call->buf = buf_of(call->bytes, sizeof call->bytes, 0);
    call->port = port;
    for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
        buf_be32(&call->buf, words[i]);
}

/* Takes the reply to the last call; others are dropped, as the loaders do [libsa/rpc.c: recvrpc].
 */
static gboolean
call_receive(LanClient *self, const Call *call, LanDatagram *ret, Cursor *ret_reply)
{
    while (lan_client_receive(self, self->rpc_port, ret)) {
        g_assert_true(ip4_equal(ret->src_ip, self->house->config.server));
        g_assert_cmpuint(ret->src_port, ==, call->port);
        *ret_reply = cursor_of(ret->payload, ret->len);
        if (cursor_be32(ret_reply) == self->rpc_xid)
            return TRUE;
        lan_datagram_clear(ret);
    }
    return FALSE;
}

/* Sends the call. Returns: FALSE without a reply, or when it is not an accepted, successful one */
static gboolean
call_send(LanClient *self, Call *call, LanDatagram *ret, Cursor *ret_results)
{
    static const guint32 want[] = { 1, 0, 0, 0, 0 }; /* REPLY, accepted, no verifier, success */

    lan_client_send_udp(self, self->house->config.server, self->rpc_port, call->port,
                        buf_data(&call->buf), buf_len(&call->buf));
    Cursor reply;
    if (!call_receive(self, call, ret, &reply))
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(want); i++) {
        if (cursor_be32(&reply) != want[i])
            return FALSE;
    }
    if (cursor_left(&reply) == 0) /* the loaders take 24 bytes as no answer */
        return FALSE;
    *ret_results = reply;
    return TRUE;
}

guint16
lan_client_getport(LanClient *self, guint32 prog, guint32 vers)
{
    g_auto(LanDatagram) reply = { 0 };
    Cursor results;
    Call call;

    call_begin(self, &call, 111, 100000, 2, 3);
    buf_be32(&call.buf, prog);
    buf_be32(&call.buf, vers);
    buf_be32(&call.buf, 17);
    buf_be32(&call.buf, 0);
    return call_send(self, &call, &reply, &results) ? (guint16)cursor_be32(&results) : 0;
}

/* Returns: the mount status, or RPC_ERROR */
guint32
lan_client_mount(LanClient *self, const char *path, NfsHandle *ret)
{
    guint32 vers = self->nfs_vers == 2 ? 1 : 3;
    g_auto(LanDatagram) reply = { 0 };
    Cursor results;
    Call call;

    self->rpc_port--; /* another one for each file that is opened */
    if (self->mount_port == 0)
        self->mount_port = lan_client_getport(self, 100005, vers);
    call_begin(self, &call, self->mount_port, 100005, vers, 1);
    nfs_rig_put_string(&call.buf, path);
    if (!call_send(self, &call, &reply, &results))
        return RPC_ERROR;
    guint32 status = cursor_be32(&results);
    if (status == 0)
        *ret = vers == 1 ? nfs_rig_take_handle2(&results) : nfs_rig_take_handle3(&results);
    return status;
}

static void
nfs_begin(LanClient *self, Call *call, guint32 proc, const NfsHandle *handle)
{
    if (self->nfs_port == 0)
        self->nfs_port = lan_client_getport(self, 100003, self->nfs_vers);
    call_begin(self, call, self->nfs_port, 100003, self->nfs_vers, proc);
    nfs_rig_put_handle(&call->buf, self->nfs_vers, handle);
}

/* Returns: the NFS status, or RPC_ERROR */
guint32
lan_client_lookup(LanClient *self, const NfsHandle *dir, const char *name, LanObject *ret)
{
    g_auto(LanDatagram) reply = { 0 };
    Cursor results;
    Call call;

    nfs_begin(self, &call, self->nfs_vers == 2 ? 4 : 3, dir);
    nfs_rig_put_string(&call.buf, name);
    if (!call_send(self, &call, &reply, &results))
        return RPC_ERROR;
    guint32 status = cursor_be32(&results);
    if (status != 0)
        return status;
    if (self->nfs_vers == 2) {
        ret->handle = nfs_rig_take_handle2(&results);
        ret->attr = nfs_rig_take_fattr2(&results);
    } else {
        ret->handle = nfs_rig_take_handle3(&results);
        ret->attr = nfs_rig_take_post_op(&results);
    }
    return 0;
}

/* Returns: (transfer full): the target of a link */
static char *
nfs_readlink(LanClient *self, const NfsHandle *link)
{
    g_auto(LanDatagram) reply = { 0 };
    Cursor results;
    Call call;

    nfs_begin(self, &call, 5, link);
    g_assert_true(call_send(self, &call, &reply, &results));
    g_assert_cmpuint(cursor_be32(&results), ==, 0);
    if (self->nfs_vers == 3)
        (void)nfs_rig_take_post_op(&results);
    guint32 len = cursor_be32(&results);
    const guint8 *target = cursor_take(&results, len);
    g_assert_nonnull(target);
    return g_strndup((const char *)target, len);
}

/* Opens @path as a loader does: a mount of the root, a LOOKUP for each name, links followed. */
guint32
lan_client_walk(LanClient *self, const char *path, LanObject *ret)
{
    g_autofree char *rest = g_strdup(path);
    LanObject root = { .attr.type = 2 }, at;

    guint32 status = lan_client_mount(self, "/", &root.handle);
    at = root;
    for (char *p = rest; status == 0 && *(p += strspn(p, "/")) != '\0';) {
        gsize len = strcspn(p, "/");
        g_autofree char *name = g_strndup(p, len);
        LanObject parent = at;
        p += len;
        status = lan_client_lookup(self, &parent.handle, name, &at);
        if (status == 0 && at.attr.type == 5) {
            g_autofree char *target = nfs_readlink(self, &at.handle);
            at = *target == '/' ? root : parent;
            char *joined = g_strconcat(target, "/", p, NULL);
            g_free(rest);
            rest = p = joined;
        }
    }
    if (status == 0)
        *ret = at;
    return status;
}

/* Returns: bytes read, or minus the NFS status or RPC_ERROR */
gssize
lan_client_read(LanClient *self, const NfsHandle *file, guint64 offset, guint32 count, guint8 *dst)
{
    g_auto(LanDatagram) reply = { 0 };
    Cursor results;
    Call call;

    nfs_begin(self, &call, 6, file);
    if (self->nfs_vers == 3)
        buf_be32(&call.buf, (guint32)(offset >> 32));
    buf_be32(&call.buf, (guint32)offset);
    buf_be32(&call.buf, count);
    if (self->nfs_vers == 2)
        buf_be32(&call.buf, 0);
    if (!call_send(self, &call, &reply, &results))
        return -RPC_ERROR;
    guint32 status = cursor_be32(&results);
    if (status != 0)
        return -(gssize)status;
    if (self->nfs_vers == 2)
        (void)nfs_rig_take_fattr2(&results);
    else
        (void)nfs_rig_take_post_op(&results);
    guint32 n = cursor_be32(&results);
    if (self->nfs_vers == 3) {
        cursor_skip(&results, 4);
        g_assert_cmpuint(cursor_be32(&results), ==, n);
    }
    g_assert_cmpuint(n, <=, count);
    const guint8 *bytes = cursor_take(&results, n);
    g_assert_nonnull(bytes);
    memcpy(dst, bytes, n);
    return (gssize)n;
}

/* Returns: (transfer full) (nullable): a whole file; NULL when it cannot be opened */
GBytes *
lan_client_load(LanClient *self, const char *path, guint32 read_size)
{
    LanObject file;

    if (lan_client_walk(self, path, &file) != 0)
        return NULL;
    guint8 *bytes = g_malloc(file.attr.size + read_size);
    gsize at = 0;
    for (;;) {
        gssize n = lan_client_read(self, &file.handle, at, read_size, bytes + at);
        g_assert_cmpint(n, >=, 0);
        if (n == 0)
            break;
        at += (gsize)n;
        g_assert_cmpuint(at, <=, file.attr.size);
    }
    return g_bytes_new_take(bytes, at);
}

/* Returns: (transfer full): the names in a directory, each followed by '/'; 1024 bytes a reply */
char *
lan_client_list(LanClient *self, const char *path)
{
    GString *names = g_string_new(NULL);
    gboolean eof = FALSE;
    guint64 cookie = 0, verf = 0;
    LanObject dir;

    g_assert_cmpuint(lan_client_walk(self, path, &dir), ==, 0);
    while (!eof) {
        g_auto(LanDatagram) reply = { 0 };
        Cursor results;
        Call call;
        nfs_begin(self, &call, 16, &dir.handle);
        if (self->nfs_vers == 3) {
            buf_be64(&call.buf, cookie);
            buf_be64(&call.buf, verf);
        } else {
            buf_be32(&call.buf, (guint32)cookie);
        }
        buf_be32(&call.buf, 1024);
        g_assert_true(call_send(self, &call, &reply, &results));
        g_assert_cmpuint(cursor_be32(&results), ==, 0);
        if (self->nfs_vers == 3) {
            (void)nfs_rig_take_post_op(&results);
            verf = cursor_be64(&results);
        }
        while (cursor_be32(&results) == 1) {
            cursor_skip(&results, self->nfs_vers == 3 ? 8 : 4);
            guint32 len = cursor_be32(&results);
            const guint8 *name = cursor_take(&results, (len + 3) / 4 * 4);
            g_assert_nonnull(name);
            g_string_append_len(names, (const char *)name, len);
            g_string_append_c(names, '/');
            cookie = self->nfs_vers == 3 ? cursor_be64(&results) : cursor_be32(&results);
        }
        eof = cursor_be32(&results) != 0;
        nfs_rig_done(&results);
    }
    return g_string_free(names, FALSE);
}
