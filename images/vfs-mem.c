/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tree that is put together: what the boot plan adds to a medium, what the user lays over it,
 * trees for tests. Files have their bytes in memory, or are those of another tree under other names
 * and attributes. Built once with the vfs_mem_…() functions, constant afterwards. All objects
 * belong to root:wheel unless told otherwise.
 *
 * Theory of operation: an id is an index into the array of nodes. A directory keeps its entries in
 * the order of addition; one table for all finds them by (directory, name). What was removed stays
 * in the array, where nothing leads to it.
 */
#include "images/vfs.h"

#include <errno.h>
#include <string.h>

#define VFS_MEM_NODES_MAX (1u << 16)

typedef struct {
    VfsId parent;
    char *name;
    VfsAttr attr;    /* the size is that of content or source */
    GBytes *content; /* of a file: its bytes; of a link: its target; else NULL */
    Vfs *source;     /* (nullable): of a file: the tree that its bytes are read from */
    VfsId source_id;
    GArray *children; /* of a directory: VfsId in the order of addition; else NULL */
} MemNode;

typedef struct {
    VfsId parent;
    const char *name;
} MemKey;

typedef struct {
    Vfs vfs;
    GArray *nodes;       /* of MemNode; a VfsId is an index; 0 is the root */
    GHashTable *by_name; /* MemKey → VfsId */
    GPtrArray *sources;  /* of Vfs: trees that belong to this one */
    guint64 total_bytes;
} VfsMem;

static guint
key_hash(gconstpointer data)
{
    const MemKey *key = data;
    return g_str_hash(key->name) * 31 + (guint)key->parent;
}

static gboolean
key_equal(gconstpointer a, gconstpointer b)
{
    const MemKey *one = a, *other = b;
    return one->parent == other->parent && g_str_equal(one->name, other->name);
}

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
    const MemKey key = { dir, name };
    gpointer found;

    if (!g_hash_table_lookup_extended(((VfsMem *)vfs)->by_name, &key, NULL, &found))
        return -ENOENT;
    *ret = GPOINTER_TO_UINT(found);
    return 0;
}

static int
mem_getattr(Vfs *vfs, VfsId id, VfsAttr *ret)
{
    const MemNode *node = mem_node(vfs, id);
    VfsAttr source;
    int r = 0;

    if (node == NULL)
        return -ESTALE;
    if (node->source != NULL)
        r = vfs_getattr(node->source, node->source_id, &source);
    if (r < 0)
        return r;
    *ret = node->attr;
    if (node->source != NULL) {
        ret->size = source.size;
        if (ret->mtime_s == 0) { /* not told otherwise */
            ret->mtime_s = source.mtime_s;
            ret->mtime_ns = source.mtime_ns;
        }
    }
    return 0;
}

static int
mem_readdir(Vfs *vfs, VfsId dir, guint64 cookie, VfsDirent *ret)
{
    const MemNode *node = mem_node(vfs, dir);
    if (node == NULL)
        return -ESTALE;
    if (node->attr.type != VFS_DIR)
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
    if (node->attr.type != VFS_REG)
        return node->attr.type == VFS_DIR ? -EISDIR : -EINVAL;
    if (node->source != NULL)
        return vfs_read(node->source, node->source_id, offset, dst, n);
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
    if (node->attr.type != VFS_LNK)
        return -EINVAL;
    gsize size;
    const char *target = g_bytes_get_data(node->content, &size);
    if (size > cap)
        return -ENAMETOOLONG;
    if (size > 0) /* else there is no target to copy from */
        memcpy(dst, target, size);
    return (gssize)size;
}

static int
mem_open(Vfs *vfs, VfsId id)
{
    const MemNode *node = mem_node(vfs, id);
    if (node == NULL)
        return -ESTALE;
    return node->source != NULL ? vfs_open(node->source, node->source_id) : -ENOTSUP;
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
    g_hash_table_unref(self->by_name);
    g_array_unref(self->nodes);
    g_ptr_array_unref(self->sources);
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
    .open = mem_open,
    .total_bytes = mem_total_bytes,
    .free = mem_free,
};

static void
mem_enter(VfsMem *self, VfsId id)
{
    const MemNode *node = mem_at(&self->vfs, id);
    MemKey *key = g_new(MemKey, 1);

    *key = (MemKey){ node->parent, node->name };
    g_hash_table_insert(self->by_name, key, GUINT_TO_POINTER((guint)id));
}

static VfsId
mem_append(VfsMem *self, VfsId parent, const char *name, VfsType type, guint32 mode)
{
    VfsId id = self->nodes->len;
    MemNode node = {
        .parent = parent,
        .name = g_strdup(name),
        .attr = { .type = type,
                  .mode = mode,
                  .nlink = type == VFS_DIR ? 2 : 1,
                  .size = type == VFS_DIR ? 512 : 0 },
        .children = type == VFS_DIR ? g_array_new(FALSE, FALSE, sizeof(VfsId)) : NULL,
    };
    g_array_append_val(self->nodes, node);
    if (id == parent)
        return id; /* the root */
    MemNode *dir = mem_at(&self->vfs, parent);
    g_array_append_val(dir->children, id);
    dir->attr.nlink += type == VFS_DIR;
    mem_enter(self, id);
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
    self->by_name = g_hash_table_new_full(key_hash, key_equal, g_free, NULL);
    self->sources = g_ptr_array_new_with_free_func((GDestroyNotify)vfs_free);
    (void)mem_append(self, 0, "", VFS_DIR, 0755);
    return &self->vfs;
}

