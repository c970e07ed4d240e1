/* SPDX-License-Identifier: GPL-2.0-or-later */
/* As much of ELF as a 32-bit kernel needs. Source: System V ABI, Intel386 supplement. */
#pragma once

#include <stdint.h>

#define ELF_MAGIC   "\177ELF\001\001\001" /* with class, byte order and version */
#define ELF_ET_EXEC 2
#define ELF_EM_386  3
#define ELF_PT_LOAD 1

typedef struct {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version, entry, phoff, shoff, flags;
    uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
} ElfHeader;

typedef struct {
    uint32_t type, offset, vaddr, paddr, filesz, memsz, flags, align;
} ElfSegment;
