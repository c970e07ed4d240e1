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
    .globl pxenv_entry, bangpxe_entry, int15_hook, int1a_hook, foreign_call, bios_print, bios_memory_rewrite

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

/*
 * INT 1Ah, AH=02h: the BIOS's answer of before, as long as its own count of ticks stands at the same.
 * Loaders ask 9, 45 or 54 times for each packet [libi386/time.c: time], which is ten ports each time.
 * The BIOS is asked at the latest when the answer has been given 255 times, since who keeps interrupts
 * off stops the ticks, and after any other call, which may have set the clock.
 */
    .set CLOCK_READ, 2
    .set BDA_TICKS, 0x46c
    .set FRAME_AX, -2           /* %bp, then %ax and %ds */

int1a_hook:
    cmpb    $CLOCK_READ, %ah
    je      clock_read
    movb    $0, %cs:clock_left
    ljmpw   *%cs:int1a_next
clock_read:
    pushw   %bp
    movw    %sp, %bp
    pushw   %ax
    pushw   %ds
    xorw    %ax, %ax
    movw    %ax, %ds
    movw    BDA_TICKS, %ax
    movw    %cs, %cx
    movw    %cx, %ds
    cmpw    clock_tick, %ax
    jne     clock_ask
    subb    $1, clock_left
    jnc     clock_answer
clock_ask:
    movb    $0, clock_left
    movw    %ax, clock_tick
    movw    FRAME_AX(%bp), %ax
    pushw   FRAME_FLAGS(%bp)
    lcallw  *int1a_next
    jc      clock_failed        /* it counts on just now: not kept */
    movw    %ax, clock_ax
    movw    %cx, clock_cx
    movw    %dx, clock_dx
    decb    clock_left
clock_answer:
    movw    clock_ax, %ax
    movw    clock_cx, %cx
    movw    clock_dx, %dx
    andb    $0xfe, FRAME_FLAGS(%bp)
clock_done:
    popw    %ds
    addw    $2, %sp
    popw    %bp
    iretw
clock_failed:
    orb     $1, FRAME_FLAGS(%bp)
    jmp     clock_done

    .section .bss
    .balign 16
    .globl pxenv, bangpxe, int15_next, int1a_next
pxenv:
    .skip   0x2c
    .balign 16
bangpxe:
    .skip   0x58
    .balign 4
int15_next:
    .skip   4
int1a_next:
    .skip   4
clock_tick:
    .skip   2
clock_ax:
    .skip   2
clock_cx:
    .skip   2
clock_dx:
    .skip   2
clock_left:
    .skip   1
    .balign 4
foreign_entry:
    .skip   4
caller_stack:
    .skip   6

    .section .note.GNU-stack, "", %progbits
