/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The decisions, one rule per function, each with what it is for. Pure: a medium's description in,
 * a plan out. boot-files.c turns the plan into a tree.
 */
#include "images/boot-plan.h"

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

static void
add_file(BootPlan *self, const char *path, gboolean append, const char *why, char *content)
{
    PlanFile *file = g_new0(PlanFile, 1);
    file->path = g_strdup(path);
    file->content = content;
    file->append = append;
    file->why = why;
    g_ptr_array_add(self->files, file);
}

/* BTX before 1.02 calls the PXE stack in virtual-8086 mode. */
static gboolean
loader_calls_in_vm86(const Media *media)
{
    return media->loader.btx_major == 1 && media->loader.btx_minor == 1;
}

static void
plan_mfsroot(BootPlan *self)
{
    add_setting(self->settings, "vfs.root.mountfrom", "ufs:/dev/md0",
                "the root is the memory disk; a netbooted kernel would take the NFS tree instead, "
                "which has no init");
}

/* The tree of a release from 9 on is a root file system that expects to be a CD. */
static void
plan_live_root(BootPlan *self, const PlanOptions *options)
{
    add_setting(self->settings, "vfs.root.mountfrom", "nfs:",
                "the root is the NFS tree; the medium's fstab names the CD, for which the kernel "
                "would wait");
    add_setting(self->settings, "boot.nfsroot.options", "nolockd", "there is no lock daemon");
    add_file(self, "/etc/fstab", FALSE, "names the root that is really there",
             g_strdup_printf(IP4_FMT ":/ / nfs ro 0 0\n", IP4_ARG(options->server)));
    add_file(self, "/etc/rc.conf", TRUE, "the root stays read-only, and the network is up already",
             g_strdup("root_rw_mount=\"NO\"\n"));
    add_file(self, "/etc/resolv.conf", FALSE,
             "the installer does not set up the network of a netbooted system",
             g_strdup_printf("nameserver " IP4_FMT "\n", IP4_ARG(options->dns)));
}

/* Whose PXE stack is called. Where ours cannot be, the plan says why. */
static void
plan_pxe_stack(BootPlan *self, const Media *media, const PlanOptions *options)
{
    if (options->pxe_stack == PXE_STACK_IPXE)
        self->stack_why = "as --pxe-stack says";
    else if (!options->nic->own_stack)
        self->stack_why = "ours has no driver for this network card";
    else if (media->bootfile_size > pxe_stack_boot_program_max())
        self->stack_why = "the boot program leaves no room for ours";
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
 * ones, in fragments, make iPXE hang. Our stack takes them; more than 4096 gains nothing, and 10.4
 * takes no more. */
static void
plan_read_size(BootPlan *self, const Media *media)
{
    if (!media->loader.knows_nfs_read_size)
        return;
    if (self->own_stack)
        add_setting(self->dhcp_settings, "nfs.read_size", "4096",
                    "a quarter of the reads, each answered in three fragments");
    else
        add_setting(self->dhcp_settings, "nfs.read_size", "1344",
                    "a quarter fewer reads, still without fragments");
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
                                        loader->btx_major, loader->btx_minor));
    if (media->kernel == NULL)
        g_ptr_array_add(self->warnings,
                        g_strdup("there is no /boot/kernel/kernel: the loader will start, and "
                                 "stop at its prompt"));
    else if (media->root == MEDIA_ROOT_NONE)
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
    self->root_path = g_strdup_printf(IP4_FMT ":/", IP4_ARG(options->server));
    if (media->root == MEDIA_ROOT_MFSROOT)
        plan_mfsroot(self);
    else if (media->root == MEDIA_ROOT_LIVE)
        plan_live_root(self, options);
    plan_keyboard(self, media);
    plan_console(self, media, options);
    plan_menu(self, options);
    plan_read_size(self, media);
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
    g_ptr_array_unref(self->settings);
    g_ptr_array_unref(self->dhcp_settings);
    g_ptr_array_unref(self->files);
    g_ptr_array_unref(self->warnings);
    g_free(self);
}
