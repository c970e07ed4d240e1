/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Time from the BIOS. */
#pragma once

#include <stdint.h>

uint32_t clock_seconds(void);
uint32_t clock_seconds_since(uint32_t start);
void clock_wait_ms(uint32_t ms);
