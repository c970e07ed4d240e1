/* SPDX-License-Identifier: GPL-2.0-or-later */
    .section .rodata
    .balign 4
    .globl kvm_probe, kvm_probe_size
kvm_probe_size:
    .long   kvm_probe_end - kvm_probe
kvm_probe:
    .incbin KVM_PROBE_BIN
kvm_probe_end:
    .section .note.GNU-stack, "", %progbits
