/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Replies are read by position, as FreeBSD's loaders do, and must end where the layout ends. What a
 * reply tells (handles, ports, sizes) is kept for the calls that follow.
 */
#include "tests/lan/trace-check.h"

#define NOENT       2
#define FATTR2_SIZE 68
#define FATTR3_SIZE 84
#define MNT_FLAVORS 7 /* for which the loaders of FreeBSD 9 and 10 have room */

void
trace_fail(TraceCheck *self, const char *where, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_autofree char *why = g_strdup_vprintf(format, args);
    va_end(args);
    (void)pcap_close(g_steal_pointer(&self->capture), NULL);
    g_error("%s packet %u, %s: %s [%s]", self->model->trace, self->packet, self->what, why, where);
}

/* ---- the call ---- */

/**
 * trace_check_put_call:
 * @call: a call of the trace
 * @out: gets it, with our server's handle in place of the foreign one
 *
 * A handle that came by version 2 has 32 bytes. FreeBSD 8's kernel speaks version 3 with the first
 * 28 of its loader's [sys/nfsclient/nfs_diskless.c]; the handle is then cut where that is learned.
 **/
void
trace_check_put_call(TraceCheck *self, const TraceCall *call, Buf *out)
{
    gsize handle_end = call->prog == NFS_PROGRAM ? call->handle_end : 0;

    self->packet = call->packet;
    self->what = call_kind_name(call->kind);
    if (call->prog == NFS_PROGRAM) {
        TRACE_WANT(self, call->object->ours.len != 0, "no reply has told this handle before");
        buf_bytes(out, call->message, call->handle_at);
        nfs_rig_put_handle(out, call->vers, &call->object->ours);
    }
    buf_bytes(out, call->message + handle_end, call->len - handle_end);
    g_assert_true(buf_ok(out));
}

/* ---- pieces of replies ---- */

static guint32
take_status(TraceCheck *self, Cursor *results, guint32 want)
{
    TRACE_WANT(self, cursor_left(results) >= 4, "no status");
    guint32 status = cursor_be32(results);
    TRACE_WANT(self, status == want, "status %u, not %u", status, want);
    return status;
}

/* Attributes of @object, of either version, which must be those of the tree that was served. */
static void
check_attr(TraceCheck *self, TraceObject *object, const NfsRigAttr *attr)
{
    TRACE_WANT(self, attr->type == (object->directory ? 2 : 1), "file type %u", attr->type);
    TRACE_WANT(self, object->directory || attr->size == object->size,
               "size %" G_GUINT64_FORMAT ", not %" G_GSIZE_FORMAT, attr->size, object->size);
    TRACE_WANT(self, attr->fileid != 0, "fileid 0");
    TRACE_WANT(self, object->fileid == 0 || object->fileid == attr->fileid, "another fileid");
    object->fileid = attr->fileid;
}

static void
take_fattr2(TraceCheck *self, TraceObject *object, Cursor *results)
{
    TRACE_WANT(self, cursor_left(results) >= FATTR2_SIZE, "no room for attributes");
    NfsRigAttr attr = nfs_rig_take_fattr2(results);
    check_attr(self, object, &attr);
}

/* Attributes where the protocol lets them be left out, and the loaders do not. */
static void
take_post_op(TraceCheck *self, TraceObject *object, Cursor *results)
{
    Cursor peek = *results;

    TRACE_WANT(self, cursor_be32(&peek) == 1, "no attributes of '%s'", object->name);
    TRACE_WANT(self, cursor_left(&peek) >= FATTR3_SIZE, "no room for attributes");
    NfsRigAttr attr = nfs_rig_take_post_op(results);
    check_attr(self, object, &attr);
}

static void
take_attr(TraceCheck *self, const TraceCall *call, TraceObject *object, Cursor *results)
{
    if (call->vers == 2)
        take_fattr2(self, object, results);
    else
        take_post_op(self, object, results);
}

