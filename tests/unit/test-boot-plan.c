/* SPDX-License-Identifier: GPL-2.0-or-later */
/* images/boot-plan.c: medium × options → all that is done, word for word. */
#include "images/boot-plan.h"
#include "tests/lan/rows.h"

/* Lines that several rows share. */
#define ROOT_PATH   "root-path 192.168.64.4:/\n"
#define MFSROOT     "set vfs.root.mountfrom=ufs:/dev/md0\n"
#define LIVE        "set vfs.root.mountfrom=nfs:\nset boot.nfsroot.options=nolockd\n"
#define NO_KEYBOARD "set hint.atkbd.0.disabled=1\n"
#define SERIAL      "set console=comconsole\nset boot_serial=YES\n"
#define TEXT_MODE   "set hw.vga.textmode=1\n"
#define NO_MENU     "set beastie_disable=YES\nset autoboot_delay=-1\n"
#define READ_SIZE   "dhcp nfs.read_size=1344\n"
#define LIVE_FILES                                                                                 \
    "file /etc/fstab 192.168.64.4:/ / nfs ro 0 0\n"                                                \
    "append /etc/rc.conf root_rw_mount=\"NO\"\n"                                                   \
    "file /etc/resolv.conf nameserver 192.168.64.3\n"
#define WARN_VM86                                                                                  \
    "warn this loader (BTX 1.01) calls the PXE stack in virtual-8086 mode, which iPXE does not "   \
    "survive: it will stop with \"BTX halted\"\n"
#define WARN_KERNEL                                                                                \
    "warn there is no /boot/kernel/kernel: the loader will start, and stop at its prompt\n"
#define WARN_ROOT                                                                                  \
    "warn there is neither an mfsroot nor an init: the kernel will start, and find no root\n"

typedef struct {
    const char *name;
    Media media;
    gboolean menu, serial;
    const char *plan;
} PlanRow;

#define KERNEL (char *)(guintptr) "/boot/kernel/kernel"

#define I386(number, root_kind)                                                                    \
    {                                                                                              \
        .freebsd = TRUE, .major = number, .arch = "i386", .kernel = KERNEL,                        \
        .root = MEDIA_ROOT_##root_kind, .loader = {                                                \
            LOADER_NFS2,                                                                           \
            { 1, 2, 0 },                                                                           \
            FALSE,                                                                                 \
            FALSE                                                                                  \
        }                                                                                          \
    }
#define AMD64(number, root_kind, reads)                                                            \
    {                                                                                              \
        .freebsd = TRUE, .major = number, .arch = "amd64", .kernel = KERNEL,                       \
        .root = MEDIA_ROOT_##root_kind, .loader = {                                                \
            LOADER_UNDI,                                                                           \
            { 1, 2, 0 },                                                                           \
            reads,                                                                                 \
            TRUE                                                                                   \
        }                                                                                          \
    }

static const PlanRow plan_rows[] = {
    { "7.0-warns-of-its-loader",
      { .freebsd = TRUE,
        .major = 7,
        .arch = "i386",
        .kernel = KERNEL,
        .root = MEDIA_ROOT_MFSROOT,
        .loader = { LOADER_NFS2, { 1, 1, 0 }, FALSE, FALSE } },
      FALSE,
      FALSE,
      ROOT_PATH MFSROOT NO_KEYBOARD NO_MENU WARN_VM86 },
    { "8.0-i386", I386(8, MFSROOT), FALSE, FALSE, ROOT_PATH MFSROOT NO_KEYBOARD NO_MENU },
    { "8.3-amd64-keeps-its-keyboard", AMD64(8, MFSROOT, FALSE), FALSE, FALSE,
      ROOT_PATH MFSROOT NO_MENU },
    { "9.3-i386-keeps-its-keyboard", I386(9, LIVE), FALSE, FALSE,
      ROOT_PATH LIVE NO_MENU LIVE_FILES },
    { "10.2-has-a-text-mode", AMD64(10, LIVE, FALSE), FALSE, FALSE,
      ROOT_PATH LIVE TEXT_MODE NO_MENU LIVE_FILES },
    { "15.0-reads-more-at-once", AMD64(15, LIVE, TRUE), FALSE, FALSE,
      ROOT_PATH LIVE TEXT_MODE NO_MENU READ_SIZE LIVE_FILES },
    { "menu", AMD64(15, LIVE, TRUE), TRUE, FALSE, ROOT_PATH LIVE TEXT_MODE READ_SIZE LIVE_FILES },
    { "serial", AMD64(15, LIVE, TRUE), FALSE, TRUE,
      ROOT_PATH LIVE SERIAL TEXT_MODE NO_MENU READ_SIZE LIVE_FILES },
    { "menu-and-serial", I386(8, MFSROOT), TRUE, TRUE, ROOT_PATH MFSROOT NO_KEYBOARD SERIAL },
    { "no-root", AMD64(13, NONE, FALSE), FALSE, FALSE, ROOT_PATH TEXT_MODE NO_MENU WARN_ROOT },
    { "loader-alone",
      { .freebsd = TRUE, .loader = { LOADER_UNDI, { 1, 2, 0 }, TRUE, TRUE } },
      FALSE,
      FALSE,
      ROOT_PATH TEXT_MODE NO_MENU READ_SIZE WARN_KERNEL },
    { "release-unknown-is-taken-for-a-new-one",
      { .freebsd = TRUE, .arch = "i386", .kernel = KERNEL, .root = MEDIA_ROOT_LIVE },
      FALSE,
      FALSE,
      ROOT_PATH LIVE TEXT_MODE NO_MENU LIVE_FILES },
    { "old-release-of-unknown-machine",
      { .freebsd = TRUE, .major = 6, .kernel = KERNEL, .root = MEDIA_ROOT_MFSROOT },
      FALSE,
      FALSE,
      ROOT_PATH MFSROOT NO_KEYBOARD NO_MENU },
    { "btx-unknown-warns-of-nothing",
      { .freebsd = TRUE,
        .major = 12,
        .arch = "amd64",
        .kernel = KERNEL,
        .root = MEDIA_ROOT_LIVE,
        .loader = { LOADER_UNDI, { 0, 0, 0 }, FALSE, FALSE } },
      FALSE,
      FALSE,
      ROOT_PATH LIVE TEXT_MODE NO_MENU LIVE_FILES },
    { "another-boot-program",
      { .freebsd = FALSE, .kernel = KERNEL, .root = MEDIA_ROOT_LIVE },
      FALSE,
      TRUE,
      "" },
};

