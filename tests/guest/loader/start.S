/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first bytes of the boot program. The PXE stack loads it to 0000:7c00 and calls it in real
 * mode, with ES:BX = PXENV+ and SS:SP+4 = !PXE [PXE 2.1 §4.4.5, remote boot]. It leaves for flat
 * 32-bit mode and comes back only for calls, see real-call.S, or never, see vm86-monitor.c.
 * Interrupts are off in 32-bit mode; the BIOS gets its own while it is called.
 *
 * All of this, with real-call.S, must lie in the first 64 KiB, where real mode reaches it.
 */
    .set CODE32, 0x08
    .set DATA32, 0x10
    .set RETURN_FRAME, 4        /* !PXE lies behind the far return address */

    .section .start, "ax"
    .code16
    .globl _start, bangpxe_pointer, pxenv_pointer, gdt_descriptor

    /* A short jump over fourteen bytes, as FreeBSD's BTX begins; the version tells how this double
       makes its calls. */
_start:
    .byte   0xeb, 0x0e
    .ascii  "BTX"
    .byte   1, btx_minor
    .org    16

    cli
    cld
    ljmp    $0, $at_zero
at_zero:
    movw    %sp, %bp
    movl    RETURN_FRAME(%bp), %eax
    xorw    %cx, %cx
    movw    %cx, %ds
    movl    %eax, bangpxe_pointer
    movw    %bx, pxenv_pointer
    movw    %es, pxenv_pointer + 2
    movw    %cx, %ss
    movw    $_start, %sp

    inb     $0x92, %al          /* A20; the PXE stack needs it as much as we do and has it on */
    testb   $2, %al
    jnz     a20_on
    orb     $2, %al
    andb    $0xfe, %al
    outb    %al, $0x92
a20_on:
    lgdtl   gdt_descriptor
    movl    %cr0, %eax
    orl     $1, %eax
    movl    %eax, %cr0
    ljmp    $CODE32, $in_32_bits

    .code32
in_32_bits:
    movw    $DATA32, %ax
    movw    %ax, %ds
    movw    %ax, %es
    movw    %ax, %fs
    movw    %ax, %gs
    movw    %ax, %ss
    movl    $bss_start, %edi
    movl    $bss_end, %ecx
    subl    %edi, %ecx
    xorl    %eax, %eax
    rep stosb
    movl    $stack_top, %esp
    xorl    %ebp, %ebp
    call    loader_main
stop:
    hlt
    jmp     stop

    .balign 8
gdt:
    .quad   0
    .quad   0x00cf9a000000ffff  /* code, 32 bits, flat */
    .quad   0x00cf92000000ffff  /* data, flat */
    .quad   0x00009a000000ffff  /* code, 16 bits, base 0: the way to real mode */
    .quad   0x000092000000ffff  /* data, 16 bits */
gdt_end:
gdt_descriptor:
    .word   gdt_end - gdt - 1
    .long   gdt

    .section .data.low, "aw"
    .balign 4
bangpxe_pointer:
    .long   0                   /* offset, segment */
pxenv_pointer:
    .long   0

    .section .bss
    .balign 16
    .skip   32768
stack_top:

    .section .note.GNU-stack, "", %progbits
