/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Handles that a guest has made itself. The check in a handle is no secret: it can be computed from
 * a handle that one was given. So every number of 64 bits may come as an object, with every cookie
 * and every offset, to every kind of tree; each call gets a proper answer.
 */
#include "images/vfs-iso.h"
#include "nfs/nfs-handle.h"
#include "tests/lan/nfs-rig.h"
#include "tests/unit/support/iso-maker.h"

static const guint64 edges[] = {
    0,
    1,
    2,
    3,
    7,
    8,
    100,
    0xfffff,
    0x100000,
    0x100001,
    0x3fffff,
    0x400000,
    0x7fffffff,
    0x80000000,
    0xfffffffe,
    0xffffffff,
    G_GUINT64_CONSTANT(0x100000000),
    G_GUINT64_CONSTANT(0x100000001),
    G_GUINT64_CONSTANT(0x7fffffffffffffff),
    G_GUINT64_CONSTANT(0x8000000000000000),
    G_MAXUINT64 - 2,
    G_MAXUINT64 - 1,
    G_MAXUINT64,
};

/* What follows the handle: a name, or words; 'e' is one of the edges in 64 bits, 'w' in 32. */
typedef struct {
    guint32 vers, proc;
    const char *name;
    const char *words;
} Call;

static const Call calls[] = {
    { 2, 1, NULL, "" },         { 2, 4, "x", "" },     { 2, 4, ".", "" },
    { 2, 4, "..", "" },         { 2, 5, NULL, "" },    { 2, 6, NULL, "www" },
    { 2, 14, "x", "wwwwwwww" }, { 2, 16, NULL, "ww" }, { 2, 17, NULL, "" },
    { 3, 1, NULL, "" },         { 3, 3, "x", "" },     { 3, 3, ".", "" },
    { 3, 3, "..", "" },         { 3, 4, NULL, "w" },   { 3, 5, NULL, "" },
    { 3, 6, NULL, "ew" },       { 3, 12, "x", "" },    { 3, 16, NULL, "e0w" },
    { 3, 18, NULL, "" },        { 3, 19, NULL, "" },   { 3, 17, NULL, "e0ww" },
    { 3, 20, NULL, "" },        { 3, 21, NULL, "ew" },
};

static void
put_words(Buf *call, const char *words, guint64 edge)
{
    for (; *words != '\0'; words++) {
        if (*words == 'w')
            buf_be32(call, (guint32)edge);
        else
            buf_be64(call, *words == 'e' ? edge : 0);
    }
}

static void
check_call(NfsRig *rig, const Call *row, guint64 id, guint64 edge)
{
    static const guint32 known[] = { 0, 5, 13, 20, 21, 22, 30, 63, 70, 2, 10001, 10005 };
    guint8 bytes[64];
    Buf handle = buf_of(bytes, sizeof bytes, 0);
    gboolean good = FALSE;

    Buf *call = nfs_rig_begin(rig, NFS_PROGRAM, row->vers, row->proc);
    if (row->vers == 2)
        nfs2_handle_put(&rig->server, &handle, id);
    else
        nfs3_handle_put(&rig->server, &handle, id);
    buf_bytes(call, bytes, buf_len(&handle));
    if (row->name != NULL)
        nfs_rig_put_string(call, row->name);
    put_words(call, row->words, edge);
    Cursor results = nfs_rig_call(rig);
    guint32 status = cursor_be32(&results);
    for (gsize i = 0; i < G_N_ELEMENTS(known); i++)
        good = good || status == known[i];
    if (!good)
        g_error("version %u, procedure %u, object %" G_GUINT64_FORMAT ": status %u", row->vers,
                row->proc, id, status);
}

/* ---- trees ---- */

static Vfs *
memory_tree(const TmpDir *dir)
{
    (void)dir;
    return nfs_rig_tree();
}

static char *
make_directory(const TmpDir *dir)
{
    tmp_dir_mkdir(dir, "tree/boot/kernel");
    g_free(tmp_dir_file(dir, "tree/boot/loader.rc", "start", -1));
    g_free(tmp_dir_file(dir, "tree/boot/kernel/kernel", "kernel", -1));
    tmp_dir_symlink(dir, "tree/link", "boot/loader.rc");
    return tmp_dir_path(dir, "tree");
}

static Vfs *
directory_tree(const TmpDir *dir)
{
    g_autofree char *path = make_directory(dir);
    return vfs_dir_new(path, NULL);
}

static Vfs *
iso_tree(const TmpDir *dir)
{
    g_autofree char *path = make_directory(dir);
    g_autofree char *image = iso_make(dir, "tree.iso", path, "-R");
    return vfs_iso_new(image, NULL);
}

static Vfs *
overlay_tree(const TmpDir *dir)
{
    Vfs *upper = vfs_mem_new();
    nfs_rig_add_file(upper, "boot/loader.conf.local", 30, 0444);
    return vfs_overlay_new(upper, directory_tree(dir), NULL);
}

typedef struct {
    const char *name;
    Vfs *(*make)(const TmpDir *dir);
    gboolean needs_xorriso;
} TreeRow;

static const TreeRow tree_rows[] = {
    { "memory", memory_tree, FALSE },
    { "directory", directory_tree, FALSE },
    { "iso", iso_tree, TRUE },
    { "overlay", overlay_tree, FALSE },
};

static void
test_tree_row(gconstpointer data)
{
    const TreeRow *row = data;
    g_autoptr(TmpDir) dir = tmp_dir_new();
    RowRandom random = { 20080227 };
    g_auto(NfsRig) rig;

    nfs_rig_init(&rig);
    if (row->needs_xorriso && iso_maker_missing())
        return;
    vfs_free(rig.vfs);
    rig.vfs = row->make(dir);
    nfs_server_init(&rig.server, rig.vfs, NFS_RIG_KEY);
    for (gsize i = 0; i < G_N_ELEMENTS(calls); i++) {
        for (gsize k = 0; k < G_N_ELEMENTS(edges); k++) {
            for (gsize m = 0; m < G_N_ELEMENTS(edges); m++)
                check_call(&rig, &calls[i], edges[k], edges[m]);
            guint64 id = (guint64)row_random(&random) << (k % 33);
            check_call(&rig, &calls[i], id, edges[k]);
        }
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/lan-forged", tree_rows, test_tree_row);
    return g_test_run();
}
