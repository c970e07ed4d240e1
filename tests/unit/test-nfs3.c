/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NFS version 3, the procedures that read. Failures are checked to the last byte: the loaders parse
 * by position. Source: RFC 1813 §3.3
 */
#include "nfs/nfs-handle.h"
#include "tests/lan/nfs-rig.h"

enum {
    GETATTR = 1,
    LOOKUP = 3,
    ACCESS = 4,
    READLINK = 5,
    READ = 6,
    FSSTAT = 18,
    FSINFO = 19,
    PATHCONF = 20,
};

/* In place of a path: */
#define STALE "stale" /* a handle of nothing */
#define GONE  "gone"  /* a handle of ours, whose object is not there any more */
#define BAD   "bad"   /* bytes that cannot be a handle */

static gboolean
is_object(const char *path)
{
    return *path == '/';
}

static NfsHandle
handle_of(NfsRig *rig, const char *path)
{
    if (is_object(path))
        return nfs_rig_handle(rig, 3, path);
    if (g_str_equal(path, GONE)) {
        guint8 memory[64];
        Buf out = buf_of(memory, sizeof memory, 0);
        nfs3_handle_put(&rig->server, &out, 0x77777777);
        Cursor cursor = cursor_of(memory, buf_len(&out));
        return nfs_rig_take_handle3(&cursor);
    }
    NfsHandle handle = nfs_rig_stale(rig, 3);
    if (g_str_equal(path, BAD))
        handle.bytes[0] = 0;
    return handle;
}

/* A failure whose post-op attributes are there if, and only if, there is an object. */
static void
check_failure(Cursor *results, const char *path)
{
    if (is_object(path))
        (void)nfs_rig_take_post_op(results);
    else
        g_assert_cmpuint(cursor_be32(results), ==, 0);
    nfs_rig_done(results);
}

/* ---- GETATTR, LOOKUP ---- */

typedef struct {
    const char *name;
    const char *path;
    guint32 status, type, mode;
    gsize size;
} AttrRow;

static const AttrRow attr_rows[] = {
    { "root", "/", 0, 2, 0755, 512 },
    { "directory", "/private", 0, 2, 0700, 512 },
    { "file", "/boot/loader.rc", 0, 1, 0444, 430 },
    { "program", "/script", 0, 1, 0755, 10 },
    { "empty", "/empty", 0, 1, 0644, 0 },
    { "link", "/link", 0, 5, 0777, 14 },
    { "stale", STALE, 70, 0, 0, 0 },
    { "gone", GONE, 70, 0, 0, 0 },
    { "bad", BAD, 10001, 0, 0, 0 },
};

static void
test_attr_row(gconstpointer data)
{
    const AttrRow *row = data;
    g_auto(NfsRig) rig;

    nfs_rig_init(&rig);
    NfsHandle handle = handle_of(&rig, row->path);
    (void)nfs_rig_begin_on(&rig, 3, GETATTR, &handle);
    Cursor results = nfs_rig_call(&rig);
    g_assert_cmpuint(cursor_be32(&results), ==, row->status);
    if (row->status == 0) {
        NfsRigAttr attr = nfs_rig_take_fattr3(&results);
        g_assert_cmpuint(attr.type, ==, row->type);
        g_assert_cmphex(attr.mode, ==, row->mode);
        g_assert_cmpuint(attr.size, ==, row->size);
    }
    nfs_rig_done(&results);
}

typedef struct {
    const char *name;
    const char *directory;
    const char *child;
    guint32 status;
    const char *same_as;
} LookupRow;

#define NAME_50  "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
#define NAME_250 NAME_50 NAME_50 NAME_50 NAME_50 NAME_50

