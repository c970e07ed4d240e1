/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An mtree(5) file: what is read of it names objects inside the tree, each once. */
#include "images/mtree-spec.h"
#include "tests/fuzz/fuzz-input.h"

#include <string.h>

static void
check_path(const char *path)
{
    g_auto(GStrv) names = g_strsplit(path, "/", -1);

    g_assert_cmpuint(strlen(path), <, VFS_PATH_MAX + VFS_NAME_MAX);
    if (*path == '\0')
        return; /* the top */
    for (char **name = names; *name != NULL; name++) {
        g_assert_cmpuint(strlen(*name), >, 0);
        g_assert_cmpuint(strlen(*name), <=, VFS_NAME_MAX);
        g_assert_cmpstr(*name, !=, ".");
        g_assert_cmpstr(*name, !=, "..");
    }
}

int
LLVMFuzzerTestOneInput(const guint8 *bytes, gsize len)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MtreeSpec) spec = mtree_spec_parse("x", (const char *)bytes, len, &error);

    g_assert_cmpint(spec != NULL, ==, error == NULL);
    if (spec == NULL) {
        g_assert_true(g_str_has_prefix(error->message, "'x' line "));
        return 0;
    }
    for (guint i = 0; i < mtree_spec_count(spec); i++) {
        const MtreeEntry *entry = mtree_spec_get(spec, i);
        check_path(entry->path);
        g_assert_true(mtree_spec_find(spec, entry->path) == entry);
        g_assert_cmpuint(entry->mode, <=, 07777);
        g_assert_cmpint(entry->type, <, VFS_TYPE_COUNT);
        g_assert_true(entry->link == NULL || *entry->link != '\0');
    }
    return 0;
}
