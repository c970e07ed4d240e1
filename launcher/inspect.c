/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints a boot plan for people, or as JSON; docs/inspect-json.md describes the latter. */
#include "launcher/inspect.h"

#include "base/json.h"
#include "launcher/visible.h"

#include <stdio.h>

#define JSON_FORMAT 1 /* changes when something that was there changes its meaning */

/* Appends text by a format whose strings are all the medium's or the user's: each is made harmless
 * for a terminal, and kept on its line. */
static void
add_value(GString *text, const char *before, const char *value, const char *after)
{
    g_autofree char *visible = visible_line(value != NULL ? value : "-");
    g_string_append_printf(text, "%s%s%s", before, visible, after);
}

static void
add_settings(GString *text, const char *title, const GPtrArray *settings)
{
    if (settings->len == 0)
        return;
    g_string_append_printf(text, "\n%s\n", title);
    for (guint i = 0; i < settings->len; i++) {
        const PlanSetting *setting = g_ptr_array_index(settings, i);
        add_value(text, "  ", setting->name, "");
        add_value(text, "=\"", setting->value, "\"\n");
        add_value(text, "      ", setting->why, "\n");
    }
}

static const char *
pxe_stack_name(const BootPlan *plan)
{
    return plan->own_stack ? "own" : "ipxe";
}

static void
add_pxe_stack(GString *text, const BootPlan *plan)
{
    add_value(text, "PXE stack     ", pxe_stack_name(plan), "");
    add_value(text, ": ", plan->stack_why, "\n");
}

static void
add_media(GString *text, const Media *media, const BootPlan *plan)
{
    const MediaLoader *loader = &media->loader;

    add_value(text, "release       ", media->release, "");
    if (media->source != NULL)
        add_value(text, " (from the ", media->source, ")");
    add_value(text, "\narchitecture  ", media->arch, "\n");
    add_value(text, "loader        ", loader_generation_name(loader->generation), "");
    if (loader->btx.major > 0)
        g_string_append_printf(text, ", BTX %u.%02u", loader->btx.major, loader->btx.minor);
    g_string_append(text, loader->lua ? ", Lua\n" : "\n");
    add_pxe_stack(text, plan);
    add_value(text, "kernel        ", media->kernel, "\n");
    add_value(text, "root          ", media_root_name(media->root), "");
    if (media->mfsroot != NULL)
        add_value(text, " ", media->mfsroot, "");
    g_string_append(text, "\n");
}

static void
add_root(GString *text, const PlanRoot *root)
{
    static const char *const kinds[PLAN_ROOT_COUNT] = {
        [PLAN_ROOT_NONE] = "none",
        [PLAN_ROOT_MFSROOT] = "memory disk",
        [PLAN_ROOT_IMAGE] = "memory disk, made as ",
        [PLAN_ROOT_NFS] = "NFS",
    };

    add_value(text, "kernel's root ", kinds[root->kind], "");
    add_value(text, "", root->image != NULL ? root->image : "", ": ");
    add_value(text, "", root->why, "\n");
}

static void
add_plan(GString *text, const BootPlan *plan)
{
    add_root(text, &plan->root);
    add_value(text, "root path     ", plan->root_path, " (DHCP option 17)\n");
    add_settings(text, "added to /boot/loader.conf.local:", plan->settings);
    add_settings(text, "told by DHCP (options 250 and up):", plan->dhcp_settings);
    if (plan->files->len > 0)
        g_string_append(text, "\nfiles over the medium's own:\n");
    for (guint i = 0; i < plan->files->len; i++) {
        const PlanFile *file = g_ptr_array_index(plan->files, i);
        add_value(text, "  ", file->path, file->append ? " (appended)\n" : "\n");
        add_value(text, "      ", file->why, "\n");
    }
    for (guint i = 0; i < plan->warnings->len; i++)
        add_value(text, "\nwarning: ", g_ptr_array_index(plan->warnings, i), "\n");
}

/* @medium: (transfer none): with its plan. Returns: (transfer full): what people are told */
char *
inspect_text(const Medium *medium)
{
    const Media *media = medium->media;
    GString *text = g_string_new(NULL);

    add_value(text, "medium        ", medium->name, "\n");
    if (medium->format != NULL)
        add_value(text, "format        ", medium->format, "\n");
    add_value(text, "volume label  ", media->volume_id, "\n");
    add_value(text, "boot program  /", media->bootfile, "\n");
    if (media->freebsd) {
        add_media(text, media, medium->plan);
        add_plan(text, medium->plan);
    } else {
        g_string_append(text, "              not FreeBSD's: booted as it is, by TFTP\n");
        add_pxe_stack(text, medium->plan);
    }
    return g_string_free(text, FALSE);
}

