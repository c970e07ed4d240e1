/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes the root file system that the plan wants: as an NFS tree, or as a memory disk, which is
 * built, compressed, kept for the next run and laid over the medium at the path where the loader
 * looks first.
 */
#include "images/root-tree.h"

#include "base/autofd.h"
#include "base/error.h"
#include "images/boot-changes-rules.h"
#include "images/cache-file.h"
#include "images/gzip.h"
#include "images/makefs.h"
#include "images/mfsroot-key.h"
#include "images/mfsroot-source.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>

typedef struct {
    const BootChanges *changes;
    const Media *media;
    const BootPlan *plan;
    Vfs *given; /* (nullable) */
    RootTreeJob *job;
    GError **error;
} Maker;

static gboolean
no_memory(Maker *self)
{
    g_set_error(self->error, PXE_RUN_ERROR, PXE_RUN_ERROR_HOST, "no memory for the memory disk: %s",
                g_strerror(errno));
    return FALSE;
}

/* ---- the tree ---- */

/* A script, or a dynamically linked program, needs another program. */
static gboolean
check_interpreter(const BootChanges *changes, Vfs *root, GError **error)
{
    ProgramFile init;

    if (changes->init == NULL)
        return TRUE;
    if (!boot_changes_read_init(changes, &init, error))
        return FALSE;
    if (*init.interpreter == '\0' || vfs_is_file(root, init.interpreter))
        return TRUE;
    g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_MEDIUM,
                init.kind == PROGRAM_SCRIPT
                    ? "--init '%s': is a script for %s, which is not in the root file system: add "
                      "it with --file or --overlay"
                    : "--init '%s': is dynamically linked, and %s is not in the root file system: "
                      "link it statically, or add that and its libraries with --overlay",
                changes->init, init.interpreter);
    return FALSE;
}

static Vfs *
lay_root(const BootChanges *changes, Vfs *base, gboolean files_too, GError **error)
{
    g_autoptr(Overlay) overlay = overlay_new(base);

    if ((files_too && !boot_changes_lay_files(changes, overlay, error)) ||
        !boot_changes_lay_root(changes, overlay, error))
        return NULL;
    g_autoptr(Vfs) root = overlay_finish(g_steal_pointer(&overlay), NULL);
    return check_interpreter(changes, root, error) ? g_steal_pointer(&root) : NULL;
}

/**
 * root_tree_over:
 * @changes: the user's changes
 * @base: (transfer full): a root file system
 * @error: PXE_RUN_ERROR_MEDIUM
 *
 * Returns: (transfer full): the same with the user's files and init
 **/
Vfs *
root_tree_over(const BootChanges *changes, Vfs *base, GError **error)
{
    return lay_root(changes, base, TRUE, error);
}

/* The medium as root, which has the user's files already. @medium: (transfer full) */
static Vfs *
medium_root(Maker *self, Vfs *medium)
{
    const BootChanges *changes = self->changes;

    if (changes->init == NULL && changes->installerconfig == NULL && changes->install_cfg == NULL)
        return medium;
    return lay_root(changes, medium, FALSE, self->error);
}

/* What is in the medium's memory disk, or nothing, with the user's files over it. */
static Vfs *
separate_root(Maker *self, Vfs *medium, MfsrootOptions *ret_like)
{
    g_auto(MfsrootSource) source = { 0 };

    if (self->plan->root.base == PLAN_BASE_EMPTY)
        return root_tree_over(self->changes, vfs_mem_new(), self->error);
    if (!mfsroot_source_open_in(medium, self->media->mfsroot, &source, self->error))
        return NULL;
    *ret_like = source.like;
    source.like = (MfsrootOptions){ 0 };
    return root_tree_over(self->changes, g_steal_pointer(&source.tree), self->error);
}

/* ---- the memory disk ---- */

