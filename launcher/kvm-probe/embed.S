/* SPDX-License-Identifier: GPL-2.0-or-later */
    .section .rodata
    .globl kvm_probe_start, kvm_probe_end
kvm_probe_start:
    .incbin KVM_PROBE_BIN
kvm_probe_end:
    .section .note.GNU-stack, "", %progbits