/* An object keeps its handle, and no two have the same. */
static void
learn_handle(TraceCheck *self, TraceObject *object, const NfsHandle *handle)
{
    const GPtrArray *objects = self->model->objects;

    for (guint i = 0; i < objects->len; i++) {
        const TraceObject *other = g_ptr_array_index(objects, i);
        gboolean same = other->ours.len == handle->len &&
                        memcmp(other->ours.bytes, handle->bytes, handle->len) == 0;
        TRACE_WANT(self, other != object || other->ours.len == 0 || same, "another handle");
        TRACE_WANT(self, other == object || !same, "the handle of '%s'", other->name);
    }
    object->ours = *handle;
}

static void
take_handle(TraceCheck *self, TraceObject *object, gboolean fixed_size, Cursor *results)
{
    Cursor peek = *results;
    guint32 len = fixed_size ? 32 : cursor_be32(&peek);

    TRACE_WANT(self, len > 0 && len <= 64, "a handle of %u bytes", len);
    TRACE_WANT(self, cursor_left(&peek) >= len, "no room for the handle");
    NfsHandle handle = fixed_size ? nfs_rig_take_handle2(results) : nfs_rig_take_handle3(results);
    learn_handle(self, object, &handle);
}

/* ---- one function for each procedure ---- */

static void
check_getport(TraceCheck *self, const TraceCall *call, Cursor *results)
{
    guint32 port = cursor_be32(results);
    gsize which = call->wanted[0] == MOUNT_PROGRAM ? 0 : 1;

    TRACE_WANT(self, call->wanted[0] == MOUNT_PROGRAM || call->wanted[0] == NFS_PROGRAM,
               "asks for program %u", call->wanted[0]);
    TRACE_WANT(self, port > 0 && port <= G_MAXUINT16, "port %u", port);
    self->ports[which] = (guint16)port;
}

static void
check_mnt(TraceCheck *self, const TraceCall *call, Cursor *results)
{
    gboolean has_auth_sys = FALSE;

    (void)take_status(self, results, 0);
    take_handle(self, call->target, call->vers == 1, results);
    if (call->vers == 1)
        return;
    guint32 n = cursor_be32(results);
    TRACE_WANT(self, n > 0 && n <= MNT_FLAVORS, "%u flavors", n);
    for (guint i = 0; i < n; i++)
        has_auth_sys = cursor_be32(results) == 1 || has_auth_sys;
    TRACE_WANT(self, has_auth_sys, "AUTH_SYS is not among the flavors");
}

static void
check_lookup(TraceCheck *self, const TraceCall *call, Cursor *results)
{
    if (take_status(self, results, call->target->there ? 0 : NOENT) == 0) {
        take_handle(self, call->target, call->vers == 2, results);
        take_attr(self, call, call->target, results);
        self->lookups_there++;
    }
    if (call->vers == 3)
        take_post_op(self, call->object, results);
}

static void
check_read(TraceCheck *self, const TraceCall *call, Cursor *results)
{
    gsize want = trace_read_count(call);
    gsize size;
    const guint8 *content = g_bytes_get_data(call->object->content, &size);

    TRACE_WANT(self, self->read_max == 0 || call->count <= self->read_max,
               "wants %u bytes, but FSINFO said %u at most", call->count, self->read_max);
    (void)take_status(self, results, 0);
    take_attr(self, call, call->object, results);
    guint32 count = cursor_be32(results);
    TRACE_WANT(self, count == want, "count %u, not %" G_GSIZE_FORMAT, count, want);
    if (call->vers == 3) {
        gboolean eof = cursor_be32(results) != 0, at_end = call->offset + count >= size;
        TRACE_WANT(self, eof == at_end, "eof %d", eof);
        guint32 len = cursor_be32(results);
        TRACE_WANT(self, len == count, "%u bytes of data, but count %u", len, count);
    }
    const guint8 *data = cursor_take(results, count);
    cursor_skip(results, (4 - count % 4) % 4);
    TRACE_WANT(self, data != NULL, "the data is cut short");
    TRACE_WANT(self, count == 0 || memcmp(data, content + call->offset, count) == 0,
               "other bytes than the file has");
    self->bytes_read += count;
}