/* The plan's own files, which are on a disk that is made of the medium. */
static void
add_plan_to_key(const BootPlan *plan, MfsrootKey *key)
{
    for (guint i = 0; i < plan->files->len; i++) {
        const PlanFile *file = g_ptr_array_index(plan->files, i);
        mfsroot_key_add_text(key, file->path);
        mfsroot_key_add_text(key, file->content);
        mfsroot_key_add_text(key, file->append ? "append" : NULL);
    }
    for (guint i = 0; i < plan->settings->len; i++) {
        const PlanSetting *setting = g_ptr_array_index(plan->settings, i);
        mfsroot_key_add_text(key, setting->name);
        mfsroot_key_add_text(key, setting->value);
    }
}

/* Returns: (transfer full) (nullable): under which key the disk is kept */
static char *
make_key(Maker *self, const char *makefs)
{
    const PlanRoot *root = &self->plan->root;

    if (self->job->no_cache)
        return NULL;
    g_autoptr(MfsrootKey) key = mfsroot_key_new(makefs);
    mfsroot_key_add_text(key, plan_root_base_name(root->base));
    if (root->base != PLAN_BASE_EMPTY) {
        mfsroot_key_add_path(key, self->job->medium);
        mfsroot_key_add_text(key, self->media->mfsroot);
    }
    if (root->base == PLAN_BASE_MEDIUM) {
        add_plan_to_key(self->plan, key);
        boot_changes_add_kernel_to_key(self->changes, key);
    }
    boot_changes_add_to_key(self->changes, key);
    return mfsroot_key_finish(key, "root.gz");
}

/* Builds and compresses. Returns: (transfer full): in memory; -1 on failure */
static int
build(Maker *self, Vfs *root, const MfsrootOptions *like)
{
    auto_fd image = mfsroot_build(root, like, self->error);
    return image >= 0 ? gzip_deflate(image, self->error) : -1;
}

typedef struct {
    void *bytes;
    gsize len;
} Mapping;

static void
mapping_free(gpointer data)
{
    Mapping *mapping = data;
    (void)munmap(mapping->bytes, mapping->len);
    g_free(mapping);
}

