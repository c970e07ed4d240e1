/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text of an mtree file. What is taken from it are paths inside the tree, each found again, and
 * the same when they are written down whole, one a line, with all their bytes escaped.
 */
#include "base/error.h"
#include "images/mtree-spec.h"
#include "tests/fuzz/fuzz-input.h"

#include <string.h>

#define TEXT_MAX (1u << 20) /* bytes of the text that is written */

static void
check_path(const char *path)
{
    g_auto(GStrv) names = g_strsplit(path, "/", -1);

    g_assert_cmpuint(strlen(path), <, VFS_PATH_MAX);
    for (char **name = names; *name != NULL; name++) {
        g_assert_cmpuint(strlen(*name), <=, VFS_NAME_MAX);
        g_assert_true(**name != '\0' && !g_str_equal(*name, ".") && !g_str_equal(*name, ".."));
    }
}

static void
check_entry(const MtreeSpec *spec, const MtreeEntry *entry)
{
    g_assert_true(mtree_spec_find(spec, entry->path) == entry);
    check_path(entry->path);
    g_assert_cmpuint(entry->mode, <=, 07777);
    g_assert_cmpuint(entry->mtime_ns, <=, 999999999);
    g_assert_true(!entry->has_type || (guint)entry->type < VFS_TYPE_COUNT);
    if (entry->has_type && entry->type == VFS_LNK)
        g_assert_nonnull(entry->link);
    if (entry->has_type && (entry->type == VFS_CHR || entry->type == VFS_BLK))
        g_assert_true(entry->has_device);
    g_assert_true(entry->link == NULL ||
                  (*entry->link != '\0' && strlen(entry->link) < VFS_PATH_MAX));
}

/* ---- the same, written ---- */

static void
write_escaped(GString *to, const char *text)
{
    for (; *text != '\0'; text++)
        g_string_append_printf(to, *text == '/' ? "%c" : "\\%03o", (guint8)*text);
}

static void
write_entry(GString *to, const MtreeEntry *entry)
{
    static const char *const types[VFS_TYPE_COUNT] = {
        [VFS_REG] = "file",  [VFS_DIR] = "dir",   [VFS_LNK] = "link",    [VFS_CHR] = "char",
        [VFS_BLK] = "block", [VFS_FIFO] = "fifo", [VFS_SOCK] = "socket",
    };

    g_string_append(to, "./");
    write_escaped(to, entry->path);
    if (entry->has_type)
        g_string_append_printf(to, " type=%s", types[entry->type]);
    if (entry->has_mode)
        g_string_append_printf(to, " mode=%04o", entry->mode);
    if (entry->has_uid)
        g_string_append_printf(to, " uid=%u", entry->uid);
    if (entry->has_gid)
        g_string_append_printf(to, " gid=%u", entry->gid);
    if (entry->has_time)
        g_string_append_printf(to, " time=%" G_GINT64_FORMAT ".%u", entry->mtime_s,
                               entry->mtime_ns);
    if (entry->has_device)
        g_string_append_printf(to, " device=freebsd,%u,%u", entry->rdev_major, entry->rdev_minor);
    if (entry->link != NULL) {
        g_string_append(to, " link=");
        write_escaped(to, entry->link);
    }
    g_string_append_c(to, '\n');
}

static void
check_same(const MtreeEntry *a, const MtreeEntry *b)
{
    g_assert_cmpstr(a->path, ==, b->path);
    g_assert_true(a->has_type == b->has_type && (!a->has_type || a->type == b->type));
    g_assert_true(a->has_mode == b->has_mode && (!a->has_mode || a->mode == b->mode));
    g_assert_true(a->has_uid == b->has_uid && (!a->has_uid || a->uid == b->uid));
    g_assert_true(a->has_gid == b->has_gid && (!a->has_gid || a->gid == b->gid));
    g_assert_true(a->has_time == b->has_time &&
                  (!a->has_time || (a->mtime_s == b->mtime_s && a->mtime_ns == b->mtime_ns)));
    g_assert_true(
        a->has_device == b->has_device &&
        (!a->has_device || (a->rdev_major == b->rdev_major && a->rdev_minor == b->rdev_minor)));
    g_assert_cmpstr(a->link, ==, b->link);
}

static void
check_written(const MtreeSpec *spec)
{
    g_autoptr(GString) text = g_string_new("#mtree\n");
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < mtree_spec_count(spec) && text->len <= TEXT_MAX; i++)
        write_entry(text, mtree_spec_get(spec, i));
    if (text->len > TEXT_MAX)
        return;
    g_autoptr(MtreeSpec) again = mtree_spec_parse("again", text->str, text->len, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(mtree_spec_count(again), ==, mtree_spec_count(spec));
    for (guint i = 0; i < mtree_spec_count(spec); i++)
        check_same(mtree_spec_get(spec, i), mtree_spec_get(again, i));
}

int
LLVMFuzzerTestOneInput(const guint8 *bytes, gsize len)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MtreeSpec) spec = mtree_spec_parse("input", (const char *)bytes, len, &error);

    if (spec == NULL) {
        g_assert_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_MEDIUM);
        g_assert_null(strchr(error->message, '\n'));
        return 0;
    }
    g_assert_no_error(error);
    for (guint i = 0; i < mtree_spec_count(spec); i++)
        check_entry(spec, mtree_spec_get(spec, i));
    check_written(spec);
    return 0;
}
