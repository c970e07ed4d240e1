/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The decisions, one rule per function, each with what it is for. Pure: a medium's description in,
 * a plan out. boot-plan-root.c has those about the root file
 * system. boot-files.c turns the plan into a tree.
 */
#include "images/boot-plan.h"

#include "images/boot-plan-rules.h"
#include "images/loader-conf.h"

#include <stdarg.h>

static void
setting_free(gpointer data)
{
    PlanSetting *setting = data;
    g_free(setting->name);
    g_free(setting->value);
    g_free(setting);
}

static void
file_free(gpointer data)
{
    PlanFile *file = data;
    g_free(file->path);
    g_free(file->content);
    g_free(file);
}

static void
add_setting(GPtrArray *settings, const char *name, const char *value, const char *why)
{
    PlanSetting *setting = g_new0(PlanSetting, 1);
    setting->name = g_strdup(name);
    setting->value = g_strdup(value);
    setting->why = why;
    g_ptr_array_add(settings, setting);
}

/* A loader variable; the name is new in the plan. */
void
plan_set(BootPlan *self, const char *name, const char *value, const char *why)
{
    add_setting(self->settings, name, value, why);
}

/* @content: (transfer full): text */
void
plan_add_file(BootPlan *self, const char *path, gboolean append, const char *why, char *content)
{
    PlanFile *file = g_new0(PlanFile, 1);
    file->path = g_strdup(path);
    file->content = content;
    file->append = append;
    file->why = why;
    g_ptr_array_add(self->files, file);
}

/* @text: (transfer full): what will not work */
void
plan_warn(BootPlan *self, char *text)
{
    g_ptr_array_add(self->warnings, text);
}

/* Returns: (transfer full): where the tree is, as clients of NFS name it */
char *
plan_root_path(const PlanOptions *options)
{
    return g_strdup_printf(IP4_FMT ":%s", IP4_ARG(options->server),
                           options->export_path != NULL ? options->export_path : "/");
}

/* BTX before 1.02 calls the PXE stack in virtual-8086 mode. */
static gboolean
loader_calls_in_vm86(const Media *media)
{
    return media->loader.btx.major == 1 && media->loader.btx.minor == 1;
}

/* The file must be loaded beside our stack, and the loader must have room for its own one. */
static gboolean
pxe_stack_has_room(const PxeStackImage *stack, const Media *media, const PxeStackNeeds *needs)
{
    return media->bootfile_size <= pxe_stack_boot_program_max(stack, needs) &&
           needs->memory_end <= PXE_STACK_BASE_MEMORY;
}

static PxeStackNeeds
loader_needs(const MediaLoader *loader)
{
    PxeStackNeeds needs = { .flags = PXE_STACK_PLAIN };

    if (loader->generation == LOADER_UNDI)
        needs.flags = PXE_STACK_MERGES_FRAGMENTS;
    if (loader->btx.memory_end > 0)
        needs.memory_end =
            MIN(loader->btx.memory_end, G_MAXUINT32 - BTX_STACK_SIZE) + BTX_STACK_SIZE;
    return needs;
}

/* Whose PXE stack is called. Where ours cannot be, the plan says why. */
static void
plan_pxe_stack(BootPlan *self, const Media *media, const PlanOptions *options)
{
    self->stack_needs = loader_needs(&media->loader);
    if (options->pxe_stack == PXE_STACK_IPXE)
        self->stack_why = "as --pxe-stack says";
    else if (options->nic->own_stack == NULL)
        self->stack_why = "ours has no driver for this network card";
    else if (!pxe_stack_has_room(options->nic->own_stack, media, &self->stack_needs))
        self->stack_why = "the boot program leaves no room for ours in base memory";
    else if (options->pxe_stack == PXE_STACK_AUTO && !media->freebsd)
        self->stack_why = "the boot program is not FreeBSD's";
    else
        self->own_stack = TRUE;
    if (self->own_stack)
        self->stack_why = options->pxe_stack == PXE_STACK_OWN ? "as --pxe-stack says"
                          : loader_calls_in_vm86(media)
                              ? "iPXE's does not survive calls in virtual-8086 mode"
                              : "faster than iPXE's, and leaves no interrupt hooked";
}

/* Kernels up to 8 call the keyboard BIOS in vm86 mode, where iPXE still has its hook, and panic. */
static void
plan_keyboard(BootPlan *self, const Media *media)
{
    if (self->own_stack || media->major == 0 || media->major >= 9 ||
        (media->arch != NULL && !g_str_equal(media->arch, "i386")))
        return;
    add_setting(self->settings, "hint.atkbd.0.disabled", "1",
                "this kernel would call the keyboard BIOS, which iPXE has hooked, and panic; a USB "
                "keyboard takes its place");
}

static void
plan_console(BootPlan *self, const Media *media, const PlanOptions *options)
{
    if (options->serial) {
        add_setting(self->settings, "console", "comconsole", "the console is the serial line");
        add_setting(self->settings, "boot_serial", "YES", "the kernel's console too");
    }
    if (media->major == 0 || media->major >= 10)
        add_setting(self->settings, "hw.vga.textmode", "1",
                    "the kernel stays in VGA text mode, so that the screen can be read");
}

