/* SPDX-License-Identifier: GPL-2.0-or-later */
/* READDIR and READDIRPLUS of NFS version 3. RFC 1813 §3.3.16, §3.3.17 */
#include "tests/lan/nfs-rig.h"

#define READDIR     16
#define READDIRPLUS 17

/* Fits even the longest name: status, attributes, verifier, end; and one entry of either kind. */
#define FRAME       (4 + 4 + 84 + 8 + 4 + 4)
#define ENTRY_MAX   (4 + 8 + 4 + 256 + 8)
#define PLUS        (4 + 84 + 4 + 4 + 28)
#define ENOUGH      (FRAME + ENTRY_MAX)
#define ENOUGH_PLUS (ENOUGH + PLUS)

typedef struct {
    guint32 proc;
    guint64 cookie, verf;
    guint32 dircount, count; /* dircount: only READDIRPLUS */
} Ask;

typedef struct {
    guint32 status;
    guint64 last_cookie, verf;
    gboolean eof;
    gsize results_len;
    gsize dir_len; /* bytes of entries without attributes and handles */
} Reply;

/* What READDIRPLUS says of an entry is what LOOKUP and GETATTR would say. */
static void
check_plus(NfsRig *rig, Cursor *results, guint64 fileid)
{
    NfsRigAttr attr = nfs_rig_take_post_op(results);
    g_assert_cmpuint(cursor_be32(results), ==, 1);
    NfsHandle handle = nfs_rig_take_handle3(results);
    g_assert_cmpuint(attr.fileid, ==, fileid);
    g_assert_cmpuint(handle.len, ==, 28);
    (void)rig;
}

static Reply
list_once(NfsRig *rig, const NfsHandle *dir, const Ask *ask, GString *names)
{
    Buf *call = nfs_rig_begin_on(rig, 3, ask->proc, dir);
    buf_be64(call, ask->cookie);
    buf_be64(call, ask->verf);
    if (ask->proc == READDIRPLUS)
        buf_be32(call, ask->dircount);
    buf_be32(call, ask->count);
    Cursor results = nfs_rig_call(rig);
    Reply reply = { .results_len = cursor_left(&results), .last_cookie = ask->cookie };

    reply.status = cursor_be32(&results);
    if (reply.status == 70 || reply.status == 10001)
        g_assert_cmpuint(cursor_be32(&results), ==, 0);
    else
        (void)nfs_rig_take_post_op(&results);
    if (reply.status == 0) {
        reply.verf = cursor_be64(&results);
        while (cursor_be32(&results) == 1) {
            gsize before = cursor_left(&results);
            guint64 fileid = cursor_be64(&results);
            guint32 len = cursor_be32(&results);
            const guint8 *name = cursor_take(&results, (len + 3) / 4 * 4);
            g_assert_nonnull(name);
            g_string_append_len(names, (const char *)name, len);
            g_string_append_c(names, '/');
            guint64 next = cursor_be64(&results);
            g_assert_cmpuint(fileid, >, 1);
            g_assert_cmpuint(next, >, reply.last_cookie);
            reply.last_cookie = next;
            reply.dir_len += 4 + before - cursor_left(&results);
            if (ask->proc == READDIRPLUS)
                check_plus(rig, &results, fileid);
        }
        reply.eof = cursor_be32(&results) != 0;
    }
    nfs_rig_done(&results);
    return reply;
}

static char *
whole_list(NfsRig *rig, const char *path)
{
    GString *names = g_string_new("./../");
    VfsDirent entry = { .cookie = 0 };
    VfsId dir;

    g_assert_cmpint(vfs_walk(rig->vfs, path, &dir), ==, 0);
    while (vfs_readdir(rig->vfs, dir, entry.cookie, &entry) == 1)
        g_string_append_printf(names, "%s/", entry.name);
    return g_string_free(names, FALSE);
}

