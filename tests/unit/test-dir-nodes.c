/* SPDX-License-Identifier: GPL-2.0-or-later */
/* images/dir-nodes.c: one number for one name in one directory, and an end of numbers. */
#include "images/dir-nodes.h"
#include "tests/lan/rows.h"

#include <errno.h>

static VfsId
intern(DirNodes *nodes, VfsId parent, const char *name)
{
    VfsId id;
    g_assert_cmpint(dir_nodes_intern(nodes, parent, name, &id), ==, 0);
    return id;
}

static void
test_root(void)
{
    DirNodes *nodes = dir_nodes_new();

    g_assert_nonnull(dir_nodes_get(nodes, 0));
    g_assert_cmpuint(dir_nodes_get(nodes, 0)->parent, ==, 0);
    g_assert_cmpstr(dir_nodes_get(nodes, 0)->name, ==, "");
    g_assert_null(dir_nodes_get(nodes, 1));
    g_assert_null(dir_nodes_get(nodes, G_MAXUINT64));
    dir_nodes_free(nodes);
}

static void
test_numbers(void)
{
    DirNodes *nodes = dir_nodes_new();
    char name[] = "boot";
    VfsId boot = intern(nodes, 0, name), etc = intern(nodes, 0, "etc");

    name[0] = 'r'; /* the table has a copy */
    g_assert_cmpuint(boot, !=, etc);
    g_assert_cmpuint(intern(nodes, 0, "boot"), ==, boot);
    g_assert_cmpuint(intern(nodes, 0, "root"), !=, boot);
    g_assert_cmpuint(intern(nodes, boot, "etc"), !=, etc);
    g_assert_cmpuint(intern(nodes, boot, "boot"), !=, boot);
    g_assert_cmpstr(dir_nodes_get(nodes, boot)->name, ==, "boot");
    g_assert_cmpuint(dir_nodes_get(nodes, intern(nodes, etc, "x"))->parent, ==, etc);
    dir_nodes_get(nodes, boot)->listing = g_array_new(FALSE, FALSE, sizeof(VfsId));
    dir_nodes_free(nodes); /* with the listing: a leak checker sees it otherwise */
}

/* So many and not one more; all that are there stay. */
static void
test_full(void)
{
    DirNodes *nodes = dir_nodes_new();
    char name[16];
    VfsId id = 77;

    for (guint i = 1; i < DIR_NODES_MAX; i++) {
        (void)g_snprintf(name, sizeof name, "%x", i);
        g_assert_cmpuint(intern(nodes, i % 1000, name), ==, i);
    }
    g_assert_cmpint(dir_nodes_intern(nodes, 0, "more", &id), ==, -ENOSPC);
    g_assert_cmpuint(id, ==, 77);
    g_assert_cmpuint(intern(nodes, 0x123 % 1000, "123"), ==, 0x123);
    dir_nodes_free(nodes);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/dir-nodes/root", test_root);
    g_test_add_func("/dir-nodes/numbers", test_numbers);
    g_test_add_func("/dir-nodes/full", test_full);
    return g_test_run();
}
