/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Turns a boot plan into the tree that the guest sees: the medium, with the plan's files over it.
 */
#include "images/boot-plan.h"

#include <string.h>

#define LOADER_CONF_LOCAL "/boot/loader.conf.local" /* in loader_conf_files of every release */
#define TEXT_FILE_MAX     (256u << 10)

/* Appends the medium's own file, if it has one, with a newline at its end. */
static void
append_original(GString *text, Vfs *medium, const char *path)
{
    g_autoptr(GBytes) bytes = NULL;

    if (vfs_read_file(medium, path, TEXT_FILE_MAX, &bytes) < 0)
        return;
    gsize len;
    const char *original = g_bytes_get_data(bytes, &len);
    g_string_append_len(text, original, (gssize)len);
    if (len > 0 && original[len - 1] != '\n')
        g_string_append_c(text, '\n');
}

static gboolean
is_directory(Vfs *vfs, const char *path, VfsId *ret)
{
    VfsAttr attr;
    return vfs_walk(vfs, path, ret) == 0 && vfs_getattr(vfs, *ret, &attr) == 0 &&
           attr.type == VFS_DIR;
}

/*
 * Where @path really is: a directory of the overlay hides a link that the medium has in its place,
 * with all that the link leads to, so the links on the way are followed first. The file itself may
 * take the place of a link.
 */
static char *
resolve_parents(Vfs *medium, const char *path)
{
    g_autofree char *parent = g_strdup(path);
    char found[VFS_PATH_MAX];
    VfsId id;

    for (char *slash; (slash = strrchr(parent, '/')) != NULL;) {
        *slash = '\0';
        if (is_directory(medium, parent, &id) && vfs_path(medium, id, found, sizeof found) == 0)
            return g_build_path("/", found, path + (slash - parent), NULL);
    }
    return g_strdup(path);
}

static void
add_text(Vfs *overlay, Vfs *medium, const char *path, GString *text)
{
    g_autoptr(GBytes) bytes = g_string_free_to_bytes(text);
    g_autofree char *resolved = resolve_parents(medium, path);

    /* Links can make one file's place another's directory, though FreeBSD's media have none. */
    if (vfs_mem_add_file(overlay, resolved, bytes, 0644) < 0 &&
        vfs_mem_add_file(overlay, path, bytes, 0644) < 0)
        g_info("no place for %s on this medium", path);
}

static void
add_loader_conf(Vfs *overlay, const BootPlan *plan, Vfs *medium)
{
    GString *text = g_string_new(NULL);

    append_original(text, medium, LOADER_CONF_LOCAL);
    g_string_append(text, "# added by pxe-run for the network boot\n");
    for (guint i = 0; i < plan->settings->len; i++) {
        const PlanSetting *setting = g_ptr_array_index(plan->settings, i);
        g_string_append_printf(text, "%s=\"%s\"\n", setting->name, setting->value);
    }
    add_text(overlay, medium, LOADER_CONF_LOCAL, text);
}

/**
 * boot_plan_overlay:
 * @self: a plan
 * @medium: (transfer full): the medium's tree
 *
 * Returns: (transfer full): what the guest is to see
 **/
Vfs *
boot_plan_overlay(const BootPlan *self, Vfs *medium)
{
    if (self->settings->len == 0 && self->files->len == 0)
        return medium;
    Vfs *overlay = vfs_mem_new();
    if (self->settings->len > 0)
        add_loader_conf(overlay, self, medium);
    for (guint i = 0; i < self->files->len; i++) {
        const PlanFile *file = g_ptr_array_index(self->files, i);
        GString *text = g_string_new(NULL);
        if (file->append)
            append_original(text, medium, file->path);
        g_string_append(text, file->content);
        add_text(overlay, medium, file->path, text);
    }
    return vfs_overlay_new(overlay, medium, NULL);
}