/* Lists the whole directory, or finds that an entry does not fit and that this is true. */
static void
check_counts(NfsRig *rig, const NfsHandle *dir, Ask ask, const char *want)
{
    g_autoptr(GString) names = g_string_new(NULL);
    gboolean plus = ask.proc == READDIRPLUS;
    Reply reply;

    do {
        reply = list_once(rig, dir, &ask, names);
        if (reply.status != 0) {
            g_assert_cmpuint(reply.status, ==, 10005);
            g_assert_true(ask.count < (plus ? ENOUGH_PLUS : ENOUGH) ||
                          (plus && ask.dircount < ENTRY_MAX));
            return;
        }
        g_assert_cmpuint(reply.results_len, <=, ask.count);
        if (plus)
            g_assert_cmpuint(reply.dir_len, <=, ask.dircount);
        g_assert_true(reply.eof || reply.last_cookie > ask.cookie);
        g_assert_true(ask.cookie == 0 || reply.verf == ask.verf);
        ask.cookie = reply.last_cookie;
        ask.verf = reply.verf;
    } while (!reply.eof);
    g_assert_cmpstr(names->str, ==, want);
}

typedef struct {
    const char *name;
    const char *path;
} DirRow;

static const DirRow dir_rows[] = {
    { "root", "/" },
    { "boot", "/boot" },
    { "empty", "/private" },
    { "many", "/many" },
};

static void
test_readdir_row(gconstpointer data)
{
    const DirRow *row = data;
    g_auto(NfsRig) rig;

    nfs_rig_init(&rig);
    NfsHandle dir = nfs_rig_handle(&rig, 3, row->path);
    g_autofree char *want = whole_list(&rig, row->path);
    for (guint32 count = 0; count <= 2000; count++)
        check_counts(&rig, &dir, (Ask){ READDIR, 0, 0, 0, count }, want);
    check_counts(&rig, &dir, (Ask){ READDIR, 0, 0, 0, 8192 }, want);
    check_counts(&rig, &dir, (Ask){ READDIR, 0, 0, 0, 0xffffffff }, want);
}

static void
test_readdirplus_row(gconstpointer data)
{
    const DirRow *row = data;
    g_auto(NfsRig) rig;

    nfs_rig_init(&rig);
    NfsHandle dir = nfs_rig_handle(&rig, 3, row->path);
    g_autofree char *want = whole_list(&rig, row->path);
    for (guint32 count = 0; count <= 2000; count += 3) {
        check_counts(&rig, &dir, (Ask){ READDIRPLUS, 0, 0, 8192, count }, want);
        check_counts(&rig, &dir, (Ask){ READDIRPLUS, 0, 0, count, 8192 }, want);
        check_counts(&rig, &dir, (Ask){ READDIRPLUS, 0, 0, count, count }, want);
    }
    check_counts(&rig, &dir, (Ask){ READDIRPLUS, 0, 0, 0xffffffff, 0xffffffff }, want);
}

/* A handle from READDIRPLUS is that of LOOKUP. */
static void
test_plus_handles(void)
{
    g_auto(NfsRig) rig;

    nfs_rig_init(&rig);
    NfsHandle boot = nfs_rig_handle(&rig, 3, "/boot"),
              want = nfs_rig_handle(&rig, 3, "/boot/kernel");
    Buf *call = nfs_rig_begin_on(&rig, 3, READDIRPLUS, &boot);
    buf_be64(call, 3); /* behind ".", "..", "loader.rc" */
    buf_be64(call, 0);
    buf_be32(call, 1024);
    buf_be32(call, 1024);
    Cursor results = nfs_rig_call(&rig);
    cursor_skip(&results, 4 + 4 + 84 + 8);
    g_assert_cmpuint(cursor_be32(&results), ==, 1);
    cursor_skip(&results, 8 + 4 + 8 + 8); /* fileid, "kernel", cookie */
    NfsRigAttr attr = nfs_rig_take_post_op(&results);
    g_assert_cmpuint(attr.type, ==, 2);
    g_assert_cmpuint(cursor_be32(&results), ==, 1);
    NfsHandle handle = nfs_rig_take_handle3(&results);
    ROW_CMPMEM(handle.bytes, handle.len, want.bytes, want.len);
}

