/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first bytes of the boot program that the boot ROM loads: the stack itself, with the real boot
 * program right behind. The ROM calls 0000:7c00 in real mode, with ES:BX = PXENV+ and SS:SP+4 = !PXE.
 *
 * The stack is copied to the top of free base memory, so that it runs at offset 0 of a segment there, as
 * it was linked; then the real boot program is moved down to 0000:7c00 and called in the same way.
 *
 * A boot program that needs that memory has the stack in upper memory, from d0000 on. That is RAM which
 * nobody uses but option ROMs, and QEMU's machines do not fill it up to there; SeaBIOS has the host bridge
 * make it read-only. Where it is not free, or the host bridge is another one, only code and stack are
 * copied to base memory, and take-over.c gives up.
 *
 * Source: PXE 2.1 §4.4.5, Intel 82441FX datasheet §3.2.18 (PAM registers; those of the 82Q35 are the same
 *         at another offset)
 */
    .set LOAD_SEGMENT, 0x07c0
    .set RETURN_FRAME, 4        /* !PXE lies behind the far return address */
    .set BDA_BASE_KB, 0x413
    .set PAGE_PARAGRAPHS, 0x100
    .set NO_MEMORY, 0xffff      /* more than any segment */
    .set UPPER_SEGMENT, 0xd000
    .set PAM_RAM, 0x33          /* both parts, to read and to write */
    .set PCI_CONFIG_ADDRESS, 0xcf8
    .set PCI_CONFIG_DATA, 0xcfc
    .set PCI_ENABLE, 0x80000000
    .set BRIDGE_I440FX, 0x12378086
    .set BRIDGE_Q35, 0x29c08086
    .set PAM3_I440FX, 0x5c      /* d0000 to d7fff; PAM4, behind it, has the rest */
    .set PAM3_Q35, 0x93
    .set MOVE_BYTES, 0x1000     /* at a time: less than the way, so that nothing runs into us */

    .section .start, "ax"
    .code16gcc
    .globl start, stack_flags, stack_program_end

start:
    jmp     at_start
    .org    4
    .ascii  "PXES"              /* magic; README.md has the layout of this header */
    .word   image_end           /* where the boot program begins, in bytes */
    .word   resident_end        /* memory that we need, in bytes */
stack_flags:
    .byte   0                   /* STACK_… */
    .org    14
stack_program_end:
    .word   0                   /* base memory that the boot program needs, in paragraphs */
    .org    16

at_start:
    ljmpw   $LOAD_SEGMENT, $at_load_segment
at_load_segment:
    cld
    movw    %sp, %bp
    movl    RETURN_FRAME(%bp), %ecx     /* !PXE */
    movw    %es, %dx                    /* PXENV+ is DX:BX */

    pushl   %ecx
    pushw   %dx
    pushw   %bx
    xorw    %ax, %ax            /* as much below the end of base memory as we need, on a page */
    movw    %ax, %ds
    movw    BDA_BASE_KB, %ax
    shlw    $6, %ax
    subw    $resident_paragraphs, %ax
    andw    $-PAGE_PARAGRAPHS, %ax
    movw    $resident_end, %bp  /* what is cleared behind the image */
    cmpw    %cs:stack_program_end, %ax
    jae     home_found
    calll   upper_memory_find
    jz      home_found
    movw    $stack_top, %bp
    movw    BDA_BASE_KB, %ax
    shlw    $6, %ax
    subw    $stack_paragraphs, %ax
    andw    $-PAGE_PARAGRAPHS, %ax
home_found:
    popw    %bx
    popw    %dx
    movw    %cs, %si
    movw    %si, %ds
    movw    %ax, %es
    xorw    %si, %si
    xorw    %di, %di
    movw    $image_end, %cx
    rep movsb
    movw    %bp, %cx
    subw    %di, %cx
    xorw    %ax, %ax
    rep stosb
    cmpw    $stack_top, %bp
    jne     copied
    movw    $NO_MEMORY, %es:stack_program_end
copied:
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

/* ZF: %ax is a segment of free RAM. Changes all but %bp and the segments %ds, %ss. */
upper_memory_find:
    movl    $PCI_ENABLE, %eax           /* the host bridge's number */
    movw    $PCI_CONFIG_ADDRESS, %dx
    outl    %eax, %dx
    movw    $PCI_CONFIG_DATA, %dx
    inl     %dx, %eax
    movw    $PAM3_I440FX, %di
    cmpl    $BRIDGE_I440FX, %eax
    je      upper_memory_open
    movw    $PAM3_Q35, %di
    cmpl    $BRIDGE_Q35, %eax
    jne     upper_memory_end
upper_memory_open:
    movb    $PAM_RAM, %al
    calll   pam_exchange
    movb    %al, %bl
    incw    %di
    movb    $PAM_RAM, %al
    calll   pam_exchange
    movb    %al, %bh
    movw    %di, %si

    movw    $UPPER_SEGMENT, %ax         /* all zero, and what is written is read */
    movw    %ax, %es
    xorw    %di, %di
    xorl    %eax, %eax
    movw    $resident_dwords, %cx
    repe scasl
    jne     upper_memory_close
    movl    $BRIDGE_Q35, %es:0
    cmpl    $BRIDGE_Q35, %es:0
    movl    $0, %es:0
    movw    $UPPER_SEGMENT, %ax
    je      upper_memory_end
upper_memory_close:
    movw    %si, %di
    movb    %bh, %al
    calll   pam_exchange
    decw    %di
    movb    %bl, %al
    calll   pam_exchange
    orw     $1, %ax                     /* ZF is clear */
upper_memory_end:
    retl

/* Writes %al to the host bridge's byte %di; %al: what was there. Changes %eax, %cx, %dx. */
pam_exchange:
    movb    %al, %cl
    movzwl  %di, %eax
    orl     $PCI_ENABLE, %eax
    andb    $~3, %al
    movw    $PCI_CONFIG_ADDRESS, %dx
    outl    %eax, %dx
    movw    %di, %dx
    andw    $3, %dx
    addw    $PCI_CONFIG_DATA, %dx
    inb     %dx, %al
    xchgb   %al, %cl
    outb    %al, %dx
    movb    %cl, %al
    retl

    .section .bss
    .balign 4
rom_stack:
    .skip   4
rom_pxenv:
    .skip   4

    .section .note.GNU-stack, "", %progbits
