/* SPDX-License-Identifier: GPL-2.0-or-later */
/* launcher/inspect.c: whole reports, for people and as JSON, of media made here. */
#include "base/json.h"
#include "launcher/inspect.h"
#include "tests/lan/rows.h"

#include <locale.h>

/* A medium of constants. */
typedef struct {
    const char *name;
    Media media;
    const char *root_path;              /* (nullable) */
    const PlanSetting *settings, *dhcp; /* (nullable): ended by one without a name */
    const PlanFile *files;
    const char *const *warnings;
    const PlanRoot *root;
    const char *text; /* the report */
    const char *json;
    char *format; /* (nullable): of the image */
} ReportRow;

#define WORD(text) (char *)(guintptr)(text)

static const PlanSetting settings[] = {
    { WORD("vfs.root.mountfrom"), WORD("ufs:/dev/md0"), "the root is the memory disk" },
    { WORD("console"), WORD("comconsole"), "the serial line" },
    { NULL, NULL, NULL },
};
static const PlanSetting dhcp[] = {
    { WORD("nfs.read_size"), WORD("1344"), "fewer reads" },
    { NULL, NULL, NULL },
};
static const PlanFile files[] = {
    { WORD("/etc/fstab"), WORD("a:/ / nfs ro 0 0\n"), FALSE, "names the root" },
    { WORD("/etc/rc.conf"), WORD("x=\"NO\"\n"), TRUE, "stays read-only" },
    { NULL, NULL, FALSE, NULL },
};
static const char *const warnings[] = { "it will stop", "and \"halt\"", NULL };

static const PlanRoot image = {
    PLAN_ROOT_IMAGE, PLAN_BASE_MFSROOT, WORD("/boot/mfsroot.gz"), NULL, "your files",
};
static const PlanRoot no_root = { .why = "there is none" };

