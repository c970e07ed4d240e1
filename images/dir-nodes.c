/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "images/dir-nodes.h"

#include <errno.h>
#include <string.h>

struct DirNodes {
    GPtrArray *nodes;    /* of DirNode, by VfsId; 0 is the root */
    GHashTable *by_name; /* DirNode, by parent and name → its number as a pointer */
};

static guint
dir_node_hash(gconstpointer key)
{
    const DirNode *node = key;
    return g_str_hash(node->name) ^ (guint)(node->parent * 2654435761u);
}

static gboolean
dir_node_equal(gconstpointer a, gconstpointer b)
{
    const DirNode *x = a, *y = b;
    return x->parent == y->parent && g_str_equal(x->name, y->name);
}

static void
dir_node_free(gpointer data)
{
    DirNode *node = data;
    g_clear_pointer(&node->listing, g_array_unref);
    g_free(node->name);
    g_free(node);
}

/**
 * dir_nodes_new:
 *
 * Returns: (transfer full): a table with nothing but the root, whose number is 0
 **/
DirNodes *
dir_nodes_new(void)
{
    DirNodes *self = g_new0(DirNodes, 1);
    VfsId root;

    self->nodes = g_ptr_array_new_with_free_func(dir_node_free);
    self->by_name = g_hash_table_new(dir_node_hash, dir_node_equal);
    (void)dir_nodes_intern(self, 0, "", &root);
    return self;
}

/* Returns: (transfer none) (nullable): the object with this number; good until dir_nodes_free() */
DirNode *
dir_nodes_get(const DirNodes *self, VfsId id)
{
    return id < self->nodes->len ? g_ptr_array_index(self->nodes, id) : NULL;
}

/**
 * dir_nodes_intern:
 * @self: the table
 * @parent: number of a directory
 * @name: a name in it
 * @ret: (out): the object's number, a new one if it was not seen before
 *
 * Returns: 0, or -ENOSPC when there are DIR_NODES_MAX objects
 **/
int
dir_nodes_intern(DirNodes *self, VfsId parent, const char *name, VfsId *ret)
{
    const DirNode key = { parent, (char *)(guintptr)name, NULL };
    gpointer found;

    if (g_hash_table_lookup_extended(self->by_name, &key, NULL, &found)) {
        *ret = GPOINTER_TO_UINT(found);
        return 0;
    }
    if (self->nodes->len >= DIR_NODES_MAX)
        return -ENOSPC;
    DirNode *node = g_new0(DirNode, 1);
    node->parent = parent;
    node->name = g_strdup(name);
    *ret = self->nodes->len;
    g_ptr_array_add(self->nodes, node);
    g_hash_table_insert(self->by_name, node, GUINT_TO_POINTER((guint)*ret));
    return 0;
}

/**
 * dir_nodes_path:
 * @self: the table
 * @id: an object's number
 * @path: room for the path
 * @ret: (out): the way from the root to the object, in @path; "." for the root
 *
 * Returns: 0, -ESTALE when there is no such number, -ENAMETOOLONG
 **/
int
dir_nodes_path(const DirNodes *self, VfsId id, char path[static VFS_PATH_MAX], const char **ret)
{
    gsize start = VFS_PATH_MAX;

    path[--start] = '\0';
    for (const DirNode *node; id != 0; id = node->parent) {
        if ((node = dir_nodes_get(self, id)) == NULL)
            return -ESTALE;
        gsize len = strlen(node->name);
        if (len + 1 > start)
            return -ENAMETOOLONG;
        if (path[start] != '\0')
            path[--start] = '/';
        start -= len;
        memcpy(path + start, node->name, len);
    }
    *ret = path[start] != '\0' ? path + start : ".";
    return 0;
}

static gint
dir_node_compare(gconstpointer a, gconstpointer b, gpointer data)
{
    const DirNodes *self = data;
    return strcmp(dir_nodes_get(self, *(const VfsId *)a)->name,
                  dir_nodes_get(self, *(const VfsId *)b)->name);
}

/**
 * dir_nodes_list:
 * @self: the table
 * @dir: number of a directory
 * @stream: reads it
 *
 * Makes the directory's listing anew; it stays what it was on failure.
 *
 * Returns: 0, -ENOSPC as dir_nodes_intern(), or what readdir() fails with
 **/
int
dir_nodes_list(DirNodes *self, VfsId dir, DIR *stream)
{
    g_autoptr(GArray) listing = g_array_new(FALSE, FALSE, sizeof(VfsId));
    const struct dirent *entry;
    VfsId id;
    int r;

    while (errno = 0, (entry = readdir(stream)) != NULL) {
        if (g_str_equal(entry->d_name, ".") || g_str_equal(entry->d_name, ".."))
            continue;
        if ((r = dir_nodes_intern(self, dir, entry->d_name, &id)) < 0)
            return r;
        g_array_append_val(listing, id);
    }
    if (errno != 0)
        return -errno;
    g_array_sort_with_data(listing, dir_node_compare, self);
    DirNode *node = dir_nodes_get(self, dir);
    g_clear_pointer(&node->listing, g_array_unref);
    node->listing = g_steal_pointer(&listing);
    return 0;
}

/* @self: (transfer full): a table */
void
dir_nodes_free(DirNodes *self)
{
    g_hash_table_unref(self->by_name);
    g_ptr_array_unref(self->nodes);
    g_free(self);
}
