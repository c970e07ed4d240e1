/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where boot programs call us, in real mode or in the virtual-8086 mode of a monitor such as BTX 1.01:
 * nothing here, nor in what is called from here, is more than such a monitor lets through. Interrupts
 * are left as they are: we need none, and stand none in the way.
 *
 * Source: PXE 2.1 chapter 3 (both ways to call), §4.4.5 (how the structures are found)
 */
    .section .text
    .code16gcc
    .globl pxenv_entry, bangpxe_entry, int15_hook, foreign_call, bios_print, bios_memory_rewrite

    /* What is on the caller's stack once all is saved. */
    .set SAVED, 36              /* pushal, %ds, %es */
    .set SAVED_EAX, 4 + 28
    .set FRAME_FUNCTION, SAVED + 4
    .set FRAME_PARAMETERS, SAVED + 6

    .set BIOS_LOW_SEGMENT, 0xe000

/* PXENV+: BX = function, ES:DI = parameters */
pxenv_entry:
    pushal
    pushw   %ds
    pushw   %es
    movw    %sp, %bp
    jmp     entered

/* !PXE: function and far pointer on the stack, which the caller takes down */
bangpxe_entry:
    pushal
    pushw   %ds
    pushw   %es
    movw    %sp, %bp
    movw    FRAME_FUNCTION(%bp), %bx
    lesw    FRAME_PARAMETERS(%bp), %di

entered:
    cld
    movzwl  %bx, %eax           /* service_call(function, far pointer) */
    movw    %es, %dx
    shll    $16, %edx
    movw    %di, %dx
    movw    %cs, %cx
    movw    %cx, %ds
    movw    %cx, %es
    movl    %esp, caller_stack
    movw    %ss, caller_stack + 4
    movw    %cx, %ss
    movl    $stack_top, %esp
    calll   service_call
    movw    caller_stack + 4, %ss
    movl    caller_stack, %esp
    movw    %sp, %bp
    movw    %ax, SAVED_EAX(%bp)
    popw    %es
    popw    %ds
    popal
    testw   %ax, %ax            /* clears CF */
    jz      succeeded
    stc
succeeded:
    lretw

/* foreign_call(entry, function, parameters): either way to call is served at once. */
foreign_call:
    pushl   %ebx
    pushl   %esi
    pushl   %edi
    pushl   %ebp
    movl    %eax, foreign_entry
    movw    %dx, %bx
    movw    %cx, %di
    pushw   %ds
    pushw   %di
    pushw   %bx
    lcallw  *foreign_entry
    addw    $6, %sp
    movw    %cs, %cx            /* who knows what it leaves */
    movw    %cx, %ds
    movw    %cx, %es
    movzwl  %sp, %esp
    movzwl  %ax, %eax
    cld
    popl    %ebp
    popl    %edi
    popl    %esi
    popl    %ebx
    retl

/* An interrupt between two steps of MOVS finds nothing half done. */
bios_memory_rewrite:
    pushl   %esi
    pushl   %edi
    movw    $BIOS_LOW_SEGMENT, %ax
    movw    %ax, %ds
    movw    %ax, %es
    xorw    %si, %si
    xorw    %di, %di
    movw    $0x10000 / 4, %cx
    rep movsl
    movw    %cs, %ax
    movw    %ax, %ds
    movw    %ax, %es
    popl    %edi
    popl    %esi
    retl

/* INT 10h, AH=0Eh: teletype */
bios_print:
    pushl   %ebx
    pushl   %ebp
    movb    $0x0e, %ah
    movw    $7, %bx
    int     $0x10
    popl    %ebp
    popl    %ebx
    retl

/*
 * INT 15h, AX=E820h: the BIOS's map, but the range that begins at 0 ends where we do begin. Loaders put
 * their heap at its end [libi386/biosmem.c]. ES:DI = base, length (64 bits each), type.
 */
    .set E820, 0xe820
    .set FRAME_FLAGS, 6         /* %bp, IP, CS, flags */

int15_hook:
    cmpw    $E820, %ax
    je      memory_map
    ljmpw   *%cs:int15_next
memory_map:
    pushw   %bp
    movw    %sp, %bp
    pushw   FRAME_FLAGS(%bp)    /* what INT would push */
    lcallw  *%cs:int15_next
    movw    %sp, %bp
    jc      map_failed
    andb    $0xfe, FRAME_FLAGS(%bp)
    pushl   %eax
    movl    %es:(%di), %eax
    orl     %es:4(%di), %eax
    jnz     map_done            /* not the first megabyte's */
    movw    %cs, %ax
    shll    $4, %eax
    movl    %eax, %es:8(%di)
map_done:
    popl    %eax
    popw    %bp
    iretw
map_failed:
    orb     $1, FRAME_FLAGS(%bp)
    popw    %bp
    iretw

    .section .bss
    .balign 16
    .globl pxenv, bangpxe, int15_next
pxenv:
    .skip   0x2c
    .balign 16
bangpxe:
    .skip   0x58
    .balign 4
int15_next:
    .skip   4
foreign_entry:
    .skip   4
caller_stack:
    .skip   6

    .section .note.GNU-stack, "", %progbits
