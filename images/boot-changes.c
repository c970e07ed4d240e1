/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which file of the user's goes where, and what the medium must be for it. */
#include "base/autofd.h"
#include "base/error.h"
#include "images/boot-changes-rules.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define PROGRAM_MODE        0555
#define KERNEL              PLAN_KERNEL_DIR "/kernel"
#define INSTALLERCONFIG     "/etc/installerconfig"
#define INSTALLERCONFIG_MOD 0644
#define INSTALL_CFG         "/install.cfg" /* sysinstall's first choice: dispatch_load_file_int() */
#define MODULE_SUFFIX       ".ko"

/* Returns: whether the root file system is to hold something that the medium's does not */
gboolean
boot_changes_of_root(const BootChanges *self)
{
    return (self->overlays != NULL && *self->overlays != NULL) ||
           (self->files != NULL && *self->files != NULL) || self->init != NULL ||
           self->install_cfg != NULL;
}

/* Directories first, then single files: they are the more particular wish. */
gboolean
boot_changes_lay_files(const BootChanges *self, Overlay *overlay, GError **error)
{
    for (const char *const *d = self->overlays; d != NULL && *d != NULL; d++) {
        if (!overlay_add_directory(overlay, *d, error))
            return FALSE;
    }
    for (const char *const *f = self->files; f != NULL && *f != NULL; f++) {
        const char *sign = strchr(*f, '=');
        g_autofree char *guest = g_strndup(*f, (gsize)(sign - *f));
        if (!overlay_add_file(overlay, guest, sign + 1, 0, error))
            return FALSE;
    }
    return TRUE;
}

/* What belongs to the root file system, and not to the loader's. */
gboolean
boot_changes_lay_root(const BootChanges *self, Overlay *overlay, GError **error)
{
    const struct {
        const char *guest, *host;
        guint32 mode;
    } files[] = {
        { PLAN_INIT, self->init, PROGRAM_MODE },
        { INSTALLERCONFIG, self->installerconfig, INSTALLERCONFIG_MOD },
        { INSTALL_CFG, self->install_cfg, 0 },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        if (files[i].host != NULL &&
            !overlay_add_file(overlay, files[i].guest, files[i].host, files[i].mode, error))
            return FALSE;
    }
    if (self->init != NULL)
        (void)overlay_add_empty_directory(overlay, "/dev"); /* where the kernel mounts devfs */
    return TRUE;
}

static gboolean
is_packed(const char *host)
{
    guint8 head[2];
    auto_fd fd = open(host, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    return fd >= 0 && pread(fd, head, sizeof head, 0) == (ssize_t)sizeof head && head[0] == 0x1f &&
           head[1] == 0x8b;
}

/* Under the one name that says whether it is compressed; the loader finds no other. */
static gboolean
lay_kernel(const BootChanges *self, Overlay *overlay, GError **error)
{
    if (self->kernel == NULL)
        return TRUE;
    gboolean packed = is_packed(self->kernel);
    overlay_hide(overlay, packed ? KERNEL : KERNEL ".gz");
    return overlay_add_file(overlay, packed ? KERNEL ".gz" : KERNEL, self->kernel, PROGRAM_MODE,
                            error);
}

static gboolean
lay_modules(const BootChanges *self, Overlay *overlay, GError **error)
{
    for (const char *const *m = self->modules; m != NULL && *m != NULL; m++) {
        g_autofree char *name = g_path_get_basename(*m);
        g_autofree char *guest = g_strconcat(PLAN_KERNEL_DIR "/", name, NULL);
        if (!overlay_add_file(overlay, guest, *m, PROGRAM_MODE, error))
            return FALSE;
    }
    return TRUE;
}

/**
 * boot_changes_over_medium:
 * @self: the user's changes
 * @medium: (transfer full): a medium's tree
 * @ret_given: (out) (transfer none): what is over it alone, or NULL for nothing
 * @error: PXE_RUN_ERROR_MEDIUM
 *
 * Returns: (transfer full): what the loader is to see, but for the plan's own files
 **/
Vfs *
boot_changes_over_medium(const BootChanges *self, Vfs *medium, Vfs **ret_given, GError **error)
{
    *ret_given = NULL;
    if (!boot_changes_of_root(self) && self->kernel == NULL && self->modules == NULL)
        return medium;
    g_autoptr(Overlay) overlay = overlay_new(medium);
    if (!boot_changes_lay_files(self, overlay, error) || !lay_kernel(self, overlay, error) ||
        !lay_modules(self, overlay, error))
        return NULL;
    return overlay_finish(g_steal_pointer(&overlay), ret_given);
}

/**
 * boot_changes_read_init:
 * @self: the user's changes
 * @ret: (out): what kind of program the init is; nothing when there is none
 * @error: PXE_RUN_ERROR_MEDIUM
 **/
gboolean
boot_changes_read_init(const BootChanges *self, ProgramFile *ret, GError **error)
{
    g_autoptr(GError) why = NULL;

    *ret = (ProgramFile){ .kind = PROGRAM_NONE };
    if (self->init == NULL)
        return TRUE;
    g_autoptr(GMappedFile) file = g_mapped_file_new(self->init, FALSE, &why);
    if (file == NULL) {
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_MEDIUM, "--init: %s", why->message);
        return FALSE;
    }
    *ret = program_file_parse((const guint8 *)g_mapped_file_get_contents(file),
                              g_mapped_file_get_length(file));
    return TRUE;
}

