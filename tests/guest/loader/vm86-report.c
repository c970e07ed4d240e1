/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The registers at a fault that the monitor does not handle, laid out as BTX does, and a verdict:
 * on the screen and the serial line. Printing calls the BIOS; if that is what faults, the second
 * report goes to the serial line alone.
 */
#include "tests/guest/bare/ports.h"
#include "tests/guest/bare/text.h"
#include "tests/guest/loader/console.h"
#include "tests/guest/loader/vm86-monitor.h"

#define DUMP_BYTES 16

typedef struct {
    uint8_t code[DUMP_BYTES], stack[DUMP_BYTES];
} Dump;

static uint32_t vm86_reports;

/* Before anything is printed, since printing uses the same real-mode stack. */
static void
dump_take(Dump *self, const Vm86Frame *frame)
{
    memcpy(self->code, memory_at(frame->cs * 16 + (frame->eip & 0xffff)), DUMP_BYTES);
    memcpy(self->stack, memory_at(frame->ss * 16 + (frame->esp & 0xffff)), DUMP_BYTES);
}

static void
print_bytes(const char *name, const uint8_t *bytes)
{
    console_print("%s=", name);
    for (int i = 0; i < DUMP_BYTES; i++)
        console_print("%02x%s", bytes[i], i < DUMP_BYTES - 1 ? " " : "\n");
}

void
vm86_report(const Vm86Frame *frame)
{
    Vm86Frame at = *frame;
    Dump dump;

    dump_take(&dump, &at);
    if (vm86_reports++ > 0)
        console_leave_screen();
    console_print("\nint=%08x  err=%08x  efl=%08x  eip=%08x\n", at.vector, at.error, at.eflags,
                  at.eip);
    console_print("eax=%08x  ebx=%08x  ecx=%08x  edx=%08x\n", at.eax, at.ebx, at.ecx, at.edx);
    console_print("esi=%08x  edi=%08x  ebp=%08x  esp=%08x\n", at.esi, at.edi, at.ebp, at.esp);
    console_print("cs=%04x  ds=%04x  es=%04x    fs=%04x  gs=%04x  ss=%04x\n", at.cs, at.ds, at.es,
                  at.fs, at.gs, at.ss);
    print_bytes("cs:eip", dump.code);
    print_bytes("ss:esp", dump.stack);
    console_print_coloured(RED, "VM86 DOUBLE: FAULT int=%08x\n", at.vector);
    console_print("What was called does not run in virtual-8086 mode.\n");
    for (;;)
        __asm__ volatile("cli; hlt");
}
