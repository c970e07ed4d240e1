/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: all that is laid over becomes one tree in memory, whose files refer to those
 * of the host, and a set of rules about what the lower tree does not show. Structure is read once;
 * bytes, sizes and times stay the host's, so that a file that is written anew is served anew.
 *
 * Where a path leads is asked of the lower tree first: 7.0's memory disk has /sbin as a link to
 * /stand, and a file sbin/init is to come into /stand, and not into a directory that hides it.
 */
#include "base/error.h"
#include "images/overlay-internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MODE_MASK 0755 /* no write for others, no set-uid: an mtree file can say so */

/**
 * overlay_new:
 * @lower: (transfer full): what is laid over
 *
 * Returns: (transfer full): nothing over it yet
 **/
Overlay *
overlay_new(Vfs *lower)
{
    Overlay *self = g_new0(Overlay, 1);

    self->lower = lower;
    self->upper = vfs_mem_new();
    self->rules = overlay_rules_new();
    self->hidden = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return self;
}

/* @self: (nullable) (transfer full): an overlay that was not finished */
void
overlay_free(Overlay *self)
{
    if (self == NULL)
        return;
    vfs_free(self->upper);
    vfs_free(self->lower);
    overlay_rules_free(self->rules);
    g_hash_table_unref(self->hidden);
    g_free(self);
}

/* ---- paths ---- */

/* Returns: whether @guest is a path of at least one name, without "." and ".." */
gboolean
overlay_guest_path_check(const char *guest)
{
    g_auto(GStrv) names = g_strsplit(guest, "/", -1);
    gboolean any = FALSE;

    if (strlen(guest) >= VFS_PATH_MAX)
        return FALSE;
    for (char **name = names; *name != NULL; name++) {
        if (g_str_equal(*name, ".") || g_str_equal(*name, "..") || strlen(*name) > VFS_NAME_MAX)
            return FALSE;
        any = any || **name != '\0';
    }
    return any;
}

static int
lookup_in(Vfs *vfs, const char *path, VfsId *ret)
{
    g_auto(GStrv) names = g_strsplit(path, "/", -1);
    VfsId at = vfs_root(vfs);
    int r = 0;

    for (char **name = names; r == 0 && *name != NULL; name++) {
        if (**name != '\0')
            r = vfs_lookup(vfs, at, *name, &at);
    }
    if (r == 0)
        *ret = at;
    return r;
}

/* What was laid over so far. @path: as overlay_place() has it; no link is followed. */
int
overlay_lookup_upper(Overlay *self, const char *path, VfsId *ret)
{
    return lookup_in(self->upper, path, ret);
}

/* What is below, unless it was taken away. No link is followed. */
int
overlay_lookup_lower(Overlay *self, const char *path, VfsId *ret)
{
    return g_hash_table_contains(self->hidden, path) ? -ENOENT : lookup_in(self->lower, path, ret);
}

/* Whether something that is no directory was laid at @path, or on its way. */
static gboolean
is_covered(Overlay *self, const char *path)
{
    VfsId id;
    int r = overlay_lookup_upper(self, path, &id);
    return r == 0 ? !vfs_is_directory(self->upper, id) : r == -ENOTDIR;
}

/* One name further: into the lower tree's directory, wherever a link there leads. */
static char *
place_name(Overlay *self, const char *directory, const char *name)
{
    char *path = g_strconcat(directory, "/", name, NULL);
    char found[VFS_PATH_MAX];
    VfsId id;

    if (overlay_lookup_upper(self, path, &id) == 0 && vfs_is_directory(self->upper, id))
        return path;
    if (g_hash_table_contains(self->hidden, path) || vfs_walk(self->lower, path, &id) < 0 ||
        !vfs_is_directory(self->lower, id) || vfs_path(self->lower, id, found, sizeof found) < 0 ||
        is_covered(self, found))
        return path;
    g_free(path);
    return g_str_equal(found, "/") ? g_strdup("") : g_strdup(found);
}

/* Returns: (transfer full): where the directory @directory really is; "" for the root, else with
 * '/' in front */
char *
overlay_place(Overlay *self, const char *directory)
{
    g_auto(GStrv) names = g_strsplit(directory, "/", -1);
    char *at = g_strdup("");

    for (char **name = names; *name != NULL; name++) {
        if (**name == '\0')
            continue;
        char *next = place_name(self, at, *name);
        g_free(at);
        at = next;
    }
    return at;
}

/* Returns: (transfer full): where the entry @guest of a directory really is; it may itself take the
 * place of a link */
char *
overlay_place_entry(Overlay *self, const char *guest)
{
    g_autofree char *trimmed = g_strdup(guest);
    while (g_str_has_suffix(trimmed, "/"))
        trimmed[strlen(trimmed) - 1] = '\0';
    char *slash = strrchr(trimmed, '/');
    const char *name = slash != NULL ? slash + 1 : trimmed;
    g_autofree char *directory = g_strndup(trimmed, (gsize)(name - trimmed));
    g_autofree char *placed = overlay_place(self, directory);
    return g_strconcat(placed, "/", name, NULL);
}

/* ---- what is laid over ---- */

/* Takes away what an earlier one has laid there. */
void
overlay_clear_path(Overlay *self, const char *path)
{
    VfsId id;

    if (overlay_lookup_upper(self, path, &id) == 0 && id != vfs_root(self->upper))
        vfs_mem_remove(self->upper, id);
}

