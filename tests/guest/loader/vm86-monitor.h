/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Virtual-8086 mode: the machine that is set up for it, and the monitor that runs in it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define VM86_TRAPS     48
#define VM86_TRAP_SIZE 16 /* of an entry at vm86_traps */
#define VM86_IRQ_BASE  32 /* the interrupt controllers' first vector while the monitor is there */
#define EFLAGS_ALWAYS  0x00000002u
#define EFLAGS_VM      0x00020000u
#define EXCEPTION_GP   13

/* On the stack when a trap is taken in virtual-8086 mode; known to vm86-trap.S. */
typedef struct __attribute__((packed)) {
    uint32_t edi, esi, ebp, unused_esp, ebx, edx, ecx, eax; /* by PUSHA */
    uint32_t vector, error;
    uint32_t eip, cs, eflags;         /* from here on by the processor; */
    uint32_t esp, ss, es, ds, fs, gs; /* these not when the trap was in protected mode */
} Vm86Frame;

/* vm86-trap.S */
extern const uint8_t vm86_traps[], vm86_return[];
void vm86_enter(const Vm86Frame *frame);
void vm86_leave(void) __attribute__((noreturn));

/* vm86-machine.c */
void vm86_machine_start(void);
void vm86_machine_stop(void);

/* vm86-report.c */
void vm86_report(const Vm86Frame *frame) __attribute__((noreturn));

void vm86_trap(Vm86Frame *frame);
