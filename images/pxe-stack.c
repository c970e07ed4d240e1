/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Puts the PXE stack in front of a boot program, in memory; see images/pxe-stack/README.md. */
#include "images/pxe-stack.h"

/* pxe-stack/embed.S has them. */
struct PxeStackImage {
    guint32 size; /* bytes */
    guint8 bytes[];
};

#define LOAD_ADDRESS   0x7c00u
#define CODE_AND_STACK 0x6000u /* without buffers; pxe-stack.ld */
#define PAGE           0x1000u
#define IPXE_BEGIN     0x9c000u /* what iPXE leaves of base memory, at least, on whole pages */

/* Offsets in the image */
#define HEADER_RESIDENT    10 /* the memory that the stack needs, 16 bits */
#define HEADER_FLAGS       12
#define HEADER_PROGRAM_END 14 /* in paragraphs, 16 bits */

static guint32
stack_resident(const PxeStackImage *self)
{
    return self->bytes[HEADER_RESIDENT] | (guint32)self->bytes[HEADER_RESIDENT + 1] << 8;
}

/**
 * pxe_stack_boot_program_max:
 * @self: a stack
 * @needs: of the boot program
 *
 * Returns: the size of the largest boot program, in bytes, that does not reach into the place in
 *base memory to which the stack copies itself, or its code alone, when there is no other
 **/
gsize
pxe_stack_boot_program_max(const PxeStackImage *self, const PxeStackNeeds *needs)
{
    guint32 begin = (IPXE_BEGIN - stack_resident(self)) & ~(PAGE - 1);

    if (needs->memory_end > begin)
        begin = IPXE_BEGIN - CODE_AND_STACK;
    return begin - LOAD_ADDRESS - self->size;
}

/**
 * pxe_stack_prepend:
 * @self: a stack
 * @needs: of the boot program
 * @boot_program: (transfer none): what is to run on the stack
 *
 * Returns: (transfer full): both, as the boot ROM is to load it
 **/
GBytes *
pxe_stack_prepend(const PxeStackImage *self, const PxeStackNeeds *needs, GBytes *boot_program)
{
    gsize len;
    const guint8 *bytes = g_bytes_get_data(boot_program, &len);
    GByteArray *both = g_byte_array_sized_new((guint)(self->size + len));

    g_byte_array_append(both, self->bytes, self->size);
    g_byte_array_append(both, bytes, (guint)len);
    guint paragraphs = (needs->memory_end + 15) / 16;
    both->data[HEADER_FLAGS] = (guint8)needs->flags;
    both->data[HEADER_PROGRAM_END] = (guint8)paragraphs;
    both->data[HEADER_PROGRAM_END + 1] = (guint8)(paragraphs >> 8);
    return g_byte_array_free_to_bytes(both);
}

/**
 * pxe_stack_tree:
 * @self: a stack
 * @needs: of the boot program
 * @tree: (transfer none): what the guest sees; must outlive the result
 * @bootfile: the boot program in it
 *
 * Returns: (transfer full) (nullable): the tree for TFTP, in which the boot program has the stack
 *in front of it; NULL when it is too large or cannot be read
 **/
Vfs *
pxe_stack_tree(const PxeStackImage *self,
               const PxeStackNeeds *needs,
               Vfs *tree,
               const char *bootfile)
{
    g_autoptr(GBytes) program = NULL;
    VfsId file;

    if (vfs_walk(tree, bootfile, &file) < 0 ||
        vfs_read_file(tree, bootfile, pxe_stack_boot_program_max(self, needs), &program) < 0)
        return NULL;
    g_autoptr(GBytes) both = pxe_stack_prepend(self, needs, program);
    return vfs_replace_new(tree, file, both);
}
