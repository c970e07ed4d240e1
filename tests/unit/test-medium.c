/* SPDX-License-Identifier: GPL-2.0-or-later */
/* launcher/medium.c: what can boot, as a directory and as an image of it, and what cannot. */
#include "launcher/medium.h"
#include "tests/lan/rows.h"
#include "tests/unit/support/iso-maker.h"
#include "tests/unit/support/told.h"
#include "tests/unit/support/tree-check.h"

#include <unistd.h>

#define LOADER "FreeBSD/x86 bootstrap loader, Revision 1.1\0pxe_open: server path"

typedef struct {
    const char *name;
    const char *files;           /* by spaces, each holding LOADER */
    const char *wanted;          /* (nullable): --bootfile */
    const char *bootfile, *part; /* the one that is taken, or NULL and the error */
    gboolean has_mfsroot;
} OpenRow;

static const OpenRow open_rows[] = {
    { "pxeboot", "boot/pxeboot", NULL, "boot/pxeboot", NULL, FALSE },
    { "pxelinux", "pxelinux.0 linux", NULL, "pxelinux.0", NULL, FALSE },
    { "lpxelinux", "lpxelinux.0", NULL, "lpxelinux.0", NULL, FALSE },
    { "both", "pxelinux.0 boot/pxeboot", NULL, "boot/pxeboot", NULL, FALSE },
    { "mfsroot", "boot/pxeboot boot/mfsroot.gz", NULL, "boot/pxeboot", NULL, TRUE },
    { "mfsroot-not-packed", "boot/pxeboot boot/mfsroot", NULL, "boot/pxeboot", NULL, TRUE },
    { "mfsroot-at-the-root", "boot/pxeboot mfsroot.gz", NULL, "boot/pxeboot", NULL, TRUE },
    { "wanted", "boot/pxeboot boot/other", "boot/other", "boot/other", NULL, FALSE },
    { "wanted-with-a-mfsroot", "other mfsroot", "other", "other", NULL, TRUE },
    { "wanted-from-the-root", "boot/other", "/boot/other", "boot/other", NULL, FALSE },
    { "wanted-with-many-slashes", "boot/other", "///boot/other", "boot/other", NULL, FALSE },
    { "wanted-that-is-not-there", "boot/pxeboot", "boot/other", NULL,
      "holds no file boot/other (--bootfile)", FALSE },
    { "wanted-that-is-a-directory", "boot/pxeboot", "boot", NULL, "holds no file boot", FALSE },
    { "nothing", "README", NULL, NULL, "there is no /boot/pxeboot", FALSE },
    { "kernel-alone", "boot/kernel/kernel", NULL, NULL, "holds nothing that boots", FALSE },
};

static BootProgress *
quiet_progress(void)
{
    const ProgressSetup setup = { .style = PROGRESS_QUIET, .output = output_new(STDERR_FILENO) };
    return boot_progress_new(&setup);
}

static char *
make_tree(const TmpDir *dir, const char *files)
{
    g_auto(GStrv) names = g_strsplit(files, " ", -1);

    for (char **name = names; *name != NULL; name++) {
        g_autofree char *path = g_strconcat("tree/", *name, NULL);
        g_autofree char *folder = g_path_get_dirname(path);
        tmp_dir_mkdir(dir, folder);
        g_free(tmp_dir_file(dir, path, LOADER, sizeof LOADER));
    }
    return tmp_dir_path(dir, "tree");
}

static void
check_open(const OpenRow *row, const char *iso, const char *root)
{
    const RunConfig config = {
        .iso = iso,
        .root = root,
        .bootfile = row->wanted,
        .nic = nic_table,
    };
    g_autoptr(GError) error = NULL;
    g_autoptr(BootProgress) progress = quiet_progress();
    Medium medium = { 0 };

    g_assert_cmpint(medium_open(&medium, &config, progress, &error), ==, row->bootfile != NULL);
    if (row->bootfile == NULL) {
        assert_told(error, PXE_RUN_ERROR_MEDIUM, row->part);
        assert_told(error, PXE_RUN_ERROR_MEDIUM, iso != NULL ? iso : root);
    } else {
        g_assert_no_error(error);
        g_assert_cmpint(medium.has_mfsroot, ==, row->has_mfsroot);
        g_assert_true(medium_plan(&medium, &config, &error));
        g_assert_true(medium_finish(&medium, &config, &error));
        g_assert_no_error(error);
        g_assert_cmpstr(medium.media->bootfile, ==, row->bootfile);
        g_assert_true(vfs_is_file(medium.tree, row->bootfile));
        g_assert_cmpstr(medium.volume_id, ==, iso != NULL ? "LABEL" : NULL);
    }
    g_assert_cmpstr(medium.bootfile, ==, row->bootfile);
    medium_clear(&medium);
}

static void
test_directory(gconstpointer data)
{
    const OpenRow *row = data;
    g_autoptr(TmpDir) dir = tmp_dir_new();
    g_autofree char *root = make_tree(dir, row->files);

    check_open(row, NULL, root);
}

static void
test_image(gconstpointer data)
{
    const OpenRow *row = data;

    if (iso_maker_missing())
        return;
    g_autoptr(TmpDir) dir = tmp_dir_new();
    g_autofree char *root = make_tree(dir, row->files);
    g_autofree char *iso = iso_make(dir, "x.iso", root, "-R -V LABEL");
    check_open(row, iso, NULL);
}

/* The plan's files are over the medium's, and the rest is as it was. */
static void
test_plan(void)
{
    g_autoptr(TmpDir) dir = tmp_dir_new();
    g_autofree char *root = make_tree(dir, "boot/pxeboot boot/kernel/kernel boot/mfsroot.gz");
    RunConfig config = { .root = root, .console = CONSOLE_SERIAL, .nic = nic_table };
    g_autoptr(GError) error = NULL;
    g_autoptr(BootProgress) progress = quiet_progress();
    Medium medium = { 0 };

    config.text.menu = TRUE;
    g_assert_true(lan_config_parse(LAN_DEFAULT_NETWORK, &config.lan, &error));
    g_assert_true(medium_open(&medium, &config, progress, &error));
    g_assert_true(medium_plan(&medium, &config, &error));
    g_assert_true(medium_finish(&medium, &config, &error));
    g_assert_true(medium.media->freebsd);
    g_assert_cmpstr(medium.plan->root_path, ==, "192.168.64.4:/");
    g_autofree char *conf = tree_text(medium.tree, "boot/loader.conf.local");
    g_assert_nonnull(strstr(conf, "console=\"comconsole\""));
    g_assert_null(strstr(conf, "beastie_disable"));
    g_assert_true(vfs_is_file(medium.tree, "boot/kernel/kernel"));
    medium_clear(&medium);
}

/* A run that ends between the two steps. */
static void
test_clear_early(void)
{
    if (iso_maker_missing())
        return;
    g_autoptr(TmpDir) dir = tmp_dir_new();
    g_autofree char *root = make_tree(dir, "boot/pxeboot");
    g_autofree char *iso = iso_make(dir, "x.iso", root, "-R");
    const RunConfig config = { .iso = iso };
    g_autoptr(BootProgress) progress = quiet_progress();
    Medium medium = { 0 };

    medium_clear(&medium);
    g_assert_true(medium_open(&medium, &config, progress, NULL));
    medium_clear(&medium);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/medium/directory", open_rows, test_directory);
    ROWS_ADD("/medium/image", open_rows, test_image);
    g_test_add_func("/medium/plan", test_plan);
    g_test_add_func("/medium/clear-early", test_clear_early);
    return g_test_run();
}
