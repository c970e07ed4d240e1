/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plans as a run does, but with the addresses of a real network and the path of the tree on its
 * server, and writes what a run would serve as files: those for TFTP, those for NFS, the boot CD
 * and the servers' configurations. README.txt comes last: without it a layout is not whole.
 *
 * None of our PXE stacks is in it: they drive the cards that QEMU has.
 */
#include "launcher/layout-command.h"

#include "base/autofd.h"
#include "base/error.h"
#include "images/ipxe-iso.h"
#include "images/tree-unpack.h"
#include "launcher/layout-readme.h"
#include "launcher/output-file.h"
#include "launcher/unpack-target.h"
#include "launcher/unpack-watch.h"

#include <stdlib.h>
#include <string.h>

#define SPARE_AT_END 1 /* hosts in front of the broadcast address that get no lease */

typedef struct {
    RunConfig config; /* borrows the user's strings */
    BootProgress *progress;
    char *directory, *export_path, *iso;
    Medium medium;
    int cd; /* the boot CD; -1: not there */
    LayoutSite site;
} Layout;

static char *
path_in(const Layout *self, const char *name)
{
    return g_build_filename(self->directory, name, NULL);
}

/* The leases: as many in a row as there are without the server. */
static void
choose_leases(LayoutSite *site, const LanConfig *lan)
{
    guint32 server = ip4_get(site->server);
    guint32 first = ip4_get(lan->guest);
    guint32 last = (ip4_get(lan->network) | G_MAXUINT32 >> lan->prefix_len) - 1 - SPARE_AT_END;

    if (server >= first && server <= last) {
        if (server - first > last - server)
            last = server - 1;
        else
            first = server + 1;
    }
    site->first = ip4_of(first);
    site->last = ip4_of(last);
}

static void
take_site(Layout *self)
{
    const LanConfig *lan = &self->config.lan;

    self->iso = g_strdup_printf("ipxe-%s.iso", self->config.nic->name);
    self->site = (LayoutSite){
        .network = lan->network,
        .netmask = lan_config_netmask(lan),
        .prefix_len = lan->prefix_len,
        .server = lan->server,
        .directory = self->directory,
        .bootfile = self->medium.bootfile,
        .iso = self->iso,
    };
    choose_leases(&self->site, lan);
}

/* A tree that is read while it grows would have no end. */
static gboolean
check_outside(const Layout *self, GError **error)
{
    const char *root = self->config.root;
    gboolean inside = FALSE;

    if (root == NULL)
        return TRUE;
    char *from = realpath(root, NULL), *to = realpath(self->directory, NULL);
    if (from != NULL && to != NULL) {
        gsize len = strlen(from);
        inside = strncmp(from, to, len) == 0 &&
                 (to[len] == '/' || to[len] == '\0' || from[len - 1] == '/');
    }
    free(from);
    free(to);
    if (!inside)
        return TRUE;
    g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_USAGE,
                "layout '%s': is in the tree of --root itself: name another directory",
                self->directory);
    return FALSE;
}

/* Unpacks one tree into a directory of its own; Ctrl-C is noticed meanwhile. */
static gboolean
write_tree(Layout *self, Vfs *tree, const char *name, GString *mtree, GError **error)
{
    g_autofree char *path = path_in(self, name);
    UnpackWatch watch = { .progress = self->progress, .path = path };
    const TreeUnpackOptions options = { TREE_UNPACK_PERMISSIONS, unpack_watch_tell, &watch };
    auto_fd target = unpack_target_open(path, error);

    if (target < 0)
        return FALSE;
    gboolean ok = tree_unpack(tree, target, &options, mtree, error);
    if (!ok && unpack_watch_stopped(&watch)) {
        g_autofree char *line =
            g_strdup_printf("pxe-run: layout '%s': stopped, and not whole", self->directory);
        boot_progress_line(self->progress, line);
    }
    unpack_watch_end(&watch, ok);
    return ok;
}

/* FreeBSD's loader takes all else by NFS; others have nothing but TFTP. */
static gboolean
write_tftp(Layout *self, GError **error)
{
    g_autoptr(GString) unused = g_string_new(NULL);
    const char *bootfile = self->medium.bootfile;
    Vfs *tree = self->medium.tree;
    VfsId id;

    if (!self->medium.media->freebsd)
        return write_tree(self, tree, LAYOUT_TFTP, unused, error);
    g_autoptr(Vfs) alone = vfs_mem_new();
    int r = vfs_walk(tree, bootfile, &id);
    if (r == 0)
        r = vfs_mem_add_ref(alone, bootfile, tree, id, 0644);
    if (r == 0)
        return write_tree(self, alone, LAYOUT_TFTP, unused, error);
    g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_MEDIUM, "cannot read '%s' of '%s': %s",
                bootfile, self->medium.name, g_strerror(-r));
    return FALSE;
}

