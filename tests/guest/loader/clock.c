/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * As FreeBSD's loaders: the seconds are those of the real-time clock, INT 1Ah, AH=02h, which later
 * ones read until it has said the same several times in succession, each time that they want to
 * know the time [libi386/time.c: bios_seconds, time]. Short waits are INT 15h, AH=86h [time.c:
 * delay].
 */
#include "tests/guest/loader/clock.h"

#include "tests/guest/loader/generation.h"
#include "tests/guest/loader/real-call.h"

#define BIOS_CLOCK     0x1a
#define CLOCK_READ_RTC 0x02
#define BIOS_SYSTEM    0x15
#define SYSTEM_WAIT    0x86
#define DAY_SECONDS    86400u
#define RTC_TRIES      100 /* it cannot be read while it counts on */
#define TIME_TRIES     1000

static uint32_t
bcd(uint32_t byte)
{
    return (byte >> 4 & 15) * 10 + (byte & 15);
}

static uint32_t
clock_read(void)
{
    RealCall call = { 0 };

    for (int i = 0; i < RTC_TRIES; i++) {
        call = (RealCall){ .eax = CLOCK_READ_RTC << 8 };
        real_interrupt(BIOS_CLOCK, &call);
        if ((call.flags & FLAG_CARRY) == 0)
            break;
    }
    return bcd(call.ecx >> 8) * 3600 + bcd(call.ecx) * 60 + bcd(call.edx >> 8);
}

/* Returns: seconds since midnight */
uint32_t
clock_seconds(void)
{
    uint32_t now = clock_read(), same = 0;

    for (int i = 0; i < TIME_TRIES && same < generation.clock_repeats; i++) {
        uint32_t check = clock_read();
        same = check == now ? same + 1 : 0;
        now = check;
    }
    return now;
}

uint32_t
clock_seconds_since(uint32_t start)
{
    return (clock_seconds() + DAY_SECONDS - start) % DAY_SECONDS;
}

void
clock_wait_ms(uint32_t ms)
{
    uint32_t us = ms * 1000;
    RealCall call = { .eax = SYSTEM_WAIT << 8, .ecx = us >> 16, .edx = us & 0xffff };

    real_interrupt(BIOS_SYSTEM, &call);
}
