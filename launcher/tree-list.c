/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints every name in a tree, for people as `ls -l` has it, one line each, or as JSON;
 * docs/mfsroot-json.md describes the latter.
 */
#include "launcher/tree-list.h"

#include "base/error.h"
#include "base/json.h"
#include "images/mtree-spec.h"
#include "images/tree-walk.h"
#include "launcher/visible.h"

#include <stdio.h>
#include <stdlib.h>

#define JSON_FORMAT 1 /* changes when something that was there changes its meaning */

/* As ls has them. */
static const char type_letters[VFS_TYPE_COUNT] = {
    [VFS_REG] = '-', [VFS_DIR] = 'd',  [VFS_LNK] = 'l',  [VFS_CHR] = 'c',
    [VFS_BLK] = 'b', [VFS_FIFO] = 'p', [VFS_SOCK] = 's',
};

/* As ls has it: the set-ID and sticky bits show where execution does. */
static void
add_mode(GString *text, const VfsAttr *attr)
{
    static const char bits[] = "rwxrwxrwx", special[] = "sst", without[] = "SST";

    g_string_append_c(text, type_letters[attr->type]);
    for (guint i = 0; i < 9; i++) {
        gboolean set = (attr->mode & 0400u >> i) != 0;
        if (i % 3 == 2 && (attr->mode & 04000u >> i / 3) != 0)
            g_string_append_c(text, set ? special[i / 3] : without[i / 3]);
        else
            g_string_append_c(text, set ? bits[i] : '-');
    }
}

static gboolean
is_device(const VfsAttr *attr)
{
    return attr->type == VFS_CHR || attr->type == VFS_BLK;
}

static gboolean
list_text(Vfs *tree, const TreeEntry *entry, gpointer data, GError **error)
{
    const VfsAttr *attr = &entry->attr;
    char target[VFS_PATH_MAX];

    (void)data;
    if (attr->type == VFS_LNK && !tree_read_link(tree, entry, target, sizeof target, error))
        return FALSE;
    g_autoptr(GString) line = g_string_new(NULL);
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(attr->mtime_s);
    g_autofree char *when = time != NULL ? g_date_time_format(time, "%F %T") : g_strdup("-");
    add_mode(line, attr);
    g_string_append_printf(line, " %3u %5u %5u ", attr->nlink, attr->uid, attr->gid);
    if (is_device(attr))
        g_string_append_printf(line, "%5u,%4u", attr->rdev_major, attr->rdev_minor);
    else
        g_string_append_printf(line, "%10" G_GUINT64_FORMAT, attr->size);
    g_autofree char *path = visible_line(entry->path);
    g_string_append_printf(line, " %s %s", when, path);
    if (attr->type == VFS_LNK) {
        g_autofree char *shown = visible_line(target);
        g_string_append_printf(line, " -> %s", shown);
    }
    if (puts(line->str) < 0) /* main() tells why */
        return FALSE;
    return TRUE;
}

static void
json_text(JsonObject *object, const char *key, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    json_add_string(object, key, valid);
}

static gboolean
list_json(Vfs *tree, const TreeEntry *entry, gpointer data, GError **error)
{
    const VfsAttr *attr = &entry->attr;
    char target[VFS_PATH_MAX];

    if (attr->type == VFS_LNK && !tree_read_link(tree, entry, target, sizeof target, error))
        return FALSE;
    JsonObject *object = json_add_object(data, NULL);
    json_text(object, "path", entry->path);
    json_add_string(object, "type", mtree_type_names[attr->type]);
    json_add_int(object, "mode", attr->mode);
    json_add_int(object, "uid", attr->uid);
    json_add_int(object, "gid", attr->gid);
    json_add_int(object, "nlink", attr->nlink);
    json_add_int(object, "size", (gint64)attr->size);
    json_add_int(object, "mtime", attr->mtime_s);
    if (attr->type == VFS_LNK)
        json_text(object, "target", target);
    if (entry->first != NULL)
        json_text(object, "same_as", entry->first);
    if (is_device(attr)) {
        json_add_int(object, "major", attr->rdev_major);
        json_add_int(object, "minor", attr->rdev_minor);
    }
    return TRUE;
}

/**
 * tree_list_print:
 * @tree: (transfer none): a tree
 * @json: whether a program reads it
 * @error: PXE_RUN_ERROR_MEDIUM
 **/
gboolean
tree_list_print(Vfs *tree, gboolean json, GError **error)
{
    if (!json)
        return tree_walk(tree, list_text, NULL, error);
    g_autoptr(JsonObject) root = json_object_new_object();
    json_add_int(root, "format", JSON_FORMAT);
    if (!tree_walk(tree, list_json, json_add_array(root, "files"), error))
        return FALSE;
    (void)puts(json_object_to_json_string_ext(
        root, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE));
    return TRUE;
}
