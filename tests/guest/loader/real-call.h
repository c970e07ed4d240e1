/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls of real-mode code: the BIOS and the PXE stack. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define REAL_CALL_WORDS 4
#define FLAG_CARRY      0x0001
#define FLAG_ZERO       0x0040
#define FLAG_INTERRUPTS 0x0200

/* A real-mode address, as PXE structures hold it. */
typedef struct __attribute__((packed)) {
    uint16_t offset, segment;
} FarPointer;

/* Known to real-call.S. */
typedef struct __attribute__((packed)) {
    uint32_t eax, ebx, ecx, edx, esi, edi, ebp;
    uint16_t ds, es;
    uint16_t flags;
    FarPointer target;
    uint16_t n_words;
    uint16_t words[REAL_CALL_WORDS]; /* pushed in this order */
} RealCall;

/* How calls are made; real-mode.c or vm86-monitor.c. */
extern const char real_call_way[];
/* Before the first call; from then on exceptions are reported. */
void real_call_start(void);
/* Behind the last call, in front of the kernel. */
void real_call_stop(void);

FarPointer far_pointer_to(const void *pointer);
void *far_pointer_get(FarPointer pointer);
void real_call(RealCall *call);
void real_interrupt(uint8_t vector, RealCall *call);
