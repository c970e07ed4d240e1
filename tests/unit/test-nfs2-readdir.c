/* SPDX-License-Identifier: GPL-2.0-or-later */
/* READDIR of NFS version 2: complete listings, whatever count a client gives. RFC 1094 §2.2.17 */
#include "tests/lan/nfs-rig.h"

#define READDIR   16
#define COUNT_MAX 2000

/* Fits even the longest name: status, end of list, eof, and an entry of a name of 255. */
#define COUNT_ENOUGH (4 + 4 + 4 + 4 + 4 + 4 + 256 + 4)

typedef struct {
    guint32 status;
    guint32 last_cookie;
    gboolean eof;
    gsize results_len; /* bytes, status included */
} Reply;

/* Asks once; appends the names to @names, each followed by '/'. */
static Reply
list_once(NfsRig *rig, const NfsHandle *dir, guint32 cookie, guint32 count, GString *names)
{
    Buf *call = nfs_rig_begin_on(rig, 2, READDIR, dir);
    buf_be32(call, cookie);
    buf_be32(call, count);
    Cursor results = nfs_rig_call(rig);
    Reply reply = { .results_len = cursor_left(&results), .last_cookie = cookie };

    reply.status = cursor_be32(&results);
    if (reply.status == 0) {
        while (cursor_be32(&results) == 1) {
            g_assert_cmpuint(cursor_be32(&results), >, 1); /* fileid */
            guint32 len = cursor_be32(&results);
            const guint8 *name = cursor_take(&results, (len + 3) / 4 * 4);
            g_assert_nonnull(name);
            g_string_append_len(names, (const char *)name, len);
            g_string_append_c(names, '/');
            guint32 next = cursor_be32(&results);
            g_assert_cmpuint(next, >, reply.last_cookie);
            reply.last_cookie = next;
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

/* Reads the whole directory with one count. Returns: the largest reply */
static gsize
check_count(NfsRig *rig, const NfsHandle *dir, guint32 count, const char *want)
{
    g_autoptr(GString) names = g_string_new(NULL);
    Reply reply = { 0 };
    gsize largest = 0;

    do {
        guint32 cookie = reply.last_cookie;
        reply = list_once(rig, dir, cookie, count, names);
        if (reply.status != 0) { /* not one entry fits */
            g_assert_cmpuint(reply.status, ==, 5);
            g_assert_cmpuint(count, <, COUNT_ENOUGH);
            return largest;
        }
        g_assert_true(reply.eof || reply.last_cookie > cookie);
        largest = MAX(largest, reply.results_len);
    } while (!reply.eof);
    g_assert_cmpstr(names->str, ==, want);
    return largest;
}

static void
test_counts_row(gconstpointer data)
{
    const DirRow *row = data;
    g_auto(NfsRig) rig;

    nfs_rig_init(&rig);
    NfsHandle dir = nfs_rig_handle(&rig, 2, row->path);
    g_autofree char *want = whole_list(&rig, row->path);
    for (guint32 count = 0; count <= COUNT_MAX; count++) {
        gsize largest = check_count(&rig, &dir, count, want);
        g_assert_cmpuint(largest, <=, count);
    }
    (void)check_count(&rig, &dir, 8192, want);
    g_assert_cmpuint(check_count(&rig, &dir, 0xffffffff, want), <=, 8192);
}

/*
 * The loaders of FreeBSD up to 8.1 have 1024 bytes for the whole result, status included, and give
 * 1024 as count [libstand/nfs.c: nfs_readdir].
 */
static void
test_loader_buffer(void)
{
    g_auto(NfsRig) rig;
    gsize largest = 0;

    nfs_rig_init(&rig);
    NfsHandle many = nfs_rig_handle(&rig, 2, "/many");
    /* From every cookie, so that one of the replies fills the buffer to the last byte. */
    for (guint32 cookie = 0; cookie < NFS_RIG_MANY; cookie++) {
        g_autoptr(GString) names = g_string_new(NULL);
        Reply reply = list_once(&rig, &many, cookie, 1024, names);
        largest = MAX(largest, reply.results_len);
    }
    g_assert_cmpuint(largest, ==, 1024);
}

typedef struct {
    const char *name;
    const char *path; /* "stale": a handle of nothing */
    guint32 cookie, count;
    guint32 status;
} ErrorRow;

static const ErrorRow error_rows[] = {
    { "file", "/boot/loader.rc", 0, 1024, 20 },
    { "file-small-count", "/boot/loader.rc", 0, 36, 20 },
    { "file-later", "/boot/loader.rc", 1, 1024, 20 },
    { "file-behind-the-dots", "/boot/loader.rc", 2, 1024, 20 },
    { "link", "/link", 0, 1024, 20 },
    { "link-small-count", "/link", 0, 36, 20 },
    { "stale", "stale", 0, 1024, 70 },
    { "stale-later", "stale", 10, 1024, 70 },
    { "nothing-fits", "/boot", 0, 31, 5 },
    { "dot-just-fits", "/boot", 0, 32, 0 },
    { "nothing-fits-later", "/boot", 2, 39, 5 },
    { "loader.rc-just-fits", "/boot", 2, 40, 0 },
    { "end-does-not-fit", "/boot", 100, 11, 5 },
    { "end-just-fits", "/boot", 100, 12, 0 },
    { "count-of-nothing", "/boot", 0, 0, 5 },
    { "count-of-nothing-at-the-end", "/boot", 100, 0, 5 },
};

static void
test_error_row(gconstpointer data)
{
    const ErrorRow *row = data;
    g_autoptr(GString) names = g_string_new(NULL);
    g_auto(NfsRig) rig;

    nfs_rig_init(&rig);
    NfsHandle handle = g_str_equal(row->path, "stale") ? nfs_rig_stale(&rig, 2)
                                                       : nfs_rig_handle(&rig, 2, row->path);
    Reply reply = list_once(&rig, &handle, row->cookie, row->count, names);
    g_assert_cmpuint(reply.status, ==, row->status);
}

/* Cookies that we never gave out: behind the end, there is the end. */
static void
test_odd_cookies(void)
{
    static const guint32 cookies[] = { 5, 100, 0x7fffffff, 0x80000000, 0xffffffff };
    g_auto(NfsRig) rig;

    nfs_rig_init(&rig);
    NfsHandle boot = nfs_rig_handle(&rig, 2, "/boot");
    for (gsize i = 0; i < G_N_ELEMENTS(cookies); i++) {
        g_autoptr(GString) names = g_string_new(NULL);
        Reply reply = list_once(&rig, &boot, cookies[i], 1024, names);
        g_assert_cmpuint(reply.status, ==, 0);
        g_assert_true(reply.eof);
        g_assert_cmpuint(names->len, ==, 0);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/nfs2-readdir/counts", dir_rows, test_counts_row);
    g_test_add_func("/nfs2-readdir/loader-buffer", test_loader_buffer);
    ROWS_ADD("/nfs2-readdir/error", error_rows, test_error_row);
    g_test_add_func("/nfs2-readdir/odd-cookies", test_odd_cookies);
    return g_test_run();
}
