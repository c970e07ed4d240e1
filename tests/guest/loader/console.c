/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/guest/loader/console.h"

#include "tests/guest/bare/ports.h"
#include "tests/guest/bare/serial.h"
#include "tests/guest/bare/text.h"
#include "tests/guest/loader/generation.h"
#include "tests/guest/loader/real-call.h"

#define BIOS_VIDEO           0x10
#define VIDEO_MOVE_CURSOR    0x02
#define VIDEO_READ_CELL      0x08
#define VIDEO_WRITE_CELL     0x09
#define VIDEO_TELETYPE       0x0e
#define VIDEO_ACTIVE_DISPLAY 0x00
#define VIDEO_MODE_TEXT      0x03
#define BIOS_KEYBOARD        0x16
#define KEYBOARD_PEEK        0x01
#define COLUMNS              80
#define BDA_CURSOR           0x450 /* column, row */

static Colour console_attribute;
static bool console_off_screen;
static char console_trouble[160];

static void
video_put(char c)
{
    RealCall call;

    if (console_off_screen)
        return;
    /* The teletype call keeps the colours that are there, so the cell is written first. */
    if (console_attribute != PLAIN && c >= ' ') {
        call = (RealCall){ .eax = VIDEO_WRITE_CELL << 8 | (uint8_t)c,
                           .ebx = console_attribute,
                           .ecx = 1 };
        real_interrupt(BIOS_VIDEO, &call);
    }
    call = (RealCall){ .eax = VIDEO_TELETYPE << 8 | (uint8_t)c, .ebx = PLAIN };
    real_interrupt(BIOS_VIDEO, &call);
}

static void
console_put(char c, void *data)
{
    (void)data;
    if (c == '\n')
        console_put('\r', NULL);
    video_put(c);
    serial_put(c);
}

/* Begins with an empty screen in text mode. */
void
console_start(void)
{
    RealCall call = { .eax = VIDEO_ACTIVE_DISPLAY << 8 | VIDEO_MODE_TEXT };

    serial_start();
    real_interrupt(BIOS_VIDEO, &call);
    console_attribute = PLAIN;
}

void
console_colour(Colour colour)
{
    console_attribute = colour;
}

void
console_leave_screen(void)
{
    console_off_screen = true;
}

void
console_print(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    text_format(console_put, NULL, format, args);
    va_end(args);
}

void
console_print_coloured(Colour colour, const char *format, ...)
{
    va_list args;

    console_attribute = colour;
    va_start(args, format);
    text_format(console_put, NULL, format, args);
    va_end(args);
    console_attribute = PLAIN;
}

/* The heading of what comes next. */
void
console_stage(const char *name)
{
    static uint32_t number;

    number++;
    console_print_coloured(BRIGHT, "%u. %s\n", number, name);
}

/* A line across the screen. The last column stays free: the BIOS goes on to the next row there. */
void
console_rule(void)
{
    for (int i = 0; i < COLUMNS - 1; i++)
        console_put('-', NULL);
    console_put('\n', NULL);
}

/* The loader looks at what is under the cursor then, which could hide it. */
static void
cursor_move(uint16_t to)
{
    RealCall call = { .eax = VIDEO_MOVE_CURSOR << 8, .edx = to };

    real_interrupt(BIOS_VIDEO, &call);
    call = (RealCall){ .eax = VIDEO_READ_CELL << 8 };
    real_interrupt(BIOS_VIDEO, &call);
}

/* The next of four strokes, and one step back: five calls [libstand/twiddle.c,
 * libi386/vidconsole.c: write_char, curs_move]. */
void
console_twiddle(void)
{
    static uint32_t turn;
    uint16_t at = memory_read16(BDA_CURSOR);
    RealCall call = { .eax = VIDEO_WRITE_CELL << 8 | (uint8_t) "|/-\\"[turn++ % 4],
                      .ebx = PLAIN,
                      .ecx = 1 };

    real_interrupt(BIOS_VIDEO, &call);
    cursor_move(at + 1);
    cursor_move(at);
}

/* INT 16h, AH=01h: zero flag clear when there is a key; the key stays. */
bool
console_key_pressed(void)
{
    RealCall call = { .eax = KEYBOARD_PEEK << 8 };

    real_interrupt(BIOS_KEYBOARD, &call);
    return (call.flags & FLAG_ZERO) == 0;
}

typedef struct {
    char *at;
    char *end;
} Note;

static void
note_put(char c, void *data)
{
    Note *note = data;

    if (note->at < note->end)
        *note->at++ = c;
}

void
trouble(const char *format, ...)
{
    Note note = { console_trouble, console_trouble + sizeof console_trouble - 1 };
    va_list args;

    va_start(args, format);
    text_format(note_put, &note, format, args);
    va_end(args);
    *note.at = '\0';
}

void
fail(const char *format, ...)
{
    va_list args;

    console_attribute = RED;
    console_print("\nDOUBLE %s: FAILED ", generation.name);
    va_start(args, format);
    text_format(console_put, NULL, format, args);
    va_end(args);
    console_print("%s%s\n", console_trouble[0] != '\0' ? ": " : "", console_trouble);
    for (;;)
        __asm__ volatile("cli; hlt");
}