/* Whether the names of @dir that the client asked for, and found, are all among @names. */
static void
check_names(TraceCheck *self, const TraceObject *dir, GHashTable *names)
{
    const GPtrArray *objects = self->model->objects;

    for (guint i = 1; i < objects->len; i++) {
        const TraceObject *object = g_ptr_array_index(objects, i);
        TRACE_WANT(self,
                   object->parent != dir || !object->there ||
                       g_hash_table_contains(names, object->name),
                   "'%s' is not listed", object->name);
    }
    TRACE_WANT(self, g_hash_table_contains(names, ".") && g_hash_table_contains(names, ".."),
               "'.' or '..' is not listed");
}

/* No client of a trace asked for a second part, so that the first must have been the whole. */
static void
check_readdir(TraceCheck *self, const TraceCall *call, Cursor *results)
{
    g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    TRACE_WANT(self, cursor_left(results) <= call->count,
               "%" G_GSIZE_FORMAT " bytes for a client that has %u", cursor_left(results),
               call->count);
    (void)take_status(self, results, 0);
    take_post_op(self, call->object, results);
    cursor_skip(results, 8); /* cookieverf */
    while (cursor_be32(results) == 1) {
        TRACE_WANT(self, cursor_be64(results) != 0, "fileid 0 means a deleted entry");
        guint32 len = cursor_be32(results);
        const guint8 *name = cursor_take(results, len);
        cursor_skip(results, (4 - len % 4) % 4);
        TRACE_WANT(self, name != NULL && len > 0, "a name of %u bytes", len);
        TRACE_WANT(self, g_hash_table_add(names, g_strndup((const char *)name, len)),
                   "a name is listed twice");
        TRACE_WANT(self, cursor_be64(results) != 0, "cookie 0 means the beginning");
    }
    TRACE_WANT(self, cursor_be32(results) == 1, "eof is not set");
    check_names(self, call->object, names);
}

static void
check_getattr(TraceCheck *self, const TraceCall *call, Cursor *results)
{
    (void)take_status(self, results, 0);
    TRACE_WANT(self, cursor_left(results) >= FATTR3_SIZE, "no room for attributes");
    NfsRigAttr attr = nfs_rig_take_fattr3(results);
    check_attr(self, call->object, &attr);
}

/* READ, and LOOKUP of a directory or EXECUTE of a file; nothing that would change something. */
static void
check_access(TraceCheck *self, const TraceCall *call, Cursor *results)
{
    guint32 want = call->count & (call->object->directory ? 0x03 : 0x21);

    (void)take_status(self, results, 0);
    take_post_op(self, call->object, results);
    guint32 granted = cursor_be32(results);
    TRACE_WANT(self, granted == want, "grants %02x of %02x, not %02x", granted, call->count, want);
}

static void
check_fsstat(TraceCheck *self, const TraceCall *call, Cursor *results)
{
    (void)take_status(self, results, 0);
    take_post_op(self, call->object, results);
    guint64 total = cursor_be64(results), free_bytes = cursor_be64(results);
    guint64 available = cursor_be64(results);
    TRACE_WANT(self, free_bytes <= total && available <= free_bytes, "more free than there is");
    cursor_skip(results, 3 * 8 + 4); /* tfiles, ffiles, afiles, invarsec */
}

