/* SPDX-License-Identifier: GPL-2.0-or-later */
/* images/boot-plan-root.c: what becomes the root, by medium and by what the user brings. */
#include "images/boot-plan.h"
#include "tests/lan/rows.h"

#define PATH(text) (char *)(guintptr)(text)
#define KERNEL     .kernel = PATH("/boot/kernel/kernel")

static const Media mfsroot_7 = {
    .freebsd = TRUE,
    .major = 7,
    KERNEL,
    .root = MEDIA_ROOT_MFSROOT,
    .mfsroot = PATH("/boot/mfsroot.gz"),
    .disk_module = PATH("mfsroot"),
    .loader = { LOADER_NFS2, { 1, 1, 0 }, FALSE, FALSE },
};
static const Media mfsbsd_13 = {
    .freebsd = TRUE,
    .major = 13,
    KERNEL,
    .root = MEDIA_ROOT_MFSROOT,
    .mfsroot = PATH("/mfsroot"),
    .disk_module = PATH("mfs"),
    .loader = { LOADER_UNDI, { 1, 2, 0 }, FALSE, TRUE },
};
static const Media live_9 = {
    .freebsd = TRUE,
    .major = 9,
    KERNEL,
    .root = MEDIA_ROOT_LIVE,
    .loader = { LOADER_NFS3, { 1, 2, 0 }, FALSE, FALSE },
};
static const Media live_14 = {
    .freebsd = TRUE,
    .major = 14,
    KERNEL,
    .root = MEDIA_ROOT_LIVE,
    .loader = { LOADER_UNDI, { 1, 2, 0 }, FALSE, TRUE },
};
static const Media bare = { .freebsd = TRUE, KERNEL, .root = MEDIA_ROOT_NONE };

typedef struct {
    const char *name;
    const Media *media;
    RootKind kind;
    gboolean changes, init;
    guint init_major;
    const char *plan;
} RootRow;

#define DISK       "vfs.root.mountfrom=ufs:/dev/md0 "
#define NFS        "vfs.root.mountfrom=nfs: boot.nfsroot.options=nolockd "
#define INIT       "init_path=/sbin/init "
#define OWN(type)  "mfsroot_load=YES mfsroot_type=" type " mfsroot_name=/boot/mfsroot "
#define OWN_IMAGE  "image:empty /boot/mfsroot.gz not /boot/mfsroot: " DISK
#define LIVE_NFS   "nfs:medium: " NFS
#define LIVE_FILES "+/etc/fstab +/etc/rc.conf +/etc/resolv.conf "
#define DISK_FILES "+/etc/fstab +/etc/resolv.conf "
#define NEWER                                                                                      \
    "(your init is made for FreeBSD 13 and the kernel is 7: it may call what that does not have) "

