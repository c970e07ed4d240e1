/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a line of loader.conf can say is what both of its readers take: the Forth one up to 11
 * [sys/boot/forth/support.4th: parser] and the Lua one from 12 on [stand/lua/config.lua:
 * pattern_table]. A name begins with a letter; a value stands in quotes, of which there can be none
 * inside, as only Forth knows the backslash.
 */
#include "images/loader-conf.h"

#include "base/error.h"

#include <string.h>

/* Forth takes '-' for a digit. */
#define NAME_CHARS    G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "_.-"
#define NAME_MAX_LEN  127 /* KENV_MNAMELEN of sys/kenv.h, without its NUL */
#define VALUE_MAX_LEN 127 /* KENV_MVALLEN */

static gboolean
refuse(GError **error, const char *text, const char *reason)
{
    g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_USAGE, "--loader-conf '%s': %s", text, reason);
    return FALSE;
}

static gboolean
is_value(const char *value)
{
    for (; *value != '\0'; value++) {
        if (!g_ascii_isprint(*value) || *value == '"' || *value == '\\')
            return FALSE;
    }
    return TRUE;
}

/**
 * loader_conf_parse:
 * @text: "name=value", as the user gives it; the value may stand in double quotes
 * @ret_name: (out) (transfer full): the name
 * @ret_value: (out) (transfer full): the value, without quotes
 * @error: PXE_RUN_ERROR_USAGE: no loader could read that
 **/
gboolean
loader_conf_parse(const char *text, char **ret_name, char **ret_value, GError **error)
{
    const char *sign = strchr(text, '=');
    gsize len;

    if (sign == NULL)
        return refuse(error, text, "want NAME=VALUE");
    len = (gsize)(sign - text);
    if (!g_ascii_isalpha(*text) || strspn(text, NAME_CHARS) != len)
        return refuse(error, text,
                      "a name begins with a letter and has letters, digits, '_', '.' and '-'");
    g_autofree char *value = g_strdup(sign + 1);
    gsize value_len = strlen(value);
    if (value_len >= 2 && value[0] == '"' && value[value_len - 1] == '"') {
        value[value_len - 1] = '\0';
        memmove(value, value + 1, value_len - 1);
    }
    if (!is_value(value))
        return refuse(error, text,
                      "a value is printable ASCII without double quotes and backslashes");
    if (len > NAME_MAX_LEN || strlen(value) > VALUE_MAX_LEN)
        return refuse(error, text, "name and value have at most 127 bytes each");
    *ret_name = g_strndup(text, len);
    *ret_value = g_steal_pointer(&value);
    return TRUE;
}

/* @name, @value: as loader_conf_parse() lets them be */
void
loader_conf_append(GString *to, const char *name, const char *value)
{
    g_string_append_printf(to, "%s=\"%s\"\n", name, value);
}

/* Steps over one line "name=value # comment", with or without quotes. */
static gboolean
next_assignment(const char **at, char **ret_name, char **ret_value)
{
    gsize line_len = strcspn(*at, "\n");
    g_autofree char *line = g_strndup(*at, line_len);
    const char *p = line + strspn(line, " \t");
    gsize len = strspn(p, NAME_CHARS);
    const char *value = p + len + strspn(p + len, " \t");

    *at += line_len + ((*at)[line_len] == '\n');
    if (len == 0 || *value != '=')
        return FALSE;
    value++;
    value += strspn(value, " \t");
    gboolean quoted = *value == '"';
    *ret_name = g_strndup(p, len);
    *ret_value = g_strndup(value + quoted, strcspn(value + quoted, quoted ? "\"" : " \t#\r"));
    return TRUE;
}

/**
 * loader_conf_get:
 * @text: a whole loader.conf
 * @name: a variable
 *
 * Returns: (transfer full) (nullable): the value that it has in the end
 **/
char *
loader_conf_get(const char *text, const char *name)
{
    char *found = NULL;

    while (*text != '\0') {
        g_autofree char *key = NULL, *value = NULL;
        if (!next_assignment(&text, &key, &value) || !g_str_equal(key, name))
            continue;
        g_free(found);
        found = g_steal_pointer(&value);
    }
    return found;
}

/**
 * loader_conf_find_memory_disk:
 * @text: a whole loader.conf
 *
 * Returns: (transfer full) (nullable): the module that is a memory disk: "mfsroot", where
 *   mfsroot_type is "mfs_root" or "md_image"
 *
 * Source: sys/dev/md/md.c: g_md_init
 **/
char *
loader_conf_find_memory_disk(const char *text)
{
    char *found = NULL;

    while (*text != '\0') {
        g_autofree char *key = NULL, *value = NULL;
        if (!next_assignment(&text, &key, &value) || !g_str_has_suffix(key, "_type") ||
            (!g_str_equal(value, "mfs_root") && !g_str_equal(value, "md_image")))
            continue;
        g_free(found);
        found = g_strndup(key, strlen(key) - strlen("_type"));
    }
    return found;
}
