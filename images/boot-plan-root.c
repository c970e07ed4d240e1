/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel takes as its root: the medium's own memory disk, one that is made for this boot,
 * or an NFS tree; and what each needs besides. A netbooted kernel prefers the NFS tree to any
 * memory disk [sys/nfsclient/nfs_diskless.c: nfs_rootconf], so that it is always told.
 */
#include "images/boot-plan-rules.h"

#define OWN_DISK "/boot/mfsroot" /* where the loader finds a disk that the medium has not */

static const char *const kind_names[] = {
    [PLAN_ROOT_NONE] = "none",
    [PLAN_ROOT_MFSROOT] = "mfsroot",
    [PLAN_ROOT_IMAGE] = "image",
    [PLAN_ROOT_NFS] = "nfs",
};
G_STATIC_ASSERT(G_N_ELEMENTS(kind_names) == PLAN_ROOT_COUNT);

static const char *const base_names[] = {
    [PLAN_BASE_EMPTY] = "empty",
    [PLAN_BASE_MFSROOT] = "mfsroot",
    [PLAN_BASE_MEDIUM] = "medium",
};
G_STATIC_ASSERT(G_N_ELEMENTS(base_names) == PLAN_BASE_COUNT);

/* Returns: (transfer none): the word for it in `inspect` and its JSON */
const char *
plan_root_kind_name(PlanRootKind kind)
{
    return kind_names[kind];
}

/* Returns: (transfer none): the word for it in `inspect` and its JSON */
const char *
plan_root_base_name(PlanRootBase base)
{
    return base_names[base];
}

static void
choose(PlanRoot *root, PlanRootKind kind, PlanRootBase base, const char *why)
{
    root->kind = kind;
    root->base = base;
    root->why = why;
}

static void
choose_for_mfsroot(PlanRoot *root, const PlanOptions *options)
{
    if (options->root_kind == ROOT_KIND_NFS)
        choose(root, PLAN_ROOT_NFS, PLAN_BASE_MFSROOT,
               "as --root-kind says: what is in the memory disk, over the medium");
    else if (options->root_changes)
        choose(root, PLAN_ROOT_IMAGE, PLAN_BASE_MFSROOT,
               "the medium's memory disk, with your files in it");
    else
        choose(root, PLAN_ROOT_MFSROOT, PLAN_BASE_MFSROOT, "the memory disk is the medium's");
}

static void
choose_for_live(PlanRoot *root, const PlanOptions *options)
{
    if (options->root_kind == ROOT_KIND_NFS ||
        (options->root_kind == ROOT_KIND_AUTO && !options->init))
        choose(root, PLAN_ROOT_NFS, PLAN_BASE_MEDIUM, "the medium is a root file system");
    else if (options->init)
        choose(root, PLAN_ROOT_IMAGE, PLAN_BASE_EMPTY, "a small memory disk for your init");
    else
        choose(root, PLAN_ROOT_IMAGE, PLAN_BASE_MEDIUM,
               "as --root-kind says: the whole medium as a memory disk");
}

/* Neither memory disk nor init: what the user brings is all that there is. */
static void
choose_for_none(PlanRoot *root, const PlanOptions *options)
{
    if (options->root_kind == ROOT_KIND_NFS)
        choose(root, PLAN_ROOT_NFS, PLAN_BASE_MEDIUM, "as --root-kind says");
    else if (options->init)
        choose(root, PLAN_ROOT_IMAGE, PLAN_BASE_EMPTY, "a small memory disk for your init");
    else if (options->root_kind == ROOT_KIND_MFSROOT)
        choose(root, PLAN_ROOT_IMAGE, PLAN_BASE_MEDIUM,
               "as --root-kind says: the whole tree as a memory disk");
    else
        choose(root, PLAN_ROOT_NONE, PLAN_BASE_EMPTY, "there is none");
}

/*
 * Where the loader gets the disk: always compressed, at the path of the medium's own. Whatever it
 * would open first instead is hidden: X.gz up to 9, X from 10 on.
 */
static void
place_image(PlanRoot *root, const Media *media)
{
    const char *original = media->mfsroot != NULL ? media->mfsroot : OWN_DISK;
    gboolean packed = g_str_has_suffix(original, ".gz");
    g_autofree char *plain =
        packed ? g_strndup(original, strlen(original) - strlen(".gz")) : g_strdup(original);

    root->image = g_strconcat(plain, ".gz", NULL);
    root->hidden = g_steal_pointer(&plain);
}

