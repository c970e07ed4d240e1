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

/* @self: (transfer full): a table */
void
dir_nodes_free(DirNodes *self)
{
    g_hash_table_unref(self->by_name);
    g_ptr_array_unref(self->nodes);
    g_free(self);
}
