/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines of loader.conf: in the first is what the user gives, NAME=VALUE; behind it a medium's own
 * file.
 */
#include "base/error.h"
#include "images/loader-conf.h"
#include "tests/fuzz/fuzz-input.h"

#include <string.h>

#define PART_MAX 127 /* bytes of a name or a value that the kernel keeps */

/* A memory disk's name is before "_type" in a line of the text. */
static void
check_memory_disk(const char *text)
{
    g_autofree char *disk = loader_conf_find_memory_disk(text);

    if (disk == NULL)
        return;
    g_autofree char *key = g_strconcat(disk, "_type", NULL);
    g_autofree char *value = loader_conf_get(text, key);
    g_assert_nonnull(value);
    g_assert_nonnull(strstr(text, key));
}

/* The text with a line added, as boot-files.c adds it. */
static char *
with_line(const char *text, const char *name, const char *value)
{
    GString *all = g_string_new(text);

    if (all->len > 0 && all->str[all->len - 1] != '\n')
        g_string_append_c(all, '\n');
    loader_conf_append(all, name, value);
    return g_string_free(all, FALSE);
}

/* Whatever is before it, the line says what the user said. */
static void
check_pair(const char *text, const char *name, const char *value)
{
    g_autofree char *all = with_line(text, name, value);
    g_autofree char *found = loader_conf_get(all, name);
    g_autofree char *pair = g_strdup_printf("%s=\"%s\"", name, value);
    g_autofree char *name_again = NULL, *value_again = NULL;

    g_assert_cmpstr(found, ==, value);
    g_assert_cmpuint(strlen(name), <=, PART_MAX);
    g_assert_cmpuint(strlen(value), <=, PART_MAX);
    g_assert_true(g_str_has_suffix(all, "\"\n"));
    g_assert_true(loader_conf_parse(pair, &name_again, &value_again, NULL));
    g_assert_cmpstr(name_again, ==, name);
    g_assert_cmpstr(value_again, ==, value);
}

static void
check_added_disk(const char *text, const char *name)
{
    g_autofree char *key = g_strconcat(name, "_type", NULL);
    g_autofree char *all = with_line(text, key, "md_image");
    g_autofree char *disk = loader_conf_find_memory_disk(all);

    g_assert_cmpstr(disk, ==, name);
}

int
LLVMFuzzerTestOneInput(const guint8 *bytes, gsize len)
{
    g_autofree char *input = g_strndup((const char *)bytes, len);
    gsize line_len = strcspn(input, "\n");
    g_autofree char *line = g_strndup(input, line_len);
    const char *text = input + line_len + (input[line_len] == '\n');
    g_autofree char *name = NULL, *value = NULL;
    g_autoptr(GError) error = NULL;

    check_memory_disk(text);
    if (!loader_conf_parse(line, &name, &value, &error)) {
        g_assert_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_USAGE);
        g_assert_true(name == NULL && value == NULL);
        return 0;
    }
    check_pair(text, name, value);
    check_added_disk(text, name);
    return 0;
}
