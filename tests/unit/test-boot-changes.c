/* SPDX-License-Identifier: GPL-2.0-or-later */
/* images/boot-changes.c: where the user's files go, and what the medium must be for them. */
#include "base/error.h"
#include "images/boot-changes.h"
#include "tests/lan/rows.h"
#include "tests/unit/support/tmp-dir.h"
#include "tests/unit/support/tree-check.h"

#define SETTLED_US 150000 /* files that are younger give no key */

#define PATH(text) (char *)(guintptr)(text)

static void
add(Vfs *vfs, const char *path, const char *text)
{
    g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));
    g_assert_cmpint(vfs_mem_add_file(vfs, path, bytes, 0644), ==, 0);
}

static Vfs *
medium(void)
{
    Vfs *vfs = vfs_mem_new();
    add(vfs, "/boot/kernel/kernel", "the medium's");
    add(vfs, "/boot/kernel/kernel.gz", "the medium's, compressed");
    add(vfs, "/etc/motd", "welcome");
    return vfs;
}

static void
test_nothing(void)
{
    const BootChanges none = { .loader_conf = (const char *const[]){ "a=1", NULL } };
    Vfs *tree = medium(), *given;

    g_assert_false(boot_changes_of_root(&none));
    g_autoptr(Vfs) same = boot_changes_over_medium(&none, tree, &given, NULL);
    g_assert_true(same == tree);
    g_assert_null(given);
}

typedef struct {
    const char *name;
    const char *head; /* of the kernel file */
    const char *path, *hidden;
} KernelRow;

static const KernelRow kernel_rows[] = {
    { "plain", "\177ELF", "/boot/kernel/kernel", "/boot/kernel/kernel.gz" },
    { "compressed", "\x1f\x8b\x08", "/boot/kernel/kernel.gz", "/boot/kernel/kernel" },
    { "short", "x", "/boot/kernel/kernel", "/boot/kernel/kernel.gz" },
};

static void
test_kernel(gconstpointer data)
{
    const KernelRow *row = data;
    g_autoptr(TmpDir) dir = tmp_dir_new();
    g_autofree char *file = tmp_dir_file(dir, "my-kernel", row->head, -1);
    const BootChanges changes = { .kernel = file };
    g_autoptr(GError) error = NULL;
    Vfs *given;

    g_autoptr(Vfs) vfs = boot_changes_over_medium(&changes, medium(), &given, &error);
    g_assert_no_error(error);
    g_autofree char *text = tree_text(vfs, row->path);
    g_assert_cmpstr(text, ==, row->head);
    g_assert_false(vfs_is_file(vfs, row->hidden));
    g_assert_true(vfs_is_file(given, row->path));
    g_assert_false(vfs_is_file(given, "/etc/motd"));
    (void)tree_check(vfs);
}

static void
test_files_and_modules(void)
{
    g_autoptr(TmpDir) dir = tmp_dir_new();
    g_autofree char *module = tmp_dir_file(dir, "if_x.ko", "module", -1);
    g_autofree char *motd = tmp_dir_file(dir, "a=b", "mine", -1);
    g_autofree char *file = g_strconcat("/etc/motd=", motd, NULL);
    const BootChanges changes = {
        .files = (const char *const[]){ file, NULL },
        .modules = (const char *const[]){ module, NULL },
    };
    Vfs *given;

    g_assert_true(boot_changes_of_root(&changes));
    g_autoptr(Vfs) vfs = boot_changes_over_medium(&changes, medium(), &given, NULL);
    g_autofree char *text = tree_text(vfs, "/etc/motd");
    g_autofree char *bytes = tree_text(vfs, "/boot/kernel/if_x.ko");
    g_assert_cmpstr(text, ==, "mine");
    g_assert_cmpstr(bytes, ==, "module");
}

typedef struct {
    const char *name;
    BootChanges changes;
    const char *arch; /* (nullable): of the kernel */
    MediaRoot root;
    ProgramKind init;
    const char *refusal; /* (nullable) */
} CheckRow;

