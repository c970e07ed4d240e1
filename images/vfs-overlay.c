/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two trees as one: what the upper one has hides what the lower one has under the same path;
 * directories that both have are merged.
 *
 * Theory of operation: an id is the inner id, shifted left by one, with bit 0 set for the upper
 * tree, so that an object of the lower tree is reached without a table. A merged directory goes by
 * its upper id; the pairs (upper directory, lower directory) are found once, when the overlay is
 * made, by walking the upper tree, which is small and must not change afterwards.
 */
#include "images/vfs.h"

#include <errno.h>

#define OVERLAY_DEPTH_MAX 64 /* directories inside one another in the upper tree */

/* Cookies of the lower directory in a merged one start here; the upper one has fewer entries. */
#define OVERLAY_LOWER_COOKIE 0x100000u

typedef struct {
    Vfs vfs;
    Vfs *upper;
    Vfs *lower;
    GHashTable *lower_of_upper; /* merged directories: upper id → lower id */
    GHashTable *upper_of_lower; /* and back */
} VfsOverlay;

static VfsId
overlay_id(VfsId inner, gboolean upper)
{
    return inner << 1 | (upper ? 1 : 0);
}

static gboolean
overlay_is_upper(VfsId id)
{
    return (id & 1) != 0;
}

static Vfs *
overlay_layer(Vfs *vfs, VfsId id)
{
    VfsOverlay *self = (VfsOverlay *)vfs;
    return overlay_is_upper(id) ? self->upper : self->lower;
}

static gboolean
overlay_pair(GHashTable *table, VfsId key, VfsId *ret)
{
    const gint64 *value = g_hash_table_lookup(table, &key);
    if (value == NULL)
        return FALSE;
    *ret = (VfsId)*value;
    return TRUE;
}

/* The id that the outside knows a lower object by: that of the merged directory, if it is one. */
static VfsId
overlay_from_lower(VfsOverlay *self, VfsId lower)
{
    VfsId upper;
    if (overlay_pair(self->upper_of_lower, lower, &upper))
        return overlay_id(upper, TRUE);
    return overlay_id(lower, FALSE);
}

static VfsId
overlay_root(Vfs *vfs)
{
    return overlay_id(vfs_root(((VfsOverlay *)vfs)->upper), TRUE);
}

static int
overlay_parent(Vfs *vfs, VfsId id, VfsId *ret)
{
    VfsOverlay *self = (VfsOverlay *)vfs;
    VfsId parent;

    int r = vfs_parent(overlay_layer(vfs, id), id >> 1, &parent);
    if (r < 0)
        return r;
    *ret = overlay_is_upper(id) ? overlay_id(parent, TRUE) : overlay_from_lower(self, parent);
    return 0;
}

static int
overlay_name(Vfs *vfs, VfsId id, char *ret_name, gsize cap)
{
    Vfs *layer = overlay_layer(vfs, id);
    return layer->ops->name(layer, id >> 1, ret_name, cap);
}

static int
overlay_lookup(Vfs *vfs, VfsId dir, const char *name, VfsId *ret)
{
    VfsOverlay *self = (VfsOverlay *)vfs;
    VfsId found, lower_dir = dir >> 1;
    int r;

    if (overlay_is_upper(dir)) {
        r = vfs_lookup(self->upper, dir >> 1, name, &found);
        if (r == 0)
            *ret = overlay_id(found, TRUE);
        if (r != -ENOENT || !overlay_pair(self->lower_of_upper, dir >> 1, &lower_dir))
            return r;
    }
    r = vfs_lookup(self->lower, lower_dir, name, &found);
    if (r == 0)
        *ret = overlay_from_lower(self, found);
    return r;
}

static int
overlay_getattr(Vfs *vfs, VfsId id, VfsAttr *ret)
{
    VfsOverlay *self = (VfsOverlay *)vfs;
    VfsId lower;

    /* A merged directory looks as it does on the medium. */
    if (overlay_is_upper(id) && overlay_pair(self->lower_of_upper, id >> 1, &lower))
        return vfs_getattr(self->lower, lower, ret);
    return vfs_getattr(overlay_layer(vfs, id), id >> 1, ret);
}

/* The next entry of the lower half of a merged directory that the upper half does not hide. */
static int
overlay_readdir_lower(VfsOverlay *self, VfsId upper, VfsId lower, guint64 cookie, VfsDirent *ret)
{
    VfsDirent entry;
    VfsId hidden;
    int r;

    while ((r = vfs_readdir(self->lower, lower, cookie, &entry)) == 1) {
        cookie = entry.cookie;
        if (vfs_lookup(self->upper, upper, entry.name, &hidden) == 0)
            continue;
        *ret = entry;
        ret->id = overlay_from_lower(self, entry.id);
        ret->cookie = OVERLAY_LOWER_COOKIE + entry.cookie;
        return 1;
    }
    return r;
}