static const LookupRow lookup_rows[] = {
    { "file", "/boot", "loader.rc", 0, "/boot/loader.rc" },
    { "directory", "/boot", "kernel", 0, "/boot/kernel" },
    { "link-is-not-followed", "/", "link", 0, "/link" },
    { "dot", "/boot", ".", 0, "/boot" },
    { "dots", "/boot/kernel", "..", 0, "/boot" },
    { "dots-of-the-root", "/", "..", 0, "/" },
    { "missing", "/boot", "boot.4th", 2, NULL },
    { "name-of-255", "/many", "49-" NAME_250 "nn", 0, "/many/49-" NAME_250 "nn" },
    { "missing-name-of-255", "/boot", NAME_250 "nnnnn", 2, NULL },
    { "name-of-256", "/boot", NAME_250 "nnnnnn", 63, NULL },
    { "empty-name", "/boot", "", 13, NULL },
    { "slash-in-name", "/", "boot/loader.rc", 13, NULL },
    { "in-a-file", "/boot/loader.rc", "x", 20, NULL },
    { "in-a-link", "/boot-link", "kernel", 20, NULL },
    { "in-nothing", STALE, "boot", 70, NULL },
    { "in-what-is-gone", GONE, "boot", 70, NULL },
    { "dot-in-what-is-gone", GONE, ".", 70, NULL },
    { "in-garbage", BAD, "boot", 10001, NULL },
    { "long-name-in-nothing", STALE, NAME_250 "nnnnnn", 70, NULL },
};

static void
test_lookup_row(gconstpointer data)
{
    const LookupRow *row = data;
    g_auto(NfsRig) rig;

    nfs_rig_init(&rig);
    NfsHandle directory = handle_of(&rig, row->directory);
    nfs_rig_put_string(nfs_rig_begin_on(&rig, 3, LOOKUP, &directory), row->child);
    Cursor results = nfs_rig_call(&rig);
    g_assert_cmpuint(cursor_be32(&results), ==, row->status);
    if (row->status != 0) {
        check_failure(&results, row->directory);
        return;
    }
    NfsHandle found = nfs_rig_take_handle3(&results);
    NfsRigAttr attr = nfs_rig_take_post_op(&results);
    (void)nfs_rig_take_post_op(&results);
    nfs_rig_done(&results);
    NfsHandle want = nfs_rig_handle(&rig, 3, row->same_as);
    g_assert_cmpuint(found.len, ==, 28);
    ROW_CMPMEM(found.bytes, found.len, want.bytes, want.len);
    (void)nfs_rig_begin_on(&rig, 3, GETATTR, &found);
    results = nfs_rig_call(&rig);
    cursor_skip(&results, 4);
    g_assert_cmpuint(nfs_rig_take_fattr3(&results).fileid, ==, attr.fileid);
}

/* ---- ACCESS ---- */

#define R   0x01
#define L   0x02
#define W   (0x04 | 0x08 | 0x10) /* modify, extend, delete */
#define X   0x20
#define ALL 0x3f

typedef struct {
    const char *name;
    const char *path;
    guint32 uid, gid, extra_gid;
    guint32 wanted, granted;
} AccessRow;

static const AccessRow access_rows[] = {
    { "root-directory", "/boot", 0, 0, 0, ALL, R | L },
    { "root-private-directory", "/private", 0, 0, 0, ALL, R | L },
    { "root-file", "/boot/loader.rc", 0, 0, 0, ALL, R },
    { "root-program", "/script", 0, 0, 0, ALL, R | X },
    { "root-file-of-0600", "/one", 0, 0, 0, ALL, R },
    { "only-what-is-asked", "/script", 0, 0, 0, X, X },
    { "nothing-is-asked", "/script", 0, 0, 0, 0, 0 },
    { "writing", "/script", 0, 0, 0, W, 0 },
    { "unknown-bits", "/script", 0, 0, 0, 0xffffffc0, 0 },
    { "user-directory", "/boot", 1001, 1001, 1001, ALL, R | L },
    { "user-private-directory", "/private", 1001, 1001, 1001, ALL, 0 },
    { "user-file", "/boot/loader.rc", 1001, 1001, 1001, ALL, R },
    { "user-program", "/script", 1001, 1001, 1001, ALL, R | X },
    { "user-file-of-0600", "/one", 1001, 1001, 1001, ALL, 0 },
    { "group-file-of-0600", "/one", 1001, 0, 1001, ALL, 0 },
    { "group-program", "/script", 1001, 1001, 0, ALL, R | X },
};

/* AUTH_SYS with one group; the arguments follow. */
static Buf *
begin_as(NfsRig *rig, const AccessRow *row)
{
    const guint32 words[] = { ++rig->xid, 0, 2,        NFS_PROGRAM, 3, ACCESS,         1, 24,
                              0,          0, row->uid, row->gid,    1, row->extra_gid, 0, 0 };
    buf_reset(&rig->call, 0);
    for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
        buf_be32(&rig->call, words[i]);
    return &rig->call;
}

