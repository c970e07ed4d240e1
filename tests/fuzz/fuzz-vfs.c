/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Trees with hostile names and links: lines of text. "f PATH", "d PATH" and "l PATH TARGET" make a
 * tree, the same in capitals one that is laid over it, and "w PATH" walks in both together.
 */
#include "tests/fuzz/fuzz-input.h"
#include "tests/unit/support/tree-check.h"

#include <string.h>

#define LINES_MAX 64

static void
add_line(Vfs *vfs, char kind, const char *words)
{
    g_autoptr(GBytes) content = g_bytes_new(words, strlen(words));
    g_auto(GStrv) word = g_strsplit(words, " ", 2);

    if (word[0] == NULL)
        return;
    if (kind == 'f')
        (void)vfs_mem_add_file(vfs, word[0], content, 0644);
    else if (kind == 'd')
        (void)vfs_mem_add_dir(vfs, word[0], 0755);
    else if (kind == 'l')
        (void)vfs_mem_add_symlink(vfs, word[0], word[1] != NULL ? word[1] : "");
}

static void
walk(Vfs *vfs, const char *path)
{
    char real[VFS_PATH_MAX];
    g_autoptr(GBytes) bytes = NULL;
    VfsId id, again;

    (void)vfs_read_file(vfs, path, 64, &bytes);
    if (vfs_walk(vfs, path, &id) < 0)
        return;
    /* Where it has led to has a path without links. */
    if (vfs_path(vfs, id, real, sizeof real) < 0)
        return;
    g_assert_cmpint(vfs_walk(vfs, real, &again), ==, 0);
    g_assert_cmpuint(again, ==, id);
}

int
LLVMFuzzerTestOneInput(const guint8 *bytes, gsize len)
{
    g_autofree char *text = g_strndup((const char *)bytes, len);
    g_auto(GStrv) lines = g_strsplit(text, "\n", LINES_MAX);
    Vfs *lower = vfs_mem_new(), *upper = vfs_mem_new();

    for (char **line = lines; *line != NULL; line++) {
        if (**line != '\0' && (*line)[1] == ' ')
            add_line(g_ascii_isupper(**line) ? upper : lower, g_ascii_tolower(**line), *line + 2);
    }
    (void)tree_check(lower);
    g_autoptr(Vfs) vfs = vfs_overlay_new(upper, lower, NULL);
    (void)tree_check(vfs);
    for (char **line = lines; *line != NULL; line++) {
        if (g_str_has_prefix(*line, "w "))
            walk(vfs, *line + 2);
    }
    return 0;
}
