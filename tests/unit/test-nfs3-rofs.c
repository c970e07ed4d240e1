/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What would change something: NFS3ERR_ROFS, and behind it exactly what RFC 1813 has for a failure
 * of that procedure, taken apart here from the RFC's text.
 */
#include "tests/lan/nfs-rig.h"

/* The results of a failure: w is a wcc_data, a a post_op_attr; in this order. */
typedef struct {
    const char *name;
    guint32 proc;
    const char *args;    /* behind the first handle: s string, h another handle, . a word */
    const char *failure; /* capital: of the second handle */
} Row;

static const Row rows[] = {
    { "setattr", 2, ".......", "w" },   /* §3.3.2 obj_wcc */
    { "write", 7, "....s", "w" },       /* §3.3.7 file_wcc */
    { "create", 8, "s.......", "w" },   /* §3.3.8 dir_wcc */
    { "mkdir", 9, "s......", "w" },     /* §3.3.9 dir_wcc */
    { "symlink", 10, "s......s", "w" }, /* §3.3.10 dir_wcc */
    { "mknod", 11, "s.", "w" },         /* §3.3.11 dir_wcc */
    { "remove", 12, "s", "w" },         /* §3.3.12 dir_wcc */
    { "rmdir", 13, "s", "w" },          /* §3.3.13 dir_wcc */
    { "rename", 14, "shs", "wW" },      /* §3.3.14 fromdir_wcc, todir_wcc */
    { "link", 15, "hs", "aW" },         /* §3.3.15 file_attributes, linkdir_wcc */
    { "commit", 21, "...", "w" },       /* §3.3.21 file_wcc */
};

static void
begin(NfsRig *rig, const Row *row, const NfsHandle *first, const NfsHandle *second)
{
    Buf *call = nfs_rig_begin_on(rig, 3, row->proc, first);
    for (const char *p = row->args; *p != '\0'; p++) {
        if (*p == 's')
            nfs_rig_put_string(call, "new-name");
        else if (*p == 'h')
            nfs_rig_put_handle(call, 3, second);
        else
            buf_be32(call, 0);
    }
}

/* Checks the results behind the status; whether there are attributes depends on the handles. */
static void
check(Cursor *results, const Row *row, gboolean first_good, gboolean second_good)
{
    for (const char *p = row->failure; *p != '\0'; p++) {
        gboolean good = g_ascii_isupper(*p) ? second_good : first_good;
        if (g_ascii_tolower(*p) == 'w')
            g_assert_cmpuint(cursor_be32(results), ==, 0); /* pre_op_attr: none */
        if (good)
            g_assert_cmpuint(nfs_rig_take_post_op(results).type, ==, 2);
        else
            g_assert_cmpuint(cursor_be32(results), ==, 0);
    }
    nfs_rig_done(results);
}

static void
test_row(gconstpointer data)
{
    const Row *row = data;
    gboolean two = strchr(row->args, 'h') != NULL;
    g_auto(NfsRig) rig;

    nfs_rig_init(&rig);
    NfsHandle boot = nfs_rig_handle(&rig, 3, "/boot"), many = nfs_rig_handle(&rig, 3, "/many");
    NfsHandle stale = nfs_rig_stale(&rig, 3), bad = stale;
    bad.bytes[0] = 0;
    const struct {
        const NfsHandle *first, *second;
        guint32 status;
    } cases[] = {
        { &boot, &many, 30 },
        { &stale, &many, 70 },
        { &bad, &many, 10001 },
        { &boot, &stale, two ? 70 : 30 },
        { &boot, &bad, two ? 10001 : 30 },
        { &stale, &bad, 70 },
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        begin(&rig, row, cases[i].first, cases[i].second);
        Cursor results = nfs_rig_call(&rig);
        guint32 status = cursor_be32(&results);
        g_assert_cmpuint(status, ==, cases[i].status);
        /* A stale handle is good until its attributes are asked for; there are none then, either.
         */
        check(&results, row, cases[i].first == &boot, cases[i].second == &many);
    }
}

/* A cut call is garbage, not refused as one to a read-only tree. */
static void
test_truncated_row(gconstpointer data)
{
    const Row *row = data;
    g_auto(NfsRig) rig;

    nfs_rig_init(&rig);
    NfsHandle boot = nfs_rig_handle(&rig, 3, "/boot");
    begin(&rig, row, &boot, &boot);
    gsize len = buf_len(&rig.call) - NFS_RIG_CALL_HEADER;
    for (gsize n = 0; n < len; n++) {
        Cursor results;
        begin(&rig, row, &boot, &boot);
        rig.call.tail = NFS_RIG_CALL_HEADER + n;
        g_assert_cmpuint(nfs_rig_accept(&rig, &results), ==, RPC_GARBAGE_ARGS);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/nfs3-rofs", rows, test_row);
    ROWS_ADD("/nfs3-rofs/truncated", rows, test_truncated_row);
    return g_test_run();
}
