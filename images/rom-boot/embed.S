/* SPDX-License-Identifier: GPL-2.0-or-later */
    .section .rodata
    .balign 4
    .globl rom_boot, rom_boot_size
rom_boot_size:
    .long   rom_boot_end - rom_boot
rom_boot:
    .incbin ROM_BOOT_BIN
rom_boot_end:
    .section .note.GNU-stack, "", %progbits