/* FreeBSD's kernel makes its transfers as small as it is told here. */
static void
check_fsinfo(TraceCheck *self, const TraceCall *call, Cursor *results)
{
    (void)take_status(self, results, 0);
    take_post_op(self, call->object, results);
    self->read_max = cursor_be32(results);
    guint32 preferred = cursor_be32(results), multiple = cursor_be32(results);
    TRACE_WANT(self, preferred > 0 && preferred <= self->read_max && multiple > 0,
               "rtmax %u, rtpref %u, rtmult %u", self->read_max, preferred, multiple);
    cursor_skip(results, 3 * 4); /* the same for writing */
    guint32 dir_preferred = cursor_be32(results);
    TRACE_WANT(self, dir_preferred >= 512, "dtpref %u", dir_preferred);
    guint64 max_size = cursor_be64(results);
    TRACE_WANT(self, max_size >= G_MAXUINT32, "maxfilesize %" G_GUINT64_FORMAT, max_size);
    cursor_skip(results, 2 * 4); /* time_delta */
    guint32 properties = cursor_be32(results);
    TRACE_WANT(self, (properties & 0x08) != 0, "not homogeneous");
}

static void (*const checks[CALL_KIND_COUNT])(TraceCheck *, const TraceCall *, Cursor *) = {
    [CALL_GETPORT] = check_getport, [CALL_MNT] = check_mnt,       [CALL_GETATTR] = check_getattr,
    [CALL_LOOKUP] = check_lookup,   [CALL_ACCESS] = check_access, [CALL_READ] = check_read,
    [CALL_READDIR] = check_readdir, [CALL_FSSTAT] = check_fsstat, [CALL_FSINFO] = check_fsinfo,
};

/**
 * trace_check_reply:
 * @call: the call that was made
 * @reply: the RPC message that came back, borrowed
 * @len: its length; the loaders take nothing of 24 bytes or less for a reply
 **/
void
trace_check_reply(TraceCheck *self, const TraceCall *call, const guint8 *reply, gsize len)
{
    static const guint32 header[] = { 1, 0, 0, 0, 0 }; /* REPLY, accepted, no verifier, success */
    Cursor results = cursor_of(reply, len);

    TRACE_WANT(self, len > 24 && len % 4 == 0, "a reply of %" G_GSIZE_FORMAT " bytes", len);
    guint32 xid = cursor_be32(&results);
    TRACE_WANT(self, xid == call->xid, "xid %08x, not %08x", xid, call->xid);
    for (gsize i = 0; i < G_N_ELEMENTS(header); i++) {
        guint32 word = cursor_be32(&results);
        TRACE_WANT(self, word == header[i], "word %" G_GSIZE_FORMAT " is %u, not %u", i + 1, word,
                   header[i]);
    }
    checks[call->kind](self, call, &results);
    TRACE_WANT(self, cursor_ok(&results), "the reply is cut short");
    TRACE_WANT(self, cursor_left(&results) == 0, "%" G_GSIZE_FORMAT " bytes too many",
               cursor_left(&results));
    self->right[call->kind]++;
}

/* All that is in the trace has been answered, and tells how much that was. */
void
trace_check_done(TraceCheck *self)
{
    const TraceModel *model = self->model;
    g_autoptr(GString) tally = g_string_new(NULL);

    for (CallKind kind = 0; kind < CALL_KIND_COUNT; kind++) {
        TRACE_WANT(self, self->right[kind] == model->n_calls[kind], "%u of %u calls of %s",
                   self->right[kind], model->n_calls[kind], call_kind_name(kind));
        if (model->n_calls[kind] > 0)
            g_string_append_printf(tally, " %s %u", call_kind_name(kind), model->n_calls[kind]);
    }
    TRACE_WANT(self, self->lookups_there == model->n_lookups_there, "%u names found, not %u",
               self->lookups_there, model->n_lookups_there);
    TRACE_WANT(self, self->bytes_read == model->bytes_read, "bytes read");
    g_test_message("%s: calls%s; %u names found, %" G_GUINT64_FORMAT " bytes read", model->trace,
                   tally->str, self->lookups_there, self->bytes_read);
}
