/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mount daemon: which paths are a root, what is no directory, what the replies look like. */
#include "nfs/nfs-handle.h"
#include "tests/lan/nfs-rig.h"

typedef struct {
    const char *name;
    const char *path;
    guint32 status;
    const char *same_as; /* the directory whose handle it must be */
} PathRow;

static const PathRow path_rows[] = {
    { "root", "/", 0, "/" },
    { "empty", "", 0, "/" },
    { "pxeroot-of-the-7.0-loader", "/pxeroot", 0, "/" },
    { "pxeroot-slash", "/pxeroot/", 0, "/" },
    { "below-pxeroot", "/pxeroot/boot", 0, "/boot" },
    { "below-pxeroot-deep", "/pxeroot/boot/kernel", 0, "/boot/kernel" },
    { "pxeroot-and-more-letters", "/pxeroots", 2, NULL },
    { "pxeroot-relative", "pxeroot", 2, NULL },
    { "missing-below-pxeroot", "/pxeroot/missing", 2, NULL },
    { "directory", "/boot", 0, "/boot" },
    { "directory-slash", "/boot/", 0, "/boot" },
    { "directory-relative", "boot", 0, "/boot" },
    { "double-slash", "//boot//kernel", 0, "/boot/kernel" },
    { "dots", "/boot/../boot/.", 0, "/boot" },
    { "above-the-root", "/../..", 0, "/" },
    { "link-to-directory", "/boot-link", 0, "/boot" },
    { "missing", "/export/home", 2, NULL },
    { "file", "/boot/loader.rc", 20, NULL },
    { "link-to-file", "/link", 20, NULL },
    { "below-a-file", "/empty/x", 20, NULL },
    { "colon-of-a-root-path", "192.168.64.4:/", 2, NULL },
};

static void
test_path_row(gconstpointer data)
{
    const PathRow *row = data;

    for (guint32 vers = 1; vers <= 3; vers++) {
        g_auto(NfsRig) rig;
        nfs_rig_init(&rig);
        nfs_rig_put_string(nfs_rig_begin(&rig, 100005, vers, 1), row->path);
        Cursor results = nfs_rig_call(&rig);
        g_assert_cmpuint(cursor_be32(&results), ==, row->status);
        if (row->status == 0) {
            NfsHandle handle =
                vers == 3 ? nfs_rig_take_handle3(&results) : nfs_rig_take_handle2(&results);
            if (vers == 3) { /* the loader has room for seven flavors */
                guint32 flavors = cursor_be32(&results);
                g_assert_cmpuint(flavors, >=, 1);
                g_assert_cmpuint(flavors, <=, 7);
                g_assert_cmpuint(cursor_be32(&results), ==, 1); /* AUTH_SYS first */
                cursor_skip(&results, (flavors - 1) * 4);
            }
            nfs_rig_done(&results);
            NfsHandle want = nfs_rig_handle(&rig, vers == 3 ? 3 : 2, row->same_as);
            ROW_CMPMEM(handle.bytes, handle.len, want.bytes, want.len);
        }
        nfs_rig_done(&results);
    }
}

typedef struct {
    const char *name;
    gsize len;
    guint32 status;
} LengthRow;

static const LengthRow length_rows[] = {
    { "1023", 1023, 0 },
    { "1024", 1024, 0 },
    { "1025", 1025, 63 },
    { "3000", 3000, 63 },
};

/* A path of so many slashes is the root, until it is too long. */
static void
test_length_row(gconstpointer data)
{
    const LengthRow *row = data;
    g_autofree char *path = g_strnfill(row->len, '/');

    for (guint32 vers = 1; vers <= 3; vers++) {
        g_auto(NfsRig) rig;
        nfs_rig_init(&rig);
        nfs_rig_put_string(nfs_rig_begin(&rig, 100005, vers, 1), path);
        Cursor results = nfs_rig_call(&rig);
        g_assert_cmpuint(cursor_be32(&results), ==, row->status);
    }
}

static void
test_nul_inside(void)
{
    g_auto(NfsRig) rig;
    nfs_rig_init(&rig);
    nfs_rig_put_opaque(nfs_rig_begin(&rig, 100005, 3, 1), "/\0boot", 6);
    Cursor results = nfs_rig_call(&rig);
    g_assert_cmpuint(cursor_be32(&results), ==, 2);
    nfs_rig_done(&results);
}

typedef struct {
    const char *name;
    guint32 proc;
    const char *arg; /* (nullable) */
    guint32 words[8];
    gsize n_words;
    guint32 stat;
} ProcRow;