static gboolean
write_pxeroot(Layout *self, GError **error)
{
    g_autoptr(GString) mtree = g_string_new(NULL);
    g_autofree char *path = path_in(self, LAYOUT_ROOT);

    return !self->medium.media->freebsd ||
           (write_tree(self, self->medium.tree, LAYOUT_ROOT, mtree, error) &&
            unpack_target_write_mtree(path, mtree, error));
}

static gboolean
write_cd(Layout *self, GError **error)
{
    g_autofree char *path = path_in(self, self->iso);
    return output_file_write(path, self->cd, error);
}

static gboolean
write_configs(Layout *self, GError **error)
{
    g_autoptr(GPtrArray) configs = layout_configs(&self->site, self->medium.plan);

    for (guint i = 0; i < configs->len; i++) {
        const LayoutConfig *config = g_ptr_array_index(configs, i);
        g_autofree char *path = path_in(self, config->name);
        if (layout_readme_wants(config->name, self->medium.media) &&
            !output_file_write_text(path, config->text, strlen(config->text), error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
write_readme(Layout *self, GError **error)
{
    g_autofree char *path = path_in(self, "README.txt");
    g_autofree char *text = layout_readme(&self->site, &self->medium);
    return output_file_write_text(path, text, strlen(text), error);
}

static gboolean
write_all(Layout *self, GError **error)
{
    static gboolean (*const steps[])(Layout * self, GError * *error) = {
        write_tftp, write_pxeroot, write_cd, write_configs, write_readme,
    };

    for (gsize i = 0; i < G_N_ELEMENTS(steps); i++) {
        if (!steps[i](self, error)) {
            g_prefix_error(error, "layout '%s' is not whole: ", self->directory);
            return FALSE;
        }
    }
    return TRUE;
}

static void
tell(const Layout *self)
{
    const GPtrArray *warnings = self->medium.plan->warnings;
    g_autofree char *text = g_strdup_printf("%s, for the server " IP4_FMT ": see README.txt there",
                                            self->directory, IP4_ARG(self->site.server));

    for (guint i = 0; i < warnings->len; i++)
        boot_progress_message(self->progress, "trouble", g_ptr_array_index(warnings, i),
                              g_get_monotonic_time());
    boot_progress_message(self->progress, "layout", text, g_get_monotonic_time());
}

/* Finds what is wrong before anything is written, but for what only writing shows. */
static gboolean
prepare(Layout *self, GError **error)
{
    const RunConfig *config = &self->config;

    if (!medium_open(&self->medium, config, self->progress, error) ||
        !layout_bootfile_check(self->medium.bootfile, error))
        return FALSE;
    take_site(self);
    self->cd = ipxe_iso_build(config->nic, config->text.firmware_path, error);
    if (self->cd < 0 || !medium_plan(&self->medium, config, error))
        return FALSE;
    auto_fd target = unpack_target_open(self->directory, error);
    return target >= 0 && check_outside(self, error) && medium_finish(&self->medium, config, error);
}

static void
layout_clear(Layout *self)
{
    autofd_clear(&self->cd);
    medium_clear(&self->medium);
    g_free(self->directory);
    g_free(self->export_path);
    g_free(self->iso);
}

/**
 * layout_command:
 * @config: (transfer none): a configuration that is valid for a layout
 * @out: (nullable): the directory to write
 * @progress: (transfer none): see medium_open()
 * @error: any
 *
 * Must be called before the program has threads.
 **/
gboolean
layout_command(const RunConfig *config, const char *out, BootProgress *progress, GError **error)
{
    Layout self = { .config = *config, .progress = progress, .cd = -1 };

    if (out == NULL || g_str_equal(out, "-")) {
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_USAGE,
                    "layout: writes a directory: give -o DIR");
        return FALSE;
    }
    self.directory = g_canonicalize_filename(out, NULL);
    self.export_path = layout_export_path(self.directory);
    self.config.export_path = self.export_path;
    gboolean ok = layout_directory_check(self.directory, error) && prepare(&self, error) &&
                  write_all(&self, error);
    if (ok)
        tell(&self);
    layout_clear(&self);
    return ok;
}
