/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two trees as one: what the upper one has hides what the lower one has under the same path;
 * directories that both have are merged. Rules can hide more.
 *
 * Theory of operation: an id is the inner id, shifted left by one, with bit 0 set for the upper
 * tree, so that an object of the lower tree is reached without a table. A merged directory goes by
 * its upper id; the pairs (upper directory, lower directory) are found once, when the overlay is
 * made, by walking the upper tree, which is small and must not change afterwards. In a merged
 * directory the cookies of the lower half follow the last one of the upper half.
 */
#include "images/vfs.h"

#include <errno.h>
#include <string.h>

#define OVERLAY_DEPTH_MAX 64 /* directories inside one another in the upper tree */

/* A directory that both trees have. */
typedef struct {
    VfsId upper, lower;
    guint64 last_cookie; /* of the upper half */
    gint32 more_links;   /* sub-directories that the upper half adds, less those that it hides */
    GHashTable *hidden;  /* (nullable): names that the lower half shall not show */
    gboolean own_attr;   /* it looks as the upper half does */
} MergedDir;

struct OverlayRules {
    GHashTable *hidden;   /* path of a directory → set of names in it */
    GHashTable *opaque;   /* set of paths of directories */
    GHashTable *own_attr; /* set of paths of directories */
};

typedef struct {
    Vfs vfs;
    Vfs *upper;
    Vfs *lower;
    GHashTable *by_upper; /* upper id → MergedDir, which it owns */
    GHashTable *by_lower; /* lower id → MergedDir */
    OverlayRules *rules;
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
is_hidden(const MergedDir *dir, const char *name)
{
    return dir->hidden != NULL && g_hash_table_contains(dir->hidden, name);
}

/* Returns: (nullable): the merged directory whose upper half is @upper */
static const MergedDir *
overlay_merged(const VfsOverlay *self, VfsId upper)
{
    return g_hash_table_lookup(self->by_upper, &upper);
}

/* The id that the outside knows a lower object by: that of the merged directory, if it is one. */
static VfsId
overlay_from_lower(const VfsOverlay *self, VfsId lower)
{
    const MergedDir *merged = g_hash_table_lookup(self->by_lower, &lower);
    return merged != NULL ? overlay_id(merged->upper, TRUE) : overlay_id(lower, FALSE);
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
        const MergedDir *merged = overlay_merged(self, dir >> 1);
        r = vfs_lookup(self->upper, dir >> 1, name, &found);
        if (r == 0)
            *ret = overlay_id(found, TRUE);
        if (r != -ENOENT || merged == NULL || is_hidden(merged, name))
            return r;
        lower_dir = merged->lower;
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
    VfsAttr attr;

    /* A merged directory looks as it does on the medium. */
    const MergedDir *merged = overlay_is_upper(id) ? overlay_merged(self, id >> 1) : NULL;
    if (merged == NULL)
        return vfs_getattr(overlay_layer(vfs, id), id >> 1, ret);
    int r = vfs_getattr(self->lower, merged->lower, &attr);
    if (r < 0)
        return r;
    if (merged->own_attr) {
        VfsAttr own;
        if ((r = vfs_getattr(self->upper, merged->upper, &own)) < 0)
            return r;
        own.nlink = attr.nlink;
        own.size = attr.size;
        attr = own;
    }
    /* Some of the host's file systems do not count: 1, or 2 always. */
    gint64 links = (gint64)attr.nlink + merged->more_links;
    attr.nlink = attr.nlink >= 2 && links >= 2 ? (guint32)links : 1;
    *ret = attr;
    return 0;
}

/* The next entry of the lower half of a merged directory that the upper half does not hide. */
static int
overlay_readdir_lower(VfsOverlay *self, const MergedDir *dir, guint64 cookie, VfsDirent *ret)
{
    VfsDirent entry;
    VfsId hidden;
    int r;

    while ((r = vfs_readdir(self->lower, dir->lower, cookie, &entry)) == 1) {
        cookie = entry.cookie;
        if (is_hidden(dir, entry.name) ||
            vfs_lookup(self->upper, dir->upper, entry.name, &hidden) == 0)
            continue;
        *ret = entry;
        ret->id = overlay_from_lower(self, entry.id);
        ret->cookie = dir->last_cookie + entry.cookie;
        return 1;
    }
    return r;
}

static int
overlay_readdir(Vfs *vfs, VfsId dir, guint64 cookie, VfsDirent *ret)
{
    VfsOverlay *self = (VfsOverlay *)vfs;
    int r;

    if (!overlay_is_upper(dir)) {
        if ((r = vfs_readdir(self->lower, dir >> 1, cookie, ret)) == 1)
            ret->id = overlay_from_lower(self, ret->id);
        return r;
    }
    const MergedDir *merged = overlay_merged(self, dir >> 1);
    if (merged != NULL && cookie >= merged->last_cookie)
        return overlay_readdir_lower(self, merged, cookie - merged->last_cookie, ret);
    if ((r = vfs_readdir(self->upper, dir >> 1, cookie, ret)) == 1)
        ret->id = overlay_id(ret->id, TRUE);
    return r;
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
    g_hash_table_unref(self->by_lower);
    g_hash_table_unref(self->by_upper);
    overlay_rules_free(self->rules);
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

/* ---- rules ---- */

/* "a//b/" → "/a/b"; "" → "/" */
static char *
canonical(const char *path)
{
    g_auto(GStrv) names = g_strsplit(path, "/", -1);
    GString *text = g_string_new(NULL);

    for (char **name = names; *name != NULL; name++) {
        if (**name != '\0')
            g_string_append_printf(text, "/%s", *name);
    }
    return g_string_free(text->len > 0 ? text : g_string_append_c(text, '/'), FALSE);
}

static GHashTable *
text_set(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

/* Returns: (transfer full): no rules yet */
OverlayRules *
overlay_rules_new(void)
{
    OverlayRules *self = g_new0(OverlayRules, 1);

    self->hidden =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_hash_table_unref);
    self->opaque = text_set();
    self->own_attr = text_set();
    return self;
}

/* @self: (nullable) (transfer full): rules */
void
overlay_rules_free(OverlayRules *self)
{
    if (self == NULL)
        return;
    g_hash_table_unref(self->hidden);
    g_hash_table_unref(self->opaque);
    g_hash_table_unref(self->own_attr);
    g_free(self);
}

/* What the lower tree has at @path is not seen. The upper tree must have the directory that it is
 * in. */
void
overlay_rules_hide(OverlayRules *self, const char *path)
{
    g_autofree char *whole = canonical(path);
    char *slash = strrchr(whole, '/');
    g_autofree char *directory =
        slash > whole ? g_strndup(whole, (gsize)(slash - whole)) : g_strdup("/");
    GHashTable *names = g_hash_table_lookup(self->hidden, directory);

    if (names == NULL) {
        names = text_set();
        g_hash_table_insert(self->hidden, g_steal_pointer(&directory), names);
    }
    g_hash_table_add(names, g_strdup(slash + 1));
}

/* Of @directory, which the upper tree has, nothing of the lower tree is seen. */
void
overlay_rules_opaque(OverlayRules *self, const char *directory)
{
    g_hash_table_add(self->opaque, canonical(directory));
}

/* @directory, which both trees have, has the attributes of the upper one. */
void
overlay_rules_own_attr(OverlayRules *self, const char *directory)
{
    g_hash_table_add(self->own_attr, canonical(directory));
}

/* ---- building ---- */

/* Sub-directories that are not seen any more. */
static gint32
count_hidden_directories(VfsOverlay *self, const MergedDir *merged)
{
    GHashTableIter iter;
    gpointer name;
    gint32 count = 0;
    VfsId found;

    if (merged->hidden == NULL)
        return 0;
    g_hash_table_iter_init(&iter, merged->hidden);
    while (g_hash_table_iter_next(&iter, &name, NULL)) {
        if (vfs_lookup(self->upper, merged->upper, name, &found) < 0 &&
            vfs_lookup(self->lower, merged->lower, name, &found) == 0)
            count += vfs_is_directory(self->lower, found);
    }
    return count;
}

/* Pairs @upper with @lower, both directories, and then their common sub-directories. */
static void
overlay_merge(VfsOverlay *self, VfsId upper, VfsId lower, const char *path, guint depth)
{
    VfsDirent entry = { .cookie = 0 };
    MergedDir *merged = g_new0(MergedDir, 1);
    VfsId twin;

    merged->upper = upper;
    merged->lower = lower;
    merged->hidden = g_hash_table_lookup(self->rules->hidden, path);
    merged->own_attr = g_hash_table_contains(self->rules->own_attr, path);
    g_hash_table_insert(self->by_upper, &merged->upper, merged);
    g_hash_table_insert(self->by_lower, &merged->lower, merged);
    merged->more_links = -count_hidden_directories(self, merged);
    while (vfs_readdir(self->upper, upper, entry.cookie, &entry) == 1) {
        g_autofree char *inside = g_build_path("/", path, entry.name, NULL);
        gboolean here = vfs_is_directory(self->upper, entry.id);
        gboolean below = vfs_lookup(self->lower, lower, entry.name, &twin) == 0 &&
                         vfs_is_directory(self->lower, twin);
        merged->last_cookie = entry.cookie;
        merged->more_links += here - below;
        if (here && below && depth < OVERLAY_DEPTH_MAX && !is_hidden(merged, entry.name) &&
            !g_hash_table_contains(self->rules->opaque, inside))
            overlay_merge(self, entry.id, twin, inside, depth + 1);
    }
}

/**
 * vfs_overlay_new:
 * @upper: (transfer full): the tree whose objects win; must not change any more
 * @lower: (transfer full): the tree below it
 * @rules: (nullable) (transfer full): what else is hidden
 *
 * Returns: (transfer full): both as one tree
 **/
Vfs *
vfs_overlay_new(Vfs *upper, Vfs *lower, OverlayRules *rules)
{
    VfsOverlay *self = g_new0(VfsOverlay, 1);
    self->vfs.ops = &vfs_overlay_ops;
    self->upper = upper;
    self->lower = lower;
    self->rules = rules != NULL ? rules : overlay_rules_new();
    self->by_upper = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
    self->by_lower = g_hash_table_new(g_int64_hash, g_int64_equal);
    overlay_merge(self, vfs_root(upper), vfs_root(lower), "/", 0);
    return &self->vfs;
}