static const ProcRow proc_rows[] = {
    { "null", 0, NULL, { 0 }, 0, RPC_SUCCESS },
    { "dump-is-empty", 2, NULL, { 0 }, 1, RPC_SUCCESS },
    { "umnt", 3, "/", { 0 }, 0, RPC_SUCCESS },
    { "umnt-of-what-was-never-mounted", 3, "/missing", { 0 }, 0, RPC_SUCCESS },
    { "umnt-without-path", 3, NULL, { 0 }, 0, RPC_GARBAGE_ARGS },
    { "umntall", 4, NULL, { 0 }, 0, RPC_SUCCESS },
    { "export", 5, NULL, { 1, 1, 0x2f000000, 0, 0 }, 5, RPC_SUCCESS },
    { "mnt-without-path", 1, NULL, { 0 }, 0, RPC_GARBAGE_ARGS },
    { "exportall", 6, NULL, { 0 }, 0, RPC_PROC_UNAVAIL },
    { "behind-the-table", 7, NULL, { 0 }, 0, RPC_PROC_UNAVAIL },
};

static void
test_proc_row(gconstpointer data)
{
    const ProcRow *row = data;

    for (guint32 vers = 1; vers <= 3; vers++) {
        g_auto(NfsRig) rig;
        Cursor results;
        nfs_rig_init(&rig);
        Buf *call = nfs_rig_begin(&rig, 100005, vers, row->proc);
        if (row->arg != NULL)
            nfs_rig_put_string(call, row->arg);
        g_assert_cmpuint(nfs_rig_accept(&rig, &results), ==, row->stat);
        for (gsize i = 0; i < row->n_words; i++)
            g_assert_cmphex(cursor_be32(&results), ==, row->words[i]);
        nfs_rig_done(&results);
    }
}

static void
test_versions(void)
{
    g_auto(NfsRig) rig;
    Cursor results;

    nfs_rig_init(&rig);
    (void)nfs_rig_begin(&rig, 100005, 4, 0);
    g_assert_cmpuint(nfs_rig_accept(&rig, &results), ==, RPC_PROG_MISMATCH);
    g_assert_cmpuint(cursor_be32(&results), ==, 1);
    g_assert_cmpuint(cursor_be32(&results), ==, 3);
}

static void
observe(const NfsEvent *event, gpointer data)
{
    g_assert_cmpint(event->kind, ==, NFS_EVENT_MOUNT);
    ((VfsId *)data)[0]++;
    ((VfsId *)data)[1] = event->id;
}

static void
test_observer(void)
{
    g_auto(NfsRig) rig;
    VfsId seen[2] = { 0, 99 }, boot;

    nfs_rig_init(&rig);
    rig.server.observer = observe;
    rig.server.observer_data = seen;
    (void)nfs_rig_mount(&rig, 3, "/boot");
    g_assert_cmpint(vfs_walk(rig.vfs, "/boot", &boot), ==, 0);
    g_assert_cmpuint(seen[0], ==, 1);
    g_assert_cmpuint(seen[1], ==, boot);
    nfs_rig_put_string(nfs_rig_begin(&rig, 100005, 3, 1), "/missing");
    (void)nfs_rig_call(&rig);
    g_assert_cmpuint(seen[0], ==, 1);
}

/* Every prefix of a good argument is garbage; a length that lies, too. */
static void
test_truncated(void)
{
    static const guint8 arg[] = { 0, 0, 0, 5, '/', 'b', 'o', 'o', 't', 0, 0, 0 };
    g_auto(NfsRig) rig;
    Cursor results;

    nfs_rig_init(&rig);
    for (gsize len = 0; len < sizeof arg; len++) {
        buf_bytes(nfs_rig_begin(&rig, 100005, 3, 1), arg, len);
        g_assert_cmpuint(nfs_rig_accept(&rig, &results), ==, RPC_GARBAGE_ARGS);
    }
    for (guint32 lie = 0xfffffff0; lie != 0; lie++) {
        buf_be32(nfs_rig_begin(&rig, 100005, 1, 1), lie);
        g_assert_cmpuint(nfs_rig_accept(&rig, &results), ==, RPC_GARBAGE_ARGS);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/mountd/path", path_rows, test_path_row);
    ROWS_ADD("/mountd/length", length_rows, test_length_row);
    g_test_add_func("/mountd/nul-inside", test_nul_inside);
    ROWS_ADD("/mountd/procedure", proc_rows, test_proc_row);
    g_test_add_func("/mountd/versions", test_versions);
    g_test_add_func("/mountd/observer", test_observer);
    g_test_add_func("/mountd/truncated", test_truncated);
    return g_test_run();
}
