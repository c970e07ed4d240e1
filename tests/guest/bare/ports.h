/* SPDX-License-Identifier: GPL-2.0-or-later */
/* x86 port input and output, and reads of memory at addresses that C would take for mistakes. */
#pragma once

#include <stdint.h>

static inline void
port_write8(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline void
port_write16(uint16_t port, uint16_t value)
{
    __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}

static inline void
port_write32(uint16_t port, uint32_t value)
{
    __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint8_t
port_read8(uint16_t port)
{
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline uint32_t
port_read32(uint16_t port)
{
    uint32_t value;
    __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

/* The compiler must not know where this points to: it would warn of, or drop, uses of page 0. */
static inline void *
memory_at(uint32_t address)
{
    void *pointer;
    __asm__("" : "=r"(pointer) : "0"(address));
    return pointer;
}

static inline uint8_t
memory_read8(uint32_t address)
{
    return *(const volatile uint8_t *)memory_at(address);
}

static inline uint16_t
memory_read16(uint32_t address)
{
    return *(const volatile uint16_t *)memory_at(address);
}

static inline uint32_t
address_of(const volatile void *pointer)
{
    return (uint32_t)(uintptr_t)pointer;
}