typedef struct {
    const char *name;
    const char *path;
    guint64 cookie;
    gint verf_change; /* 0: the right one; 1: another; -1: none */
    guint32 count;
    guint32 status;
} CaseRow;

static const CaseRow case_rows[] = {
    { "first", "/boot", 0, -1, 1024, 0 },
    { "first-with-a-verifier", "/boot", 0, 0, 1024, 0 },
    { "first-with-a-wrong-verifier", "/boot", 0, 1, 1024, 0 },
    { "later", "/boot", 2, 0, 1024, 0 },
    { "later-stale-verifier", "/boot", 2, 1, 1024, 10003 },
    { "later-no-verifier", "/boot", 2, -1, 1024, 0 }, /* FreeBSD's loader */
    { "behind-the-end", "/boot", 100, 0, 1024, 0 },
    { "cookie-huge", "/boot", G_MAXUINT64, 0, 1024, 0 },
    { "cookie-minus-one-behind-dots", "/boot", G_GUINT64_CONSTANT(0x100000002), 0, 1024, 0 },
    { "file", "/boot/loader.rc", 0, -1, 1024, 20 },
    { "file-small-count", "/boot/loader.rc", 0, -1, 140, 20 },
    { "file-later-wrong-verifier", "/boot/loader.rc", 2, 1, 1024, 20 },
    { "link", "/link", 0, -1, 1024, 20 },
    { "nothing-fits", "/boot", 0, -1, 131, 10005 },
    { "one-fits", "/boot", 0, -1, 136, 0 },
    { "end-does-not-fit", "/boot", 100, 0, 107, 10005 },
    { "end-just-fits", "/boot", 100, 0, 108, 0 },
    { "stale", "stale", 0, -1, 1024, 70 },
};

static void
test_case_row(gconstpointer data)
{
    const CaseRow *row = data;

    for (guint32 proc = READDIR; proc <= READDIRPLUS; proc++) {
        g_autoptr(GString) names = g_string_new(NULL);
        g_auto(NfsRig) rig;
        nfs_rig_init(&rig);
        NfsHandle handle = g_str_equal(row->path, "stale") ? nfs_rig_stale(&rig, 3)
                                                           : nfs_rig_handle(&rig, 3, row->path);
        Ask ask = { proc, 0, 0, 1024, 1024 };
        Reply first = list_once(&rig, &handle, &ask, names);
        ask.cookie = row->cookie;
        ask.verf = row->verf_change < 0 ? 0 : first.verf + (guint)row->verf_change;
        ask.count = row->count + (proc == READDIRPLUS && row->status != 10005 ? PLUS : 0);
        Reply reply = list_once(&rig, &handle, &ask, names);
        g_assert_cmpuint(reply.status, ==, row->status);
        if (row->cookie >= 100 && row->status == 0)
            g_assert_true(reply.eof && reply.dir_len == 0);
    }
}

static void
test_truncated(void)
{
    g_auto(NfsRig) rig;
    Cursor results;

    nfs_rig_init(&rig);
    NfsHandle boot = nfs_rig_handle(&rig, 3, "/boot");
    for (guint32 proc = READDIR; proc <= READDIRPLUS; proc++) {
        gsize args = 4 + 28 + 8 + 8 + (proc == READDIR ? 4 : 8);
        for (gsize len = 0; len < args; len++) {
            buf_zeros(nfs_rig_begin_on(&rig, 3, proc, &boot), args - 32);
            rig.call.tail = NFS_RIG_CALL_HEADER + len;
            g_assert_cmpuint(nfs_rig_accept(&rig, &results), ==, RPC_GARBAGE_ARGS);
        }
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/nfs3-readdir/counts", dir_rows, test_readdir_row);
    ROWS_ADD("/nfs3-readdir/plus-counts", dir_rows, test_readdirplus_row);
    g_test_add_func("/nfs3-readdir/plus-handles", test_plus_handles);
    ROWS_ADD("/nfs3-readdir/case", case_rows, test_case_row);
    g_test_add_func("/nfs3-readdir/truncated", test_truncated);
    return g_test_run();
}
