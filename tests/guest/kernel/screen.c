/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Goes on below what the BIOS has written: its cursor is in the BIOS data area. */
#include "tests/guest/kernel/screen.h"

#include "tests/guest/bare/ports.h"
#include "tests/guest/bare/serial.h"
#include "tests/guest/bare/text.h"

#define VGA_CELLS      0xb8000
#define COLUMNS        80u
#define ROWS           25u
#define BDA_CURSOR     0x450 /* column, row of page 0 */
#define CRTC_INDEX     0x3d4
#define CRTC_DATA      0x3d5
#define CRTC_CURSOR_HI 0x0e
#define CRTC_CURSOR_LO 0x0f

static volatile uint16_t *
screen_row(uint32_t row)
{
    return (volatile uint16_t *)memory_at(VGA_CELLS) + row * COLUMNS;
}

static void
screen_next_row(Screen *self)
{
    self->column = 0;
    if (++self->row < ROWS)
        return;
    self->row = ROWS - 1;
    for (uint32_t i = 0; i < (ROWS - 1) * COLUMNS; i++)
        screen_row(0)[i] = screen_row(1)[i];
    for (uint32_t i = 0; i < COLUMNS; i++)
        screen_row(ROWS - 1)[i] = SCREEN_PLAIN << 8 | ' ';
}

static void
screen_put(char c, void *data)
{
    Screen *self = data;

    if (c == '\n') {
        serial_put('\r');
        serial_put('\n');
        screen_next_row(self);
        return;
    }
    serial_put(c);
    if (self->column == COLUMNS)
        screen_next_row(self);
    screen_row(self->row)[self->column++] = (uint16_t)(self->attribute << 8 | (uint8_t)c);
}

void
screen_start(Screen *self)
{
    serial_start();
    self->column = 0;
    self->row = memory_read8(BDA_CURSOR + 1);
    self->attribute = SCREEN_PLAIN;
    if (self->row >= ROWS)
        self->row = ROWS - 1;
    if (memory_read8(BDA_CURSOR) != 0)
        screen_next_row(self);
}

void
screen_print(Screen *self, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    text_format(screen_put, self, format, args);
    va_end(args);
    uint32_t cell = self->row * COLUMNS + self->column;
    port_write8(CRTC_INDEX, CRTC_CURSOR_HI);
    port_write8(CRTC_DATA, (uint8_t)(cell >> 8));
    port_write8(CRTC_INDEX, CRTC_CURSOR_LO);
    port_write8(CRTC_DATA, (uint8_t)cell);
}
