/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the assembler files and the C ones. Arguments are in EAX, EDX, ECX (-mregparm=3). */
#pragma once

#include "images/pxe-stack/pxe.h"

/* entry.S: what boot programs find us by; filled in when the segment is known */
extern Pxenv pxenv;
extern BangPxe bangpxe;
extern FarPointer int15_next, int1a_next; /* what was there before */

extern uint8_t pxenv_entry[], bangpxe_entry[], int15_hook[], int1a_hook[];

/* Linker script */
extern uint8_t stack_top[], resident_end[];

/* Calls a PXE stack that is not ours, at @entry. @parameters: in our segment. Returns: AX */
uint16_t foreign_call(FarPointer entry, uint16_t function, void *parameters);

/*
 * Writes the BIOS's low memory, where SeaBIOS has its stack, over itself. The pages have held code
 * of its start, too; an emulator that has translated it checks every push of an INT 1Ah (the
 * loaders' clock) against that, for microseconds, until the code has been overwritten.
 */
void bios_memory_rewrite(void);

/* Prints one character by the BIOS. */
void bios_print(char c);

/* services.c, called from entry.S and start.S */
uint16_t service_call(uint16_t function, FarPointer at);
uint16_t stack_start(FarPointer bangpxe_at);
