/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a medium says of itself: a byte that chooses which files are there, then records: the
 * loader, /cdrom.inf, /bin/freebsd-version, the kernel, loader.conf.local, the label. From them
 * come the description of the medium, the plan, and the tree that the guest sees.
 */
#include "images/boot-plan.h"
#include "images/kernel-file.h"
#include "tests/fuzz/fuzz-input.h"

#include <string.h>

#define LABEL_MAX 32 /* bytes in an ISO's volume identifier */

static const char *const record_paths[] = {
    "/boot/pxeboot",           "/cdrom.inf", "/bin/freebsd-version", "/boot/kernel/kernel",
    "/boot/loader.conf.local",
};

static void
add_file(Vfs *vfs, const char *path, const FuzzPiece *content)
{
    g_autoptr(GBytes) bytes = g_bytes_new(content->bytes, content->len);
    g_assert_cmpint(vfs_mem_add_file(vfs, path, bytes, 0444), ==, 0);
}

static void
check_release(const FuzzPiece *text)
{
    g_autofree char *string = g_strndup((const char *)text->bytes, text->len);
    g_autofree char *release = NULL;
    guint major = 0, minor = 0;

    if (!media_release_parse(string, &release, &major, &minor)) {
        g_assert_null(release);
        return;
    }
    g_assert_nonnull(strstr(string, release));
    g_assert_true(major >= 2 && major <= 99 && minor <= 99);
}

static void
check_kernel(Vfs *vfs, const char *path)
{
    g_autofree char *version = kernel_file_version(vfs, path);
    const char *arch = kernel_file_arch(vfs, path);

    if (version != NULL) {
        g_assert_cmpuint(strlen(version), <=, 128);
        g_assert_null(strchr(version, '\n'));
        g_assert_true(g_str_has_prefix(version, "FreeBSD "));
    }
    g_assert_true(arch == NULL || strlen(arch) <= 8);
}

static void
check_plan(Vfs *medium, const Media *media, guint8 choice)
{
    const PlanOptions options = {
        .menu = (choice & 1) != 0,
        .serial = (choice & 2) != 0,
        .server = ip4_of(0xc0a84004),
        .dns = ip4_of(0xc0a84003),
        .pxe_stack = (PxeStackMode)((choice >> 2) % 3),
        .nic = nic_table,
    };
    g_autoptr(BootPlan) plan = boot_plan_new(media, &options);
    g_autoptr(Vfs) tree = boot_plan_overlay(plan, medium, NULL);
    g_autoptr(GBytes) bytes = NULL;
    gsize len = 0;

    g_assert_nonnull(media_root_name(media->root));
    g_assert_nonnull(loader_generation_name(media->loader.generation));
    if (plan->settings->len == 0)
        return;
    g_assert_cmpint(vfs_read_file(tree, "/boot/loader.conf.local", 1 << 20, &bytes), ==, 0);
    const char *text = g_bytes_get_data(bytes, &len);
    g_assert_true(len > 0 && text[len - 1] == '\n');
}

int
LLVMFuzzerTestOneInput(const guint8 *bytes, gsize len)
{
    Cursor input = cursor_of(bytes, len);
    g_autofree char *label = NULL;
    Vfs *vfs = vfs_mem_new();
    guint flags;

    guint8 choice = cursor_u8(&input);
    for (guint i = 0; i <= G_N_ELEMENTS(record_paths); i++) {
        g_auto(FuzzPiece) content = { 0 };
        if (!fuzz_record_next(&input, &flags, &content))
            break;
        (void)media_loader_parse(content.bytes, content.len);
        check_release(&content);
        if (i == G_N_ELEMENTS(record_paths))
            label = g_strndup((const char *)content.bytes, MIN(content.len, LABEL_MAX));
        else
            add_file(vfs, record_paths[i], &content);
    }
    const FuzzPiece empty = { NULL, 0 };
    if ((choice & 4) != 0)
        add_file(vfs, "/boot/mfsroot.gz", &empty);
    if ((choice & 8) != 0)
        add_file(vfs, "/sbin/init", &empty);
    check_kernel(vfs, "/boot/kernel/kernel");
    g_autoptr(Media) media = media_detect(vfs, label, NULL);
    check_plan(vfs, media, choice);
    return 0;
}
