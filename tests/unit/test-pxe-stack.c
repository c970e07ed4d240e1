/* SPDX-License-Identifier: GPL-2.0-or-later */
/* images/pxe-stack.c: the file that the guest is given, and how large it may be. */
#include "images/pxe-stack.h"
#include "tests/lan/rows.h"

#include <string.h>

#define LOAD_LIMIT  622592 /* bytes, of a boot program of iPXE's [pxe_image.c: pxe_probe] */
#define LOADER_SIZE 500000 /* more than FreeBSD's loaders have had so far */

static guint
le16_at(const guint8 *bytes, gsize at)
{
    return bytes[at] | (guint)bytes[at + 1] << 8;
}

/* What README.md says of the header. */
static void
test_header(void)
{
    g_autoptr(GBytes) program = g_bytes_new_static("PROGRAM", 7);
    g_autoptr(GBytes) both = pxe_stack_prepend(program);
    gsize len;
    const guint8 *bytes = g_bytes_get_data(both, &len);
    guint size = le16_at(bytes, 8);

    ROW_CMPMEM(bytes + 4, 4, "PXES", 4);
    g_assert_cmpuint(size, ==, len - 7);
    g_assert_cmpuint(size, <=, 16384);
    g_assert_cmpuint(size % 16, ==, 0);
    g_assert_cmpuint(le16_at(bytes, 10), >=, size);
    ROW_CMPMEM(bytes + size, 7, "PROGRAM", 7);
    g_assert_cmpuint(pxe_stack_boot_program_max(), >=, LOADER_SIZE);
    g_assert_cmpuint(pxe_stack_boot_program_max() + size, <, LOAD_LIMIT);
}

static Vfs *
tree_with_program(gsize size)
{
    g_autofree guint8 *bytes = g_malloc0(size);
    g_autoptr(GBytes) program = g_bytes_new_take(g_steal_pointer(&bytes), size);
    Vfs *tree = vfs_mem_new();

    g_assert_cmpint(vfs_mem_add_file(tree, "/boot/pxeboot", program, 0644), ==, 0);
    return tree;
}

/* The largest that fits, and one byte more. */
static void
test_tree(void)
{
    g_autoptr(GBytes) both = NULL;
    g_autoptr(Vfs) tree = tree_with_program(pxe_stack_boot_program_max());
    g_autoptr(Vfs) large = tree_with_program(pxe_stack_boot_program_max() + 1);
    g_autoptr(Vfs) tftp = pxe_stack_tree(tree, "boot/pxeboot");

    g_assert_nonnull(tftp);
    g_assert_cmpint(vfs_read_file(tftp, "/boot/pxeboot", LOAD_LIMIT, &both), ==, 0);
    g_assert_cmpuint(g_bytes_get_size(both), >, pxe_stack_boot_program_max());
    g_assert_null(pxe_stack_tree(large, "boot/pxeboot"));
    g_assert_null(pxe_stack_tree(tree, "boot/absent"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pxe-stack/header", test_header);
    g_test_add_func("/pxe-stack/tree", test_tree);
    return g_test_run();
}