static const ReportRow report_rows[] = {
    { "all-there-is",
      { .volume_id = WORD("FBSD_7"),
        .bootfile = WORD("boot/pxeboot"),
        .freebsd = TRUE,
        .release = WORD("7.0-RELEASE"),
        .source = "volume label",
        .major = 7,
        .arch = "i386",
        .kernel = WORD("/boot/kernel/kernel"),
        .loader = { LOADER_NFS2, { 1, 1, 0 }, TRUE, TRUE },
        .root = MEDIA_ROOT_MFSROOT,
        .mfsroot = WORD("/boot/mfsroot.gz") },
      "192.168.64.4:/",
      settings,
      dhcp,
      files,
      warnings,
      &image,
      "medium        all-there-is\n"
      "format        UFS2 in GPT partition p3, packed with xz\n"
      "volume label  FBSD_7\n"
      "boot program  /boot/pxeboot\n"
      "release       7.0-RELEASE (from the volume label)\n"
      "architecture  i386\n"
      "loader        7.0 to 8.1 (PXE UDP, NFSv2), BTX 1.01, Lua\n"
      "PXE stack     ipxe: because\n"
      "kernel        /boot/kernel/kernel\n"
      "root          mfsroot /boot/mfsroot.gz\n"
      "kernel's root memory disk, made as /boot/mfsroot.gz: your files\n"
      "root path     192.168.64.4:/ (DHCP option 17)\n"
      "\n"
      "added to /boot/loader.conf.local:\n"
      "  vfs.root.mountfrom=\"ufs:/dev/md0\"\n"
      "      the root is the memory disk\n"
      "  console=\"comconsole\"\n"
      "      the serial line\n"
      "\n"
      "told by DHCP (options 250 and up):\n"
      "  nfs.read_size=\"1344\"\n"
      "      fewer reads\n"
      "\n"
      "files over the medium's own:\n"
      "  /etc/fstab\n"
      "      names the root\n"
      "  /etc/rc.conf (appended)\n"
      "      stays read-only\n"
      "\n"
      "warning: it will stop\n"
      "\n"
      "warning: and \"halt\"\n",
      "{'format': 1, 'medium': 'all-there-is',"
      " 'image_format': 'UFS2 in GPT partition p3, packed with xz', 'volume_id': 'FBSD_7', "
      "'bootfile': 'boot/pxeboot',"
      " 'freebsd': true, 'release': '7.0-RELEASE', 'arch': 'i386', 'kernel': '/boot/kernel/kernel',"
      " 'root': 'mfsroot', 'mfsroot': '/boot/mfsroot.gz', 'loader': {'generation': 'nfs2',"
      " 'btx': '1.01', 'nfs_read_size': true, 'lua': true}, 'plan': {'root_path': "
      "'192.168.64.4:/', 'pxe_stack': 'ipxe', 'pxe_stack_why': 'because',"
      " 'root': {'kind': 'image', 'base': 'mfsroot',"
      " 'image': '/boot/mfsroot.gz', 'why': 'your files'}, "
      "'loader_conf': [{'name': 'vfs.root.mountfrom', 'value': 'ufs:/dev/md0',"
      " 'why': 'the root is the memory disk'}, {'name': 'console', 'value': 'comconsole',"
      " 'why': 'the serial line'}], 'dhcp_variables': [{'name': 'nfs.read_size', 'value': '1344',"
      " 'why': 'fewer reads'}], 'files': [{'path': '/etc/fstab', 'content': 'a:/ / nfs ro 0 0\\n',"
      " 'append': false, 'why': 'names the root'}, {'path': '/etc/rc.conf',"
      " 'content': 'x=\\\"NO\\\"\\n', 'append': true, 'why': 'stays read-only'}],"
      " 'warnings': ['it will stop', 'and \\\"halt\\\"']}}",
      WORD("UFS2 in GPT partition p3, packed with xz") },
    { "next-to-nothing",
      { .bootfile = WORD("boot/pxeboot"), .freebsd = TRUE },
      "10.0.0.4:/",
      NULL,
      NULL,
      NULL,
      NULL,
      &no_root,
      "medium        next-to-nothing\n"
      "volume label  -\n"
      "boot program  /boot/pxeboot\n"
      "release       -\n"
      "architecture  -\n"
      "loader        unknown\n"
      "PXE stack     ipxe: because\n"
      "kernel        -\n"
      "root          none\n"
      "kernel's root none: there is none\n"
      "root path     10.0.0.4:/ (DHCP option 17)\n",
      "{'format': 1, 'medium': 'next-to-nothing', 'image_format': null,"
      " 'volume_id': null, 'bootfile': 'boot/pxeboot',"
      " 'freebsd': true, 'release': null, 'arch': null, 'kernel': null, 'root': 'none',"
      " 'mfsroot': null, 'loader': {'generation': null, 'btx': null, 'nfs_read_size': false,"
      " 'lua': false}, 'plan': {'root_path': '10.0.0.4:/', 'pxe_stack': 'ipxe', 'pxe_stack_why': "
      "'because', 'root': {'kind': 'none', 'base': 'empty', "
      "'image': null, 'why': 'there is none'}, 'loader_conf': [],"
      " 'dhcp_variables': [], 'files': [], 'warnings': []}}" },
    { "another-system's",
      { .bootfile = WORD("pxelinux.0") },
      NULL,
      NULL,
      NULL,
      NULL,
      NULL,
      &no_root,
      "medium        another-system's\n"
      "volume label  -\n"
      "boot program  /pxelinux.0\n"
      "              not FreeBSD's: booted as it is, by TFTP\n"
      "PXE stack     ipxe: because\n",
      "{'format': 1, 'medium': \"another-system's\", 'image_format': null,"
      " 'volume_id': null, 'bootfile': 'pxelinux.0',"
      " 'freebsd': false, 'release': null, 'arch': null, 'kernel': null, 'root': 'none',"
      " 'mfsroot': null, 'loader': {'generation': null, 'btx': null, 'nfs_read_size': false,"
      " 'lua': false}, 'plan': {'root_path': null, 'pxe_stack': 'ipxe', 'pxe_stack_why': "
      "'because', 'root': {'kind': 'none', 'base': 'empty', "
      "'image': null, 'why': 'there is none'}, 'loader_conf': [], 'dhcp_variables': [],"
      " 'files': [], 'warnings': []}}" },
    { "hostile\nwarning: all is well\033[2J",
      { .volume_id = WORD("A\nB\xff"), .bootfile = WORD("a\033]0;x\a"), .freebsd = TRUE },
      "10.0.0.4:/",
      NULL,
      NULL,
      NULL,
      NULL,
      &no_root,
      "medium        hostile\\x0awarning: all is well\\x1b[2J\n"
      "volume label  A\\x0aB\\xff\n"
      "boot program  /a\\x1b]0;x\\x07\n"
      "release       -\n"
      "architecture  -\n"
      "loader        unknown\n"
      "PXE stack     ipxe: because\n"
      "kernel        -\n"
      "root          none\n"
      "kernel's root none: there is none\n"
      "root path     10.0.0.4:/ (DHCP option 17)\n",
      "{'format': 1, 'medium': 'hostile\\nwarning: all is well\\u001b[2J',"
      " 'image_format': null, 'volume_id': 'A\\nB\\ufffd', 'bootfile': 'a\\u001b]0;x\\u0007',"
      " 'freebsd': true, 'release': null, 'arch': null, 'kernel': null, 'root': 'none',"
      " 'mfsroot': null, 'loader': {'generation': null, 'btx': null, 'nfs_read_size': false,"
      " 'lua': false}, 'plan': {'root_path': '10.0.0.4:/', 'pxe_stack': 'ipxe', 'pxe_stack_why': "
      "'because', 'root': {'kind': 'none', 'base': 'empty', "
      "'image': null, 'why': 'there is none'}, 'loader_conf': [],"
      " 'dhcp_variables': [], 'files': [], 'warnings': []}}" },
};

