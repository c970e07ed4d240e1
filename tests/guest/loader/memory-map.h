/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The BIOS's map of the memory, INT 15h, AX=E820h. Source: ACPI 1.0 §14.1 */
#pragma once

#include <stdint.h>

#define MEMORY_RANGES_MAX 32

/* As the BIOS writes them, and as the kernel wants them [machine/pc/bios.h: bios_smap]. */
typedef struct __attribute__((packed)) {
    uint32_t base, base_high, length, length_high, type;
} MemoryRange;

typedef struct {
    MemoryRange ranges[MEMORY_RANGES_MAX];
    uint32_t n;
} MemoryMap;

const MemoryMap *memory_map(void);
uint32_t memory_top(void);
uint32_t memory_low_top(void);
