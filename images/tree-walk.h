/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All objects of a tree, one after the other, each directory before what is in it. */
#pragma once

#include "images/vfs.h"

#define TREE_DEPTH_MAX   256        /* directories inside one another */
#define TREE_ENTRIES_MAX (1u << 20) /* names in a tree */

typedef struct {
    VfsId id;
    const char *path;  /* "." of the root, and else "./boot/kernel" */
    const char *name;  /* the last part of it */
    const char *first; /* (nullable): path of the same file, when it had another before */
    VfsAttr attr;
} TreeEntry;

/* FALSE, with an error, ends the walk. */
typedef gboolean (*TreeWalkFunc)(Vfs *tree, const TreeEntry *entry, gpointer data, GError **error);

gboolean tree_walk(Vfs *tree, TreeWalkFunc func, gpointer data, GError **error);
gboolean tree_read_link(Vfs *tree, const TreeEntry *entry, char *dst, gsize cap, GError **error);
guint64 tree_device(const VfsAttr *attr);
void
tree_add_mtree_line(GString *text, const TreeEntry *entry, const char *device, const char *target);
