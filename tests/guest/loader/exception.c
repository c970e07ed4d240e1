/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A mistake in the double itself ends with a line that says where, not with a reset. */
#include "tests/guest/loader/exception.h"

#include "tests/guest/bare/ports.h"
#include "tests/guest/loader/console.h"

#define EXCEPTIONS          32
#define EXCEPTION_CALL_SIZE 5 /* of one call instruction in exception.S */
#define CODE32              0x08
#define INTERRUPT_GATE      0x8e00

/* With these the processor pushes an error code. Source: Intel SDM volume 3 §6.15 */
#define WITH_ERROR_CODE (1u << 8 | 1u << 10 | 1u << 11 | 1u << 12 | 1u << 13 | 1u << 14 | 1u << 17)

typedef struct __attribute__((packed)) {
    uint16_t offset_low, selector, type, offset_high;
} Gate;

extern const char exception_calls[];
void exception_report(const uint32_t *stack);

static Gate exception_gates[EXCEPTIONS];

/* @stack: what `call` and the processor have pushed */
void
exception_report(const uint32_t *stack)
{
    uint32_t vector = (stack[0] - address_of(exception_calls)) / EXCEPTION_CALL_SIZE - 1;
    bool has_code = (WITH_ERROR_CODE >> vector & 1) != 0;

    fail("exception %u, code 0x%x, at 0x%x", vector, has_code ? stack[1] : 0,
         stack[has_code ? 2 : 1]);
}

void
exception_start(void)
{
    struct __attribute__((packed)) {
        uint16_t limit;
        uint32_t base;
    } idt = { sizeof exception_gates - 1, address_of(exception_gates) };

    for (uint32_t i = 0; i < EXCEPTIONS; i++) {
        uint32_t handler = address_of(exception_calls) + i * EXCEPTION_CALL_SIZE;
        exception_gates[i] =
            (Gate){ (uint16_t)handler, CODE32, INTERRUPT_GATE, (uint16_t)(handler >> 16) };
    }
    __asm__ volatile("lidt %0" : : "m"(idt));
}