static void
append_settings(GString *text, const char *word, const GPtrArray *settings)
{
    for (guint i = 0; i < settings->len; i++) {
        const PlanSetting *setting = g_ptr_array_index(settings, i);
        g_string_append_printf(text, "%s %s=%s\n", word, setting->name, setting->value);
        g_assert_cmpuint(strlen(setting->why), >, 0);
        /* They are written as name="value" and as one DHCP option. */
        g_assert_null(strpbrk(setting->value, "\"\n;"));
        g_assert_null(strpbrk(setting->name, "=\"\n ;"));
    }
}

static char *
plan_text(const BootPlan *plan)
{
    GString *text = g_string_new(NULL);

    if (plan->root_path != NULL)
        g_string_append_printf(text, "root-path %s\n", plan->root_path);
    append_settings(text, "set", plan->settings);
    append_settings(text, "dhcp", plan->dhcp_settings);
    for (guint i = 0; i < plan->files->len; i++) {
        const PlanFile *file = g_ptr_array_index(plan->files, i);
        g_string_append_printf(text, "%s %s %s", file->append ? "append" : "file", file->path,
                               file->content);
        g_assert_cmpuint(strlen(file->why), >, 0);
        g_assert_true(g_str_has_suffix(file->content, "\n"));
    }
    for (guint i = 0; i < plan->warnings->len; i++)
        g_string_append_printf(text, "warn %s\n",
                               (const char *)g_ptr_array_index(plan->warnings, i));
    return g_string_free(text, FALSE);
}

static void
test_plan(gconstpointer data)
{
    const PlanRow *row = data;
    const PlanOptions options = {
        .menu = row->menu,
        .serial = row->serial,
        .server = { { 192, 168, 64, 4 } },
        .dns = { { 192, 168, 64, 3 } },
        .pxe_stack = PXE_STACK_IPXE,
        .nic = nic_table,
    };
    g_autoptr(BootPlan) plan = boot_plan_new(&row->media, &options);
    g_autofree char *text = plan_text(plan);

    g_assert_cmpstr(text, ==, row->plan);
    /* The loaders up to 10 have a buffer of 128 bytes for it, and 7.0 to 7.2 take "/" for none. */
    if (plan->root_path != NULL) {
        g_assert_cmpuint(strlen(plan->root_path), <, 128);
        g_assert_cmpuint(strlen(plan->root_path), >, 1);
    }
}

typedef struct {
    const char *name;
    PxeStackMode mode;
    const char *nic;
    Media media;
    gboolean own;
    const char *why;       /* a part of it */
    const char *plan;      /* a part of it; NULL: the keyboard stays, and nobody warns */
    const char *read_size; /* (nullable) */
} StackRow;