static const RootRow root_rows[] = {
    { "7.0", &mfsroot_7, ROOT_KIND_AUTO, FALSE, FALSE, 0, "mfsroot:mfsroot: " DISK },
    { "7.0-as-it-is", &mfsroot_7, ROOT_KIND_MFSROOT, FALSE, FALSE, 0, "mfsroot:mfsroot: " DISK },
    { "7.0-changed", &mfsroot_7, ROOT_KIND_AUTO, TRUE, FALSE, 0,
      "image:mfsroot /boot/mfsroot.gz not /boot/mfsroot: " DISK },
    { "7.0-init", &mfsroot_7, ROOT_KIND_AUTO, TRUE, TRUE, 7,
      "image:mfsroot /boot/mfsroot.gz not /boot/mfsroot: " DISK INIT },
    { "7.0-init-of-13", &mfsroot_7, ROOT_KIND_AUTO, TRUE, TRUE, 13,
      "image:mfsroot /boot/mfsroot.gz not /boot/mfsroot: " DISK INIT NEWER },
    { "7.0-by-NFS", &mfsroot_7, ROOT_KIND_NFS, FALSE, FALSE, 0,
      "nfs:mfsroot: " NFS "mfsroot_load=NO " },
    { "7.0-init-by-NFS", &mfsroot_7, ROOT_KIND_NFS, TRUE, TRUE, 0,
      "nfs:mfsroot: " NFS "mfsroot_load=NO " INIT },
    { "mfsbsd-changed", &mfsbsd_13, ROOT_KIND_AUTO, TRUE, FALSE, 0,
      "image:mfsroot /mfsroot.gz not /mfsroot: " DISK },
    { "mfsbsd-by-NFS", &mfsbsd_13, ROOT_KIND_NFS, FALSE, FALSE, 0,
      "nfs:mfsroot: " NFS "mfs_load=NO " },
    { "live", &live_14, ROOT_KIND_AUTO, FALSE, FALSE, 0, LIVE_NFS LIVE_FILES },
    { "live-changed-stays-on-NFS", &live_14, ROOT_KIND_AUTO, TRUE, FALSE, 0, LIVE_NFS LIVE_FILES },
    { "live-init", &live_14, ROOT_KIND_AUTO, TRUE, TRUE, 14, OWN_IMAGE OWN("md_image") INIT },
    { "live-9-init", &live_9, ROOT_KIND_AUTO, TRUE, TRUE, 9, OWN_IMAGE OWN("mfs_root") INIT },
    { "live-init-on-a-disk", &live_14, ROOT_KIND_MFSROOT, TRUE, TRUE, 14,
      OWN_IMAGE OWN("md_image") INIT },
    { "live-init-by-NFS", &live_14, ROOT_KIND_NFS, TRUE, TRUE, 14, LIVE_NFS INIT LIVE_FILES },
    { "live-on-a-disk", &live_14, ROOT_KIND_MFSROOT, FALSE, FALSE, 0,
      "image:medium /boot/mfsroot.gz not /boot/mfsroot: " DISK OWN("md_image") DISK_FILES },
    { "kernel-alone", &bare, ROOT_KIND_AUTO, FALSE, FALSE, 0,
      "none:empty: (there is neither an mfsroot nor an init: the kernel will start, and find no "
      "root) " },
    { "kernel-and-init", &bare, ROOT_KIND_AUTO, TRUE, TRUE, 0, OWN_IMAGE OWN("md_image") INIT },
    { "kernel-and-init-by-NFS", &bare, ROOT_KIND_NFS, TRUE, TRUE, 0, LIVE_NFS INIT },
    { "tree-on-a-disk", &bare, ROOT_KIND_MFSROOT, TRUE, FALSE, 0,
      "image:medium /boot/mfsroot.gz not /boot/mfsroot: " DISK OWN("md_image") },
};

static const PlanOptions *
options_of(const RootRow *row)
{
    static PlanOptions options;

    options = (PlanOptions){
        .menu = TRUE,
        .server = { { 192, 168, 64, 4 } },
        .dns = { { 192, 168, 64, 3 } },
        .nic = nic_table,
        .root_kind = row->kind,
        .root_changes = row->changes,
        .init = row->init,
        .init_major = row->init_major,
    };
    return &options;
}

static gboolean
is_of_root(const char *name)
{
    return !g_str_has_prefix(name, "hw.") && !g_str_has_prefix(name, "hint.");
}

static char *
plan_text(const BootPlan *plan)
{
    GString *text = g_string_new(NULL);

    g_string_append_printf(text, "%s:%s", plan_root_kind_name(plan->root.kind),
                           plan_root_base_name(plan->root.base));
    if (plan->root.image != NULL)
        g_string_append_printf(text, " %s not %s", plan->root.image, plan->root.hidden);
    g_string_append(text, ": ");
    for (guint i = 0; i < plan->settings->len; i++) {
        const PlanSetting *setting = g_ptr_array_index(plan->settings, i);
        if (is_of_root(setting->name))
            g_string_append_printf(text, "%s=%s ", setting->name, setting->value);
    }
    for (guint i = 0; i < plan->files->len; i++)
        g_string_append_printf(text, "+%s ", ((PlanFile *)g_ptr_array_index(plan->files, i))->path);
    for (guint i = 0; i < plan->warnings->len; i++)
        g_string_append_printf(text, "(%s) ", (char *)g_ptr_array_index(plan->warnings, i));
    return g_string_free(text, FALSE);
}

