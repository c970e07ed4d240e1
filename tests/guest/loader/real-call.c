/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/guest/loader/real-call.h"

#include "tests/guest/bare/ports.h"
#include "tests/guest/bare/text.h"

extern RealCall real_call_block;
void real_call_run(void);

/* @pointer: into the first megabyte less 64 KiB, where everything here lies */
FarPointer
far_pointer_to(const void *pointer)
{
    uint32_t address = address_of(pointer);
    return (FarPointer){ (uint16_t)(address & 15), (uint16_t)(address >> 4) };
}

void *
far_pointer_get(FarPointer pointer)
{
    return memory_at(((uint32_t)pointer.segment << 4) + pointer.offset);
}

/* Calls @call's target with its registers, flags and stack words; the results are in @call. */
void
real_call(RealCall *call)
{
    memcpy(&real_call_block, call, sizeof *call);
    real_call_run();
    memcpy(call, &real_call_block, sizeof *call);
}

/* What the INT instruction does: flags on the stack, interrupts off, far call through the vector.
 */
void
real_interrupt(uint8_t vector, RealCall *call)
{
    call->target.offset = memory_read16(vector * 4u);
    call->target.segment = memory_read16(vector * 4u + 2);
    call->flags = 0;
    call->n_words = 1;
    call->words[0] = FLAG_INTERRUPTS;
    real_call(call);
}