#define VM86                                                                                       \
    {                                                                                              \
        .freebsd = TRUE, .major = 7, .arch = "i386", .kernel = KERNEL, .root = MEDIA_ROOT_MFSROOT, \
        .loader = {                                                                                \
            LOADER_NFS2,                                                                           \
            { 1, 1, 0 },                                                                           \
            FALSE,                                                                                 \
            FALSE                                                                                  \
        }                                                                                          \
    }

static const StackRow stack_rows[] = {
    { "auto-7.0", PXE_STACK_AUTO, "rtl8139", VM86, TRUE, "virtual-8086 mode", NULL },
    { "auto-8.0", PXE_STACK_AUTO, "rtl8139", I386(8, MFSROOT), TRUE, "faster", NULL },
    { "auto-15.0", PXE_STACK_AUTO, "virtio", AMD64(15, LIVE, TRUE), TRUE, "faster", NULL, "8192" },
    { "ipxe-15.0", PXE_STACK_IPXE, "virtio", AMD64(15, LIVE, TRUE), FALSE, "--pxe-stack", NULL,
      "1344" },
    { "auto-other-card", PXE_STACK_AUTO, "pcnet", VM86, FALSE, "no driver",
      NO_KEYBOARD NO_MENU WARN_VM86 },
    { "auto-other-program",
      PXE_STACK_AUTO,
      "rtl8139",
      { .freebsd = FALSE },
      FALSE,
      "not FreeBSD's",
      NULL },
    { "auto-too-large",
      PXE_STACK_AUTO,
      "rtl8139",
      { .freebsd = TRUE, .bootfile_size = 600000 },
      FALSE,
      "no room",
      NULL },
    { "auto-no-room-for-the-loader-below",
      PXE_STACK_AUTO,
      "rtl8139",
      { .freebsd = TRUE, .loader = { LOADER_UNDI, { 1, 2, 620000 }, TRUE, TRUE } },
      FALSE,
      "no room",
      NULL,
      "1344" },
    { "auto-room-enough",
      PXE_STACK_AUTO,
      "rtl8139",
      { .freebsd = TRUE, .loader = { LOADER_UNDI, { 1, 2, 610000 }, TRUE, TRUE } },
      TRUE,
      "faster",
      NULL,
      "8192" },
    { "ipxe", PXE_STACK_IPXE, "rtl8139", VM86, FALSE, "--pxe-stack", NO_KEYBOARD },
    { "own-other-program",
      PXE_STACK_OWN,
      "rtl8139",
      { .freebsd = FALSE },
      TRUE,
      "--pxe-stack",
      NULL },
};

static void
test_stack(gconstpointer data)
{
    const StackRow *row = data;
    const PlanOptions options = { .pxe_stack = row->mode, .nic = nic_find(row->nic, NULL) };
    g_autoptr(BootPlan) plan = boot_plan_new(&row->media, &options);
    g_autofree char *text = plan_text(plan);

    g_assert_cmpint(plan->own_stack, ==, row->own);
    gboolean merges = row->media.loader.generation == LOADER_UNDI;
    g_assert_cmpint(plan->stack_needs.flags, ==,
                    merges ? PXE_STACK_MERGES_FRAGMENTS : PXE_STACK_PLAIN);
    g_assert_nonnull(strstr(plan->stack_why, row->why));
    if (row->read_size != NULL) {
        const PlanSetting *setting = g_ptr_array_index(plan->dhcp_settings, 0);
        g_assert_cmpstr(setting->value, ==, row->read_size);
    }
    if (row->plan != NULL) {
        g_assert_nonnull(strstr(text, row->plan));
    } else {
        g_assert_null(strstr(text, "atkbd"));
        g_assert_null(strstr(text, "virtual-8086"));
    }
}

/* The addresses are those of the LAN, whatever they are. */
static void
test_addresses(void)
{
    const Media media = AMD64(14, LIVE, FALSE);
    const PlanOptions options = {
        .server = { { 255, 254, 253, 252 } },
        .dns = { { 1, 2, 3, 4 } },
        .nic = nic_table,
    };
    g_autoptr(BootPlan) plan = boot_plan_new(&media, &options);
    g_autofree char *text = plan_text(plan);

    g_assert_cmpstr(plan->root_path, ==, "255.254.253.252:/");
    g_assert_nonnull(strstr(text, "file /etc/fstab 255.254.253.252:/ / nfs ro 0 0\n"));
    g_assert_nonnull(strstr(text, "nameserver 1.2.3.4\n"));
}

static void
test_free_nothing(void)
{
    boot_plan_free(NULL);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/boot-plan/plan", plan_rows, test_plan);
    ROWS_ADD("/boot-plan/stack", stack_rows, test_stack);
    g_test_add_func("/boot-plan/addresses", test_addresses);
    g_test_add_func("/boot-plan/free-nothing", test_free_nothing);
    return g_test_run();
}
