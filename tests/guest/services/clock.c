/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The BIOS's clock under a PXE stack that answers for it: it goes on while nothing else is asked,
 * with interrupts off, and says at once what it has been set to [INT 1Ah, AH=02h and 03h].
 */
#include "tests/guest/bare/text.h"
#include "tests/guest/loader/console.h"
#include "tests/guest/loader/real-call.h"
#include "tests/guest/services/services.h"

#define BIOS_CLOCK 0x1a
#define CLOCK_READ 0x0200
#define CLOCK_SET  0x0300
#define TRIES      1000000
#define TEST_HOUR  0x1234 /* and minute, BCD */

typedef struct {
    uint16_t hour_minute; /* BCD */
    uint8_t second;
} Time;

static Time
clock_read(void)
{
    for (int i = 0; i < TRIES; i++) {
        RealCall call = { .eax = CLOCK_READ };
        real_interrupt(BIOS_CLOCK, &call);
        if ((call.flags & FLAG_CARRY) == 0)
            return (Time){ (uint16_t)call.ecx, (uint8_t)(call.edx >> 8) };
    }
    fail("INT 1Ah cannot read the clock");
}

static void
clock_set(Time time)
{
    RealCall call = { .eax = CLOCK_SET, .ecx = time.hour_minute, .edx = time.second * 0x100u };

    real_interrupt(BIOS_CLOCK, &call);
}

/* Returns: the first time with another second */
static Time
clock_next(void)
{
    Time start = clock_read();

    for (int i = 0; i < TRIES; i++) {
        Time now = clock_read();
        if (now.second != start.second)
            return now;
    }
    fail("the clock stands still");
}

void
services_check_clock(void)
{
    Time before = clock_next(), first, second;

    clock_set((Time){ TEST_HOUR, 0x10 });
    first = clock_read();
    clock_set((Time){ TEST_HOUR, 0x30 });
    second = clock_read();
    clock_set(before);
    if (first.hour_minute != TEST_HOUR || first.second < 0x10 || first.second > 0x11 ||
        second.hour_minute != TEST_HOUR || second.second < 0x30 || second.second > 0x31)
        fail("the clock was set to %04x:10 and %04x:30, and said %04x:%02x and %04x:%02x",
             TEST_HOUR, TEST_HOUR, first.hour_minute, first.second, second.hour_minute,
             second.second);
    console_print("   clock\n");
}
