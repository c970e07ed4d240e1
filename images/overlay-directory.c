/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A directory of the host over a tree: `--overlay DIR`, with DIR.mtree beside it. Everything in it
 * is root:wheel and has the host's permission bits, without write for group and others and without
 * set-uid, unless the mtree file says otherwise; that also adds what a host directory cannot hold
 * (devices), and changes attributes of what the lower tree has.
 */
#include "base/error.h"
#include "images/mtree-spec.h"
#include "images/overlay-internal.h"

#include <errno.h>
#include <string.h>

#define DEPTH_MAX      64   /* directories inside one another; as vfs-overlay.c merges */
#define HOST_MODE_MASK 0755 /* of the host's permission bits */

typedef struct {
    Overlay *overlay;
    const char *name; /* of the directory, as the user says it */
    Vfs *tree;        /* of the host */
    MtreeSpec *spec;  /* (nullable) */
    GHashTable *seen; /* (nullable): set of the paths in it that the directory has, too */
    GError **error;
} Layer;

G_GNUC_PRINTF(2, 3)
static gboolean
layer_fail(Layer *self, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_autofree char *reason = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(self->error, PXE_RUN_ERROR, PXE_RUN_ERROR_MEDIUM, "--overlay '%s': %s", self->name,
                reason);
    return FALSE;
}

static gboolean
layer_errno(Layer *self, const char *path, int r)
{
    if (r == -ENOSPC)
        return layer_fail(self, "too many files (65536 at most)");
    return layer_fail(self, "'%s': %s", path, g_strerror(-r));
}

/* ---- attributes ---- */

static void
apply_entry(const MtreeEntry *entry, VfsAttr *attr)
{
    if (entry->has_mode)
        attr->mode = entry->mode;
    if (entry->has_uid)
        attr->uid = entry->uid;
    if (entry->has_gid)
        attr->gid = entry->gid;
    if (entry->has_time) {
        attr->mtime_s = entry->mtime_s;
        attr->mtime_ns = entry->mtime_ns;
    }
    attr->rdev_major = entry->rdev_major;
    attr->rdev_minor = entry->rdev_minor;
}

/* What the object at @path, which the host has as @host, is to look like. */
static gboolean
dress(Layer *self, const char *inside, const char *path, const VfsAttr *host)
{
    const MtreeEntry *entry = self->spec != NULL ? mtree_spec_find(self->spec, inside) : NULL;
    VfsAttr attr = { .mode = host->type == VFS_LNK ? 0777 : host->mode & HOST_MODE_MASK };
    VfsId id;

    if (host->type != VFS_REG) { /* a file has the time of its bytes */
        attr.mtime_s = host->mtime_s;
        attr.mtime_ns = host->mtime_ns;
    }
    if (entry != NULL) {
        if (entry->has_type && entry->type != host->type)
            return layer_fail(self, "'%s' is of another type than %s.mtree says", inside,
                              self->name);
        apply_entry(entry, &attr);
        g_hash_table_add(self->seen, entry->path);
        if (host->type == VFS_DIR)
            overlay_rules_own_attr(self->overlay->rules, path);
    }
    if (overlay_lookup_upper(self->overlay, path, &id) == 0)
        vfs_mem_set_attr(self->overlay->upper, id, &attr);
    return TRUE;
}

/* ---- the host's files ---- */

static int
put_link(Layer *self, VfsId id, const char *path)
{
    char target[VFS_PATH_MAX];

    gssize len = vfs_readlink(self->tree, id, target, sizeof target - 1);
    if (len < 0)
        return (int)len;
    target[len] = '\0';
    return vfs_mem_add_symlink(self->overlay->upper, path, target);
}

