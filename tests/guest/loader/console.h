/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The screen, by the BIOS, and the serial line; the keyboard; and the end with a reason. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef enum {
    PLAIN = 0x07,
    BRIGHT = 0x0f,
    GREEN = 0x0a,
    RED = 0x0c,
    YELLOW = 0x0e
} Colour;

void console_start(void);
void console_colour(Colour colour);
void console_print(const char *format, ...) __attribute__((format(printf, 1, 2)));
void console_print_coloured(Colour colour, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void console_stage(const char *name);
void console_rule(void);
/* A sign of life on the screen. */
void console_twiddle(void);
/* From here on the serial line only, without the BIOS. */
void console_leave_screen(void);
bool console_key_pressed(void);

/* Remembers a detail of what is going wrong, for fail(). */
void trouble(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Prints "DOUBLE gen: FAILED …" with the last trouble, if any, and stops for good. */
void fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