static const CheckRow check_rows[] = {
    { "nothing", { 0 }, "i386", MEDIA_ROOT_LIVE, PROGRAM_NONE, NULL },
    { "kernel", { .kernel = "k" }, "i386", MEDIA_ROOT_LIVE, PROGRAM_NONE, NULL },
    { "kernel-that-is-none",
      { .kernel = "k" },
      NULL,
      MEDIA_ROOT_LIVE,
      PROGRAM_NONE,
      "--kernel 'k': is no kernel: neither an ELF file nor a compressed one" },
    { "init", { .init = "i" }, "i386", MEDIA_ROOT_LIVE, PROGRAM_FREEBSD, NULL },
    { "init-that-is-none",
      { .init = "i" },
      "i386",
      MEDIA_ROOT_LIVE,
      PROGRAM_NONE,
      "--init 'i': is neither an ELF program nor a script with #! in its first line" },
    { "installerconfig", { .installerconfig = "c" }, "i386", MEDIA_ROOT_LIVE, PROGRAM_NONE, NULL },
    { "installerconfig-on-8",
      { .installerconfig = "c" },
      "i386",
      MEDIA_ROOT_MFSROOT,
      PROGRAM_NONE,
      "--installerconfig 'c': there is no bsdinstall in the root that boots (media up to 8 have "
      "sysinstall, and --install-cfg)" },
    { "installerconfig-and-init",
      { .installerconfig = "c", .init = "i" },
      "i386",
      MEDIA_ROOT_LIVE,
      PROGRAM_FREEBSD,
      "--installerconfig 'c': there is no bsdinstall in the root that boots (media up to 8 have "
      "sysinstall, and --install-cfg)" },
    { "install.cfg", { .install_cfg = "c" }, "i386", MEDIA_ROOT_MFSROOT, PROGRAM_NONE, NULL },
    { "install.cfg-on-9",
      { .install_cfg = "c" },
      "i386",
      MEDIA_ROOT_LIVE,
      PROGRAM_NONE,
      "--install-cfg 'c': there is no memory disk with sysinstall (media from 9 on have "
      "bsdinstall, and --installerconfig)" },
    { "module-that-is-none",
      { .modules = (const char *const[]){ "/nonexistent/x.ko", NULL } },
      "i386",
      MEDIA_ROOT_LIVE,
      PROGRAM_NONE,
      "--module '/nonexistent/x.ko': is no kernel module: it is no ELF file" },
};

static void
test_check(gconstpointer data)
{
    const CheckRow *row = data;
    const Media media = { .freebsd = TRUE,
                          .arch = row->arch,
                          .root = row->root,
                          .major = 9,
                          .mfsroot = PATH(row->root == MEDIA_ROOT_MFSROOT ? "/mfsroot" : NULL) };
    const PlanOptions options = {
        .nic = nic_table,
        .init = row->changes.init != NULL,
        .root_changes = boot_changes_of_root(&row->changes),
    };
    const ProgramFile init = { .kind = row->init, .arch = "i386" };
    g_autoptr(BootPlan) plan = boot_plan_new(&media, &options);
    g_autoptr(GError) error = NULL;

    gboolean ok = boot_changes_check(&row->changes, &media, plan, &init, &error);
    g_assert_cmpint(ok, ==, row->refusal == NULL);
    if (ok)
        return;
    g_assert_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_MEDIUM);
    g_assert_cmpstr(error->message, ==, row->refusal);
}

typedef struct {
    const char *name;
    BootChanges changes;
    const char *refusal; /* its first words; NULL: it has its effect with any boot program */
} OtherBootRow;