/* A directory at @path, whose contents so far stay. */
int
overlay_put_directory(Overlay *self, const char *path)
{
    VfsId id;

    if (overlay_lookup_upper(self, path, &id) == 0) {
        if (vfs_is_directory(self->upper, id))
            return 0;
        vfs_mem_remove(self->upper, id);
    }
    return vfs_mem_add_dir(self->upper, path, 0755);
}

/**
 * overlay_add_bytes:
 * @self: an overlay
 * @guest: path of a file; the directories on its way are made where the lower tree has none
 * @content: (transfer none): its bytes
 * @mode: permission bits
 *
 * Returns: 0, -EISDIR when a directory was laid there, or what vfs_mem_add_file() answers
 **/
int
overlay_add_bytes(Overlay *self, const char *guest, GBytes *content, guint32 mode)
{
    g_autofree char *path = overlay_place_entry(self, guest);
    VfsId id;

    if (overlay_lookup_upper(self, path, &id) == 0 && vfs_is_directory(self->upper, id))
        return -EISDIR;
    overlay_clear_path(self, path);
    return vfs_mem_add_file(self->upper, path, content, mode);
}

/* As overlay_add_bytes(), for a directory; one that is there stays as it is. */
int
overlay_add_empty_directory(Overlay *self, const char *guest)
{
    g_autofree char *path = overlay_place(self, guest);
    VfsId id;

    return overlay_lookup_lower(self, path, &id) == 0 ? 0 : overlay_put_directory(self, path);
}

/* The lower tree's object at @guest is not seen any more, nor what was laid there. */
void
overlay_hide(Overlay *self, const char *guest)
{
    g_autofree char *path = overlay_place_entry(self, guest);
    g_autofree char *directory = g_path_get_dirname(path);

    overlay_clear_path(self, path);
    if (!g_str_equal(directory, "/"))
        (void)overlay_put_directory(self, directory);
    overlay_rules_hide(self->rules, path);
    g_hash_table_add(self->hidden, g_steal_pointer(&path));
}

static gboolean
refuse_file(GError **error, const char *guest, const char *host, const char *reason)
{
    g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_MEDIUM, "'%s' as the guest's '%s': %s", host,
                guest, reason);
    return FALSE;
}

/* The tree of the directory that a host file is in, and its id there. */
static int
open_host_file(const char *host, Vfs **ret_tree, VfsId *ret_id, VfsAttr *ret_attr)
{
    g_autofree char *real = realpath(host, NULL);
    if (real == NULL)
        return -errno;
    g_autofree char *directory = g_path_get_dirname(real);
    g_autofree char *name = g_path_get_basename(real);
    g_autoptr(Vfs) tree = vfs_dir_new(directory, NULL);
    int r = tree == NULL ? -EACCES : vfs_lookup(tree, vfs_root(tree), name, ret_id);
    if (r == 0)
        r = vfs_getattr(tree, *ret_id, ret_attr);
    if (r == 0)
        *ret_tree = g_steal_pointer(&tree);
    return r;
}

/**
 * overlay_add_file:
 * @self: an overlay
 * @guest: path that the guest sees it by; see overlay_guest_path_check()
 * @host: path of a regular file
 * @mode: permission bits, or 0 for the host's, without write for others
 * @error: PXE_RUN_ERROR_MEDIUM
 **/
gboolean
overlay_add_file(Overlay *self, const char *guest, const char *host, guint32 mode, GError **error)
{
    g_autofree char *path = overlay_place_entry(self, guest);
    Vfs *tree = NULL;
    VfsId id, there;
    VfsAttr attr;
    char byte;

    int r = open_host_file(host, &tree, &id, &attr);
    if (r < 0)
        return refuse_file(error, guest, host, g_strerror(-r));
    vfs_mem_own(self->upper, tree);
    if (attr.type != VFS_REG)
        return refuse_file(error, guest, host,
                           attr.type == VFS_DIR ? "is a directory: use --overlay for one"
                                                : "is not a regular file");
    if (vfs_read(tree, id, 0, &byte, 1) < 0)
        return refuse_file(error, guest, host, "cannot be read");
    if (overlay_lookup_lower(self, path, &there) == 0 && vfs_is_directory(self->lower, there))
        return refuse_file(error, guest, host, "that is a directory on the medium");
    overlay_clear_path(self, path);
    r = vfs_mem_add_ref(self->upper, path, tree, id, mode != 0 ? mode : attr.mode & FILE_MODE_MASK);
    return r == 0 || refuse_file(error, guest, host, g_strerror(-r));
}

/**
 * overlay_finish:
 * @self: (transfer full): an overlay
 * @ret_given: (out) (optional) (transfer none): the upper tree alone, which lives as long as the
 *   result
 *
 * Returns: (transfer full): the whole tree
 **/
Vfs *
overlay_finish(Overlay *self, Vfs **ret_given)
{
    Vfs *vfs = vfs_overlay_new(self->upper, self->lower, self->rules);

    if (ret_given != NULL)
        *ret_given = self->upper;
    self->upper = NULL;
    self->lower = NULL;
    self->rules = NULL;
    overlay_free(self);
    return vfs;
}