/* The loader's variables of a memory disk that the medium does not have. */
static void
plan_own_disk(BootPlan *self, const Media *media)
{
    const char *why = "the loader brings the memory disk";

    if (media->mfsroot != NULL)
        return;
    plan_set(self, "mfsroot_load", "YES", why);
    plan_set(self, "mfsroot_type",
             media->major == 0 || media->major >= 10 ? "md_image" : "mfs_root", why);
    plan_set(self, "mfsroot_name", OWN_DISK, why);
}

/* A disk that would be loaded for nothing. */
static void
plan_no_disk(BootPlan *self, const Media *media)
{
    if (media->mfsroot == NULL)
        return;
    g_autofree char *name =
        g_strconcat(media->disk_module != NULL ? media->disk_module : "mfsroot", "_load", NULL);
    plan_set(self, name, "NO", "the root is the NFS tree: the memory disk is not needed");
}

static void
plan_memory_disk(BootPlan *self)
{
    plan_set(self, "vfs.root.mountfrom", "ufs:/dev/md0",
             "the root is the memory disk; a netbooted kernel would take the NFS tree instead, "
             "which has no init");
}

/* The tree of a release from 9 on is a root file system that expects to be a CD. */
static void
plan_live_files(BootPlan *self, const PlanOptions *options)
{
    gboolean nfs = self->root.kind == PLAN_ROOT_NFS;
    g_autofree char *tree = plan_root_path(options);

    plan_add_file(self, "/etc/fstab", FALSE, "names the root that is really there",
                  nfs ? g_strconcat(tree, " / nfs ro 0 0\n", NULL)
                      : g_strdup("/dev/md0 / ufs rw 0 0\n"));
    if (nfs)
        plan_add_file(self, "/etc/rc.conf", TRUE,
                      "the root stays read-only, and the network is up already",
                      g_strdup("root_rw_mount=\"NO\"\n"));
    plan_add_file(self, "/etc/resolv.conf", FALSE,
                  "the installer does not set up the network of a netbooted system",
                  g_strdup_printf("nameserver " IP4_FMT "\n", IP4_ARG(options->dns)));
}

static void
plan_nfs_root(BootPlan *self, const Media *media)
{
    plan_set(
        self, "vfs.root.mountfrom", "nfs:",
        media->root == MEDIA_ROOT_LIVE
            ? "the root is the NFS tree; the medium's fstab names the CD, for which the kernel "
              "would wait"
            : "the root is the NFS tree");
    plan_set(self, "boot.nfsroot.options", "nolockd", "there is no lock daemon");
}

static void
plan_init(BootPlan *self, const Media *media, const PlanOptions *options)
{
    plan_set(self, "init_path", PLAN_INIT, "your init is process 1");
    if (options->init_major > media->major && media->major != 0)
        plan_warn(self, g_strdup_printf("your init is made for FreeBSD %u and the kernel is %u: it "
                                        "may call what that does not have",
                                        options->init_major, media->major));
}

/* Decides what the root is, and adds what follows from it. */
void
plan_root(BootPlan *self, const Media *media, const PlanOptions *options)
{
    PlanRoot *root = &self->root;

    if (media->root == MEDIA_ROOT_MFSROOT)
        choose_for_mfsroot(root, options);
    else if (media->root == MEDIA_ROOT_LIVE)
        choose_for_live(root, options);
    else
        choose_for_none(root, options);
    if (root->kind == PLAN_ROOT_NFS)
        plan_nfs_root(self, media);
    else if (root->kind != PLAN_ROOT_NONE)
        plan_memory_disk(self);
    if (root->kind == PLAN_ROOT_NFS)
        plan_no_disk(self, media);
    if (root->kind == PLAN_ROOT_IMAGE) {
        place_image(root, media);
        plan_own_disk(self, media);
    }
    if (media->root == MEDIA_ROOT_LIVE && root->base == PLAN_BASE_MEDIUM)
        plan_live_files(self, options);
    if (options->init && root->kind != PLAN_ROOT_NONE)
        plan_init(self, media, options);
}
