/* SPDX-License-Identifier: GPL-2.0-or-later */
/* images/loader-conf.c: what a line of loader.conf can hold, and what a medium's says. */
#include "base/error.h"
#include "images/loader-conf.h"
#include "tests/lan/rows.h"

typedef struct {
    const char *name, *text;
    const char *key, *value; /* (nullable): NULL when it must be refused */
    const char *refusal;     /* (nullable) */
} LineRow;

#define BAD_NAME  "a name begins with a letter and has letters, digits, '_', '.' and '-'"
#define BAD_VALUE "a value is printable ASCII without double quotes and backslashes"

static const LineRow line_rows[] = {
    { "plain", "autoboot_delay=-1", "autoboot_delay", "-1", NULL },
    { "empty-value", "console=", "console", "", NULL },
    { "with-dots", "vfs.root.mountfrom=ufs:/dev/md0", "vfs.root.mountfrom", "ufs:/dev/md0", NULL },
    { "with-a-hyphen", "dhcp.host-name=x", "dhcp.host-name", "x", NULL },
    { "second-sign-is-the-value's", "a=b=c", "a", "b=c", NULL },
    { "quoted", "a=\"b c\"", "a", "b c", NULL },
    { "spaces", "kernel_options=-v -s", "kernel_options", "-v -s", NULL },
    { "comment-sign", "a=#1", "a", "#1", NULL },
    { "variable", "a=${b}", "a", "${b}", NULL },
    { "no-sign", "autoboot_delay", NULL, NULL, "want NAME=VALUE" },
    { "empty", "", NULL, NULL, "want NAME=VALUE" },
    { "no-name", "=1", NULL, NULL, BAD_NAME },
    { "begins-with-a-digit", "1a=1", NULL, NULL, BAD_NAME },
    { "begins-with-a-dot", ".a=1", NULL, NULL, BAD_NAME },
    { "space-in-the-name", "a b=1", NULL, NULL, BAD_NAME },
    { "semicolon-in-the-name", "a;b=1", NULL, NULL, BAD_NAME },
    { "one-quote", "a=\"b", NULL, NULL, BAD_VALUE },
    { "quote-inside", "a=b\"c", NULL, NULL, BAD_VALUE },
    { "backslash", "a=b\\c", NULL, NULL, BAD_VALUE },
    { "newline", "a=b\nc=d", NULL, NULL, BAD_VALUE },
    { "not-ASCII", "a=\303\244", NULL, NULL, BAD_VALUE },
};

static void
test_line(gconstpointer data)
{
    const LineRow *row = data;
    g_autofree char *name = NULL, *value = NULL;
    g_autoptr(GError) error = NULL;

    gboolean ok = loader_conf_parse(row->text, &name, &value, &error);
    g_assert_cmpstr(name, ==, row->key);
    g_assert_cmpstr(value, ==, row->value);
    if (row->refusal == NULL) {
        g_assert_no_error(error);
        g_assert_true(ok);
        return;
    }
    g_autofree char *message = g_strdup_printf("--loader-conf '%s': %s", row->text, row->refusal);
    g_assert_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_USAGE);
    g_assert_cmpstr(error->message, ==, message);
}

static void
test_longest(void)
{
    for (gsize len = 126; len <= 129; len++) {
        g_autofree char *text = g_strnfill(len, 'a');
        g_autofree char *long_name = g_strconcat(text, "=1", NULL);
        g_autofree char *long_value = g_strconcat("a=", text, NULL);
        g_autofree char *name = NULL, *value = NULL, *name2 = NULL, *value2 = NULL;
        g_assert_cmpint(loader_conf_parse(long_name, &name, &value, NULL), ==, len <= 127);
        g_assert_cmpint(loader_conf_parse(long_value, &name2, &value2, NULL), ==, len <= 127);
    }
}

static void
test_append(void)
{
    g_autoptr(GString) text = g_string_new("x=\"1\"\n");
    loader_conf_append(text, "a.b", "c d");
    g_assert_cmpstr(text->str, ==, "x=\"1\"\na.b=\"c d\"\n");
}

typedef struct {
    const char *name, *text;
    const char *module, *file; /* (nullable) */
} DiskRow;

static const DiskRow disk_rows[] = {
    { "7.0-bootonly",
      "mfsroot_load=\"YES\"\nmfsroot_type=\"mfs_root\"\nmfsroot_name=\"/boot/mfsroot\"\n",
      "mfsroot", "/boot/mfsroot" },
    { "mfsbsd", "mfs_load=\"YES\"\nmfs_type=\"mfs_root\"\nmfs_name=\"/mfsroot\"\nahci_load=\"YES\"",
      "mfs", "/mfsroot" },
    { "md-image", "x_type=md_image\nx_name = \"/x\" # a comment\n", "x", "/x" },
    { "without-quotes", "x_type=mfs_root # md\nx_name=/x\r\n", "x", "/x" },
    { "spaces-in-front", "  x_type = \"mfs_root\"\n\tx_name\t=\t\"/x y\"\n", "x", "/x y" },
    { "the-last-one-counts",
      "a_type=\"mfs_root\"\nb_type=\"mfs_root\"\nb_name=\"1\"\nb_name=\"2\"\n", "b", "2" },
    { "no-name", "a_type=\"mfs_root\"\n", "a", NULL },
    { "commented-out", "#a_type=\"mfs_root\"\n", NULL, NULL },
    { "another-type", "a_type=\"splash_image_data\"\na_name=\"/x\"\n", NULL, NULL },
    { "half-a-quote", "a_type=\"mfs_root\na_name=\"/x\n", "a", "/x" },
    { "no-assignment", "mfs_root\n=\n==\n\n_type\n", NULL, NULL },
    { "empty", "", NULL, NULL },
};

static void
test_memory_disk(gconstpointer data)
{
    const DiskRow *row = data;
    g_autofree char *module = loader_conf_find_memory_disk(row->text);
    g_autofree char *key = g_strconcat(module != NULL ? module : "mfsroot", "_name", NULL);
    g_autofree char *file = loader_conf_get(row->text, key);

    g_assert_cmpstr(module, ==, row->module);
    g_assert_cmpstr(file, ==, row->file);
    for (gsize len = 0; len < strlen(row->text); len++) {
        g_autofree char *cut = g_strndup(row->text, len);
        g_free(loader_conf_find_memory_disk(cut));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/loader-conf/line", line_rows, test_line);
    ROWS_ADD("/loader-conf/memory-disk", disk_rows, test_memory_disk);
    g_test_add_func("/loader-conf/longest", test_longest);
    g_test_add_func("/loader-conf/append", test_append);
    return g_test_run();
}
