/* SPDX-License-Identifier: GPL-2.0-or-later */
    .section .rodata
    .balign 4
    .globl pxe_stack_image, pxe_stack_image_size
pxe_stack_image_size:
    .long   pxe_stack_image_end - pxe_stack_image
pxe_stack_image:
    .incbin "pxe-stack.bin"
pxe_stack_image_end:
    .section .note.GNU-stack, "", %progbits