static const OtherBootRow other_boot_rows[] = {
    { "nothing", { 0 }, NULL },
    { "files",
      { .overlays = (const char *const[]){ "d", NULL },
        .files = (const char *const[]){ "/f=f", NULL } },
      NULL },
    { "root-kind", { .root_kind = ROOT_KIND_NFS }, "--root-kind 'nfs'" },
    { "init", { .init = "i" }, "--init 'i'" },
    { "kernel", { .kernel = "k" }, "--kernel 'k'" },
    { "module", { .modules = (const char *const[]){ "m.ko", NULL } }, "--module 'm.ko'" },
    { "loader-conf",
      { .loader_conf = (const char *const[]){ "a=1", NULL } },
      "--loader-conf 'a=1'" },
    { "installerconfig", { .installerconfig = "c" }, "--installerconfig 'c'" },
    { "install-cfg", { .install_cfg = "c" }, "--install-cfg 'c'" },
};

/* Nobody is left to believe that a kernel was tried which never was. */
static void
test_other_boot_program(gconstpointer data)
{
    const OtherBootRow *row = data;
    const Media media = { .bootfile = PATH("pxelinux.0") };
    const PlanOptions options = { .nic = nic_table };
    const ProgramFile init = { .kind = PROGRAM_FREEBSD };
    g_autoptr(BootPlan) plan = boot_plan_new(&media, &options);
    g_autoptr(GError) error = NULL;

    gboolean ok = boot_changes_check(&row->changes, &media, plan, &init, &error);
    g_assert_cmpint(ok, ==, row->refusal == NULL);
    if (ok)
        return;
    g_autofree char *refusal = g_strconcat(
        row->refusal,
        ": would have no effect, since the boot program 'pxelinux.0' is not FreeBSD's", NULL);
    g_assert_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_MEDIUM);
    g_assert_cmpstr(error->message, ==, refusal);
}

static char *
key_of(const BootChanges *changes)
{
    g_autoptr(MfsrootKey) key = mfsroot_key_new("/bin/sh");

    boot_changes_add_kernel_to_key(changes, key);
    boot_changes_add_to_key(changes, key);
    return mfsroot_key_finish(key, "root");
}

/* A disk is not taken for one that was made with other files, or with the same under other names.
 */
static void
test_keys(void)
{
    g_autoptr(TmpDir) dir = tmp_dir_new();
    g_autofree char *a = tmp_dir_file(dir, "a", "1", -1), *b = tmp_dir_file(dir, "b", "1", -1);
    g_autofree char *as_x = g_strconcat("/x=", a, NULL), *as_y = g_strconcat("/y=", a, NULL);
    const BootChanges all[] = {
        { 0 },
        { .kernel = a },
        { .kernel = b },
        { .modules = (const char *const[]){ a, NULL } },
        { .modules = (const char *const[]){ b, NULL } },
        { .modules = (const char *const[]){ a, b, NULL } },
        { .files = (const char *const[]){ as_x, NULL } },
        { .files = (const char *const[]){ as_y, NULL } },
        { .overlays = (const char *const[]){ dir, NULL } },
        { .init = a },
        { .init = b },
        { .installerconfig = a },
        { .install_cfg = a },
    };
    char *keys[G_N_ELEMENTS(all)];

    g_usleep(SETTLED_US);
    for (gsize i = 0; i < G_N_ELEMENTS(all); i++) {
        g_autofree char *again = key_of(&all[i]);
        keys[i] = key_of(&all[i]);
        g_assert_nonnull(keys[i]);
        g_assert_cmpstr(keys[i], ==, again);
        for (gsize k = 0; k < i; k++)
            g_assert_cmpstr(keys[i], !=, keys[k]);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(all); i++)
        g_free(keys[i]);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/boot-changes/nothing", test_nothing);
    ROWS_ADD("/boot-changes/kernel", kernel_rows, test_kernel);
    g_test_add_func("/boot-changes/files-and-modules", test_files_and_modules);
    ROWS_ADD("/boot-changes/check", check_rows, test_check);
    ROWS_ADD("/boot-changes/other-boot-program", other_boot_rows, test_other_boot_program);
    g_test_add_func("/boot-changes/keys", test_keys);
    return g_test_run();
}