static int
overlay_readdir(Vfs *vfs, VfsId dir, guint64 cookie, VfsDirent *ret)
{
    VfsOverlay *self = (VfsOverlay *)vfs;
    VfsId lower;
    int r;

    if (!overlay_is_upper(dir)) {
        if ((r = vfs_readdir(self->lower, dir >> 1, cookie, ret)) == 1)
            ret->id = overlay_from_lower(self, ret->id);
        return r;
    }
    if (cookie < OVERLAY_LOWER_COOKIE) {
        if ((r = vfs_readdir(self->upper, dir >> 1, cookie, ret)) == 1)
            ret->id = overlay_id(ret->id, TRUE);
        if (r != 0)
            return r;
        cookie = OVERLAY_LOWER_COOKIE;
    }
    if (!overlay_pair(self->lower_of_upper, dir >> 1, &lower))
        return 0;
    return overlay_readdir_lower(self, dir >> 1, lower, cookie - OVERLAY_LOWER_COOKIE, ret);
}

static gssize
overlay_read(Vfs *vfs, VfsId id, guint64 offset, void *dst, gsize n)
{
    return vfs_read(overlay_layer(vfs, id), id >> 1, offset, dst, n);
}

static gssize
overlay_readlink(Vfs *vfs, VfsId id, char *dst, gsize cap)
{
    return vfs_readlink(overlay_layer(vfs, id), id >> 1, dst, cap);
}

static int
overlay_open(Vfs *vfs, VfsId id)
{
    return vfs_open(overlay_layer(vfs, id), id >> 1);
}

static guint64
overlay_total_bytes(Vfs *vfs)
{
    VfsOverlay *self = (VfsOverlay *)vfs;
    return vfs_total_bytes(self->upper) + vfs_total_bytes(self->lower);
}

static void
overlay_free(Vfs *vfs)
{
    VfsOverlay *self = (VfsOverlay *)vfs;
    vfs_free(self->upper);
    vfs_free(self->lower);
    g_hash_table_unref(self->lower_of_upper);
    g_hash_table_unref(self->upper_of_lower);
    g_free(self);
}

static const VfsOps vfs_overlay_ops = {
    .kind = "overlay",
    .root = overlay_root,
    .parent = overlay_parent,
    .name = overlay_name,
    .lookup = overlay_lookup,
    .getattr = overlay_getattr,
    .readdir = overlay_readdir,
    .read = overlay_read,
    .readlink = overlay_readlink,
    .open = overlay_open,
    .total_bytes = overlay_total_bytes,
    .free = overlay_free,
};

/* Pairs @upper with @lower, both directories, and then their common sub-directories. */
static void
overlay_merge(VfsOverlay *self, VfsId upper, VfsId lower, guint depth)
{
    VfsDirent entry = { .cookie = 0 };

    g_hash_table_insert(self->lower_of_upper, g_memdup2(&upper, sizeof upper),
                        g_memdup2(&lower, sizeof lower));
    g_hash_table_insert(self->upper_of_lower, g_memdup2(&lower, sizeof lower),
                        g_memdup2(&upper, sizeof upper));
    while (depth < OVERLAY_DEPTH_MAX &&
           vfs_readdir(self->upper, upper, entry.cookie, &entry) == 1) {
        VfsAttr up, low;
        VfsId twin;
        if (vfs_lookup(self->lower, lower, entry.name, &twin) == 0 &&
            vfs_getattr(self->upper, entry.id, &up) == 0 && up.type == VFS_DIR &&
            vfs_getattr(self->lower, twin, &low) == 0 && low.type == VFS_DIR)
            overlay_merge(self, entry.id, twin, depth + 1);
    }
}

/**
 * vfs_overlay_new:
 * @upper: (transfer full): the tree whose objects win; must not change any more
 * @lower: (transfer full): the tree below it
 *
 * Returns: (transfer full): both as one tree
 **/
Vfs *
vfs_overlay_new(Vfs *upper, Vfs *lower)
{
    VfsOverlay *self = g_new0(VfsOverlay, 1);
    self->vfs.ops = &vfs_overlay_ops;
    self->upper = upper;
    self->lower = lower;
    self->lower_of_upper = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    self->upper_of_lower = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    overlay_merge(self, vfs_root(upper), vfs_root(lower), 0);
    return &self->vfs;
}