static void
test_access_row(gconstpointer data)
{
    const AccessRow *row = data;
    g_auto(NfsRig) rig;

    nfs_rig_init(&rig);
    NfsHandle handle = nfs_rig_handle(&rig, 3, row->path);
    Buf *call = begin_as(&rig, row);
    nfs_rig_put_handle(call, 3, &handle);
    buf_be32(call, row->wanted);
    Cursor results = nfs_rig_call(&rig);
    g_assert_cmpuint(cursor_be32(&results), ==, 0);
    (void)nfs_rig_take_post_op(&results);
    g_assert_cmphex(cursor_be32(&results), ==, row->granted);
    nfs_rig_done(&results);
}

/* ---- READLINK ---- */

typedef struct {
    const char *name;
    const char *path;
    guint32 status;
    gsize len;
} LinkRow;

static const LinkRow link_rows[] = {
    { "link", "/link", 0, 14 },
    { "longest", "/link-1024", 0, 1024 },
    { "too-long", "/link-1025", 63, 0 },
    { "file", "/boot/loader.rc", 22, 0 },
    { "directory", "/boot", 22, 0 },
    { "stale", STALE, 70, 0 },
    { "gone", GONE, 70, 0 },
    { "bad", BAD, 10001, 0 },
};

static void
test_link_row(gconstpointer data)
{
    const LinkRow *row = data;
    g_auto(NfsRig) rig;

    nfs_rig_init(&rig);
    NfsHandle handle = handle_of(&rig, row->path);
    (void)nfs_rig_begin_on(&rig, 3, READLINK, &handle);
    Cursor results = nfs_rig_call(&rig);
    g_assert_cmpuint(cursor_be32(&results), ==, row->status);
    if (row->status != 0) {
        check_failure(&results, row->path);
        return;
    }
    (void)nfs_rig_take_post_op(&results);
    g_assert_cmpuint(cursor_be32(&results), ==, row->len);
    const guint8 *target = cursor_take(&results, (row->len + 3) / 4 * 4);
    if (row->len == 14)
        ROW_CMPMEM(target, 16, "boot/loader.rc\0\0", 16);
    nfs_rig_done(&results);
}

/* ---- READ ---- */

typedef struct {
    const char *name;
    const char *path;
    guint64 offset;
    guint32 count;
    guint32 status;
    gsize len;
    gboolean eof;
} ReadRow;

static const ReadRow read_rows[] = {
    { "loader-512", "/boot/loader.rc", 0, 512, 0, 430, TRUE },
    { "loader-1024", "/boot/kernel/kernel", 0, 1024, 0, 1024, FALSE },
    { "kernel-32768", "/boot/kernel/kernel", 32768, 32768, 0, 32768, FALSE },
    { "more-than-rtmax", "/boot/kernel/kernel", 0, 32769, 0, 32768, FALSE },
    { "count-huge", "/boot/kernel/kernel", 0, 0xffffffff, 0, 32768, FALSE },
    { "odd-offset", "/boot/kernel/kernel", 333, 1021, 0, 1021, FALSE },
    { "up-to-the-end", "/boot/loader.rc", 30, 400, 0, 400, TRUE },
    { "up-to-one-before-the-end", "/boot/loader.rc", 29, 400, 0, 400, FALSE },
    { "across-the-end", "/boot/loader.rc", 429, 512, 0, 1, TRUE },
    { "at-the-end", "/boot/loader.rc", 430, 512, 0, 0, TRUE },
    { "behind-the-end", "/boot/loader.rc", 5000, 512, 0, 0, TRUE },
    { "offset-4-gib", "/boot/loader.rc", G_GUINT64_CONSTANT(0x100000000), 512, 0, 0, TRUE },
    { "offset-huge", "/boot/kernel/kernel", G_MAXUINT64, 8192, 0, 0, TRUE },
    { "nothing", "/boot/loader.rc", 0, 0, 0, 0, FALSE },
    { "nothing-at-the-end", "/boot/loader.rc", 430, 0, 0, 0, TRUE },
    { "empty-file", "/empty", 0, 1024, 0, 0, TRUE },
    { "one-byte", "/one", 0, 1024, 0, 1, TRUE },
    { "directory", "/boot", 0, 1024, 21, 0, FALSE },
    { "link", "/link", 0, 1024, 22, 0, FALSE },
    { "stale", STALE, 0, 1024, 70, 0, FALSE },
    { "gone", GONE, 0, 1024, 70, 0, FALSE },
    { "bad", BAD, 0, 1024, 10001, 0, FALSE },
};

