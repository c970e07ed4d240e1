/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: the BIOS and the PXE stack are called in virtual-8086 mode, as by BTX 1.01,
 * FreeBSD's up to 7.0. There every instruction that touches the interrupt flag or the machine's
 * state is a general protection fault. The monitor does in its place CLI, STI, PUSHF, POPF, INT,
 * IRET, and HLT while interrupts are on; ports are free. Anything else is the called code's mistake
 * and ends the double with a dump of the registers: LGDT and writes to CR0, with which a PXE stack
 * changes to protected mode, above all.
 *
 * The interrupt flag is the processor's own: a hardware interrupt is taken while real-mode code
 * runs with interrupts on, and handed to the BIOS's handler through its vector.
 */
#include "tests/guest/loader/vm86-monitor.h"

#include "tests/guest/bare/ports.h"
#include "tests/guest/bare/text.h"
#include "tests/guest/loader/console.h"
#include "tests/guest/loader/real-call.h"

#define REAL_STACK       0x7000u /* grows down; its pages have no code, as in BTX */
#define PIC_LINES        8u
#define PIC1_BIOS_VECTOR 0x08u
#define PIC2_BIOS_VECTOR 0x70u
#define FLAG_TRAP        0x0100u
/* What POPF and IRET may change: CF, PF, AF, ZF, SF, TF, IF, DF, OF */
#define FLAGS_SETTABLE  0x0fd5u
#define INSTRUCTION_MAX 15

/* An instruction that the monitor does: @eip is behind it already when @run is called. */
typedef struct {
    uint8_t opcode;
    bool (*run)(Vm86Frame *frame, uint32_t operand_size); /* FALSE: not allowed */
} Emulated;

extern RealCall real_call_block;
void real_call_run(void);

const char real_call_way[] = "in virtual-8086 mode, as BTX 1.01 does";
RealCall real_call_block;
static Vm86Frame vm86_result;

static uint32_t
linear(uint32_t segment, uint32_t offset)
{
    return (segment & 0xffff) * 16 + (offset & 0xffff);
}

static void
push(Vm86Frame *frame, uint32_t value, uint32_t size)
{
    frame->esp = (frame->esp & 0xffff0000u) | ((frame->esp - size) & 0xffff);
    memcpy(memory_at(linear(frame->ss, frame->esp)), &value, size);
}

static uint32_t
pop(Vm86Frame *frame, uint32_t size)
{
    uint32_t value = 0;

    memcpy(&value, memory_at(linear(frame->ss, frame->esp)), size);
    frame->esp = (frame->esp & 0xffff0000u) | ((frame->esp + size) & 0xffff);
    return value;
}

static void
set_flags(Vm86Frame *frame, uint32_t flags)
{
    frame->eflags = (frame->eflags & ~FLAGS_SETTABLE) | (flags & FLAGS_SETTABLE);
}

/* What the processor does in real mode for interrupt @vector. */
static void
interrupt(Vm86Frame *frame, uint32_t vector)
{
    push(frame, frame->eflags, 2);
    push(frame, frame->cs, 2);
    push(frame, frame->eip, 2);
    frame->eip = memory_read16(vector * 4);
    frame->cs = memory_read16(vector * 4 + 2);
    frame->eflags &= ~(FLAG_INTERRUPTS | FLAG_TRAP);
}

static bool
run_cli(Vm86Frame *frame, uint32_t operand_size)
{
    (void)operand_size;
    frame->eflags &= ~(uint32_t)FLAG_INTERRUPTS;
    return true;
}

static bool
run_sti(Vm86Frame *frame, uint32_t operand_size)
{
    (void)operand_size;
    frame->eflags |= FLAG_INTERRUPTS;
    return true;
}

static bool
run_pushf(Vm86Frame *frame, uint32_t operand_size)
{
    push(frame, frame->eflags & ~EFLAGS_VM, operand_size);
    return true;
}

static bool
run_popf(Vm86Frame *frame, uint32_t operand_size)
{
    set_flags(frame, pop(frame, operand_size));
    return true;
}

static bool
run_int(Vm86Frame *frame, uint32_t operand_size)
{
    uint8_t vector = memory_read8(linear(frame->cs, frame->eip));

    (void)operand_size;
    frame->eip = (frame->eip + 1) & 0xffff;
    interrupt(frame, vector);
    return true;
}

