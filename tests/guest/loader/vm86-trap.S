/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ways into virtual-8086 mode and out of it. The layout of what lies on the stack is Vm86Frame
 * in vm86-monitor.h, and Tss is in vm86-machine.c.
 */
    .set DATA32, 0x10
    .set TSS_ESP0, 4
    .set TRAPS, 48              /* exceptions, and the interrupts of both controllers */
    .set TRAP_SIZE, 16
    .set WITH_ERROR_CODE, 0x27d00

/* The version in the double's BTX header: this is how BTX 1.01 calls. */
    .globl btx_minor
    .set btx_minor, 1

    .globl vm86_traps, vm86_enter, vm86_leave, vm86_return

    .section .start, "ax"
vm86_return:                    /* where a call comes back to: the monitor sees it halt here */
    hlt

    .text
    .code32
/* vm86_enter(frame): runs what the frame says, until vm86_leave(). */
vm86_enter:
    pushl   %ebp
    pushl   %ebx
    pushl   %esi
    pushl   %edi
    movl    20(%esp), %eax
    movl    %esp, vm86_tss + TSS_ESP0
    movl    %eax, %esp
    popal
    addl    $8, %esp
    iret

/* vm86_leave(): called by the monitor, it makes vm86_enter() return. */
vm86_leave:
    movl    vm86_tss + TSS_ESP0, %esp
    popl    %edi
    popl    %esi
    popl    %ebx
    popl    %ebp
    ret

    .balign TRAP_SIZE
vm86_traps:
    .set    vector, 0
    .rept   TRAPS
    .balign TRAP_SIZE
    .if     vector >= 32 || ((WITH_ERROR_CODE >> vector) & 1) == 0
    pushl   $0
    .endif
    pushl   $vector
    jmp     trap
    .set    vector, vector + 1
    .endr

trap:
    pushal
    movl    $DATA32, %eax
    movw    %ax, %ds
    movw    %ax, %es
    cld
    pushl   %esp
    call    vm86_trap
    addl    $4, %esp
    popal
    addl    $8, %esp            /* vector, error code */
    iret

    .section .note.GNU-stack, "", %progbits