static void
observe(const NfsEvent *event, gpointer data)
{
    *(NfsEvent *)data = *event;
}

static void
test_read_row(gconstpointer data)
{
    const ReadRow *row = data;
    NfsEvent seen = { .count = 999999 };
    g_auto(NfsRig) rig;

    nfs_rig_init(&rig);
    NfsHandle handle = handle_of(&rig, row->path);
    rig.server.observer = observe;
    rig.server.observer_data = &seen;
    Buf *call = nfs_rig_begin_on(&rig, 3, READ, &handle);
    buf_be64(call, row->offset);
    buf_be32(call, row->count);
    Cursor results = nfs_rig_call(&rig);
    g_assert_cmpuint(cursor_be32(&results), ==, row->status);
    if (row->status != 0) {
        g_assert_cmpuint(seen.count, ==, 999999);
        check_failure(&results, row->path);
        return;
    }
    NfsRigAttr attr = nfs_rig_take_post_op(&results);
    g_assert_cmpuint(cursor_be32(&results), ==, row->len);
    g_assert_cmpint((int)cursor_be32(&results), ==, row->eof);
    g_assert_cmpuint(cursor_be32(&results), ==, row->len);
    const guint8 *bytes = cursor_take(&results, (row->len + 3) / 4 * 4);
    g_autofree guint8 *file = g_malloc(attr.size + 1);
    row_pattern(file, attr.size, (guint32)attr.size);
    ROW_CMPMEM(bytes, row->len, file + (row->len > 0 ? row->offset : 0), row->len);
    for (gsize i = row->len; i % 4 != 0; i++)
        g_assert_cmpuint(bytes[i], ==, 0);
    nfs_rig_done(&results);
    g_assert_cmpuint(seen.offset, ==, row->offset);
    g_assert_cmpuint(seen.count, ==, row->len);
    g_assert_cmpuint(seen.size, ==, attr.size);
}

/* ---- FSSTAT, FSINFO, PATHCONF ---- */

static void
test_file_system(void)
{
    g_auto(NfsRig) rig;

    nfs_rig_init(&rig);
    NfsHandle root = nfs_rig_handle(&rig, 3, "/");
    (void)nfs_rig_begin_on(&rig, 3, FSSTAT, &root);
    Cursor results = nfs_rig_call(&rig);
    g_assert_cmpuint(cursor_be32(&results), ==, 0);
    (void)nfs_rig_take_post_op(&results);
    g_assert_cmpuint(cursor_be64(&results), ==, vfs_total_bytes(rig.vfs));
    g_assert_cmpuint(cursor_be64(&results), ==, 0); /* free */
    g_assert_cmpuint(cursor_be64(&results), ==, 0); /* available */
    cursor_skip(&results, 3 * 8 + 4);
    nfs_rig_done(&results);

    (void)nfs_rig_begin_on(&rig, 3, FSINFO, &root);
    results = nfs_rig_call(&rig);
    g_assert_cmpuint(cursor_be32(&results), ==, 0);
    (void)nfs_rig_take_post_op(&results);
    g_assert_cmpuint(cursor_be32(&results), ==, 32768); /* rtmax */
    g_assert_cmpuint(cursor_be32(&results), ==, 32768); /* rtpref */
    g_assert_cmpuint(cursor_be32(&results), >, 0);      /* rtmult */
    cursor_skip(&results, 3 * 4);
    guint32 dtpref = cursor_be32(&results);
    g_assert_cmpuint(dtpref, >=, 1024);
    g_assert_cmpuint(dtpref, <=, 32768);
    g_assert_cmpuint(cursor_be64(&results), >=, G_MAXUINT32); /* maxfilesize */
    cursor_skip(&results, 8);                                 /* time_delta */
    g_assert_cmphex(cursor_be32(&results), ==, 0x0a);         /* symlinks, homogeneous */
    nfs_rig_done(&results);

    (void)nfs_rig_begin_on(&rig, 3, PATHCONF, &root);
    results = nfs_rig_call(&rig);
    g_assert_cmpuint(cursor_be32(&results), ==, 0);
    (void)nfs_rig_take_post_op(&results);
    g_assert_cmpuint(cursor_be32(&results), >=, 1);   /* linkmax */
    g_assert_cmpuint(cursor_be32(&results), ==, 255); /* name_max */
    g_assert_cmpuint(cursor_be32(&results), ==, 1);   /* no_trunc */
    g_assert_cmpuint(cursor_be32(&results), ==, 1);   /* chown_restricted */
    g_assert_cmpuint(cursor_be32(&results), ==, 0);   /* case_insensitive */
    g_assert_cmpuint(cursor_be32(&results), ==, 1);   /* case_preserving */
    nfs_rig_done(&results);
}