static void
test_root(gconstpointer data)
{
    const RootRow *row = data;
    g_autoptr(BootPlan) plan = boot_plan_new(row->media, options_of(row));
    g_autofree char *text = plan_text(plan);

    g_assert_cmpstr(text, ==, row->plan);
    g_assert_nonnull(plan->root.why);
}

/* ---- what the user sets ---- */

static void
assert_setting(const GPtrArray *settings, const char *name, const char *value)
{
    const char *found = NULL;

    for (guint i = 0; i < settings->len; i++) {
        const PlanSetting *setting = g_ptr_array_index(settings, i);
        if (g_str_equal(setting->name, name)) {
            g_assert_null(found);
            found = setting->value;
        }
    }
    g_assert_cmpstr(found, ==, value);
}

static void
test_loader_conf(void)
{
    static const char *const lines[] = { "vfs.root.mountfrom=ufs:/dev/ada0", "a=1", "a=2",
                                         "nfs.read_size=1024", NULL };
    Media media = live_14;
    PlanOptions options = *options_of(&root_rows[0]);

    media.loader.knows_nfs_read_size = TRUE;
    options.loader_conf = lines;
    g_autoptr(BootPlan) plan = boot_plan_new(&media, &options);
    assert_setting(plan->settings, "vfs.root.mountfrom", "ufs:/dev/ada0");
    assert_setting(plan->settings, "a", "2");
    assert_setting(plan->settings, "nfs.read_size", "1024");
    assert_setting(plan->dhcp_settings, "nfs.read_size", NULL);
}

static void
test_modules(void)
{
    static const char *const modules[] = { "if_re.ko", "my-mod.v2.ko", NULL };
    PlanOptions options = *options_of(&root_rows[0]);

    options.modules = modules;
    g_autoptr(BootPlan) plan = boot_plan_new(&mfsroot_7, &options);
    assert_setting(plan->settings, "if_re_load", "YES");
    assert_setting(plan->settings, "if_re_name", "/boot/kernel/if_re.ko");
    assert_setting(plan->settings, "my_mod_v2_load", "YES");
    assert_setting(plan->settings, "my_mod_v2_name", "/boot/kernel/my-mod.v2.ko");
}

/* On a server of its own the tree has another path; nothing else of the plan names it. */
static void
test_export_path(void)
{
    static const char *const paths[] = { NULL, "/", "/srv/pxe/pxeroot" };

    for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
        PlanOptions options = *options_of(&root_rows[0]);
        options.export_path = paths[i];
        g_autofree char *where =
            g_strconcat("192.168.64.4:", paths[i] != NULL ? paths[i] : "/", NULL);
        g_autofree char *line = g_strconcat(where, " / nfs ro 0 0\n", NULL);
        g_autoptr(BootPlan) plan = boot_plan_new(&live_14, &options);
        g_assert_cmpstr(plan->root_path, ==, where);
        const PlanFile *fstab = g_ptr_array_index(plan->files, 0);
        g_assert_cmpstr(fstab->path, ==, "/etc/fstab");
        g_assert_cmpstr(fstab->content, ==, line);
        g_autoptr(BootPlan) disk = boot_plan_new(&mfsroot_7, &options);
        g_assert_cmpstr(disk->root_path, ==, where);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/boot-plan-root", root_rows, test_root);
    g_test_add_func("/boot-plan-root/loader-conf", test_loader_conf);
    g_test_add_func("/boot-plan-root/modules", test_modules);
    g_test_add_func("/boot-plan-root/export-path", test_export_path);
    return g_test_run();
}