/* Returns: whether the entry is a mark that removes something, which is then done */
static gboolean
take_whiteout(Layer *self, const char *place, const char *name, const VfsAttr *attr)
{
    g_autofree char *hidden = NULL;

    if (g_str_equal(name, OVERLAY_OPAQUE)) {
        overlay_rules_opaque(self->overlay->rules, place);
        return TRUE;
    }
    if (g_str_has_prefix(name, OVERLAY_WHITEOUT) && name[strlen(OVERLAY_WHITEOUT)] != '\0')
        hidden = g_strconcat(place, "/", name + strlen(OVERLAY_WHITEOUT), NULL);
    else if (attr->type == VFS_CHR && attr->rdev_major == 0 && attr->rdev_minor == 0)
        hidden = g_strconcat(place, "/", name, NULL);
    else
        return FALSE;
    overlay_hide(self->overlay, hidden);
    return TRUE;
}

static int
put_object(Layer *self, VfsId id, const char *path, const VfsAttr *attr)
{
    Vfs *upper = self->overlay->upper;

    if (attr->type == VFS_DIR)
        return overlay_put_directory(self->overlay, path);
    overlay_clear_path(self->overlay, path);
    if (attr->type == VFS_REG)
        return vfs_mem_add_ref(upper, path, self->tree, id, attr->mode & HOST_MODE_MASK);
    if (attr->type == VFS_LNK)
        return put_link(self, id, path);
    return vfs_mem_add_special(upper, path, attr->type, attr->mode & HOST_MODE_MASK);
}

/*
 * Lays the entries of the host's directory @dir over @place. @inside is the path from the top of
 * the layer, for the mtree file, which follows no links.
 */
static gboolean
put_entries(Layer *self, VfsId dir, const char *place, const char *inside, guint depth)
{
    VfsDirent entry = { .cookie = 0 };
    VfsAttr attr;
    int r;

    if (depth > DEPTH_MAX)
        return layer_fail(self, "more than %d directories inside one another", DEPTH_MAX);
    while ((r = vfs_readdir(self->tree, dir, entry.cookie, &entry)) == 1) {
        g_autofree char *below = g_strconcat(inside, *inside != '\0' ? "/" : "", entry.name, NULL);
        g_autofree char *wanted = g_strconcat(place, "/", entry.name, NULL);
        if ((r = vfs_getattr(self->tree, entry.id, &attr)) < 0)
            return layer_errno(self, below, r);
        if (take_whiteout(self, place, entry.name, &attr))
            continue;
        g_autofree char *path =
            attr.type == VFS_DIR ? overlay_place(self->overlay, wanted) : g_strdup(wanted);
        if (*path != '\0' && (r = put_object(self, entry.id, path, &attr)) < 0)
            return layer_errno(self, below, r);
        if (!dress(self, below, path, &attr))
            return FALSE;
        if (attr.type == VFS_DIR && !put_entries(self, entry.id, path, below, depth + 1))
            return FALSE;
    }
    return r == 0 || layer_errno(self, *inside != '\0' ? inside : ".", r);
}

/* ---- what the mtree file adds ---- */

static gboolean
add_object(Layer *self, const MtreeEntry *entry, const char *path)
{
    Vfs *upper = self->overlay->upper;
    VfsAttr attr = { .mode = entry->type == VFS_DIR ? 0755 : 0644 };
    VfsId id;
    int r;

    if (entry->type != VFS_DIR)
        overlay_clear_path(self->overlay, path);
    r = entry->type == VFS_DIR   ? overlay_put_directory(self->overlay, path)
        : entry->type == VFS_LNK ? vfs_mem_add_symlink(upper, path, entry->link)
                                 : vfs_mem_add_special(upper, path, entry->type, 0644);
    if (r < 0)
        return layer_errno(self, entry->path, r);
    apply_entry(entry, &attr);
    if (overlay_lookup_upper(self->overlay, path, &id) == 0)
        vfs_mem_set_attr(upper, id, &attr);
    if (entry->type == VFS_DIR)
        overlay_rules_own_attr(self->overlay->rules, path);
    return TRUE;
}

