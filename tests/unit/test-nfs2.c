/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NFS version 2, procedure by procedure. Source: RFC 1094 §2.2 */
#include "tests/lan/nfs-rig.h"

enum {
    GETATTR = 1,
    LOOKUP = 4,
    READLINK = 5,
    READ = 6,
    READDIR = 16,
    STATFS = 17
};

/* ---- GETATTR, LOOKUP, READLINK ---- */

typedef struct {
    const char *name;
    const char *path;
    guint32 type, mode;
    gsize size;
} AttrRow;

static const AttrRow attr_rows[] = {
    { "root", "/", 2, 040755, 512 },
    { "directory", "/private", 2, 040700, 512 },
    { "file", "/boot/loader.rc", 1, 0100444, 430 },
    { "program", "/script", 1, 0100755, 10 },
    { "empty", "/empty", 1, 0100644, 0 },
    { "link", "/link", 5, 0120777, 14 },
};

static void
check_attr(const NfsRigAttr *attr, const AttrRow *row)
{
    g_assert_cmpuint(attr->type, ==, row->type);
    g_assert_cmphex(attr->mode, ==, row->mode);
    g_assert_cmpuint(attr->size, ==, row->size);
    g_assert_cmpuint(attr->uid + attr->gid, ==, 0);
}

static void
test_attr_row(gconstpointer data)
{
    const AttrRow *row = data;
    g_auto(NfsRig) rig;

    nfs_rig_init(&rig);
    NfsHandle handle = nfs_rig_handle(&rig, 2, row->path);
    (void)nfs_rig_begin_on(&rig, 2, GETATTR, &handle);
    Cursor results = nfs_rig_call(&rig);
    g_assert_cmpuint(cursor_be32(&results), ==, 0);
    NfsRigAttr attr = nfs_rig_take_fattr2(&results);
    nfs_rig_done(&results);
    check_attr(&attr, row);
}

typedef struct {
    const char *name;
    const char *directory; /* "stale": a handle of nothing */
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
    { "missing", "/boot", "loader.rc.gz.split", 2, NULL },
    { "other-case", "/boot", "LOADER.RC", 2, NULL },
    { "name-of-255", "/many", "49-" NAME_250 "nn", 0, "/many/49-" NAME_250 "nn" },
    { "missing-name-of-255", "/boot", NAME_250 "nnnnn", 2, NULL },
    { "name-of-256", "/boot", NAME_250 "nnnnnn", 63, NULL },
    { "empty-name", "/boot", "", 5, NULL },
    { "slash-in-name", "/", "boot/loader.rc", 5, NULL },
    { "in-a-file", "/boot/loader.rc", "x", 20, NULL },
    { "dot-in-a-file", "/boot/loader.rc", ".", 20, NULL },
    { "in-a-link", "/boot-link", "kernel", 20, NULL },
    { "in-nothing", "stale", "boot", 70, NULL },
};

static NfsHandle
handle_of(NfsRig *rig, const char *path)
{
    return g_str_equal(path, "stale") ? nfs_rig_stale(rig, 2) : nfs_rig_handle(rig, 2, path);
}

static void
test_lookup_row(gconstpointer data)
{
    const LookupRow *row = data;
    g_auto(NfsRig) rig;

    nfs_rig_init(&rig);
    NfsHandle directory = handle_of(&rig, row->directory);
    nfs_rig_put_string(nfs_rig_begin_on(&rig, 2, LOOKUP, &directory), row->child);
    Cursor results = nfs_rig_call(&rig);
    g_assert_cmpuint(cursor_be32(&results), ==, row->status);
    if (row->status == 0) {
        NfsHandle found = nfs_rig_take_handle2(&results);
        NfsRigAttr attr = nfs_rig_take_fattr2(&results);
        nfs_rig_done(&results);
        NfsHandle want = nfs_rig_handle(&rig, 2, row->same_as);
        ROW_CMPMEM(found.bytes, 32, want.bytes, 32);
        (void)nfs_rig_begin_on(&rig, 2, GETATTR, &found);
        results = nfs_rig_call(&rig);
        cursor_skip(&results, 4);
        NfsRigAttr same = nfs_rig_take_fattr2(&results);
        g_assert_cmpuint(attr.fileid, ==, same.fileid);
        g_assert_cmpuint(attr.mode, ==, same.mode);
    }
    nfs_rig_done(&results);
}

typedef struct {
    const char *name;
    const char *path;
    guint32 status;
    gsize len;
} LinkRow;

