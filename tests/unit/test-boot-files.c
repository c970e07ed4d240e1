/* SPDX-License-Identifier: GPL-2.0-or-later */
/* images/boot-files.c: the plan's files over the medium's. */
#include "images/boot-plan.h"
#include "tests/lan/rows.h"
#include "tests/unit/support/tree-check.h"

#define ADDED "# added by pxe-run for the network boot\n"

static const PlanOptions options = {
    .menu = TRUE,
    .server = { { 192, 168, 64, 4 } },
    .dns = { { 192, 168, 64, 3 } },
    .nic = nic_table,
};

/* A live medium needs both settings and files; see test-boot-plan.c for all of them. */
static const Media live = {
    .freebsd = TRUE,
    .major = 9,
    .kernel = (char *)(guintptr) "/boot/kernel/kernel",
    .root = MEDIA_ROOT_LIVE,
    .loader = { .knows_nfs_read_size = TRUE },
};

#define SETTINGS ADDED "vfs.root.mountfrom=\"nfs:\"\nboot.nfsroot.options=\"nolockd\"\n"

static void
add(Vfs *vfs, const char *path, const char *text)
{
    g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));
    g_assert_cmpint(vfs_mem_add_file(vfs, path, bytes, 0600), ==, 0);
}

typedef struct {
    const char *name;
    const char *path;     /* of a file on the medium */
    const char *original; /* (nullable): its text */
    const char *seen;     /* its text in the overlay */
} FileRow;

static const FileRow file_rows[] = {
    { "no-loader.conf.local", "/boot/loader.conf.local", NULL, SETTINGS },
    { "loader.conf.local-is-kept", "/boot/loader.conf.local", "a=\"b\"\n", "a=\"b\"\n" SETTINGS },
    { "a-newline-is-put-behind-it", "/boot/loader.conf.local", "a=\"b\"", "a=\"b\"\n" SETTINGS },
    { "empty-loader.conf.local", "/boot/loader.conf.local", "", SETTINGS },
    { "loader.conf-is-not-touched", "/boot/loader.conf", "x=\"1\"\n", "x=\"1\"\n" },
    { "rc.conf-is-kept", "/etc/rc.conf", "hostid_enable=\"NO\"\n",
      "hostid_enable=\"NO\"\nroot_rw_mount=\"NO\"\n" },
    { "no-rc.conf", "/etc/rc.conf", NULL, "root_rw_mount=\"NO\"\n" },
    { "fstab-is-replaced", "/etc/fstab", "/dev/iso9660/X / cd9660 ro 0 0\n",
      "192.168.64.4:/ / nfs ro 0 0\n" },
    { "resolv.conf-is-replaced", "/etc/resolv.conf", "nameserver 1.1.1.1\n",
      "nameserver 192.168.64.3\n" },
    { "the-rest-is-there", "/etc/motd", "welcome", "welcome" },
};

static Vfs *
live_medium(void)
{
    Vfs *vfs = vfs_mem_new();
    add(vfs, "/boot/kernel/kernel", "kernel");
    add(vfs, "/sbin/init", "init");
    return vfs;
}

static void
test_file(gconstpointer data)
{
    const FileRow *row = data;
    g_autoptr(BootPlan) plan = boot_plan_new(&live, &options);
    Vfs *medium = live_medium();
    VfsAttr attr;

    if (row->original != NULL)
        add(medium, row->path, row->original);
    g_autoptr(Vfs) vfs = boot_plan_overlay(plan, medium, NULL);
    (void)tree_check(vfs);
    g_autofree char *text = tree_text(vfs, row->path);
    g_assert_cmpstr(text, ==, row->seen);
    g_autofree char *kernel = tree_text(vfs, "/boot/kernel/kernel");
    g_assert_cmpstr(kernel, ==, "kernel");
    g_assert_cmpint(vfs_getattr(vfs, tree_id(vfs, "/boot/loader.conf.local"), &attr), ==, 0);
    g_assert_cmphex(attr.mode, ==, 0644);
}

/* On media from 9 on: a link into /tmp, where nothing is when the root is read-only. */
static void
test_resolv_conf_link(void)
{
    g_autoptr(BootPlan) plan = boot_plan_new(&live, &options);
    Vfs *medium = live_medium();
    VfsAttr attr;
    VfsId id;

    g_assert_cmpint(
        vfs_mem_add_symlink(medium, "/etc/resolv.conf", "/tmp/bsdinstall_etc/resolv.conf"), ==, 0);
    g_autoptr(Vfs) vfs = boot_plan_overlay(plan, medium, NULL);
    g_assert_cmpint(vfs_lookup(vfs, tree_id(vfs, "/etc"), "resolv.conf", &id), ==, 0);
    g_assert_cmpint(vfs_getattr(vfs, id, &attr), ==, 0);
    g_assert_cmpint(attr.type, ==, VFS_REG);
    g_autofree char *text = tree_text(vfs, "/etc/resolv.conf");
    g_assert_cmpstr(text, ==, "nameserver 192.168.64.3\n");
}

/* A link that is to be appended to: what it leads to is kept. */
static void
test_rc_conf_link(void)
{
    g_autoptr(BootPlan) plan = boot_plan_new(&live, &options);
    Vfs *medium = live_medium();

    add(medium, "/etc/defaults/rc.conf", "a=\"b\"\n");
    g_assert_cmpint(vfs_mem_add_symlink(medium, "/etc/rc.conf", "defaults/rc.conf"), ==, 0);
    g_autoptr(Vfs) vfs = boot_plan_overlay(plan, medium, NULL);
    g_autofree char *text = tree_text(vfs, "/etc/rc.conf");
    g_assert_cmpstr(text, ==, "a=\"b\"\nroot_rw_mount=\"NO\"\n");
    g_autofree char *target = tree_text(vfs, "/etc/defaults/rc.conf");
    g_assert_cmpstr(target, ==, "a=\"b\"\n");
}

