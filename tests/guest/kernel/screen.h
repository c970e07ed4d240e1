/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The VGA text screen, as a kernel without a BIOS writes it, and the serial line. */
#pragma once

#include <stdint.h>

typedef struct {
    uint32_t row, column;
    uint8_t attribute;
} Screen;

#define SCREEN_PLAIN  0x07
#define SCREEN_BRIGHT 0x0f
#define SCREEN_GREEN  0x0a
#define SCREEN_RED    0x0c

void screen_start(Screen *self);
void screen_print(Screen *self, const char *format, ...) __attribute__((format(printf, 2, 3)));
