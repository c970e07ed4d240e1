/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tree that changes between two looks at it, as a host directory may: the attributes of an object
 * that was just found are gone, and a file is shorter than they say. The loaders parse replies by
 * position, so that a success must have its attributes. [libsa/nfs.c]
 */
#include "tests/lan/nfs-rig.h"

#include <errno.h>

typedef struct {
    Vfs vfs;
    int attr_error;    /* of objects 1 and 2, negative; 0: none */
    guint64 available; /* bytes in file 1, which says 1000 */
    guint root_looks;  /* so often the root's attributes can be had; 0: always */
} ChangingTree;

static VfsId
changing_root(Vfs *vfs)
{
    (void)vfs;
    return 0;
}

static int
changing_parent(Vfs *vfs, VfsId id, VfsId *ret)
{
    (void)vfs, (void)id;
    *ret = 0;
    return 0;
}

static int
changing_lookup(Vfs *vfs, VfsId dir, const char *name, VfsId *ret)
{
    (void)vfs, (void)dir;
    *ret = g_str_equal(name, "file") ? 1 : 2;
    return 0;
}

static int
changing_getattr(Vfs *vfs, VfsId id, VfsAttr *ret)
{
    static const VfsType types[] = { VFS_DIR, VFS_REG, VFS_LNK };
    ChangingTree *self = (ChangingTree *)vfs;

    if (id != 0 && self->attr_error < 0)
        return self->attr_error;
    if (id == 0 && self->root_looks > 0 && --self->root_looks == 0)
        return -EIO;
    *ret = (VfsAttr){ .type = types[id], .mode = 0755, .nlink = 1, .size = 1000 };
    return 0;
}

static int
changing_readdir(Vfs *vfs, VfsId dir, guint64 cookie, VfsDirent *ret)
{
    (void)vfs, (void)dir;
    if (cookie > 1)
        return 0;
    *ret = (VfsDirent){ .id = cookie + 1, .cookie = cookie + 1, .name = "file" };
    return 1;
}

static gssize
changing_read(Vfs *vfs, VfsId id, guint64 offset, void *dst, gsize n)
{
    guint64 available = ((ChangingTree *)vfs)->available;

    (void)id;
    n = offset < available ? MIN(n, (gsize)(available - offset)) : 0;
    memset(dst, 'x', n);
    return (gssize)n;
}

static gssize
changing_readlink(Vfs *vfs, VfsId id, char *dst, gsize cap)
{
    (void)vfs, (void)id, (void)cap;
    memcpy(dst, "file", 4);
    return 4;
}

static void
changing_free(Vfs *vfs)
{
    (void)vfs;
}

static const VfsOps changing_ops = {
    .kind = "changing",
    .root = changing_root,
    .parent = changing_parent,
    .lookup = changing_lookup,
    .getattr = changing_getattr,
    .readdir = changing_readdir,
    .read = changing_read,
    .readlink = changing_readlink,
    .free = changing_free,
};

static void
rig_init(NfsRig *rig, ChangingTree *tree)
{
    nfs_rig_init(rig);
    vfs_free(rig->vfs);
    rig->vfs = &tree->vfs;
    rig->server.vfs = rig->vfs;
}

typedef struct {
    const char *name;
    guint32 vers, proc;
    const char *path, *child;
    int error;
    guint32 status;
} GoneRow;

static const GoneRow gone_rows[] = {
    { "lookup-3", 3, 3, "/", "file", -ESTALE, 70 },
    { "lookup-3-io", 3, 3, "/", "file", -EIO, 5 },
    { "lookup-2", 2, 4, "/", "file", -ESTALE, 70 },
    { "readlink-3", 3, 5, "/link", NULL, -ESTALE, 70 },
    { "readlink-3-io", 3, 5, "/link", NULL, -EIO, 5 },
    { "getattr-3", 3, 1, "/file", NULL, -EIO, 5 },
    { "access-3", 3, 4, "/file", NULL, -EIO, 5 },
};

/* No success without the attributes of the object. */
static void
test_gone_row(gconstpointer data)
{
    const GoneRow *row = data;
    ChangingTree tree = { { &changing_ops }, 0, 1000, 0 };
    g_auto(NfsRig) rig;

    rig_init(&rig, &tree);
    NfsHandle handle = nfs_rig_handle(&rig, row->vers, row->path);
    tree.attr_error = row->error;
    Buf *call = nfs_rig_begin_on(&rig, row->vers, row->proc, &handle);
    if (row->child != NULL)
        nfs_rig_put_string(call, row->child);
    buf_be32(call, 0x3f);
    Cursor results = nfs_rig_call(&rig);
    g_assert_cmpuint(cursor_be32(&results), ==, row->status);
    if (row->vers == 3 && row->child != NULL)
        (void)nfs_rig_take_post_op(&results); /* of the directory, which is there */
    else if (row->vers == 3 && row->proc != 1)
        g_assert_cmpuint(cursor_be32(&results), ==, 0);
    nfs_rig_done(&results);
}

