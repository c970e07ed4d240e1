/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * images/layout-configs.c: every word is filled in. With a directory as argument, writes the files
 * there, so that tests/interop can show them to the servers themselves.
 */
#include "base/error.h"
#include "images/layout-configs.h"
#include "tests/lan/rows.h"

static const LayoutSite site = {
    .network = { { 10, 1, 0, 0 } },
    .netmask = { { 255, 255, 0, 0 } },
    .prefix_len = 16,
    .first = { { 10, 1, 0, 15 } },
    .last = { { 10, 1, 255, 254 } },
    .server = { { 10, 1, 0, 1 } },
    .directory = "/srv/pxe",
    .bootfile = "boot/pxeboot",
};

static BootPlan *
make_plan(gboolean with_variables)
{
    const Media media = {
        .freebsd = TRUE,
        .major = 14,
        .kernel = (char *)(guintptr) "/boot/kernel/kernel",
        .root = MEDIA_ROOT_LIVE,
        .loader = { LOADER_UNDI, { 1, 2, 0 }, with_variables, TRUE },
    };
    const PlanOptions options = { .nic = nic_table, .server = site.server, .dns = site.server };
    return boot_plan_new(&media, &options);
}

static const LayoutConfig *
find(const GPtrArray *configs, const char *name)
{
    for (guint i = 0; i < configs->len; i++) {
        const LayoutConfig *config = g_ptr_array_index(configs, i);
        if (g_str_equal(config->name, name))
            return config;
    }
    g_error("there is no %s", name);
}

static void
test_words(void)
{
    for (guint with_variables = 0; with_variables < 2; with_variables++) {
        g_autoptr(BootPlan) plan = make_plan(with_variables == 1);
        g_autoptr(GPtrArray) configs = layout_configs(&site, plan);
        g_assert_cmpuint(configs->len, ==, 9);
        for (guint i = 0; i < configs->len; i++) {
            const LayoutConfig *config = g_ptr_array_index(configs, i);
            g_assert_null(strstr(config->text, "${"));
            g_assert_true(g_str_has_suffix(config->text, "\n"));
            g_assert_cmpint(strstr(config->text, "nfs.read_size=") != NULL, ==,
                            with_variables == 1 && (g_str_has_prefix(config->name, "d") ||
                                                    g_str_has_prefix(config->name, "kea")));
        }
    }
}

typedef struct {
    const char *name;
    const char *config, *line;
} LineRow;

static const LineRow line_rows[] = {
    { "dnsmasq-boot", "dnsmasq.conf", "dhcp-boot=boot/pxeboot,,10.1.0.1\n" },
    { "dnsmasq-tftp", "dnsmasq.conf", "tftp-root=/srv/pxe/tftp\n" },
    { "dnsmasq-root", "dnsmasq.conf", "dhcp-option-force=option:root-path,10.1.0.1:/\n" },
    { "dnsmasq-variable", "dnsmasq.conf", "dhcp-option-force=250,\"nfs.read_size=" },
    { "dhcpd-subnet", "dhcpd.conf", "subnet 10.1.0.0 netmask 255.255.0.0 {\n" },
    { "dhcpd-variable", "dhcpd.conf", "    option loader-variable-250 \"nfs.read_size=" },
    { "dhcpd-request", "dhcpd.conf", "(option dhcp-parameter-request-list, 11, fa);\n" },
    { "dhcpd-one-address", "dhcpd.conf", "\nignore-client-uids true;\n" },
    { "kea-one-address", "kea-dhcp4.conf", "\"match-client-id\": false,\n" },
    { "kea-subnet", "kea-dhcp4.conf", "\"subnet\": \"10.1.0.0/16\",\n" },
    { "exports-linux", "exports.linux", "\n/srv/pxe/pxeroot 10.1.0.0/16(ro," },
    { "exports-freebsd", "exports.freebsd",
      "\n/srv/pxe/pxeroot -ro -maproot=root -network 10.1.0.0 -mask 255.255.0.0\n" },
    { "tftpd-hpa", "tftpd-hpa", "TFTP_DIRECTORY=\"/srv/pxe/tftp\"\n" },
    { "inetd", "inetd.conf.freebsd", "tftpd -l -s /srv/pxe/tftp\n" },
};