static GPtrArray *
settings_array(const PlanSetting *rows)
{
    GPtrArray *array = g_ptr_array_new();
    for (; rows != NULL && rows->name != NULL; rows++)
        g_ptr_array_add(array, (gpointer)(guintptr)rows);
    return array;
}

static GPtrArray *
files_array(const PlanFile *rows)
{
    GPtrArray *array = g_ptr_array_new();
    for (; rows != NULL && rows->path != NULL; rows++)
        g_ptr_array_add(array, (gpointer)(guintptr)rows);
    return array;
}

static GPtrArray *
texts_array(const char *const *rows)
{
    GPtrArray *array = g_ptr_array_new();
    for (; rows != NULL && *rows != NULL; rows++)
        g_ptr_array_add(array, (gpointer)(guintptr)*rows);
    return array;
}

static void
test_report(gconstpointer data)
{
    const ReportRow *row = data;
    g_autoptr(GPtrArray) conf = settings_array(row->settings);
    g_autoptr(GPtrArray) variables = settings_array(row->dhcp);
    g_autoptr(GPtrArray) plan_files = files_array(row->files);
    g_autoptr(GPtrArray) plan_warnings = texts_array(row->warnings);
    Media media = row->media;
    BootPlan plan = {
        .root_path = WORD(row->root_path),
        .stack_why = "because",
        .root = *row->root,
        .settings = conf,
        .dhcp_settings = variables,
        .files = plan_files,
        .warnings = plan_warnings,
    };
    const Medium medium = {
        .name = row->name, .format = row->format, .media = &media, .plan = &plan
    };

    g_autofree char *text = inspect_text(&medium);
    g_assert_cmpstr(text, ==, row->text);
    g_autofree char *json = inspect_json(&medium);
    g_assert_true(g_utf8_validate(json, -1, NULL));
    g_assert_true(g_str_has_suffix(json, "}\n"));
    g_autoptr(JsonObject) got = json_tokener_parse(json);
    g_autoptr(JsonObject) want = json_tokener_parse(row->json);
    g_assert_nonnull(want);
    if (!json_object_equal(got, want))
        g_error("%s\nis not\n%s", json, json_object_to_json_string(want));
}

/* Members come in the order of docs/inspect-json.md, each on a line, so that a diff can be read. */
static void
test_order(void)
{
    static const char *const members[] = {
        "\n  \"format\": 1",
        "\n  \"medium\"",
        "\n  \"image_format\"",
        "\n  \"volume_id\"",
        "\n  \"bootfile\"",
        "\n  \"freebsd\"",
        "\n  \"release\"",
        "\n  \"arch\"",
        "\n  \"kernel\"",
        "\n  \"root\"",
        "\n  \"mfsroot\"",
        "\n  \"loader\"",
        "\n  \"plan\"",
        "\n    \"root_path\"",
        "\n    \"pxe_stack\"",
        "\n    \"pxe_stack_why\"",
        "\n    \"root\"",
        "\n    \"loader_conf\"",
        "\n    \"dhcp_variables\"",
        "\n    \"files\"",
        "\n    \"warnings\"",
    };
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    Media media = { .bootfile = WORD("a/b") };
    BootPlan plan = {
        .stack_why = "because",
        .settings = none,
        .dhcp_settings = none,
        .files = none,
        .warnings = none,
    };
    const Medium medium = { .name = "x", .media = &media, .plan = &plan };
    g_autofree char *json = inspect_json(&medium);
    const char *at = json;

    for (gsize i = 0; i < G_N_ELEMENTS(members); i++) {
        at = strstr(at, members[i]);
        if (at == NULL)
            g_error("%s is not there, or not in its place:\n%s", members[i], json);
    }
    g_assert_nonnull(strstr(json, "\"a/b\"")); /* slashes stay readable */
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    (void)setlocale(LC_CTYPE, "C.UTF-8");
    for (gsize i = 0; i < G_N_ELEMENTS(report_rows); i++) {
        g_autofree char *path = g_strdup_printf("/inspect/report/%" G_GSIZE_FORMAT, i);
        g_test_add_data_func(path, &report_rows[i], test_report);
    }
    g_test_add_func("/inspect/order", test_order);
    return g_test_run();
}