static bool
run_iret(Vm86Frame *frame, uint32_t operand_size)
{
    frame->eip = pop(frame, operand_size) & 0xffff;
    frame->cs = pop(frame, operand_size) & 0xffff;
    set_flags(frame, pop(frame, operand_size));
    return true;
}

/* A call ends at a HLT of ours. Another one waits for an interrupt: it comes, so go on. */
static bool
run_hlt(Vm86Frame *frame, uint32_t operand_size)
{
    (void)operand_size;
    if (frame->cs == 0 && frame->eip == address_of(vm86_return) + 1) {
        vm86_result = *frame;
        vm86_leave();
    }
    return (frame->eflags & FLAG_INTERRUPTS) != 0;
}

static const Emulated vm86_emulated[] = {
    { 0x9c, run_pushf }, { 0x9d, run_popf }, { 0xcd, run_int }, { 0xcf, run_iret },
    { 0xf4, run_hlt },   { 0xfa, run_cli },  { 0xfb, run_sti },
};

static bool
is_segment_prefix(uint8_t byte)
{
    return byte == 0x26 || byte == 0x2e || byte == 0x36 || byte == 0x3e || byte == 0x64 ||
           byte == 0x65;
}

/* Does the instruction at CS:EIP, or leaves @frame as it is and returns FALSE. */
static bool
emulate(Vm86Frame *frame)
{
    Vm86Frame next = *frame;
    uint32_t operand_size = 2;

    for (int i = 0; i < INSTRUCTION_MAX; i++) {
        uint8_t byte = memory_read8(linear(next.cs, next.eip));
        next.eip = (next.eip + 1) & 0xffff;
        if (byte == 0x66) {
            operand_size = 4;
            continue;
        }
        if (is_segment_prefix(byte))
            continue;
        for (uint32_t k = 0; k < sizeof vm86_emulated / sizeof vm86_emulated[0]; k++) {
            if (vm86_emulated[k].opcode != byte || !vm86_emulated[k].run(&next, operand_size))
                continue;
            *frame = next;
            return true;
        }
        return false;
    }
    return false;
}

/* Called by vm86-trap.S; what it changes in @frame is so when the interrupted code goes on. */
void
vm86_trap(Vm86Frame *frame)
{
    if ((frame->eflags & EFLAGS_VM) == 0)
        fail("exception %u, code 0x%x, at 0x%x", frame->vector, frame->error, frame->eip);
    if (frame->vector >= VM86_IRQ_BASE) {
        uint32_t line = frame->vector - VM86_IRQ_BASE;
        interrupt(frame,
                  line < PIC_LINES ? PIC1_BIOS_VECTOR + line : PIC2_BIOS_VECTOR + line - PIC_LINES);
        return;
    }
    if (frame->vector != EXCEPTION_GP || !emulate(frame))
        vm86_report(frame);
}

/* The call in real_call_block, in virtual-8086 mode. */
void
real_call_run(void)
{
    RealCall *call = &real_call_block;
    Vm86Frame frame = { .eax = call->eax,
                        .ebx = call->ebx,
                        .ecx = call->ecx,
                        .edx = call->edx,
                        .esi = call->esi,
                        .edi = call->edi,
                        .ebp = call->ebp,
                        .eip = call->target.offset,
                        .cs = call->target.segment,
                        .eflags = call->flags | EFLAGS_ALWAYS | EFLAGS_VM,
                        .esp = REAL_STACK,
                        .es = call->es,
                        .ds = call->ds };

    for (uint32_t i = 0; i < call->n_words; i++)
        push(&frame, call->words[i], 2);
    push(&frame, 0, 2);
    push(&frame, address_of(vm86_return), 2);
    vm86_enter(&frame);
    call->eax = vm86_result.eax;
    call->ebx = vm86_result.ebx;
    call->ecx = vm86_result.ecx;
    call->edx = vm86_result.edx;
    call->esi = vm86_result.esi;
    call->edi = vm86_result.edi;
    call->ds = (uint16_t)vm86_result.ds;
    call->es = (uint16_t)vm86_result.es;
    call->flags = (uint16_t)vm86_result.eflags;
}

void
real_call_start(void)
{
    vm86_machine_start();
}

void
real_call_stop(void)
{
    vm86_machine_stop();
}
