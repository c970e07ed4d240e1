/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files in memory: what the boot plan adds to a medium, and trees for tests. Built once with the
 * vfs_mem_add_…() functions, constant afterwards. All objects belong to root:wheel.
 */
#include "images/vfs.h"

#include <errno.h>
#include <string.h>

#define VFS_MEM_NODES_MAX (1u << 16)

typedef struct {
    VfsId parent;
    char *name;
    VfsType type;
    guint32 mode;
    guint32 nlink;
    GBytes *content;  /* of a file: its bytes; of a link: its target; else NULL */
    GArray *children; /* of a directory: VfsId in the order of addition; else NULL */
} MemNode;

typedef struct {
    Vfs vfs;
    GArray *nodes; /* of MemNode; a VfsId is an index; 0 is the root */
    guint64 total_bytes;
} VfsMem;

/* The node of an id that is known to be good. */
static MemNode *
mem_at(Vfs *vfs, VfsId id)
{
    VfsMem *self = (VfsMem *)vfs;
    g_assert(id < self->nodes->len);
    return &g_array_index(self->nodes, MemNode, id);
}

static MemNode *
mem_node(Vfs *vfs, VfsId id)
{
    return id < ((VfsMem *)vfs)->nodes->len ? mem_at(vfs, id) : NULL;
}

static VfsId
mem_root(Vfs *vfs)
{
    (void)vfs;
    return 0;
}

static int
mem_parent(Vfs *vfs, VfsId id, VfsId *ret)
{
    const MemNode *node = mem_node(vfs, id);
    if (node == NULL)
        return -ESTALE;
    *ret = node->parent;
    return 0;
}

static int
mem_name(Vfs *vfs, VfsId id, char *ret_name, gsize cap)
{
    const MemNode *node = mem_node(vfs, id);
    if (node == NULL)
        return -ESTALE;
    return g_strlcpy(ret_name, node->name, cap) < cap ? 0 : -ENAMETOOLONG;
}

static int
mem_lookup(Vfs *vfs, VfsId dir, const char *name, VfsId *ret)
{
    const MemNode *node = mem_at(vfs, dir);
    for (guint i = 0; i < node->children->len; i++) {
        VfsId child = g_array_index(node->children, VfsId, i);
        if (g_str_equal(mem_at(vfs, child)->name, name)) {
            *ret = child;
            return 0;
        }
    }
    return -ENOENT;
}

static int
mem_getattr(Vfs *vfs, VfsId id, VfsAttr *ret)
{
    const MemNode *node = mem_node(vfs, id);
    if (node == NULL)
        return -ESTALE;
    *ret = (VfsAttr){
        .type = node->type,
        .mode = node->mode,
        .nlink = node->nlink,
        .size = node->content != NULL ? g_bytes_get_size(node->content) : 512,
    };
    return 0;
}

static int
mem_readdir(Vfs *vfs, VfsId dir, guint64 cookie, VfsDirent *ret)
{
    const MemNode *node = mem_node(vfs, dir);
    if (node == NULL)
        return -ESTALE;
    if (node->type != VFS_DIR)
        return -ENOTDIR;
    if (cookie >= node->children->len)
        return 0;
    VfsId child = g_array_index(node->children, VfsId, cookie);
    ret->id = child;
    ret->cookie = cookie + 1;
    (void)g_strlcpy(ret->name, mem_at(vfs, child)->name, sizeof ret->name);
    return 1;
}

static gssize
mem_read(Vfs *vfs, VfsId id, guint64 offset, void *dst, gsize n)
{
    const MemNode *node = mem_node(vfs, id);
    if (node == NULL)
        return -ESTALE;
    if (node->type != VFS_REG)
        return node->type == VFS_DIR ? -EISDIR : -EINVAL;
    gsize size;
    const guint8 *bytes = g_bytes_get_data(node->content, &size);
    if (offset >= size)
        return 0;
    n = MIN(n, size - (gsize)offset);
    memcpy(dst, bytes + offset, n);
    return (gssize)n;
}

static gssize
mem_readlink(Vfs *vfs, VfsId id, char *dst, gsize cap)
{
    const MemNode *node = mem_node(vfs, id);
    if (node == NULL)
        return -ESTALE;
    if (node->type != VFS_LNK)
        return -EINVAL;
    gsize size;
    const char *target = g_bytes_get_data(node->content, &size);
    if (size > cap)
        return -ENAMETOOLONG;
    if (size > 0) /* else there is no target to copy from */
        memcpy(dst, target, size);
    return (gssize)size;
}

static guint64
mem_total_bytes(Vfs *vfs)
{
    return ((VfsMem *)vfs)->total_bytes;
}