static const LinkRow link_rows[] = {
    { "link", "/link", 0, 14 },          { "longest", "/link-1024", 0, 1024 },
    { "too-long", "/link-1025", 63, 0 }, { "file", "/boot/loader.rc", 5, 0 },
    { "directory", "/boot", 5, 0 },      { "stale", "stale", 70, 0 },
};

static void
test_link_row(gconstpointer data)
{
    const LinkRow *row = data;
    g_auto(NfsRig) rig;

    nfs_rig_init(&rig);
    NfsHandle handle = handle_of(&rig, row->path);
    (void)nfs_rig_begin_on(&rig, 2, READLINK, &handle);
    Cursor results = nfs_rig_call(&rig);
    g_assert_cmpuint(cursor_be32(&results), ==, row->status);
    if (row->status == 0) {
        g_assert_cmpuint(cursor_be32(&results), ==, row->len);
        const guint8 *target = cursor_take(&results, (row->len + 3) / 4 * 4);
        if (row->len == 14)
            ROW_CMPMEM(target, 16, "boot/loader.rc\0\0", 16);
    }
    nfs_rig_done(&results);
}

/* ---- READ ---- */

typedef struct {
    const char *name;
    const char *path;
    guint32 offset, count;
    guint32 status;
    gsize len;
} ReadRow;

static const ReadRow read_rows[] = {
    { "loader-512", "/boot/loader.rc", 0, 512, 0, 430 },
    { "loader-1024", "/boot/kernel/kernel", 0, 1024, 0, 1024 },
    { "kernel-8192", "/boot/kernel/kernel", 8192, 8192, 0, 8192 },
    { "more-than-8192", "/boot/kernel/kernel", 0, 8193, 0, 8192 },
    { "count-huge", "/boot/kernel/kernel", 0, 0xffffffff, 0, 8192 },
    { "odd-offset", "/boot/kernel/kernel", 333, 1021, 0, 1021 },
    { "across-the-end", "/boot/loader.rc", 429, 512, 0, 1 },
    { "at-the-end", "/boot/loader.rc", 430, 512, 0, 0 },
    { "behind-the-end", "/boot/loader.rc", 5000, 512, 0, 0 },
    { "offset-huge", "/boot/kernel/kernel", 0xffffffff, 8192, 0, 0 },
    { "nothing", "/boot/loader.rc", 0, 0, 0, 0 },
    { "empty-file", "/empty", 0, 1024, 0, 0 },
    { "one-byte", "/one", 0, 1024, 0, 1 },
    { "directory", "/boot", 0, 1024, 21, 0 },
    { "link", "/link", 0, 1024, 5, 0 },
    { "stale", "stale", 0, 1024, 70, 0 },
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
    Buf *call = nfs_rig_begin_on(&rig, 2, READ, &handle);
    buf_be32(call, row->offset);
    buf_be32(call, row->count);
    buf_be32(call, 0);
    Cursor results = nfs_rig_call(&rig);
    g_assert_cmpuint(cursor_be32(&results), ==, row->status);
    if (row->status == 0) {
        NfsRigAttr attr = nfs_rig_take_fattr2(&results);
        g_assert_cmpuint(cursor_be32(&results), ==, row->len);
        const guint8 *bytes = cursor_take(&results, (row->len + 3) / 4 * 4);
        g_autofree guint8 *file = g_malloc(attr.size + 1);
        row_pattern(file, attr.size, (guint32)attr.size);
        ROW_CMPMEM(bytes, row->len, file + (row->len > 0 ? row->offset : 0), row->len);
        for (gsize i = row->len; i % 4 != 0; i++)
            g_assert_cmpuint(bytes[i], ==, 0);
        g_assert_cmpint(seen.kind, ==, NFS_EVENT_READ);
        g_assert_cmpuint(seen.offset, ==, row->offset);
        g_assert_cmpuint(seen.count, ==, row->len);
        g_assert_cmpuint(seen.size, ==, attr.size);
    } else {
        g_assert_cmpuint(seen.count, ==, 999999);
    }
    nfs_rig_done(&results);
}

/* ---- the rest ---- */

