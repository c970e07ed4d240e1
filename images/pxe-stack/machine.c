/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See machine.h. The compiler calls memcpy() and memset() on its own account, too. */
#include "images/pxe-stack/machine.h"

#define PIT_COUNTER_0 0x40
#define PIT_CONTROL   0x43
#define PIT_LATCH_0   0x00
#define PIT_TICKS_MS  1193u
#define REST_LOOPS    400
#define TIMER_RESTS   16 /* to each look at the clock; a power of two */

static uint16_t
pit_count(void)
{
    out8(PIT_CONTROL, PIT_LATCH_0);
    uint8_t low = in8(PIT_COUNTER_0);
    return (uint16_t)(in8(PIT_COUNTER_0) << 8 | low);
}

/* @ms: from the first look at the clock on, some ten microseconds from now */
void
timer_start(Timer *self, uint16_t ms)
{
    *self = (Timer){ .left = ms * PIT_TICKS_MS };
}

/*
 * Some microseconds without a port: an emulator has one lock for all devices, and who asks them all
 * the time keeps the answer from coming.
 */
static void
rest(void)
{
    for (uint16_t i = 0; i < REST_LOOPS; i++)
        __asm__ volatile("");
}

/*
 * Rests, and looks at the clock every sixteenth time. Must be called so often that this is before
 * the counter comes round, every 55 ms. A counter that stands still counts as one tick for each
 * look.
 */
bool
timer_expired(Timer *self)
{
    rest();
    if (++self->rests % TIMER_RESTS != 0)
        return false;
    uint16_t now = pit_count(), passed = (uint16_t)(self->last - now);

    if (passed == 0 || self->rests == TIMER_RESTS)
        passed = 1;
    self->last = now;
    if (passed >= self->left)
        return true;
    self->left -= passed;
    return false;
}

/* Source: C11 7.24.2.1 */
void *
memcpy(void *to, const void *from, size_t len)
{
    void *destination = to;
    size_t words = len / 4;

    __asm__ volatile("rep movsl\n\t"
                     "movw %w3, %%cx\n\t"
                     "rep movsb"
                     : "+D"(destination), "+S"(from), "+c"(words)
                     : "r"(len & 3)
                     : "memory");
    return to;
}

/* Source: C11 7.24.6.1 */
void *
memset(void *to, int value, size_t len)
{
    void *destination = to;
    size_t words = len / 4;

    __asm__ volatile("rep stosl\n\t"
                     "movw %w2, %%cx\n\t"
                     "rep stosb"
                     : "+D"(destination), "+c"(words)
                     : "r"(len & 3), "a"((uint8_t)value * 0x01010101u)
                     : "memory");
    return to;
}

/* Source: C11 7.24.4.1 */
int
memcmp(const void *a, const void *b, size_t len)
{
    const uint8_t *p = a, *q = b;

    for (; len > 0; len--, p++, q++) {
        if (*p != *q)
            return *p - *q;
    }
    return 0;
}

/* The same place with an offset below 16, so that @len bytes from there do not wrap around. */
static FarPointer
far_normal(FarPointer pointer)
{
    return (FarPointer){ pointer.offset & 15, (uint16_t)(pointer.segment + (pointer.offset >> 4)) };
}

/* Copies @len bytes, less than 64 KiB, from anywhere in the first megabyte into our segment. */
void
far_read(void *to, FarPointer from, uint16_t len)
{
    FarPointer at = far_normal(from);
    uint32_t source = at.offset, words = len / 4;

    __asm__ volatile("movw %w4, %%ds\n\t"
                     "rep movsl\n\t"
                     "movw %w3, %%cx\n\t"
                     "rep movsb\n\t"
                     "pushw %%es\n\t"
                     "popw %%ds"
                     : "+D"(to), "+S"(source), "+c"(words)
                     : "r"((uint32_t)(len & 3)), "r"((uint32_t)at.segment)
                     : "memory");
}

/* And the other way. */
void
far_write(FarPointer to, const void *from, uint16_t len)
{
    FarPointer at = far_normal(to);
    uint32_t destination = at.offset, words = len / 4;

    __asm__ volatile("movw %w4, %%es\n\t"
                     "rep movsl\n\t"
                     "movw %w3, %%cx\n\t"
                     "rep movsb\n\t"
                     "pushw %%ds\n\t"
                     "popw %%es"
                     : "+D"(destination), "+S"(from), "+c"(words)
                     : "r"((uint32_t)(len & 3)), "r"((uint32_t)at.segment)
                     : "memory");
}

/* INT 15h, AH=87h takes a table of descriptors: two for itself, source, destination, two more. */
typedef struct __attribute__((packed)) {
    uint16_t limit;
    uint16_t base_low;
    uint8_t base_middle, access;
    uint8_t flags, base_high;
} MoveDescriptor;

enum {
    MOVE_SOURCE = 2,
    MOVE_DESTINATION = 3,
    MOVE_DESCRIPTORS = 6,
};

#define MOVE_ACCESS_DATA 0x93
#define MOVE_LIMIT       0xffff

static MoveDescriptor
move_descriptor(uint32_t address)
{
    return (MoveDescriptor){
        .limit = MOVE_LIMIT,
        .base_low = (uint16_t)address,
        .base_middle = (uint8_t)(address >> 16),
        .base_high = (uint8_t)(address >> 24),
        .access = MOVE_ACCESS_DATA,
    };
}

/* Copies @words 16-bit words anywhere. Returns: whether the BIOS did it */
static bool
physical_move(uint32_t to, uint32_t from, uint16_t words)
{
    MoveDescriptor table[MOVE_DESCRIPTORS] = {
        [MOVE_SOURCE] = move_descriptor(from),
        [MOVE_DESTINATION] = move_descriptor(to),
    };
    uint16_t ax = 0x8700;
    const void *at = table;

    __asm__ volatile("int $0x15\n\t"
                     "sbbb %%al, %%al"
                     : "+a"(ax), "+c"(words), "+S"(at)
                     :
                     : "memory", "cc");
    return (ax & 0xff) == 0;
}

/**
 * physical_write:
 * @to: an address below 4 GiB
 * @from: in our segment
 * @len: bytes
 *
 * The BIOS moves words; of the last one, half may belong to somebody else.
 * Returns: whether it worked; above the first megabyte that is up to the BIOS
 **/
bool
physical_write(uint32_t to, const void *from, uint16_t len)
{
    const uint8_t *bytes = from;
    uint8_t last[2];

    if (to + len <= 0x100000) {
        far_write((FarPointer){ (uint16_t)(to & 15), (uint16_t)(to >> 4) }, from, len);
        return true;
    }
    if (len > 1 && !physical_move(to, physical_address(from), len / 2))
        return false;
    if (len % 2 == 0)
        return true;
    to += len - 1u;
    if (!physical_move(physical_address(last), to, 1))
        return false;
    last[0] = bytes[len - 1];
    return physical_move(to, physical_address(last), 1);
}