static void
test_line(gconstpointer data)
{
    const LineRow *row = data;
    g_autoptr(BootPlan) plan = make_plan(TRUE);
    g_autoptr(GPtrArray) configs = layout_configs(&site, plan);

    const char *text = find(configs, row->config)->text;
    if (strstr(text, row->line) == NULL)
        g_error("%s has no line '%s':\n%s", row->config, row->line, text);
}

typedef struct {
    const char *name, *directory;
    const char *refusal; /* (nullable) */
} DirectoryRow;

#define CHARS "the servers' files can name only paths of letters, digits and /._+-"

static const DirectoryRow directory_rows[] = {
    { "plain", "/srv/pxe-run_7.0+x", NULL },
    { "root", "/", NULL },
    { "relative", "srv", "the path is not absolute" },
    { "empty", "", "the path is not absolute" },
    { "space", "/srv/a b", CHARS },
    { "quote", "/srv/a\"b", CHARS },
    { "newline", "/srv/a\nb", CHARS },
    { "not-ASCII", "/srv/\303\244", CHARS },
    { "brace", "/srv/${server}", CHARS },
};

static void
test_directory(gconstpointer data)
{
    const DirectoryRow *row = data;
    g_autoptr(GError) error = NULL;

    g_assert_cmpint(layout_directory_check(row->directory, &error), ==, row->refusal == NULL);
    if (row->refusal == NULL)
        return;
    g_assert_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_USAGE);
    g_assert_true(g_str_has_suffix(error->message, row->refusal));
}

/* The longest path that the loaders' 127 bytes have room for, behind the longest address. */
static void
test_longest_directory(void)
{
    for (gsize len = 100; len < 110; len++) {
        g_autofree char *directory = g_strnfill(len, 'a');
        directory[0] = '/';
        g_autofree char *path = layout_export_path(directory);
        g_assert_cmpint(layout_directory_check(directory, NULL), ==,
                        strlen("255.255.255.255:") + strlen(path) <= 127);
    }
}

static void
test_bootfile(void)
{
    static const char *const good[] = { "boot/pxeboot", "pxelinux.0", "a_b-c+d" };
    static const char *const bad[] = { "", "a b", "a,b", "a\"b", "a\nb", "${server}", "\303\244" };

    for (gsize i = 0; i < G_N_ELEMENTS(good); i++)
        g_assert_true(layout_bootfile_check(good[i], NULL));
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_false(layout_bootfile_check(bad[i], &error));
        g_assert_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_USAGE);
    }
}

static int
write_files(const char *directory)
{
    g_autoptr(BootPlan) plan = make_plan(TRUE);
    g_autoptr(GPtrArray) configs = layout_configs(&site, plan);

    for (guint i = 0; i < configs->len; i++) {
        const LayoutConfig *config = g_ptr_array_index(configs, i);
        g_autofree char *path = g_build_filename(directory, config->name, NULL);
        if (!g_file_set_contents(path, config->text, -1, NULL))
            return 1;
    }
    return 0;
}

int
main(int argc, char **argv)
{
    if (argc == 2 && *argv[1] == '/')
        return write_files(argv[1]);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/layout-configs/words", test_words);
    ROWS_ADD("/layout-configs/line", line_rows, test_line);
    ROWS_ADD("/layout-configs/directory", directory_rows, test_directory);
    g_test_add_func("/layout-configs/longest-directory", test_longest_directory);
    g_test_add_func("/layout-configs/bootfile", test_bootfile);
    return g_test_run();
}
