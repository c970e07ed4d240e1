/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "launcher/medium.h"

#include "base/error.h"
#include "launcher/unpack-watch.h"

#include <string.h>

#define MEMORY_BESIDE_DISK_MB 64 /* for loader, kernel and what they need at first */

static gboolean
nothing_to_boot(const Medium *self, const RunConfig *config, GError **error)
{
    if (config->bootfile != NULL)
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_MEDIUM,
                    "'%s' holds no file %s (--bootfile)", self->name, config->bootfile);
    else
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_MEDIUM,
                    "'%s' holds nothing that boots over the network: there is no /boot/pxeboot "
                    "(name another boot program with --bootfile)",
                    self->name);
    return FALSE;
}

static void
set_bootfile(Medium *self, const char *path)
{
    self->bootfile = g_strdup(path + strspn(path, "/"));
}

/* The usual boot program that the probe of the image has found. */
static gboolean
bootfile_from_probe(Medium *self, guint32 present)
{
    for (guint i = 0; i < MEDIA_BOOTFILES; i++) {
        if ((present & 1u << i) != 0) {
            set_bootfile(self, media_probe_paths[i]);
            return TRUE;
        }
    }
    return FALSE;
}

static gboolean
bootfile_from_tree(Medium *self, const char *wanted)
{
    if (wanted != NULL) {
        if (!vfs_is_file(self->tree, wanted))
            return FALSE;
        set_bootfile(self, wanted);
        return TRUE;
    }
    for (guint i = 0; i < MEDIA_BOOTFILES; i++) {
        if (vfs_is_file(self->tree, media_probe_paths[i])) {
            set_bootfile(self, media_probe_paths[i]);
            return TRUE;
        }
    }
    return FALSE;
}

static gboolean
tree_has_mfsroot(const Medium *self)
{
    for (guint i = MEDIA_PROBE_MFSROOT; media_probe_paths[i] != NULL; i++) {
        if (vfs_is_file(self->tree, media_probe_paths[i]))
            return TRUE;
    }
    return FALSE;
}

static gboolean
wait_for_tree(Medium *self, GError **error)
{
    if (self->tree == NULL)
        self->tree = image_file_to_vfs(g_steal_pointer(&self->image), error);
    return self->tree != NULL;
}

static gboolean
open_image(Medium *self, const RunConfig *config, BootProgress *progress, GError **error)
{
    UnpackWatch unpacking = { .progress = progress, .path = config->iso };
    const UnpackWish wish = { unpack_watch_tell, &unpacking, config->text.no_cache };

    self->image = image_file_open(config->iso, media_probe_paths, &wish, error);
    unpack_watch_end(&unpacking, self->image != NULL);
    if (self->image == NULL)
        return FALSE;
    self->format = g_strdup(image_file_format(self->image));
    self->volume_id = g_strdup(image_file_volume_id(self->image));
    guint32 present = image_file_present(self->image);
    self->has_mfsroot = present >> MEDIA_PROBE_MFSROOT != 0;
    if (config->bootfile == NULL && !image_file_is_short(self->image) &&
        bootfile_from_probe(self, present))
        return TRUE; /* the tree can come later */
    return wait_for_tree(self, error);
}

/* Lays the user's files over the tree, once. */
static gboolean
lay_changes(Medium *self, const RunConfig *config, GError **error)
{
    if (self->laid)
        return TRUE;
    self->laid = TRUE;
    self->tree = boot_changes_over_medium(&config->changes, self->tree, &self->given, error);
    return self->tree != NULL;
}

/* What can be said of an init before the kernel is known. */
static gboolean
check_init(const RunConfig *config, GError **error)
{
    ProgramFile init;

    return boot_changes_read_init(&config->changes, &init, error) &&
           (config->changes.init == NULL ||
            program_file_check_init(&init, config->changes.init, NULL, error));
}

/**
 * medium_open:
 * @self: (out caller-allocates): zero-initialised
 * @config: the configuration
 * @progress: who is told when the image must be unpacked, which takes time
 * @error: PXE_RUN_ERROR_MEDIUM; PXE_RUN_ERROR_HOST when there is no room to unpack it
 *
 * Opens the medium and makes sure that there is something to boot. Must be called before the
 * program has threads.
 **/
