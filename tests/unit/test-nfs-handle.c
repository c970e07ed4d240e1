/* SPDX-License-Identifier: GPL-2.0-or-later */
/* File handles: which bytes are one, in which version, and what is said of all others. */
#include "nfs/nfs-handle.h"
#include "tests/lan/nfs-rig.h"

#include <errno.h>

#define ID G_GUINT64_CONSTANT(0x1122334455667788)

static const NfsServer server = { .key = NFS_RIG_KEY };
static const NfsServer other_run = { .key = NFS_RIG_KEY + 1 };

/* The 28 bytes of the handle of @id. */
static void
handle_bytes(guint8 bytes[64], VfsId id)
{
    guint8 memory[64] = { 0 };
    Buf out = buf_of(memory, sizeof memory, 0);

    nfs3_handle_put(&server, &out, id);
    g_assert_cmpuint(buf_len(&out), ==, 4 + 28);
    g_assert_cmpuint(memory[3], ==, 28);
    memset(bytes, 0, 64);
    memcpy(bytes, memory + 4, 28);
}

typedef struct {
    const char *name;
    guint32 len; /* as a version 3 handle */
    int at;      /* a byte that is changed, -1: none */
    int result;  /* 0 or -errno */
} Row;

static const Row rows[] = {
    { "28-bytes", 28, -1, 0 },        { "29-bytes", 29, -1, 0 },
    { "32-bytes", 32, -1, 0 },        { "64-bytes", 64, -1, 0 },
    { "0-bytes", 0, -1, -EBADF },     { "27-bytes", 27, -1, -EBADF },
    { "65-bytes", 65, -1, -EBADF },   { "magic", 28, 0, -EBADF },
    { "fsid", 28, 7, -ESTALE },       { "id-high", 28, 8, -ESTALE },
    { "id-low", 28, 15, -ESTALE },    { "check-high", 28, 16, -ESTALE },
    { "check-low", 28, 23, -ESTALE }, { "zero-word", 28, 27, -EBADF },
    { "tail-28", 32, 28, -EBADF },    { "tail-31", 32, 31, -EBADF },
    { "tail-63", 64, 63, -EBADF },
};

static void
test_row(gconstpointer data)
{
    const Row *row = data;
    guint8 bytes[68] = { 0 };
    guint8 memory[128];
    Buf args = buf_of(memory, sizeof memory, 0);
    VfsId id = 99;

    handle_bytes(bytes, ID);
    if (row->at >= 0)
        bytes[row->at] ^= 0x10;
    nfs_rig_put_opaque(&args, bytes, row->len);
    Cursor cursor = cursor_of(buf_data(&args), buf_len(&args));
    g_assert_cmpint(nfs3_handle_get(&server, &cursor, &id), ==, row->result);
    g_assert_cmpuint(id, ==, row->result == 0 ? ID : 99);
    /* A length that the protocol does not allow makes the arguments garbage. */
    g_assert_cmpint(cursor_ok(&cursor), ==, row->len <= 64);
    if (row->len <= 64)
        g_assert_cmpuint(cursor_left(&cursor), ==, 0);
}

/* Version 2 knows but one error for all of these. */
static void
test_row_v2(gconstpointer data)
{
    const Row *row = data;
    guint8 bytes[64];
    VfsId id = 99;

    handle_bytes(bytes, ID);
    if (row->at >= 32 || row->len != 28)
        return;
    if (row->at >= 0)
        bytes[row->at] ^= 0x10;
    Cursor cursor = cursor_of(bytes, 40);
    int want = row->at < 0 ? 0 : -ESTALE;
    g_assert_cmpint(nfs2_handle_get(&server, &cursor, &id), ==, want);
    g_assert_cmpuint(id, ==, want == 0 ? ID : 99);
    g_assert_cmpuint(cursor_left(&cursor), ==, 8);
}

/* A FreeBSD 8 kernel takes the first 28 bytes of its loader's version 2 handle to version 3. */
static void
test_v2_prefix_is_v3(void)
{
    guint8 v2[64], v3[64];
    Buf out2 = buf_of(v2, sizeof v2, 0), out3 = buf_of(v3, sizeof v3, 0);
    VfsId id;

    nfs2_handle_put(&server, &out2, ID);
    nfs3_handle_put(&server, &out3, ID);
    g_assert_cmpuint(buf_len(&out2), ==, 32);
    ROW_CMPMEM(v2, 28, v3 + 4, 28);
    guint8 args[4 + 28] = { 0, 0, 0, 28 };
    memcpy(args + 4, v2, 28);
    Cursor cursor = cursor_of(args, sizeof args);
    g_assert_cmpint(nfs3_handle_get(&server, &cursor, &id), ==, 0);
    g_assert_cmpuint(id, ==, ID);
}

static void
test_other_run(void)
{
    guint8 bytes[64];
    VfsId id;

    handle_bytes(bytes, ID);
    Cursor cursor = cursor_of(bytes, 32);
    g_assert_cmpint(nfs2_handle_get(&other_run, &cursor, &id), ==, -ESTALE);
}

/* The ids that trees use, and the largest: there and back. */
static void
test_ids(void)
{
    static const VfsId ids[] = { 0, 1, 2, 0xffffffff, 0x100000000, G_MAXUINT64 };

    for (gsize i = 0; i < G_N_ELEMENTS(ids); i++) {
        guint8 bytes[64];
        VfsId id = 99;
        handle_bytes(bytes, ids[i]);
        Cursor cursor = cursor_of(bytes, 32);
        g_assert_cmpint(nfs2_handle_get(&server, &cursor, &id), ==, 0);
        g_assert_cmpuint(id, ==, ids[i]);
    }
}

/* Random bytes behind the right beginning are never an object. */
static void
test_forged(void)
{
    RowRandom random = { 4711 };
    guint8 bytes[64];
    VfsId id;

    handle_bytes(bytes, ID);
    for (int n = 0; n < 100000; n++) {
        for (int i = 8; i < 24; i++)
            bytes[i] = (guint8)row_random(&random);
        Cursor cursor = cursor_of(bytes, 32);
        g_assert_cmpint(nfs2_handle_get(&server, &cursor, &id), ==, -ESTALE);
    }
}

static void
test_truncated(void)
{
    guint8 bytes[64], memory[64];
    Buf args = buf_of(memory, sizeof memory, 0);
    VfsId id;

    handle_bytes(bytes, ID);
    nfs_rig_put_opaque(&args, bytes, 28);
    for (gsize len = 0; len < 32; len++) {
        g_autofree guint8 *prefix3 = g_memdup2(memory, len);
        g_autofree guint8 *prefix2 = g_memdup2(bytes, len);
        Cursor cursor3 = cursor_of(prefix3, len), cursor2 = cursor_of(prefix2, len);
        g_assert_cmpint(nfs3_handle_get(&server, &cursor3, &id), <, 0);
        g_assert_false(cursor_ok(&cursor3));
        g_assert_cmpint(nfs2_handle_get(&server, &cursor2, &id), <, 0);
        g_assert_false(cursor_ok(&cursor2));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/nfs-handle/v3", rows, test_row);
    ROWS_ADD("/nfs-handle/v2", rows, test_row_v2);
    g_test_add_func("/nfs-handle/v2-prefix-is-v3", test_v2_prefix_is_v3);
    g_test_add_func("/nfs-handle/other-run", test_other_run);
    g_test_add_func("/nfs-handle/ids", test_ids);
    g_test_add_func("/nfs-handle/forged", test_forged);
    g_test_add_func("/nfs-handle/truncated", test_truncated);
    return g_test_run();
}