/* JSON is UTF-8, and names on a medium can be any bytes. */
static void
json_text(JsonObject *object, const char *key, const char *text)
{
    g_autofree char *valid = text != NULL ? g_utf8_make_valid(text, -1) : NULL;
    json_add_string(object, key, valid);
}

static void
json_settings(JsonObject *plan, const char *key, const GPtrArray *settings)
{
    JsonObject *array = json_add_array(plan, key);

    for (guint i = 0; i < settings->len; i++) {
        const PlanSetting *setting = g_ptr_array_index(settings, i);
        JsonObject *object = json_add_object(array, NULL);
        json_text(object, "name", setting->name);
        json_text(object, "value", setting->value);
        json_add_string(object, "why", setting->why);
    }
}

static void
json_loader(JsonObject *root, const MediaLoader *loader)
{
    static const char *const generations[LOADER_COUNT] = {
        [LOADER_NFS2] = "nfs2",
        [LOADER_NFS3] = "nfs3",
        [LOADER_UNDI] = "undi",
    };
    g_autofree char *btx = g_strdup_printf("%u.%02u", loader->btx.major, loader->btx.minor);
    JsonObject *object = json_add_object(root, "loader");

    json_add_string(object, "generation", generations[loader->generation]);
    json_add_string(object, "btx", loader->btx.major > 0 ? btx : NULL);
    json_add_bool(object, "nfs_read_size", loader->knows_nfs_read_size);
    json_add_bool(object, "lua", loader->lua);
}

static void
json_root(JsonObject *plan, const PlanRoot *root)
{
    JsonObject *object = json_add_object(plan, "root");

    json_add_string(object, "kind", plan_root_kind_name(root->kind));
    json_add_string(object, "base", plan_root_base_name(root->base));
    json_text(object, "image", root->image);
    json_add_string(object, "why", root->why);
}

static void
json_plan(JsonObject *root, const BootPlan *boot_plan)
{
    JsonObject *plan = json_add_object(root, "plan");

    json_add_string(plan, "root_path", boot_plan->root_path);
    json_add_string(plan, "pxe_stack", pxe_stack_name(boot_plan));
    json_add_string(plan, "pxe_stack_why", boot_plan->stack_why);
    json_root(plan, &boot_plan->root);
    json_settings(plan, "loader_conf", boot_plan->settings);
    json_settings(plan, "dhcp_variables", boot_plan->dhcp_settings);
    JsonObject *files = json_add_array(plan, "files");
    for (guint i = 0; i < boot_plan->files->len; i++) {
        const PlanFile *file = g_ptr_array_index(boot_plan->files, i);
        JsonObject *object = json_add_object(files, NULL);
        json_text(object, "path", file->path);
        json_text(object, "content", file->content);
        json_add_bool(object, "append", file->append);
        json_add_string(object, "why", file->why);
    }
    JsonObject *warnings = json_add_array(plan, "warnings");
    for (guint i = 0; i < boot_plan->warnings->len; i++)
        json_object_array_add(warnings,
                              json_object_new_string(g_ptr_array_index(boot_plan->warnings, i)));
}

/* @medium: (transfer none): with its plan. Returns: (transfer full): the same, as one JSON object
 */
char *
inspect_json(const Medium *medium)
{
    const Media *media = medium->media;
    g_autoptr(JsonObject) root = json_object_new_object();

    json_add_int(root, "format", JSON_FORMAT);
    json_text(root, "medium", medium->name);
    json_add_string(root, "image_format", medium->format);
    json_text(root, "volume_id", media->volume_id);
    json_text(root, "bootfile", media->bootfile);
    json_add_bool(root, "freebsd", media->freebsd);
    json_text(root, "release", media->release);
    json_text(root, "arch", media->arch);
    json_text(root, "kernel", media->kernel);
    json_add_string(root, "root", media_root_name(media->root));
    json_text(root, "mfsroot", media->mfsroot);
    json_loader(root, &media->loader);
    json_plan(root, medium->plan);
    return g_strconcat(json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY |
                                                                JSON_C_TO_STRING_SPACED |
                                                                JSON_C_TO_STRING_NOSLASHESCAPE),
                       "\n", NULL);
}

/**
 * inspect_print:
 * @config: (transfer none): a valid configuration
 * @progress: (transfer none): see medium_open()
 * @error: PXE_RUN_ERROR_MEDIUM
 **/
gboolean
inspect_print(const RunConfig *config, BootProgress *progress, GError **error)
{
    Medium medium = { 0 };

    gboolean ok =
        medium_open(&medium, config, progress, error) && medium_plan(&medium, config, error);
    if (ok) {
        g_autofree char *text = config->text.json ? inspect_json(&medium) : inspect_text(&medium);
        (void)fputs(text, stdout);
    }
    medium_clear(&medium);
    return ok;
}