gboolean
medium_open(Medium *self, const RunConfig *config, BootProgress *progress, GError **error)
{
    if (!check_init(config, error))
        return FALSE;
    if (config->root != NULL) {
        self->name = config->root;
        self->tree = vfs_dir_new(config->root, error);
        if (self->tree == NULL)
            return FALSE;
    } else {
        self->name = config->iso;
        if (!open_image(self, config, progress, error))
            return FALSE;
    }
    if (self->tree != NULL)
        self->has_mfsroot = tree_has_mfsroot(self);
    if (self->bootfile != NULL || bootfile_from_tree(self, config->bootfile))
        return TRUE;
    if (!lay_changes(self, config, error)) /* which may bring a boot program */
        return FALSE;
    return bootfile_from_tree(self, config->bootfile) || nothing_to_boot(self, config, error);
}

/* The names of files without their directories. Returns: (transfer full) (nullable) */
static char **
base_names(const char *const *paths)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();

    if (paths == NULL)
        return NULL;
    for (; *paths != NULL; paths++) {
        g_autofree char *name = g_path_get_basename(*paths);
        g_strv_builder_add(names, name);
    }
    return g_strv_builder_end(names);
}

static BootPlan *
make_plan(const Medium *self, const RunConfig *config, const ProgramFile *init)
{
    g_auto(GStrv) modules = base_names(config->changes.modules);
    const PlanOptions options = {
        .menu = config->text.menu,
        .serial = config->console == CONSOLE_SERIAL,
        .server = config->lan.server,
        .export_path = config->export_path,
        .dns = config->lan.dns,
        .pxe_stack = config->pxe_stack,
        .nic = config->nic,
        .root_kind = config->changes.root_kind,
        .root_changes = boot_changes_of_root(&config->changes),
        .init = config->changes.init != NULL,
        .init_major = init->major,
        .loader_conf = config->changes.loader_conf,
        .modules = (const char *const *)modules,
    };
    return boot_plan_new(self->media, &options);
}

/**
 * medium_plan:
 * @self: an open medium
 * @config: the configuration
 * @error: PXE_RUN_ERROR_MEDIUM
 *
 * Waits for the tree, lays the user's files over it and finds out what it holds.
 **/
gboolean
medium_plan(Medium *self, const RunConfig *config, GError **error)
{
    ProgramFile init;

    if (!boot_changes_read_init(&config->changes, &init, error) || !wait_for_tree(self, error) ||
        !lay_changes(self, config, error))
        return FALSE;
    self->media = media_detect(self->tree, self->volume_id, self->bootfile);
    self->plan = make_plan(self, config, &init);
    return boot_changes_check(&config->changes, self->media, self->plan, &init, error);
}

/* A loader puts the disk into memory as a whole, and the kernel beside it. */
static gboolean
check_memory(const Medium *self, const RunConfig *config, GError **error)
{
    guint64 need_mb = (self->root.size >> 20) + MEMORY_BESIDE_DISK_MB;

    if (self->root.size == 0 || need_mb <= config->memory_mb)
        return TRUE;
    g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_USAGE,
                "a memory disk of %" G_GUINT64_FORMAT " MiB does not fit into the guest's memory: "
                "give --memory %" G_GUINT64_FORMAT " or more",
                self->root.size >> 20, need_mb);
    return FALSE;
}

/**
 * medium_finish:
 * @self: a medium with its plan
 * @config: the configuration
 * @error: any; see root_tree_new()
 *
 * Makes the tree that the guest is to see, with a memory disk in it if the plan wants a new one.
 **/
gboolean
medium_finish(Medium *self, const RunConfig *config, GError **error)
{
    self->root = (RootTreeJob){ .medium = self->name, .no_cache = config->text.no_cache };
    self->tree = root_tree_new(&config->changes, self->media, self->plan, self->tree, self->given,
                               &self->root, error);
    if (self->tree == NULL || !check_memory(self, config, error))
        return FALSE;
    if (self->plan->own_stack)
        self->tftp_tree = pxe_stack_tree(config->nic->own_stack, &self->plan->stack_needs,
                                         self->tree, self->bootfile);
    return TRUE;
}

/* Closes what is open; @self may be half-opened. */
void
medium_clear(Medium *self)
{
    boot_plan_free(self->plan);
    media_free(self->media);
    vfs_free(self->tftp_tree);
    vfs_free(self->tree);
    image_file_free(self->image);
    g_free(self->format);
    g_free(self->volume_id);
    g_free(self->bootfile);
}
