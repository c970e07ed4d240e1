/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What accel.c has KVM run before it is trusted: the steps that every boot program takes. From real
 * mode to protected mode, through IRET there (isolinux's and BTX's way back from an interrupt; a KVM
 * that emulates instead of running fails on it), back to real mode, a byte to a port, HLT.
 *
 * Loaded at 0000:0000, started there in real mode; its stack is at the end of its page.
 */
    .set PROBE_PORT, 0xf4       /* known to accel.c */
    .set PROBE_BYTE, 0x5a
    .set STACK, 0x1000
    .set CODE32, 0x08
    .set DATA32, 0x10
    .set CODE16, 0x18

    .globl _start
    .code16
_start:
    cli
    lgdtl   gdt_pointer
    movl    %cr0, %eax
    orb     $1, %al
    movl    %eax, %cr0
    ljmp    $CODE32, $protected

    .code32
protected:
    movw    $DATA32, %ax
    movw    %ax, %ds
    movw    %ax, %es
    movw    %ax, %ss
    movl    $STACK, %esp
    pushfl
    pushl   $CODE32
    pushl   $returned
    iret
returned:
    ljmp    $CODE16, $leaving

    .code16
leaving:
    movl    %cr0, %eax
    andb    $0xfe, %al
    movl    %eax, %cr0
    ljmp    $0, $real
real:
    xorw    %ax, %ax
    movw    %ax, %ds
    movw    %ax, %es
    movw    %ax, %ss
    movw    $STACK - 16, %sp
    movb    $PROBE_BYTE, %al
    outb    %al, $PROBE_PORT
    hlt

    .balign 8
gdt:
    .quad   0
    .quad   0x00cf9b000000ffff  /* CODE32: flat, 4 GiB */
    .quad   0x00cf93000000ffff  /* DATA32: flat, 4 GiB */
    .quad   0x00009b000000ffff  /* CODE16: 64 KiB */
gdt_pointer:
    .word   . - gdt - 1
    .long   gdt
