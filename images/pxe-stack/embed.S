/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PxeStackImage of images/pxe-stack.c, for each driver */
    .section .rodata

    .macro  image driver
    .balign 4
    .globl  pxe_stack_\driver
pxe_stack_\driver:
    .long   pxe_stack_\driver\()_end - . - 4
    .incbin "pxe-stack-\driver\().bin"
pxe_stack_\driver\()_end:
    .endm

    image   rtl8139
    image   e1000e
    image   virtio
    .section .note.GNU-stack, "", %progbits
