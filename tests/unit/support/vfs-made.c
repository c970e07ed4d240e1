/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Contents are made when they are read, from the file's number and the place in it, so that a file
 * of any size costs nothing. Unlike a real tree it can name an object twice, or not at all well.
 */
#include "tests/unit/support/vfs-made.h"

#include <errno.h>
#include <string.h>

typedef struct {
    VfsAttr attr;
    char *target;
    GArray *entries; /* of VfsDirent: of a directory */
    VfsId parent;
    guint64 hole_bytes; /* zeros in front of each 4096 bytes of contents; 0: none */
} MadeNode;

typedef struct {
    Vfs vfs;
    GPtrArray *nodes; /* of MadeNode; a VfsId is an index */
} VfsMade;

static MadeNode *
made_at(Vfs *vfs, VfsId id)
{
    return g_ptr_array_index(((VfsMade *)vfs)->nodes, id);
}

static VfsId
made_root(Vfs *vfs)
{
    (void)vfs;
    return 0;
}

static int
made_parent(Vfs *vfs, VfsId id, VfsId *ret)
{
    *ret = made_at(vfs, id)->parent;
    return 0;
}

static int
made_name(Vfs *vfs, VfsId id, char *ret_name, gsize cap)
{
    const GArray *entries = made_at(vfs, made_at(vfs, id)->parent)->entries;

    for (guint i = 0; i < entries->len; i++) {
        const VfsDirent *entry = &g_array_index(entries, VfsDirent, i);
        if (entry->id == id)
            return g_strlcpy(ret_name, entry->name, cap) < cap ? 0 : -ENAMETOOLONG;
    }
    return -ESTALE;
}

static int
made_lookup(Vfs *vfs, VfsId dir, const char *name, VfsId *ret)
{
    const GArray *entries = made_at(vfs, dir)->entries;

    for (guint i = 0; i < entries->len; i++) {
        const VfsDirent *entry = &g_array_index(entries, VfsDirent, i);
        if (g_str_equal(entry->name, name)) {
            *ret = entry->id;
            return 0;
        }
    }
    return -ENOENT;
}

static int
made_getattr(Vfs *vfs, VfsId id, VfsAttr *ret)
{
    *ret = made_at(vfs, id)->attr;
    return 0;
}

static int
made_readdir(Vfs *vfs, VfsId dir, guint64 cookie, VfsDirent *ret)
{
    const GArray *entries = made_at(vfs, dir)->entries;

    if (entries == NULL)
        return -ENOTDIR;
    if (cookie >= entries->len)
        return 0;
    *ret = g_array_index(entries, VfsDirent, (guint)cookie);
    return 1;
}

static guint8
made_byte(const MadeNode *node, VfsId id, guint64 at)
{
    if (node->hole_bytes > 0 && at % (node->hole_bytes + 4096) < node->hole_bytes)
        return 0;
    return (guint8)((at * 2654435761u >> 7) ^ (id * 37) ^ (at >> 13));
}

static gssize
made_read(Vfs *vfs, VfsId id, guint64 offset, void *dst, gsize n)
{
    const MadeNode *node = made_at(vfs, id);
    guint8 *bytes = dst;

    if (node->attr.type != VFS_REG)
        return -EINVAL;
    if (offset >= node->attr.size)
        return 0;
    n = (gsize)MIN(n, node->attr.size - offset);
    for (gsize i = 0; i < n; i++)
        bytes[i] = made_byte(node, id, offset + i);
    return (gssize)n;
}

static gssize
made_readlink(Vfs *vfs, VfsId id, char *dst, gsize cap)
{
    const MadeNode *node = made_at(vfs, id);
    gsize len = node->target != NULL ? strlen(node->target) : 0;

    if (node->target == NULL)
        return -EINVAL;
    if (len > cap)
        return -ENAMETOOLONG;
    memcpy(dst, node->target, len);
    return (gssize)len;
}

static guint64
made_total_bytes(Vfs *vfs)
{
    (void)vfs;
    return 0;
}

static void
made_free(Vfs *vfs)
{
    g_ptr_array_unref(((VfsMade *)vfs)->nodes);
    g_free(vfs);
}

static const VfsOps vfs_made_ops = {
    .kind = "made",
    .root = made_root,
    .parent = made_parent,
    .name = made_name,
    .lookup = made_lookup,
    .getattr = made_getattr,
    .readdir = made_readdir,
    .read = made_read,
    .readlink = made_readlink,
    .total_bytes = made_total_bytes,
    .free = made_free,
};

static void
made_node_free(gpointer data)
{
    MadeNode *node = data;
    g_free(node->target);
    g_clear_pointer(&node->entries, g_array_unref);
    g_free(node);
}

static VfsId
made_append(Vfs *vfs, VfsAttr attr, VfsId parent)
{
    VfsMade *self = (VfsMade *)vfs;
    MadeNode *node = g_new0(MadeNode, 1);

    node->attr = attr;
    node->attr.nlink = attr.type == VFS_DIR ? 2 : 1;
    node->parent = parent;
    if (attr.type == VFS_DIR)
        node->entries = g_array_new(FALSE, FALSE, sizeof(VfsDirent));
    g_ptr_array_add(self->nodes, node);
    return self->nodes->len - 1;
}

static void
made_add_name(Vfs *vfs, VfsId dir, const char *name, VfsId id)
{
    GArray *entries = made_at(vfs, dir)->entries;
    VfsDirent entry = { .id = id, .cookie = entries->len + 1 };

    g_assert_cmpuint(g_strlcpy(entry.name, name, sizeof entry.name), <, sizeof entry.name);
    g_array_append_val(entries, entry);
}

/* Returns: (transfer full): a tree of nothing but its root */
Vfs *
vfs_made_new(guint32 root_mode)
{
    VfsMade *self = g_new0(VfsMade, 1);

    self->vfs.ops = &vfs_made_ops;
    self->nodes = g_ptr_array_new_with_free_func(made_node_free);
    (void)made_append(&self->vfs, (VfsAttr){ .type = VFS_DIR, .mode = root_mode }, 0);
    return &self->vfs;
}

/* @target: (nullable): of a symbolic link. Returns: the new object */
VfsId
vfs_made_add(Vfs *self, VfsId dir, const char *name, VfsAttr attr, const char *target)
{
    VfsId id = made_append(self, attr, dir);
    MadeNode *node = made_at(self, id);

    node->target = g_strdup(target);
    if (target != NULL)
        node->attr.size = strlen(target);
    made_at(self, dir)->attr.nlink += attr.type == VFS_DIR;
    made_add_name(self, dir, name, id);
    return id;
}

/* Another name for an object. */
void
vfs_made_link(Vfs *self, VfsId dir, const char *name, VfsId to)
{
    made_at(self, to)->attr.nlink++;
    made_add_name(self, dir, name, to);
}

/* Each piece of contents has so many zeros in front. */
void
vfs_made_set_holes(Vfs *self, VfsId file, guint64 hole_bytes)
{
    made_at(self, file)->hole_bytes = hole_bytes;
}