static gboolean
refuse(GError **error, const char *option, const char *file, const char *reason)
{
    g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_MEDIUM, "%s '%s': %s", option, file, reason);
    return FALSE;
}

static gboolean
check_modules(const BootChanges *self, GError **error)
{
    for (const char *const *m = self->modules; m != NULL && *m != NULL; m++) {
        g_autoptr(GMappedFile) file = g_mapped_file_new(*m, FALSE, NULL);
        const guint8 *bytes = file != NULL ? (guint8 *)g_mapped_file_get_contents(file) : NULL;
        ProgramFile program =
            program_file_parse(bytes, file != NULL ? g_mapped_file_get_length(file) : 0);
        if (program.arch == NULL)
            return refuse(error, "--module", *m, "is no kernel module: it is no ELF file");
    }
    return TRUE;
}

static const char *
first_of(const char *const *texts)
{
    return texts != NULL ? *texts : NULL;
}

/* What only FreeBSD's loader or kernel would look at is not left aside in silence. */
static gboolean
check_boot_program(const BootChanges *self, const Media *media, GError **error)
{
    static const char *const root_kinds[] = {
        [ROOT_KIND_MFSROOT] = "mfsroot", [ROOT_KIND_NFS] = "nfs"
    };
    const struct {
        const char *option, *value;
    } changes[] = {
        { "--root-kind", root_kinds[self->root_kind] },
        { "--init", self->init },
        { "--kernel", self->kernel },
        { "--module", first_of(self->modules) },
        { "--loader-conf", first_of(self->loader_conf) },
        { "--installerconfig", self->installerconfig },
        { "--install-cfg", self->install_cfg },
    };

    for (gsize i = 0; !media->freebsd && i < G_N_ELEMENTS(changes); i++) {
        if (changes[i].value == NULL)
            continue;
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_MEDIUM,
                    "%s '%s': would have no effect, since the boot program '%s' is not FreeBSD's",
                    changes[i].option, changes[i].value, media->bootfile);
        return FALSE;
    }
    return TRUE;
}

/**
 * boot_changes_check:
 * @self: the user's changes
 * @media: the medium, with boot_changes_over_medium() done
 * @plan: its plan
 * @init: what boot_changes_read_init() has found
 * @error: PXE_RUN_ERROR_MEDIUM: something does not fit to the medium
 **/
gboolean
boot_changes_check(const BootChanges *self,
                   const Media *media,
                   const BootPlan *plan,
                   const ProgramFile *init,
                   GError **error)
{
    gboolean bsdinstall = media->root == MEDIA_ROOT_LIVE && plan->root.base == PLAN_BASE_MEDIUM;

    if (!check_boot_program(self, media, error))
        return FALSE;
    if (self->kernel != NULL && media->arch == NULL)
        return refuse(error, "--kernel", self->kernel,
                      "is no kernel: neither an ELF file nor a compressed one");
    if (self->init != NULL && !program_file_check_init(init, self->init, media->arch, error))
        return FALSE;
    if (self->installerconfig != NULL && !bsdinstall)
        return refuse(error, "--installerconfig", self->installerconfig,
                      "there is no bsdinstall in the root that boots (media up to 8 have "
                      "sysinstall, and --install-cfg)");
    if (self->install_cfg != NULL && media->root != MEDIA_ROOT_MFSROOT)
        return refuse(error, "--install-cfg", self->install_cfg,
                      "there is no memory disk with sysinstall (media from 9 on have bsdinstall, "
                      "and --installerconfig)");
    return check_modules(self, error);
}

static void
add_texts(MfsrootKey *key, const char *const *texts)
{
    for (; texts != NULL && *texts != NULL; texts++)
        mfsroot_key_add_text(key, *texts);
    mfsroot_key_add_text(key, NULL);
}

static void
add_file(MfsrootKey *key, const char *file)
{
    mfsroot_key_add_text(key, file != NULL ? "given" : NULL);
    if (file != NULL)
        mfsroot_key_add_path(key, file);
}

/**
 * boot_changes_add_kernel_to_key:
 * @self: the user's changes
 * @key: of a memory disk with their kernel and modules in it, see boot_changes_over_medium()
 **/
void
boot_changes_add_kernel_to_key(const BootChanges *self, MfsrootKey *key)
{
    add_file(key, self->kernel);
    add_texts(key, self->modules);
    for (const char *const *m = self->modules; m != NULL && *m != NULL; m++)
        mfsroot_key_add_path(key, *m);
}

/**
 * boot_changes_add_to_key:
 * @self: the user's changes
 * @key: of a memory disk with their files, their init and their answers to an installer in it
 **/
void
boot_changes_add_to_key(const BootChanges *self, MfsrootKey *key)
{
    const char *const files[] = { self->init, self->install_cfg, self->installerconfig };

    for (const char *const *d = self->overlays; d != NULL && *d != NULL; d++) {
        g_autofree char *whole = g_canonicalize_filename(*d, NULL);
        g_autofree char *mtree = g_strconcat(whole, ".mtree", NULL);
        mfsroot_key_add_path(key, whole);
        if (g_file_test(mtree, G_FILE_TEST_EXISTS))
            mfsroot_key_add_path(key, mtree);
    }
    add_texts(key, self->files);
    for (const char *const *f = self->files; f != NULL && *f != NULL; f++) {
        g_autofree char *whole = g_canonicalize_filename(strchr(*f, '=') + 1, NULL);
        mfsroot_key_add_path(key, whole);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++)
        add_file(key, files[i]);
}
