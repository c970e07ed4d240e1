/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What only the real machine has: ports, memory outside of the stack's segment, the time. Host
 * tests bring their own far_read(), far_write(), timer_start() and timer_expired().
 */
#pragma once

#include "images/pxe-stack/wire.h"

/* A time limit. Counts the 8254's channel 0, which runs whether interrupts are on or not. */
typedef struct {
    uint32_t left;  /* ticks of 0.84 us */
    uint16_t last;  /* the counter when it was looked at; it counts down */
    uint16_t rests; /* since the start */
} Timer;

void timer_start(Timer *self, uint16_t ms);
bool timer_expired(Timer *self);

void far_read(void *to, FarPointer from, uint16_t len);
void far_write(FarPointer to, const void *from, uint16_t len);
bool physical_write(uint32_t to, const void *from, uint16_t len);

#ifdef PXE_STACK_FREESTANDING

static inline void
out8(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline void
out16(uint16_t port, uint16_t value)
{
    __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}

static inline void
out32(uint16_t port, uint32_t value)
{
    __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint8_t
in8(uint16_t port)
{
    uint8_t value;

    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline uint16_t
in16(uint16_t port)
{
    uint16_t value;

    __asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline uint32_t
in32(uint16_t port)
{
    uint32_t value;

    __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

/* The segment that we run in, the same for code, data and stack. */
static inline uint16_t
own_segment(void)
{
    uint16_t segment;

    __asm__("movw %%cs, %0" : "=r"(segment));
    return segment;
}

static inline FarPointer
far_pointer_to(const void *pointer)
{
    return (FarPointer){ (uint16_t)(uintptr_t)pointer, own_segment() };
}

/* For cards, which know nothing of segments. */
static inline uint32_t
physical_address(const void *pointer)
{
    return ((uint32_t)own_segment() << 4) + (uint32_t)(uintptr_t)pointer;
}

#endif
