/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The loader jumps here in flat 32-bit mode without paging, interrupts off, its arguments on the
 * stack [FreeBSD i386 locore: recover_bootinfo]. The stack goes below the kernel, so that the
 * kernel's own bytes stay as they were loaded and their CRC32 can be taken.
 */
    .set STACK_TOP, 0x3ffff0

    .section .start, "ax"
    .globl _start
_start:
    cli
    cld
    movl    %esp, %eax
    movl    $STACK_TOP, %esp
    xorl    %ebp, %ebp
    pushl   %eax
    call    kernel_main
halt:
    hlt
    jmp     halt

    .section .note.GNU-stack, "", %progbits
