/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One call per exception; which one it was follows from the return address. */
    .text
    .globl exception_calls

exception_calls:
    .rept   32
    call    exception_entry
    .endr

exception_entry:
    movl    %esp, %eax
    pushl   %eax
    call    exception_report

    .section .note.GNU-stack, "", %progbits
