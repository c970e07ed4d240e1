/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Turns a boot plan into the tree that the guest sees: the medium, with the plan's files over it.
 */
#include "images/boot-plan.h"
#include "images/loader-conf.h"
#include "images/overlay.h"

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

static void
add_text(Overlay *overlay, const char *path, GString *text)
{
    g_autoptr(GBytes) bytes = g_string_free_to_bytes(text);

    if (overlay_add_bytes(overlay, path, bytes, 0644) < 0)
        g_info("no place for %s on this medium", path);
}

static void
add_loader_conf(Overlay *overlay, const BootPlan *plan, Vfs *medium)
{
    GString *text = g_string_new(NULL);

    append_original(text, medium, LOADER_CONF_LOCAL);
    g_string_append(text, "# added by pxe-run for the network boot\n");
    for (guint i = 0; i < plan->settings->len; i++) {
        const PlanSetting *setting = g_ptr_array_index(plan->settings, i);
        loader_conf_append(text, setting->name, setting->value);
    }
    add_text(overlay, LOADER_CONF_LOCAL, text);
}

/* The plan's files of the root file system; one that the user brings is the user's. */
static void
add_files(Overlay *overlay, const BootPlan *plan, Vfs *tree, Vfs *given)
{
    for (guint i = 0; i < plan->files->len; i++) {
        const PlanFile *file = g_ptr_array_index(plan->files, i);
        if (!file->append && given != NULL && vfs_is_file(given, file->path))
            continue;
        GString *text = g_string_new(NULL);
        if (file->append)
            append_original(text, tree, file->path);
        g_string_append(text, file->content);
        add_text(overlay, file->path, text);
    }
}

/**
 * boot_plan_overlay:
 * @self: a plan
 * @medium: (transfer full): the medium's tree, with the user's files over it
 * @given: (nullable) (transfer none): the user's files alone
 *
 * Returns: (transfer full): what the guest is to see
 **/
Vfs *
boot_plan_overlay(const BootPlan *self, Vfs *medium, Vfs *given)
{
    if (self->settings->len == 0 && self->files->len == 0)
        return medium;
    Overlay *overlay = overlay_new(medium);
    if (self->settings->len > 0)
        add_loader_conf(overlay, self, medium);
    add_files(overlay, self, medium, given);
    return overlay_finish(overlay, NULL);
}