static void
plan_menu(BootPlan *self, const PlanOptions *options)
{
    if (options->menu)
        return;
    add_setting(self->settings, "beastie_disable", "YES", "no menu (--menu shows it)");
    add_setting(self->settings, "autoboot_delay", "-1", "no countdown (--menu brings it back)");
}

/* 1344 is the largest read whose answer still fits one frame: 1500 - 20 - 8 - 24 - 104. Larger
 * ones, in fragments, make iPXE hang. Our stack puts them together, up to 8 KiB; 10.4 asks for no
 * more than 4096, and to loaders that have their IP from the PXE stack more gains nothing. */
static void
plan_read_size(BootPlan *self, const Media *media)
{
    if (!media->loader.knows_nfs_read_size)
        return;
    if (!self->own_stack)
        add_setting(self->dhcp_settings, "nfs.read_size", "1344",
                    "a quarter fewer reads, still without fragments");
    else if (media->loader.generation == LOADER_UNDI)
        add_setting(self->dhcp_settings, "nfs.read_size", "8192",
                    "an eighth of the reads, each answered in six fragments");
    else
        add_setting(self->dhcp_settings, "nfs.read_size", "4096",
                    "a quarter of the reads, each answered in three fragments");
}

static void
remove_setting(GPtrArray *settings, const char *name)
{
    for (guint i = 0; i < settings->len; i++) {
        const PlanSetting *setting = g_ptr_array_index(settings, i);
        if (g_str_equal(setting->name, name)) {
            g_ptr_array_remove_index(settings, i);
            return;
        }
    }
}

/* A module's variables are named after its file; hyphens and dots there confuse the loaders. */
static void
plan_modules(BootPlan *self, const PlanOptions *options)
{
    for (const char *const *m = options->modules; m != NULL && *m != NULL; m++) {
        g_autofree char *module = g_strndup(*m, strlen(*m) - strlen(".ko"));
        g_strcanon(module, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "_", '_');
        g_autofree char *load = g_strconcat(module, "_load", NULL);
        g_autofree char *name = g_strconcat(module, "_name", NULL);
        g_autofree char *path = g_strconcat(PLAN_KERNEL_DIR "/", *m, NULL);
        plan_set(self, load, "YES", "as --module says");
        plan_set(self, name, path, "as --module says");
    }
}

/* What the user sets takes the place of what the plan would. */
static void
plan_loader_conf(BootPlan *self, const PlanOptions *options)
{
    for (const char *const *line = options->loader_conf; line != NULL && *line != NULL; line++) {
        g_autofree char *name = NULL, *value = NULL;
        if (!loader_conf_parse(*line, &name, &value, NULL))
            continue;
        remove_setting(self->settings, name);
        remove_setting(self->dhcp_settings, name);
        plan_set(self, name, value, "as --loader-conf says");
    }
}

static void
plan_warnings(BootPlan *self, const Media *media)
{
    const MediaLoader *loader = &media->loader;

    if (loader_calls_in_vm86(media) && !self->own_stack)
        g_ptr_array_add(self->warnings,
                        g_strdup_printf("this loader (BTX %u.%02u) calls the PXE stack in "
                                        "virtual-8086 mode, which iPXE does not survive: it will "
                                        "stop with \"BTX halted\"",
                                        loader->btx.major, loader->btx.minor));
    if (media->kernel == NULL)
        g_ptr_array_add(self->warnings,
                        g_strdup("there is no /boot/kernel/kernel: the loader will start, and "
                                 "stop at its prompt"));
    else if (self->root.kind == PLAN_ROOT_NONE)
        g_ptr_array_add(self->warnings,
                        g_strdup("there is neither an mfsroot nor an init: the kernel will start, "
                                 "and find no root"));
}

/**
 * boot_plan_new:
 * @media: what is on the medium
 * @options: what the user wants
 *
 * Returns: (transfer full): what to do; nothing, for a boot program that is not FreeBSD's
 **/
BootPlan *
boot_plan_new(const Media *media, const PlanOptions *options)
{
    BootPlan *self = g_new0(BootPlan, 1);

    self->settings = g_ptr_array_new_with_free_func(setting_free);
    self->dhcp_settings = g_ptr_array_new_with_free_func(setting_free);
    self->files = g_ptr_array_new_with_free_func(file_free);
    self->warnings = g_ptr_array_new_with_free_func(g_free);
    plan_pxe_stack(self, media, options);
    if (!media->freebsd)
        return self;
    self->root_path = plan_root_path(options);
    plan_root(self, media, options);
    plan_keyboard(self, media);
    plan_console(self, media, options);
    plan_menu(self, options);
    plan_read_size(self, media);
    plan_modules(self, options);
    plan_loader_conf(self, options);
    plan_warnings(self, media);
    return self;
}

/* @self: (nullable) (transfer full): a plan */
void
boot_plan_free(BootPlan *self)
{
    if (self == NULL)
        return;
    g_free(self->root_path);
    g_free(self->root.image);
    g_free(self->root.hidden);
    g_ptr_array_unref(self->settings);
    g_ptr_array_unref(self->dhcp_settings);
    g_ptr_array_unref(self->files);
    g_ptr_array_unref(self->warnings);
    g_free(self);
}