/* The handles that name nothing, with every procedure that takes one and has post-op attributes. */
static void
test_bad_handles(void)
{
    static const guint32 procs[] = { ACCESS, READLINK, FSSTAT, FSINFO, PATHCONF };
    g_auto(NfsRig) rig;

    nfs_rig_init(&rig);
    NfsHandle stale = handle_of(&rig, STALE), bad = handle_of(&rig, BAD);
    for (gsize i = 0; i < G_N_ELEMENTS(procs); i++) {
        buf_zeros(nfs_rig_begin_on(&rig, 3, procs[i], &bad), 4);
        Cursor results = nfs_rig_call(&rig);
        g_assert_cmpuint(cursor_be32(&results), ==, 10001);
        check_failure(&results, BAD);
        buf_zeros(nfs_rig_begin_on(&rig, 3, procs[i], &stale), 4);
        results = nfs_rig_call(&rig);
        g_assert_cmpuint(cursor_be32(&results), ==, 70);
        check_failure(&results, STALE);
    }
}

/* Every prefix of the arguments of every procedure: garbage. */
static void
test_truncated(void)
{
    static const struct {
        guint32 proc;
        gsize len; /* of the arguments behind the handle */
    } calls[] = { { GETATTR, 0 }, { LOOKUP, 8 }, { ACCESS, 4 }, { READLINK, 0 },
                  { READ, 12 },   { FSSTAT, 0 }, { FSINFO, 0 }, { PATHCONF, 0 } };
    g_auto(NfsRig) rig;
    Cursor results;

    nfs_rig_init(&rig);
    NfsHandle root = nfs_rig_handle(&rig, 3, "/");
    for (gsize i = 0; i < G_N_ELEMENTS(calls); i++) {
        for (gsize len = 0; len < 32 + calls[i].len; len++) {
            Buf *call = nfs_rig_begin_on(&rig, 3, calls[i].proc, &root);
            if (calls[i].proc == LOOKUP)
                nfs_rig_put_string(call, "boot");
            else
                buf_zeros(call, calls[i].len);
            call->tail = NFS_RIG_CALL_HEADER + len;
            g_assert_cmpuint(nfs_rig_accept(&rig, &results), ==, RPC_GARBAGE_ARGS);
        }
    }
    for (guint32 proc = 22; proc < 30; proc++) {
        (void)nfs_rig_begin_on(&rig, 3, proc, &root);
        g_assert_cmpuint(nfs_rig_accept(&rig, &results), ==, RPC_PROC_UNAVAIL);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/nfs3/getattr", attr_rows, test_attr_row);
    ROWS_ADD("/nfs3/lookup", lookup_rows, test_lookup_row);
    ROWS_ADD("/nfs3/access", access_rows, test_access_row);
    ROWS_ADD("/nfs3/readlink", link_rows, test_link_row);
    ROWS_ADD("/nfs3/read", read_rows, test_read_row);
    g_test_add_func("/nfs3/file-system", test_file_system);
    g_test_add_func("/nfs3/bad-handles", test_bad_handles);
    g_test_add_func("/nfs3/truncated", test_truncated);
    return g_test_run();
}
