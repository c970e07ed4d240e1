/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Types and bytes that all of the stack uses: addresses, and integers in the network's order. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef PXE_STACK_FREESTANDING
void *memcpy(void *to, const void *from, size_t len);
void *memset(void *to, int value, size_t len);
int memcmp(const void *a, const void *b, size_t len);
#else
#include <string.h>
#endif

typedef struct {
    uint8_t b[6];
} Mac;

/* As on the wire, in whatever order the machine has: compared, masked and copied, never counted. */
typedef uint32_t Ip4;

#define IP4_BROADCAST 0xffffffffu

/* A real-mode address, as PXE's structures hold it. */
typedef struct __attribute__((packed)) {
    uint16_t offset, segment;
} FarPointer;

static inline uint16_t
be16_get(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline void
be16_put(uint8_t *p, uint16_t value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

static inline uint32_t
be32_get(const uint8_t *p)
{
    return (uint32_t)be16_get(p) << 16 | be16_get(p + 2);
}

static inline Ip4
ip4_get(const uint8_t *p)
{
    Ip4 ip;

    memcpy(&ip, p, sizeof ip);
    return ip;
}

static inline void
ip4_put(uint8_t *p, Ip4 ip)
{
    memcpy(p, &ip, sizeof ip);
}