/* Returns: (transfer full) (nullable): the file's bytes, which stay where they are */
static GBytes *
map_bytes(Maker *self, int fd)
{
    struct stat st;

    if (fstat(fd, &st) < 0 || st.st_size <= 0) {
        errno = EIO;
        (void)no_memory(self);
        return NULL;
    }
    void *bytes = mmap(NULL, (gsize)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (bytes == MAP_FAILED) {
        (void)no_memory(self);
        return NULL;
    }
    Mapping *mapping = g_new(Mapping, 1);
    *mapping = (Mapping){ bytes, (gsize)st.st_size };
    return g_bytes_new_with_free_func(bytes, mapping->len, mapping_free, mapping);
}

/* The last four bytes of a gzip file: RFC 1952, ISIZE. */
static guint64
unpacked_size(GBytes *packed)
{
    gsize len;
    const guint8 *bytes = g_bytes_get_data(packed, &len);
    return len < 4 ? 0
                   : bytes[len - 4] | (guint64)bytes[len - 3] << 8 | (guint64)bytes[len - 2] << 16 |
                         (guint64)bytes[len - 1] << 24;
}

/*
 * The finished disk, from the cache or made now.
 * @whole: (nullable) (transfer none): the tree to be packed, where it is there already
 */
static GBytes *
make_disk(Maker *self, Vfs *medium, Vfs *whole)
{
    g_auto(MfsrootOptions) like = { 0 };
    GBytes *packed = NULL;

    g_autofree char *makefs = makefs_find(self->error);
    if (makefs == NULL)
        return NULL;
    g_autofree char *key = make_key(self, makefs);
    auto_fd fd = key != NULL ? cache_file_open(key) : -1;
    self->job->cached = fd >= 0;
    if (fd < 0) {
        g_autoptr(Vfs) root = whole == NULL ? separate_root(self, medium, &like) : NULL;
        if (whole != NULL || root != NULL)
            fd = build(self, whole != NULL ? whole : root, &like);
    }
    if (fd >= 0)
        packed = map_bytes(self, fd);
    if (packed == NULL)
        return NULL;
    if (!self->job->cached && key != NULL)
        cache_file_keep(key, fd);
    self->job->packed_size = g_bytes_get_size(packed);
    self->job->size = unpacked_size(packed);
    return packed;
}

static Vfs *
lay_disk(Maker *self, Vfs *tree, GBytes *packed)
{
    const PlanRoot *root = &self->plan->root;
    g_autoptr(Overlay) overlay = overlay_new(tree);

    overlay_hide(overlay, root->hidden);
    if (overlay_add_bytes(overlay, root->image, packed, 0444) == 0)
        return overlay_finish(g_steal_pointer(&overlay), NULL);
    g_set_error(self->error, PXE_RUN_ERROR, PXE_RUN_ERROR_MEDIUM,
                "there is no place for the memory disk: '%s' cannot be a file on this medium",
                root->image);
    return NULL;
}

/* ---- the four ways ---- */

/* @tree: (transfer full) in all of them */
static Vfs *
disk_of_medium(Maker *self, Vfs *tree)
{
    g_autoptr(Vfs) root = medium_root(self, tree);
    if (root == NULL)
        return NULL;
    root = boot_plan_overlay(self->plan, root, self->given);
    g_autoptr(GBytes) packed = make_disk(self, root, root);
    return packed != NULL ? lay_disk(self, g_steal_pointer(&root), packed) : NULL;
}

static Vfs *
separate_disk(Maker *self, Vfs *tree)
{
    g_autoptr(Vfs) medium = tree;
    g_autoptr(GBytes) packed = make_disk(self, medium, NULL);
    if (packed == NULL)
        return NULL;
    Vfs *whole = boot_plan_overlay(self->plan, g_steal_pointer(&medium), self->given);
    return lay_disk(self, whole, packed);
}

static Vfs *
nfs_root(Maker *self, Vfs *tree)
{
    g_auto(MfsrootOptions) unused = { 0 };
    g_autoptr(Vfs) medium = tree;

    if (self->plan->root.base == PLAN_BASE_MFSROOT) {
        Vfs *root = separate_root(self, medium, &unused);
        if (root == NULL)
            return NULL;
        medium = vfs_overlay_new(root, g_steal_pointer(&medium), NULL);
    } else if ((medium = medium_root(self, g_steal_pointer(&medium))) == NULL) {
        return NULL;
    }
    return boot_plan_overlay(self->plan, g_steal_pointer(&medium), self->given);
}

/**
 * root_tree_new:
 * @changes: the user's changes
 * @media: the medium, with boot_changes_over_medium() done
 * @plan: its plan
 * @medium: (transfer full): that tree
 * @given: (nullable) (transfer none): what is over the medium in it
 * @job: what is needed for that, and what is told of it
 * @error: PXE_RUN_ERROR_MEDIUM; PXE_RUN_ERROR_HOST when makefs or memory is missing;
 *   PXE_RUN_ERROR_USAGE when it does not fit
 *
 * Returns: (transfer full): what loader and kernel see
 **/
Vfs *
root_tree_new(const BootChanges *changes,
              const Media *media,
              const BootPlan *plan,
              Vfs *medium,
              Vfs *given,
              RootTreeJob *job,
              GError **error)
{
    Maker self = { changes, media, plan, given, job, error };

    if (plan->root.kind == PLAN_ROOT_IMAGE)
        return plan->root.base == PLAN_BASE_MEDIUM ? disk_of_medium(&self, medium)
                                                   : separate_disk(&self, medium);
    if (plan->root.kind == PLAN_ROOT_NFS)
        return nfs_root(&self, medium);
    return boot_plan_overlay(plan, medium, given);
}