static void
test_statfs(void)
{
    g_auto(NfsRig) rig;

    nfs_rig_init(&rig);
    NfsHandle root = nfs_rig_handle(&rig, 2, "/");
    (void)nfs_rig_begin_on(&rig, 2, STATFS, &root);
    Cursor results = nfs_rig_call(&rig);
    g_assert_cmpuint(cursor_be32(&results), ==, 0);
    g_assert_cmpuint(cursor_be32(&results), ==, 8192); /* tsize */
    guint32 bsize = cursor_be32(&results);
    g_assert_cmpuint(bsize, >=, 512);
    g_assert_cmpuint(cursor_be32(&results), ==, vfs_total_bytes(rig.vfs) / bsize);
    g_assert_cmpuint(cursor_be32(&results), ==, 0); /* bfree */
    g_assert_cmpuint(cursor_be32(&results), ==, 0); /* bavail */
    nfs_rig_done(&results);
    NfsHandle stale = nfs_rig_stale(&rig, 2);
    (void)nfs_rig_begin_on(&rig, 2, STATFS, &stale);
    results = nfs_rig_call(&rig);
    g_assert_cmpuint(cursor_be32(&results), ==, 70);
    nfs_rig_done(&results);
}

/* What would change something, what is obsolete, and what is not there at all. */
static void
test_procedures(void)
{
    static const guint8 read_only[] = { 2, 8, 9, 10, 11, 12, 13, 14, 15 };
    static const guint32 unavailable[] = { 3, 7, 18, 19, 0xffffffff };
    g_auto(NfsRig) rig;
    Cursor results;

    nfs_rig_init(&rig);
    NfsHandle root = nfs_rig_handle(&rig, 2, "/"), stale = nfs_rig_stale(&rig, 2);
    for (gsize i = 0; i < G_N_ELEMENTS(read_only); i++) {
        buf_zeros(nfs_rig_begin_on(&rig, 2, read_only[i], &root), 200);
        results = nfs_rig_call(&rig);
        g_assert_cmpuint(cursor_be32(&results), ==, 30);
        nfs_rig_done(&results);
        buf_zeros(nfs_rig_begin_on(&rig, 2, read_only[i], &stale), 200);
        results = nfs_rig_call(&rig);
        g_assert_cmpuint(cursor_be32(&results), ==, 70);
        nfs_rig_done(&results);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(read_only); i++) { /* the arguments are missing */
        (void)nfs_rig_begin_on(&rig, 2, read_only[i], &root);
        g_assert_cmpuint(nfs_rig_accept(&rig, &results), ==, RPC_GARBAGE_ARGS);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(unavailable); i++) {
        (void)nfs_rig_begin_on(&rig, 2, unavailable[i], &root);
        g_assert_cmpuint(nfs_rig_accept(&rig, &results), ==, RPC_PROC_UNAVAIL);
    }
    (void)nfs_rig_begin(&rig, NFS_PROGRAM, 2, 0);
    results = nfs_rig_call(&rig);
    nfs_rig_done(&results);
}

/* Every prefix of the arguments of every procedure: garbage. */
static void
test_truncated(void)
{
    static const struct {
        guint32 proc;
        gsize len; /* of the arguments behind the handle */
    } calls[] = { { GETATTR, 0 }, { LOOKUP, 8 }, { READLINK, 0 }, { READ, 12 },
                  { READDIR, 8 }, { STATFS, 0 }, { 2, 32 },       { 14, 36 } };
    g_auto(NfsRig) rig;
    Cursor results;

    nfs_rig_init(&rig);
    NfsHandle root = nfs_rig_handle(&rig, 2, "/");
    for (gsize i = 0; i < G_N_ELEMENTS(calls); i++) {
        for (gsize len = 0; len < 32 + calls[i].len; len++) {
            Buf *call = nfs_rig_begin_on(&rig, 2, calls[i].proc, &root);
            if (calls[i].proc == LOOKUP)
                nfs_rig_put_string(call, "boot");
            else
                buf_zeros(call, calls[i].len);
            call->tail = NFS_RIG_CALL_HEADER + len;
            g_assert_cmpuint(nfs_rig_accept(&rig, &results), ==, RPC_GARBAGE_ARGS);
        }
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/nfs2/getattr", attr_rows, test_attr_row);
    ROWS_ADD("/nfs2/lookup", lookup_rows, test_lookup_row);
    ROWS_ADD("/nfs2/readlink", link_rows, test_link_row);
    ROWS_ADD("/nfs2/read", read_rows, test_read_row);
    g_test_add_func("/nfs2/statfs", test_statfs);
    g_test_add_func("/nfs2/procedures", test_procedures);
    g_test_add_func("/nfs2/truncated", test_truncated);
    return g_test_run();
}
