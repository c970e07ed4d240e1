/* SPDX-License-Identifier: GPL-2.0-or-later */
/* images/pxe-stack.c: the file that the guest is given, and how large it may be, for each card. */
#include "images/nic-table.h"
#include "tests/lan/rows.h"

#include <string.h>

#define LOAD_LIMIT        622592 /* bytes, of a boot program of iPXE's [pxe_image.c: pxe_probe] */
#define LOADER_SIZE       500000 /* that leaves us base memory */
#define LARGE_LOADER_SIZE 560000 /* FreeBSD's own limit, and BTX */

static guint
le16_at(const guint8 *bytes, gsize at)
{
    return bytes[at] | (guint)bytes[at + 1] << 8;
}

static const PxeStackNeeds needs = { PXE_STACK_MERGES_FRAGMENTS, 600000 - 15 };
static const PxeStackNeeds no_needs;

/* What README.md says of the header. */
static void
test_header(gconstpointer data)
{
    const PxeStackImage *stack = data;
    g_autoptr(GBytes) program = g_bytes_new_static("PROGRAM", 7);
    g_autoptr(GBytes) both = pxe_stack_prepend(stack, &needs, program);
    gsize len;
    const guint8 *bytes = g_bytes_get_data(both, &len);
    guint size = le16_at(bytes, 8);

    ROW_CMPMEM(bytes + 4, 4, "PXES", 4);
    g_assert_cmpuint(size, ==, len - 7);
    g_assert_cmpuint(size, <=, 16384);
    g_assert_cmpuint(size % 16, ==, 0);
    g_assert_cmpuint(le16_at(bytes, 10), >=, size);
    g_assert_cmpuint(le16_at(bytes, 12), ==, PXE_STACK_MERGES_FRAGMENTS);
    g_assert_cmpuint(le16_at(bytes, 14), ==, 600000 / 16);
    ROW_CMPMEM(bytes + size, 7, "PROGRAM", 7);
    g_assert_cmpuint(pxe_stack_boot_program_max(stack, &no_needs), >=, LOADER_SIZE);
    g_assert_cmpuint(pxe_stack_boot_program_max(stack, &no_needs) + size, <, LOAD_LIMIT);
    g_assert_cmpuint(pxe_stack_boot_program_max(stack, &needs), >=, LARGE_LOADER_SIZE);
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
test_tree(gconstpointer data)
{
    const PxeStackImage *stack = data;
    g_autoptr(GBytes) both = NULL;
    g_autoptr(Vfs) tree = tree_with_program(pxe_stack_boot_program_max(stack, &no_needs));
    g_autoptr(Vfs) large = tree_with_program(pxe_stack_boot_program_max(stack, &no_needs) + 1);
    g_autoptr(Vfs) tftp = pxe_stack_tree(stack, &no_needs, tree, "boot/pxeboot");

    g_assert_nonnull(tftp);
    g_assert_cmpint(vfs_read_file(tftp, "/boot/pxeboot", LOAD_LIMIT, &both), ==, 0);
    g_assert_cmpuint(g_bytes_get_size(both), >, pxe_stack_boot_program_max(stack, &no_needs));
    g_assert_null(pxe_stack_tree(stack, &no_needs, large, "boot/pxeboot"));
    g_assert_null(pxe_stack_tree(stack, &no_needs, tree, "boot/absent"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (const Nic *nic = nic_table; nic->name != NULL; nic++) {
        if (nic->own_stack == NULL)
            continue;
        g_autofree char *header = g_strconcat("/pxe-stack/header/", nic->name, NULL);
        g_autofree char *tree = g_strconcat("/pxe-stack/tree/", nic->name, NULL);
        g_test_add_data_func(header, nic->own_stack, test_header);
        g_test_add_data_func(tree, nic->own_stack, test_tree);
    }
    return g_test_run();
}
