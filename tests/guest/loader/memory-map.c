/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/guest/loader/memory-map.h"

#include "tests/guest/bare/ports.h"
#include "tests/guest/bare/text.h"
#include "tests/guest/loader/real-call.h"

#define BIOS_SYSTEM     0x15
#define QUERY_MAP       0xe820
#define SMAP            0x534d4150u /* "SMAP" */
#define TYPE_USABLE     1
#define ONE_MEGABYTE    0x100000u
#define BDA_BASE_MEMORY 0x413 /* KiB below the PXE stack and the BIOS's own data */

/* Returns: (transfer none): the map, asked for the first time that it is wanted */
const MemoryMap *
memory_map(void)
{
    static MemoryMap map;
    MemoryRange range = { 0 };
    uint32_t next = 0;

    if (map.n > 0)
        return &map;
    do {
        FarPointer at = far_pointer_to(&range);
        RealCall call = { .eax = QUERY_MAP,
                          .ebx = next,
                          .ecx = sizeof range,
                          .edx = SMAP,
                          .edi = at.offset,
                          .es = at.segment };
        real_interrupt(BIOS_SYSTEM, &call);
        if ((call.flags & FLAG_CARRY) != 0 || call.eax != SMAP)
            break;
        map.ranges[map.n++] = range;
        next = call.ebx;
    } while (next != 0 && map.n < MEMORY_RANGES_MAX);
    return &map;
}

/* Returns: the end of the usable memory that begins at or below one megabyte */
uint32_t
memory_top(void)
{
    const MemoryMap *map = memory_map();

    for (uint32_t i = 0; i < map->n; i++) {
        const MemoryRange *range = &map->ranges[i];
        if (range->type == TYPE_USABLE && range->base_high == 0 && range->base <= ONE_MEGABYTE &&
            range->length > ONE_MEGABYTE - range->base)
            return range->base + range->length;
    }
    return ONE_MEGABYTE;
}

/* Returns: the end of what a boot program may use below 640 KiB */
uint32_t
memory_low_top(void)
{
    return memory_read16(BDA_BASE_MEMORY) * 1024u;
}