typedef struct {
    const char *name;
    const char *link, *target; /* on the medium */
    const char *file;          /* (nullable): another file on the medium, which must stay */
    const char *place;         /* where the plan's fstab is */
} LinkRow;

static const LinkRow link_rows[] = {
    { "relative", "/etc", "conf/etc", "/conf/etc/motd", "/conf/etc/fstab" },
    { "absolute", "/etc", "/conf/etc", "/conf/etc/motd", "/conf/etc/fstab" },
    { "link-to-a-link", "/etc", "now", "/real/etc/motd", "/real/etc/fstab" },
    { "above-the-root", "/etc", "../../../conf", "/conf/motd", "/conf/fstab" },
    { "to-the-root", "/etc", ".", "/motd", "/fstab" },
    { "dangling", "/etc", "nowhere", NULL, "/etc/fstab" },
    { "to-itself", "/etc", "etc", NULL, "/etc/fstab" },
    { "to-a-file", "/etc", "sbin/init", "/sbin/init", "/etc/fstab" },
    { "to-the-place-of-a-file", "/etc", "boot/loader.conf.local", "/boot/loader.conf.local/motd",
      "/etc/fstab" },
    { "boot-in-the-place-of-a-file", "/boot", "etc/fstab", "/etc/fstab/motd", NULL },
};

/* A medium on which a directory is a link, as in a tree that somebody has put together. */
static void
test_link(gconstpointer data)
{
    const LinkRow *row = data;
    g_autoptr(BootPlan) plan = boot_plan_new(&live, &options);
    Vfs *medium = vfs_mem_new();
    VfsAttr attr;
    VfsId id;

    add(medium, "/sbin/init", "init");
    if (row->file != NULL && !g_str_equal(row->file, "/sbin/init"))
        add(medium, row->file, "welcome");
    g_assert_cmpint(vfs_mem_add_symlink(medium, "/now", "real/etc"), ==, 0);
    g_assert_cmpint(vfs_mem_add_symlink(medium, row->link, row->target), ==, 0);
    g_autoptr(Vfs) vfs = boot_plan_overlay(plan, medium, NULL);
    (void)tree_check(vfs);
    g_assert_true(vfs_is_file(vfs, "/boot/loader.conf.local"));
    if (row->place == NULL)
        return;
    g_autofree char *fstab = tree_text(vfs, row->place);
    g_assert_cmpstr(fstab, ==, "192.168.64.4:/ / nfs ro 0 0\n");
    g_assert_cmpuint(tree_id(vfs, row->place), ==, tree_id(vfs, "/etc/fstab"));
    if (strstr(row->place, "/etc/fstab") == row->place)
        return;
    g_assert_cmpint(vfs_walk(vfs, row->file, &id), ==, 0);
    g_assert_cmpint(vfs_lookup(vfs, vfs_root(vfs), row->link + 1, &id), ==, 0);
    g_assert_cmpint(vfs_getattr(vfs, id, &attr), ==, 0);
    g_assert_cmpint(attr.type, ==, VFS_LNK);
}

/* By DHCP, before the first file: not in the file as well. */
static void
test_dhcp_settings_stay_out(void)
{
    g_autoptr(BootPlan) plan = boot_plan_new(&live, &options);
    g_autoptr(Vfs) vfs = boot_plan_overlay(plan, live_medium(), NULL);
    g_autofree char *text = tree_text(vfs, "/boot/loader.conf.local");

    g_assert_cmpuint(plan->dhcp_settings->len, ==, 1);
    g_assert_null(strstr(text, "read_size"));
}

/* Nothing to add: the medium itself. */
static void
test_nothing_to_add(void)
{
    const Media other = { .freebsd = FALSE };
    g_autoptr(BootPlan) plan = boot_plan_new(&other, &options);
    Vfs *medium = live_medium();
    g_autoptr(Vfs) vfs = boot_plan_overlay(plan, medium, NULL);

    g_assert_true(vfs == medium);
}

typedef struct {
    const char *name;
    gsize size; /* of the medium's file */
    gboolean kept;
} SizeRow;

static const SizeRow size_rows[] = {
    { "largest", 256 << 10, TRUE },
    { "too-large", (256 << 10) + 1, FALSE },
};

static void
test_size(gconstpointer data)
{
    const SizeRow *row = data;
    g_autoptr(BootPlan) plan = boot_plan_new(&live, &options);
    g_autofree char *original = g_strnfill(row->size, '#');
    Vfs *medium = live_medium();

    add(medium, "/boot/loader.conf.local", original);
    g_autoptr(Vfs) vfs = boot_plan_overlay(plan, medium, NULL);
    g_autofree char *text = tree_text(vfs, "/boot/loader.conf.local");
    g_assert_true(g_str_has_suffix(text, SETTINGS));
    g_assert_cmpint(strlen(text) > row->size, ==, row->kept);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/boot-files/file", file_rows, test_file);
    g_test_add_func("/boot-files/resolv-conf-link", test_resolv_conf_link);
    g_test_add_func("/boot-files/rc-conf-link", test_rc_conf_link);
    ROWS_ADD("/boot-files/link", link_rows, test_link);
    g_test_add_func("/boot-files/dhcp-settings-stay-out", test_dhcp_settings_stay_out);
    g_test_add_func("/boot-files/nothing-to-add", test_nothing_to_add);
    ROWS_ADD("/boot-files/size", size_rows, test_size);
    return g_test_run();
}