/* READDIRPLUS leaves out what it does not know. */
static void
test_listing(void)
{
    ChangingTree tree = { { &changing_ops }, 0, 1000, 0 };
    g_auto(NfsRig) rig;

    rig_init(&rig, &tree);
    NfsHandle root = nfs_rig_handle(&rig, 3, "/");
    tree.attr_error = -ESTALE;
    Buf *call = nfs_rig_begin_on(&rig, 3, 17, &root);
    buf_be64(call, 2);
    buf_be64(call, 0);
    buf_be32(call, 4096);
    buf_be32(call, 4096);
    Cursor results = nfs_rig_call(&rig);
    g_assert_cmpuint(cursor_be32(&results), ==, 0);
    (void)nfs_rig_take_post_op(&results);
    cursor_skip(&results, 8);
    for (guint i = 0; i < 2; i++) {
        g_assert_cmpuint(cursor_be32(&results), ==, 1);
        cursor_skip(&results, 8 + 4 + 4 + 8);
        g_assert_cmpuint(cursor_be32(&results), ==, 0); /* no attributes */
        g_assert_cmpuint(cursor_be32(&results), ==, 1);
        (void)nfs_rig_take_handle3(&results);
    }
    g_assert_cmpuint(cursor_be32(&results), ==, 0);
    g_assert_cmpuint(cursor_be32(&results), ==, 1);
    nfs_rig_done(&results);
}

/* A directory that can be looked at so-and-so often: a listing with its attributes, or none. */
static void
test_directory_gone(void)
{
    for (guint looks = 1; looks < 10; looks++) {
        ChangingTree tree = { { &changing_ops }, 0, 1000, 0 };
        g_auto(NfsRig) rig;
        rig_init(&rig, &tree);
        NfsHandle root = nfs_rig_handle(&rig, 3, "/");
        tree.root_looks = looks;
        Buf *call = nfs_rig_begin_on(&rig, 3, 16, &root);
        buf_be64(call, 0);
        buf_be64(call, 0);
        buf_be32(call, 1024);
        Cursor results = nfs_rig_call(&rig);
        if (cursor_be32(&results) == 0)
            (void)nfs_rig_take_post_op(&results);
    }
}

typedef struct {
    const char *name;
    guint64 available, offset;
    guint32 count, got;
    gboolean eof;
} ShortRow;

static const ShortRow short_rows[] = {
    { "whole", 1000, 0, 512, 512, FALSE },
    { "whole-to-the-end", 1000, 488, 512, 512, TRUE },
    { "shorter", 500, 0, 512, 500, TRUE },
    { "shorter-nothing-left", 500, 512, 488, 0, TRUE },
    { "shorter-at-its-end", 500, 244, 256, 256, FALSE },
    { "empty", 0, 0, 1024, 0, TRUE },
    { "nothing-wanted", 1000, 0, 0, 0, FALSE },
    { "longer", 2000, 500, 500, 500, TRUE },
};

/* A reader that goes on until eof must come to an end. */
static void
test_short_row(gconstpointer data)
{
    const ShortRow *row = data;
    ChangingTree tree = { { &changing_ops }, 0, row->available, 0 };
    g_auto(NfsRig) rig;

    rig_init(&rig, &tree);
    NfsHandle file = nfs_rig_handle(&rig, 3, "/file");
    Buf *call = nfs_rig_begin_on(&rig, 3, 6, &file);
    buf_be64(call, row->offset);
    buf_be32(call, row->count);
    Cursor results = nfs_rig_call(&rig);
    g_assert_cmpuint(cursor_be32(&results), ==, 0);
    (void)nfs_rig_take_post_op(&results);
    g_assert_cmpuint(cursor_be32(&results), ==, row->got);
    g_assert_cmpint((int)cursor_be32(&results), ==, row->eof);
    g_assert_cmpuint(cursor_be32(&results), ==, row->got);
    cursor_skip(&results, (row->got + 3) / 4 * 4);
    nfs_rig_done(&results);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/nfs-changing/gone", gone_rows, test_gone_row);
    g_test_add_func("/nfs-changing/listing", test_listing);
    g_test_add_func("/nfs-changing/directory-gone", test_directory_gone);
    ROWS_ADD("/nfs-changing/short", short_rows, test_short_row);
    return g_test_run();
}
