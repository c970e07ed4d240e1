/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Puts the PXE stack in front of a boot program, in memory; see images/pxe-stack/README.md. */
#include "images/pxe-stack.h"

/* pxe-stack/embed.S has them. */
struct PxeStackImage {
    guint32 size; /* bytes */
    guint8 bytes[];
};

#define LOAD_ADDRESS 0x7c00u
#define PAGE         0x1000u
#define IPXE_BEGIN   0x9c000u /* what iPXE leaves of base memory, at least, on whole pages */

/* Offsets in the image */
#define HEADER_RESIDENT 10 /* the memory that the stack needs, 16 bits */
#define HEADER_FLAGS    12

static guint32
stack_resident(const PxeStackImage *self)
{
    return self->bytes[HEADER_RESIDENT] | (guint32)self->bytes[HEADER_RESIDENT + 1] << 8;
}

/* Returns: where the stack begins in base memory; a boot program's own memory must end below */
guint32
pxe_stack_begin(const PxeStackImage *self)
{
    return (IPXE_BEGIN - stack_resident(self)) & ~(PAGE - 1);
}

/**
 * pxe_stack_boot_program_max:
 * @self: a stack
 *
 * Returns: the size of the largest boot program, in bytes, that does not reach into the place to
 *which the stack copies itself
 **/
gsize
pxe_stack_boot_program_max(const PxeStackImage *self)
{
    return pxe_stack_begin(self) - LOAD_ADDRESS - self->size;
}

/**
 * pxe_stack_prepend:
 * @self: a stack
 * @flags: what the boot program needs
 * @boot_program: (transfer none): what is to run on the stack
 *
 * Returns: (transfer full): both, as the boot ROM is to load it
 **/
GBytes *
pxe_stack_prepend(const PxeStackImage *self, PxeStackFlags flags, GBytes *boot_program)
{
    gsize len;
    const guint8 *bytes = g_bytes_get_data(boot_program, &len);
    GByteArray *both = g_byte_array_sized_new((guint)(self->size + len));

    g_byte_array_append(both, self->bytes, self->size);
    g_byte_array_append(both, bytes, (guint)len);
    both->data[HEADER_FLAGS] = (guint8)flags;
    return g_byte_array_free_to_bytes(both);
}

/**
 * pxe_stack_tree:
 * @self: a stack
 * @flags: what the boot program needs
 * @tree: (transfer none): what the guest sees; must outlive the result
 * @bootfile: the boot program in it
 *
 * Returns: (transfer full) (nullable): the tree for TFTP, in which the boot program has the stack
 *in front of it; NULL when it is too large or cannot be read
 **/
Vfs *
pxe_stack_tree(const PxeStackImage *self, PxeStackFlags flags, Vfs *tree, const char *bootfile)
{
    g_autoptr(GBytes) program = NULL;
    VfsId file;

    if (vfs_walk(tree, bootfile, &file) < 0 ||
        vfs_read_file(tree, bootfile, pxe_stack_boot_program_max(self), &program) < 0)
        return NULL;
    g_autoptr(GBytes) both = pxe_stack_prepend(self, flags, program);
    return vfs_replace_new(tree, file, both);
}
