/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A far call in real mode: registers and a few stack words from real_call_block, results back into
 * it. Its layout is RealCall in real-call.h. What is written to, and the real-mode stack, lie on pages
 * without code, as in BTX: an emulator checks every write to a page from which it has translated.
 */
    .set REAL_STACK, 0x7000     /* grows down, below the program's first page */
    .set CODE32, 0x08
    .set DATA32, 0x10
    .set CODE16, 0x18
    .set DATA16, 0x20

    .set R_EAX, 0
    .set R_EBX, 4
    .set R_ECX, 8
    .set R_EDX, 12
    .set R_ESI, 16
    .set R_EDI, 20
    .set R_EBP, 24
    .set R_DS, 28
    .set R_ES, 30
    .set R_FLAGS, 32
    .set R_TARGET, 34           /* offset, segment */
    .set R_WORDS, 38
    .set R_WORD, 40

/* The version in the double's BTX header: this is how BTX 1.02 calls. */
    .globl btx_minor
    .set btx_minor, 2

    .section .start, "ax"
    .globl real_call_run, real_call_block

    .code32
real_call_run:
    pushal
    sidt    idt_saved
    movl    %esp, esp_saved
    ljmp    $CODE16, $in_16_bits

    .code16
in_16_bits:
    movw    $DATA16, %ax        /* segment limits as real mode has them */
    movw    %ax, %ds
    movw    %ax, %es
    movw    %ax, %fs
    movw    %ax, %gs
    movw    %ax, %ss
    lidtl   idt_of_bios
    movl    %cr0, %eax
    andl    $~1, %eax
    movl    %eax, %cr0
    ljmp    $0, $in_real_mode
in_real_mode:
    xorw    %ax, %ax
    movw    %ax, %ds
    movw    %ax, %es
    movw    %ax, %fs
    movw    %ax, %gs
    movw    %ax, %ss
    movl    $REAL_STACK, %esp

    movw    $real_call_block + R_WORD, %si
    movw    real_call_block + R_WORDS, %cx
push_word:
    jcxz    words_pushed
    pushw   (%si)
    addw    $2, %si
    decw    %cx
    jmp     push_word
words_pushed:
    movl    real_call_block + R_EAX, %eax
    movl    real_call_block + R_EBX, %ebx
    movl    real_call_block + R_ECX, %ecx
    movl    real_call_block + R_EDX, %edx
    movl    real_call_block + R_ESI, %esi
    movl    real_call_block + R_EDI, %edi
    movl    real_call_block + R_EBP, %ebp
    movw    real_call_block + R_ES, %es
    pushw   real_call_block + R_FLAGS
    movw    real_call_block + R_DS, %ds
    popfw
    lcall   *%cs:real_call_block + R_TARGET

    pushfw                      /* the words may be gone or not: the stack is not used again */
    popw    %cs:real_call_block + R_FLAGS
    cli
    cld
    movl    %eax, %cs:real_call_block + R_EAX
    movl    %ebx, %cs:real_call_block + R_EBX
    movl    %ecx, %cs:real_call_block + R_ECX
    movl    %edx, %cs:real_call_block + R_EDX
    movl    %esi, %cs:real_call_block + R_ESI
    movl    %edi, %cs:real_call_block + R_EDI
    movw    %ds, %cs:real_call_block + R_DS
    movw    %es, %cs:real_call_block + R_ES

    lgdtl   %cs:gdt_descriptor
    lidtl   %cs:idt_saved
    movl    %cr0, %eax
    orl     $1, %eax
    movl    %eax, %cr0
    ljmp    $CODE32, $back_in_32_bits

    .code32
back_in_32_bits:
    movw    $DATA32, %ax
    movw    %ax, %ds
    movw    %ax, %es
    movw    %ax, %fs
    movw    %ax, %gs
    movw    %ax, %ss
    movl    esp_saved, %esp
    popal
    ret

    .section .data.low, "aw"
    .balign 4
esp_saved:
    .long   0
idt_saved:
    .word   0
    .long   0
idt_of_bios:
    .word   0x3ff
    .long   0
    .balign 4
real_call_block:
    .skip   R_WORD + 4 * 2

    .section .note.GNU-stack, "", %progbits
