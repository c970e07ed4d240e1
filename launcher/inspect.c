/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints a boot plan for people, or as JSON; docs/inspect-json.md describes the latter. */
#include "launcher/inspect.h"

#include "base/json.h"
#include "launcher/medium.h"

#include <stdio.h>

#define JSON_FORMAT 1 /* changes when something that was there changes its meaning */

static const char *
or_dash(const char *text)
{
    return text != NULL ? text : "-";
}

static void
print_settings(const char *title, const GPtrArray *settings)
{
    if (settings->len == 0)
        return;
    (void)printf("\n%s\n", title);
    for (guint i = 0; i < settings->len; i++) {
        const PlanSetting *setting = g_ptr_array_index(settings, i);
        (void)printf("  %s=\"%s\"\n      %s\n", setting->name, setting->value, setting->why);
    }
}

static void
print_text(const Medium *medium)
{
    const Media *media = medium->media;
    const BootPlan *plan = medium->plan;
    const MediaLoader *loader = &media->loader;

    (void)printf("medium        %s\n", medium->name);
    (void)printf("volume label  %s\n", or_dash(media->volume_id));
    (void)printf("boot program  /%s\n", media->bootfile);
    if (!media->freebsd) {
        (void)printf("              not FreeBSD's: booted as it is, by TFTP\n");
        return;
    }
    (void)printf("release       %s", or_dash(media->release));
    (void)printf(media->source != NULL ? " (from the %s)\n" : "\n", media->source);
    (void)printf("architecture  %s\n", or_dash(media->arch));
    (void)printf("loader        %s, BTX %u.%02u%s\n", loader_generation_name(loader->generation),
                 loader->btx_major, loader->btx_minor, loader->lua ? ", Lua" : "");
    (void)printf("kernel        %s\n", or_dash(media->kernel));
    (void)printf("root          %s%s%s\n", media_root_name(media->root),
                 media->mfsroot != NULL ? " " : "", media->mfsroot != NULL ? media->mfsroot : "");
    (void)printf("root path     %s (DHCP option 17)\n", plan->root_path);
    print_settings("added to /boot/loader.conf.local:", plan->settings);
    print_settings("told by DHCP (options 250 and up):", plan->dhcp_settings);
    if (plan->files->len > 0)
        (void)printf("\nfiles over the medium's own:\n");
    for (guint i = 0; i < plan->files->len; i++) {
        const PlanFile *file = g_ptr_array_index(plan->files, i);
        (void)printf("  %s%s\n      %s\n", file->path, file->append ? " (appended)" : "",
                     file->why);
    }
    for (guint i = 0; i < plan->warnings->len; i++)
        (void)printf("\nwarning: %s\n", (const char *)g_ptr_array_index(plan->warnings, i));
}

static void
json_settings(JsonObject *plan, const char *key, const GPtrArray *settings)
{
    JsonObject *array = json_add_array(plan, key);

    for (guint i = 0; i < settings->len; i++) {
        const PlanSetting *setting = g_ptr_array_index(settings, i);
        JsonObject *object = json_add_object(array, NULL);
        json_add_string(object, "name", setting->name);
        json_add_string(object, "value", setting->value);
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
    g_autofree char *btx = g_strdup_printf("%u.%02u", loader->btx_major, loader->btx_minor);
    JsonObject *object = json_add_object(root, "loader");

    json_add_string(object, "generation", generations[loader->generation]);
    json_add_string(object, "btx", loader->btx_major > 0 ? btx : NULL);
    json_add_bool(object, "nfs_read_size", loader->knows_nfs_read_size);
    json_add_bool(object, "lua", loader->lua);
}

static void
json_plan(JsonObject *root, const BootPlan *boot_plan)
{
    JsonObject *plan = json_add_object(root, "plan");

    json_add_string(plan, "root_path", boot_plan->root_path);
    json_settings(plan, "loader_conf", boot_plan->settings);
    json_settings(plan, "dhcp_variables", boot_plan->dhcp_settings);
    JsonObject *files = json_add_array(plan, "files");
    for (guint i = 0; i < boot_plan->files->len; i++) {
        const PlanFile *file = g_ptr_array_index(boot_plan->files, i);
        JsonObject *object = json_add_object(files, NULL);
        json_add_string(object, "path", file->path);
        json_add_string(object, "content", file->content);
        json_add_bool(object, "append", file->append);
        json_add_string(object, "why", file->why);
    }
    JsonObject *warnings = json_add_array(plan, "warnings");
    for (guint i = 0; i < boot_plan->warnings->len; i++)
        json_object_array_add(warnings,
                              json_object_new_string(g_ptr_array_index(boot_plan->warnings, i)));
}

static void
print_json(const Medium *medium)
{
    const Media *media = medium->media;
    g_autoptr(JsonObject) root = json_object_new_object();

    json_add_int(root, "format", JSON_FORMAT);
    json_add_string(root, "medium", medium->name);
    json_add_string(root, "volume_id", media->volume_id);
    json_add_string(root, "bootfile", media->bootfile);
    json_add_bool(root, "freebsd", media->freebsd);
    json_add_string(root, "release", media->release);
    json_add_string(root, "arch", media->arch);
    json_add_string(root, "kernel", media->kernel);
    json_add_string(root, "root", media_root_name(media->root));
    json_add_string(root, "mfsroot", media->mfsroot);
    json_loader(root, &media->loader);
    json_plan(root, medium->plan);
    (void)puts(json_object_to_json_string_ext(
        root, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE));
}

/**
 * inspect_print:
 * @config: (transfer none): a valid configuration
 * @error: PXE_RUN_ERROR_MEDIUM
 **/
gboolean
inspect_print(const RunConfig *config, GError **error)
{
    Medium medium = { 0 };

    gboolean ok = medium_open(&medium, config, error) && medium_plan(&medium, config, error);
    if (ok && config->text.json)
        print_json(&medium);
    else if (ok)
        print_text(&medium);
    medium_clear(&medium);
    return ok;
}
