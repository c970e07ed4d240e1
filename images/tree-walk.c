/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For whoever does something with each object of a tree: the image writer, its size, the unpacker,
 * the listing. A tree can come from a hostile image: what one walk may meet has named limits.
 */
#include "images/tree-walk.h"

#include "base/error.h"
#include "images/mtree-spec.h"

#include <errno.h>
#include <string.h>

typedef struct {
    Vfs *tree;
    TreeWalkFunc func;
    gpointer data;
    GHashTable *links; /* VfsId → path of a file with more than one name */
    guint entries;
    char path[VFS_PATH_MAX];
} Walk;

static gboolean
walk_fail(const Walk *self, const char *why, GError **error)
{
    g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_MEDIUM, "cannot read '%s' in the tree: %s",
                self->path, why);
    return FALSE;
}

/* Looks up whether the file was seen under another name. @id: lives as long as @self */
static const char *
walk_first(Walk *self, VfsId id, const VfsAttr *attr)
{
    if (attr->type == VFS_DIR || attr->nlink < 2)
        return NULL;
    const char *first = g_hash_table_lookup(self->links, &id);
    if (first == NULL)
        (void)g_hash_table_insert(self->links, g_memdup2(&id, sizeof id), g_strdup(self->path));
    return first;
}

static gboolean walk_directory(Walk *self, VfsId id, gsize path_len, guint depth, GError **error);

/* @name: in self->path */
static gboolean
walk_object(Walk *self, VfsId id, const char *name, guint depth, GError **error)
{
    TreeEntry entry = { .id = id, .path = self->path, .name = name };

    if (self->entries++ >= TREE_ENTRIES_MAX)
        return walk_fail(self, "the tree has too many files", error);
    int r = vfs_getattr(self->tree, id, &entry.attr);
    if (r < 0)
        return walk_fail(self, g_strerror(-r), error);
    entry.first = walk_first(self, id, &entry.attr);
    if (!self->func(self->tree, &entry, self->data, error))
        return FALSE;
    if (entry.attr.type != VFS_DIR)
        return TRUE;
    if (depth >= TREE_DEPTH_MAX)
        return walk_fail(self, "its directories are too deep", error);
    return walk_directory(self, id, strlen(self->path), depth + 1, error);
}

static gboolean
walk_directory(Walk *self, VfsId id, gsize path_len, guint depth, GError **error)
{
    VfsDirent entry = { .cookie = 0 };
    int r;

    while ((r = vfs_readdir(self->tree, id, entry.cookie, &entry)) > 0) {
        gsize len = strlen(entry.name);
        if (path_len + 1 + len + 1 > sizeof self->path)
            return walk_fail(self, "a path in it is too long", error);
        self->path[path_len] = '/';
        memcpy(self->path + path_len + 1, entry.name, len + 1);
        if (!walk_object(self, entry.id, self->path + path_len + 1, depth, error))
            return FALSE;
        self->path[path_len] = '\0';
    }
    return r == 0 || walk_fail(self, g_strerror(-r), error);
}

/**
 * tree_walk:
 * @tree: (transfer none): a tree
 * @func: called for the root and then for every name, in the order in which the tree lists them
 * @data: for @func
 * @error: PXE_RUN_ERROR_MEDIUM when the tree cannot be read or exceeds a limit; or @func's
 **/
gboolean
tree_walk(Vfs *tree, TreeWalkFunc func, gpointer data, GError **error)
{
    g_autofree Walk *self = g_new0(Walk, 1);

    self->tree = tree;
    self->func = func;
    self->data = data;
    self->links = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    self->path[0] = '.';
    gboolean ok = walk_object(self, vfs_root(tree), self->path, 0, error);
    g_hash_table_unref(self->links);
    return ok;
}

/**
 * tree_read_link:
 * @entry: a symbolic link
 * @dst: (out): its target, NUL-terminated
 * @cap: room at @dst
 * @error: PXE_RUN_ERROR_MEDIUM
 **/
gboolean
tree_read_link(Vfs *tree, const TreeEntry *entry, char *dst, gsize cap, GError **error)
{
    gssize n = vfs_readlink(tree, entry->id, dst, cap - 1);

    if (n > 0 && memchr(dst, '\0', (gsize)n) == NULL) {
        dst[n] = '\0';
        return TRUE;
    }
    g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_MEDIUM,
                "cannot read the target of the symbolic link '%s' in the tree: %s", entry->path,
                n < 0 ? g_strerror((int)-n) : "there is none");
    return FALSE;
}

/* Appends text as vis(3) encodes it: what might mean something in an mtree file, in octal. */
static void
add_vis(GString *text, const char *bytes)
{
    for (; *bytes != '\0'; bytes++) {
        if (g_ascii_isalnum(*bytes) || strchr("./_-+,:@%~", *bytes) != NULL)
            g_string_append_c(text, *bytes);
        else
            g_string_append_printf(text, "\\%03o", (guint)(guint8)*bytes);
    }
}

/**
 * tree_device:
 * @attr: of a device
 *
 * Source: FreeBSD sys/sys/types.h: makedev
 *
 * Returns: its number as FreeBSD has it, which fits into 32 bits when FreeBSD before 12 can have it
 **/
guint64
tree_device(const VfsAttr *attr)
{
    guint64 major = attr->rdev_major, minor = attr->rdev_minor;
    return (major & 0xffffff00) << 32 | (major & 0xff) << 8 | (minor & 0xff00) << 24 |
           (minor & 0xffff00ff);
}

/**
 * tree_add_mtree_line:
 * @text: gets a line
 * @entry: what is described
 * @device: (nullable): of a device: its number, in one of the ways that mtree(5) has
 * @target: (nullable): of a symbolic link
 *
 * Source: FreeBSD share/man/man5/mtree.5
 **/
void
tree_add_mtree_line(GString *text, const TreeEntry *entry, const char *device, const char *target)
{
    const VfsAttr *attr = &entry->attr;

    add_vis(text, entry->path);
    g_string_append_printf(text, " type=%s uid=%u gid=%u mode=0%o time=%" G_GINT64_FORMAT ".%09u",
                           mtree_type_names[attr->type], attr->uid, attr->gid, attr->mode,
                           attr->mtime_s, attr->mtime_ns);
    if (device != NULL)
        g_string_append_printf(text, " device=%s", device);
    if (target != NULL) {
        g_string_append(text, " link=");
        add_vis(text, target);
    }
    g_string_append_c(text, '\n');
}