/* Another owner or mode for what an earlier layer or the lower tree has. */
static gboolean
change_object(Layer *self, const MtreeEntry *entry, const char *path)
{
    Overlay *overlay = self->overlay;
    VfsAttr attr;
    VfsId id;
    int r;

    if (overlay_lookup_upper(overlay, path, &id) < 0) {
        if (overlay_lookup_lower(overlay, path, &id) < 0 ||
            vfs_getattr(overlay->lower, id, &attr) < 0)
            return layer_fail(self,
                              "'%s' is in %s.mtree, and neither in the directory nor on the "
                              "medium",
                              entry->path, self->name);
        if (attr.type != VFS_REG && attr.type != VFS_DIR)
            return layer_fail(self,
                              "'%s' is neither file nor directory on the medium: %s.mtree "
                              "needs its type=",
                              entry->path, self->name);
        r = attr.type == VFS_DIR
                ? overlay_put_directory(overlay, path)
                : vfs_mem_add_ref(overlay->upper, path, overlay->lower, id, attr.mode);
        if (r < 0 || (r = overlay_lookup_upper(overlay, path, &id)) < 0)
            return layer_errno(self, entry->path, r);
    } else if ((r = vfs_getattr(overlay->upper, id, &attr)) < 0) {
        return layer_errno(self, entry->path, r);
    }
    apply_entry(entry, &attr);
    vfs_mem_set_attr(overlay->upper, id, &attr);
    if (attr.type == VFS_DIR)
        overlay_rules_own_attr(overlay->rules, path);
    return TRUE;
}

static gboolean
add_rest(Layer *self)
{
    for (guint i = 0; self->spec != NULL && i < mtree_spec_count(self->spec); i++) {
        const MtreeEntry *entry = mtree_spec_get(self->spec, i);
        if (*entry->path == '\0' || g_hash_table_contains(self->seen, entry->path))
            continue;
        gboolean made = entry->has_type && entry->type != VFS_REG;
        g_autofree char *path = made && entry->type == VFS_DIR
                                    ? overlay_place(self->overlay, entry->path)
                                    : overlay_place_entry(self->overlay, entry->path);
        if (!(made ? add_object : change_object)(self, entry, path))
            return FALSE;
    }
    return TRUE;
}

static gboolean
read_spec(Layer *self, GError **error)
{
    g_autofree char *whole = g_canonicalize_filename(self->name, NULL);
    g_autofree char *path = g_strconcat(whole, ".mtree", NULL);
    g_autoptr(GError) read_error = NULL;
    g_autoptr(GMappedFile) file = g_mapped_file_new(path, FALSE, &read_error);

    if (file == NULL) {
        if (g_error_matches(read_error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
            return TRUE;
        return layer_fail(self, "cannot read '%s': %s", path, read_error->message);
    }
    self->spec = mtree_spec_parse(path, g_mapped_file_get_contents(file),
                                  g_mapped_file_get_length(file), error);
    self->seen = g_hash_table_new(g_str_hash, g_str_equal);
    return self->spec != NULL;
}

/**
 * overlay_add_directory:
 * @self: an overlay
 * @directory: of the host; an mtree(5) file may lie beside it, called like it with ".mtree" behind
 * @error: PXE_RUN_ERROR_MEDIUM
 **/
gboolean
overlay_add_directory(Overlay *self, const char *directory, GError **error)
{
    Layer layer = { .overlay = self, .name = directory, .error = error };
    g_autoptr(GError) open_error = NULL;
    VfsAttr root;

    layer.tree = vfs_dir_new(directory, &open_error);
    if (layer.tree == NULL)
        return layer_fail(&layer, "%s", open_error->message);
    vfs_mem_own(self->upper, layer.tree);
    gboolean ok = read_spec(&layer, error);
    if (ok && layer.spec != NULL && mtree_spec_find(layer.spec, "") != NULL)
        ok = vfs_getattr(layer.tree, vfs_root(layer.tree), &root) == 0 &&
             dress(&layer, "", "", &root);
    ok = ok && put_entries(&layer, vfs_root(layer.tree), "", "", 0) && add_rest(&layer);
    g_clear_pointer(&layer.seen, g_hash_table_unref);
    mtree_spec_free(layer.spec);
    return ok;
}
