/* SPDX-License-Identifier: GPL-2.0-or-later */
    .section .rodata
    .globl rom_boot_start, rom_boot_end
rom_boot_start:
    .incbin ROM_BOOT_BIN
rom_boot_end:
    .section .note.GNU-stack, "", %progbits
