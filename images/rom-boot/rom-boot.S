/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Starts a network boot ROM that was loaded from a CD. isolinux puts this file, with the ROM image
 * right behind its 512 bytes, at 0000:7c00 and jumps to it (`BOOT file.bin`).
 *
 * A PCI boot ROM has a PnP expansion header whose Bootstrap Entry Vector boots from the device.
 * iPXE's needs no initialisation before: it takes its image from where it runs [ipxe romprefix.S:
 * bev_entry]. There it offers its command line for two seconds, unless a key is pressed; so a space
 * is put into the keyboard buffer first, which iPXE takes as "go on".
 *
 * Source: Plug and Play BIOS Specification 1.0A §3.2 (offsets of the header and the vector),
 *         El Torito (entry at 07c0:0000 or 0000:7c00)
 */
    .code16

    .set ROM, 0x7e00            /* where the ROM image begins */
    .set ROM_PNP_HEADER, 0x1a   /* in the ROM: offset of its PnP expansion header */
    .set PNP_BEV, 0x1a          /* in that header: offset of the bootstrap entry */

    .globl _start
_start:
    ljmp    $0, $start
start:
    xorw    %ax, %ax
    movw    %ax, %ds
    movw    %ax, %es
    cli
    movw    %ax, %ss
    movw    $_start, %sp
    sti
    cld

    movb    $5, %ah             /* INT 16h, AH=05h: store a key */
    movw    $0x3920, %cx        /* scan code and ASCII code of the space bar */
    int     $0x16

    movw    ROM + ROM_PNP_HEADER, %bx
    testw   %bx, %bx
    jz      no_entry
    movw    ROM + PNP_BEV(%bx), %ax
    testw   %ax, %ax
    jz      no_entry
    pushw   %cs                 /* a far call to (ROM >> 4):BEV */
    pushw   $returned
    pushw   $(ROM >> 4)
    pushw   %ax
    lret

no_entry:
    movw    $message, %si
print:
    lodsb
    testb   %al, %al
    jz      returned
    movb    $0x0e, %ah
    movw    $7, %bx
    int     $0x10
    jmp     print
returned:
    int     $0x18               /* could not boot: the BIOS goes on with the next device */
    jmp     returned

message:
    .asciz  "pxe-run: the boot ROM on this CD has no bootstrap entry\r\n"

    .org    512                 /* the ROM image follows */