/* Adds @path with the directories that lead to it. */
static int
mem_add(Vfs *vfs, const char *path, VfsType type, guint32 mode, GBytes *content, VfsId *ret)
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
            if (mem_at(vfs, at)->attr.type != VFS_DIR)
                return -ENOTDIR;
            if (mem_lookup(vfs, at, last, &at) < 0)
                at = mem_append(self, at, last, VFS_DIR, 0755);
        }
        last = *name;
    }
    VfsId old;
    if (last == NULL || mem_at(vfs, at)->attr.type != VFS_DIR)
        return last == NULL ? -EEXIST : -ENOTDIR;
    if (mem_lookup(vfs, at, last, &old) == 0)
        return -EEXIST;
    VfsId id = mem_append(self, at, last, type, mode);
    if (content != NULL) {
        mem_at(vfs, id)->content = g_bytes_ref(content);
        mem_at(vfs, id)->attr.size = g_bytes_get_size(content);
        self->total_bytes += g_bytes_get_size(content);
    }
    *ret = id;
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
    VfsId id;
    return mem_add(self, path, VFS_REG, mode, content, &id);
}

/* As vfs_mem_add_file(), for an empty directory. */
int
vfs_mem_add_dir(Vfs *self, const char *path, guint32 mode)
{
    VfsId id;
    return mem_add(self, path, VFS_DIR, mode, NULL, &id);
}

/* As vfs_mem_add_file(), for a symbolic link to @target. */
int
vfs_mem_add_symlink(Vfs *self, const char *path, const char *target)
{
    g_autoptr(GBytes) bytes = g_bytes_new(target, strlen(target));
    VfsId id;
    return mem_add(self, path, VFS_LNK, 0777, bytes, &id);
}

/**
 * vfs_mem_add_ref:
 * @self: a tree made by vfs_mem_new()
 * @path: as of vfs_mem_add_file()
 * @source: (transfer none): another tree, which must outlive this one
 * @id: a regular file in it, whose bytes, size and time this one has
 * @mode: permission bits
 *
 * Returns: as vfs_mem_add_file()
 **/
int
vfs_mem_add_ref(Vfs *self, const char *path, Vfs *source, VfsId id, guint32 mode)
{
    VfsId node;
    int r = mem_add(self, path, VFS_REG, mode, NULL, &node);
    if (r < 0)
        return r;
    mem_at(self, node)->source = source;
    mem_at(self, node)->source_id = id;
    return 0;
}

/* As vfs_mem_add_file(), for a device, FIFO or socket. */
int
vfs_mem_add_special(Vfs *self, const char *path, VfsType type, guint32 mode)
{
    VfsId id;
    g_assert(type >= VFS_CHR && type < VFS_TYPE_COUNT);
    return mem_add(self, path, type, mode, NULL, &id);
}

/**
 * vfs_mem_own:
 * @self: a tree made by vfs_mem_new()
 * @source: (transfer full): a tree that its files refer to, to be freed with it
 **/
void
vfs_mem_own(Vfs *self, Vfs *source)
{
    g_ptr_array_add(((VfsMem *)self)->sources, source);
}

/**
 * vfs_mem_set_attr:
 * @self: a tree made by vfs_mem_new()
 * @id: an object in it
 * @attr: mode, owner, time and device number that it is to have; all else stays
 **/
void
vfs_mem_set_attr(Vfs *self, VfsId id, const VfsAttr *attr)
{
    VfsAttr *own = &mem_at(self, id)->attr;

    own->mode = attr->mode;
    own->uid = attr->uid;
    own->gid = attr->gid;
    own->rdev_major = attr->rdev_major;
    own->rdev_minor = attr->rdev_minor;
    own->mtime_s = attr->mtime_s;
    own->mtime_ns = attr->mtime_ns;
}

/**
 * vfs_mem_remove:
 * @self: a tree made by vfs_mem_new()
 * @id: an object in it, not the root, that goes with all that is below
 **/
void
vfs_mem_remove(Vfs *self, VfsId id)
{
    VfsMem *mem = (VfsMem *)self;
    const MemNode *node = mem_at(self, id);
    MemNode *dir = mem_at(self, node->parent);
    const MemKey key = { node->parent, node->name };

    g_assert(id != 0);
    (void)g_hash_table_remove(mem->by_name, &key);
    for (guint i = 0; i < dir->children->len; i++) {
        if (g_array_index(dir->children, VfsId, i) == id) {
            g_array_remove_index(dir->children, i);
            break;
        }
    }
    dir->attr.nlink -= node->attr.type == VFS_DIR;
}