static void
mem_node_clear(gpointer data)
{
    MemNode *node = data;
    g_free(node->name);
    g_clear_pointer(&node->content, g_bytes_unref);
    g_clear_pointer(&node->children, g_array_unref);
}

static void
mem_free(Vfs *vfs)
{
    VfsMem *self = (VfsMem *)vfs;
    g_array_unref(self->nodes);
    g_free(self);
}

static const VfsOps vfs_mem_ops = {
    .kind = "memory",
    .root = mem_root,
    .parent = mem_parent,
    .name = mem_name,
    .lookup = mem_lookup,
    .getattr = mem_getattr,
    .readdir = mem_readdir,
    .read = mem_read,
    .readlink = mem_readlink,
    .total_bytes = mem_total_bytes,
    .free = mem_free,
};

static VfsId
mem_append(VfsMem *self, VfsId parent, const char *name, VfsType type, guint32 mode)
{
    VfsId id = self->nodes->len;
    MemNode node = {
        .parent = parent,
        .name = g_strdup(name),
        .type = type,
        .mode = mode,
        .nlink = type == VFS_DIR ? 2 : 1,
        .children = type == VFS_DIR ? g_array_new(FALSE, FALSE, sizeof(VfsId)) : NULL,
    };
    g_array_append_val(self->nodes, node);
    if (id == parent)
        return id; /* the root */
    MemNode *dir = mem_at(&self->vfs, parent);
    g_array_append_val(dir->children, id);
    dir->nlink += type == VFS_DIR;
    return id;
}

/**
 * vfs_mem_new:
 *
 * Returns: (transfer full): a tree with nothing but its root directory
 **/
Vfs *
vfs_mem_new(void)
{
    VfsMem *self = g_new0(VfsMem, 1);
    self->vfs.ops = &vfs_mem_ops;
    self->nodes = g_array_new(FALSE, FALSE, sizeof(MemNode));
    g_array_set_clear_func(self->nodes, mem_node_clear);
    (void)mem_append(self, 0, "", VFS_DIR, 0755);
    return &self->vfs;
}

/* Adds @path with the directories that lead to it. */
static int
mem_add(Vfs *vfs, const char *path, VfsType type, guint32 mode, GBytes *content)
{
    VfsMem *self = (VfsMem *)vfs;
    g_auto(GStrv) names = g_strsplit(path, "/", -1);
    VfsId at = 0;
    const char *last = NULL;

    g_assert(vfs->ops == &vfs_mem_ops);
    if (strlen(path) >= VFS_PATH_MAX || self->nodes->len + g_strv_length(names) > VFS_MEM_NODES_MAX)
        return -ENOSPC;
    for (char **name = names; *name != NULL; name++) {
        if (**name == '\0')
            continue;
        if (strlen(*name) > VFS_NAME_MAX)
            return -ENAMETOOLONG;
        if (g_str_equal(*name, ".") || g_str_equal(*name, ".."))
            return -EINVAL;
        if (last != NULL) {
            if (mem_at(vfs, at)->type != VFS_DIR)
                return -ENOTDIR;
            if (mem_lookup(vfs, at, last, &at) < 0)
                at = mem_append(self, at, last, VFS_DIR, 0755);
        }
        last = *name;
    }
    VfsId old;
    if (last == NULL || mem_at(vfs, at)->type != VFS_DIR)
        return last == NULL ? -EEXIST : -ENOTDIR;
    if (mem_lookup(vfs, at, last, &old) == 0)
        return -EEXIST;
    VfsId id = mem_append(self, at, last, type, mode);
    if (content != NULL) {
        mem_at(vfs, id)->content = g_bytes_ref(content);
        self->total_bytes += g_bytes_get_size(content);
    }
    return 0;
}

/**
 * vfs_mem_add_file:
 * @self: a tree made by vfs_mem_new()
 * @path: where; directories on the way are made, mode 0755
 * @content: (transfer none): the file's bytes
 * @mode: permission bits
 *
 * Returns: 0, or -EEXIST, -EINVAL ("." or ".." on the way), -ENOTDIR, -ENAMETOOLONG, -ENOSPC
 **/
int
vfs_mem_add_file(Vfs *self, const char *path, GBytes *content, guint32 mode)
{
    return mem_add(self, path, VFS_REG, mode, content);
}

/* As vfs_mem_add_file(), for an empty directory. */
int
vfs_mem_add_dir(Vfs *self, const char *path, guint32 mode)
{
    return mem_add(self, path, VFS_DIR, mode, NULL);
}

/* As vfs_mem_add_file(), for a symbolic link to @target. */
int
vfs_mem_add_symlink(Vfs *self, const char *path, const char *target)
{
    g_autoptr(GBytes) bytes = g_bytes_new(target, strlen(target));
    return mem_add(self, path, VFS_LNK, 0777, bytes);
}
