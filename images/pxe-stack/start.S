/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first bytes of the boot program that the boot ROM loads: the stack itself, with the real boot
 * program right behind. The ROM calls 0000:7c00 in real mode, with ES:BX = PXENV+ and SS:SP+4 = !PXE.
 *
 * The stack is copied to the top of free base memory, so that it runs at offset 0 of a segment there,
 * as it was linked; then the real boot program is moved down to 0000:7c00 and called in the same way.
 *
 * Source: PXE 2.1 §4.4.5
 */
    .set LOAD_SEGMENT, 0x07c0
    .set RETURN_FRAME, 4        /* !PXE lies behind the far return address */
    .set BDA_BASE_KB, 0x413
    .set PAGE_PARAGRAPHS, 0x100
    .set MOVE_BYTES, 0x1000     /* at a time: less than the way, so that nothing runs into us */

    .section .start, "ax"
    .code16gcc
    .globl start, stack_flags

start:
    jmp     at_start
    .org    4
    .ascii  "PXES"              /* magic; README.md has the layout of this header */
    .word   image_end           /* where the boot program begins, in bytes */
    .word   resident_end        /* base memory that we need, in bytes */
stack_flags:
    .byte   0                   /* STACK_… */
    .org    16

at_start:
    ljmpw   $LOAD_SEGMENT, $at_load_segment
at_load_segment:
    cld
    movw    %sp, %bp
    movl    RETURN_FRAME(%bp), %ecx     /* !PXE */
    movw    %es, %dx                    /* PXENV+ is DX:BX */

    /* The segment that we want: as much below the end of base memory as we need, on a page. */
    xorw    %ax, %ax
    movw    %ax, %ds
    movw    BDA_BASE_KB, %ax
    shlw    $6, %ax
    subw    $resident_paragraphs, %ax
    andw    $-PAGE_PARAGRAPHS, %ax
    movw    %cs, %si
    movw    %si, %ds
    movw    %ax, %es
    xorw    %si, %si
    xorw    %di, %di
    pushl   %ecx
    movw    $image_end, %cx
    rep movsb
    movw    $resident_end, %cx
    subw    %di, %cx
    xorw    %ax, %ax
    rep stosb
    popl    %ecx
    pushw   %es
    pushw   $at_home
    lretw

at_home:
    movw    %cs, %ax
    movw    %ax, %ds
    movw    %sp, rom_stack
    movw    %ss, rom_stack + 2
    movw    %bx, rom_pxenv
    movw    %dx, rom_pxenv + 2
    movw    %ax, %es
    movw    %ax, %ss
    movl    $stack_top, %esp
    movl    %ecx, %eax                  /* !PXE */
    calll   stack_start
    testw   %ax, %ax
    jz      call_with_rom

    /* Our own: a stack below the boot program, on which it finds where to return to, and !PXE. */
    xorw    %ax, %ax
    movw    %ax, %ss
    movl    $0x7c00, %esp
    pushw   %cs
    pushw   $bangpxe
    movw    %cs, %dx
    movw    $pxenv, %bx
    jmp     call_boot_program

    /* The ROM's: all as it was. */
call_with_rom:
    movw    rom_pxenv, %bx
    movw    rom_pxenv + 2, %dx
    lssw    rom_stack, %sp
    movzwl  %sp, %esp
    addw    $4, %sp                     /* our own return frame takes that place */

call_boot_program:
    pushw   %cs
    pushw   $returned
    movw    %cs, %bp                    /* up to here is moved */
    movw    $LOAD_SEGMENT, %ax
    movw    %ax, %es
    addw    $image_paragraphs, %ax
    movw    %ax, %ds
move:
    movw    $MOVE_BYTES / 4, %cx
    xorw    %si, %si
    xorw    %di, %di
    rep movsl
    movw    %es, %ax
    addw    $MOVE_BYTES / 16, %ax
    movw    %ax, %es
    movw    %ds, %ax
    addw    $MOVE_BYTES / 16, %ax
    movw    %ax, %ds
    cmpw    %bp, %ax
    jb      move

    movw    %dx, %es
    xorw    %ax, %ax
    movw    %ax, %ds
    ljmpw   $0, $0x7c00

    /* A boot program that gives up: the BIOS goes on with the next device. */
returned:
    int     $0x18
    jmp     returned

    .section .bss
    .balign 4
rom_stack:
    .skip   4
rom_pxenv:
    .skip   4

    .section .note.GNU-stack, "", %progbits
