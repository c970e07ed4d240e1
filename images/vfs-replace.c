/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tree in which one file has other contents: everything is asked of the tree below, but for that
 * file's bytes and size. The tree is borrowed, so that others can serve it as it is.
 */
#include "images/vfs.h"

#include <errno.h>
#include <string.h>

typedef struct {
    Vfs vfs;
    Vfs *tree;
    VfsId file;
    GBytes *content;
} VfsReplace;

static Vfs *
replace_tree(Vfs *vfs)
{
    return ((VfsReplace *)vfs)->tree;
}

static VfsId
replace_root(Vfs *vfs)
{
    return vfs_root(replace_tree(vfs));
}

static int
replace_parent(Vfs *vfs, VfsId id, VfsId *ret)
{
    return vfs_parent(replace_tree(vfs), id, ret);
}

static int
replace_name(Vfs *vfs, VfsId id, char *ret_name, gsize cap)
{
    Vfs *tree = replace_tree(vfs);
    return tree->ops->name(tree, id, ret_name, cap);
}

static int
replace_lookup(Vfs *vfs, VfsId dir, const char *name, VfsId *ret)
{
    return vfs_lookup(replace_tree(vfs), dir, name, ret);
}

static int
replace_getattr(Vfs *vfs, VfsId id, VfsAttr *ret)
{
    VfsReplace *self = (VfsReplace *)vfs;
    int r = vfs_getattr(self->tree, id, ret);

    if (r == 0 && id == self->file)
        ret->size = g_bytes_get_size(self->content);
    return r;
}

static int
replace_readdir(Vfs *vfs, VfsId dir, guint64 cookie, VfsDirent *ret)
{
    return vfs_readdir(replace_tree(vfs), dir, cookie, ret);
}

static gssize
replace_read(Vfs *vfs, VfsId id, guint64 offset, void *dst, gsize n)
{
    VfsReplace *self = (VfsReplace *)vfs;
    gsize size;

    if (id != self->file)
        return vfs_read(self->tree, id, offset, dst, n);
    const guint8 *bytes = g_bytes_get_data(self->content, &size);
    if (offset >= size)
        return 0;
    n = MIN(n, size - (gsize)offset);
    memcpy(dst, bytes + offset, n);
    return (gssize)n;
}

static gssize
replace_readlink(Vfs *vfs, VfsId id, char *dst, gsize cap)
{
    return vfs_readlink(replace_tree(vfs), id, dst, cap);
}

static int
replace_open(Vfs *vfs, VfsId id)
{
    VfsReplace *self = (VfsReplace *)vfs;
    return id != self->file ? vfs_open(self->tree, id) : -ENOTSUP;
}

static guint64
replace_total_bytes(Vfs *vfs)
{
    return vfs_total_bytes(replace_tree(vfs));
}

static void
replace_free(Vfs *vfs)
{
    g_bytes_unref(((VfsReplace *)vfs)->content);
    g_free(vfs);
}

static const VfsOps vfs_replace_ops = {
    .kind = "replaced file",
    .root = replace_root,
    .parent = replace_parent,
    .name = replace_name,
    .lookup = replace_lookup,
    .getattr = replace_getattr,
    .readdir = replace_readdir,
    .read = replace_read,
    .readlink = replace_readlink,
    .open = replace_open,
    .total_bytes = replace_total_bytes,
    .free = replace_free,
};

/**
 * vfs_replace_new:
 * @tree: (transfer none): the tree below; must outlive this one
 * @file: one of its regular files
 * @content: (transfer none): what that file is to hold
 *
 * Returns: (transfer full): the tree with the file replaced
 **/
Vfs *
vfs_replace_new(Vfs *tree, VfsId file, GBytes *content)
{
    VfsReplace *self = g_new0(VfsReplace, 1);

    self->vfs.ops = &vfs_replace_ops;
    self->tree = tree;
    self->file = file;
    self->content = g_bytes_ref(content);
    return &self->vfs;
}
