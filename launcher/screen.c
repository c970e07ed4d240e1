/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * In text mode the screen is 80 × 25 cells of two bytes at 0xb8000: character (code page 437) and
 * attribute. QMP's pmemsave writes them to a file; that file is memory which QEMU inherits, under
 * its name in /proc/self/fd. In a graphics mode the memory holds no text, and the result is noise
 * that matches nothing.
 *
 * Firmware and FreeBSD draw at the window's beginning. Linux scrolls by moving the beginning of the
 * screen through the 32 KiB of the window, and QMP does not tell where it is; so the whole window
 * is read, and rows that have scrolled off are text, too.
 */
#include "launcher/screen.h"

#include "base/autofd.h"

#include <string.h>

#define SCREEN_ADDRESS 0xb8000
#define SCREEN_BYTES   (32u << 10) /* the window: 204 rows */

struct Screen {
    int fd;
    char path[32]; /* of the file, for QEMU */
    gboolean asking;
    guint8 cells[SCREEN_BYTES]; /* as they were last seen */
    char *text;
    ScreenFunc changed;
    gpointer data;
    ScreenLookFunc look_done; /* (nullable) */
    gpointer look_data;
};

/* The upper half of code page 437, and its control characters as pictures. */
static const char *const cp437_high = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗"
                                      "╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀"
                                      "αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■ ";
static const char *const cp437_low = " ☺☻♥♦♣♠•◘○◙♂♀♪♫☼►◄↕‼¶§▬↨↑↓→←∟↔▲▼";

static void
append_cp437(GString *text, guint8 c)
{
    if (c >= 0x20 && c < 0x7f) {
        g_string_append_c(text, (char)c);
        return;
    }
    const char *table = c >= 0x80 ? cp437_high : cp437_low;
    if (c == 0x7f) {
        g_string_append(text, "⌂");
        return;
    }
    const char *at = g_utf8_offset_to_pointer(table, c >= 0x80 ? c - 0x80 : c);
    g_string_append_len(text, at, g_utf8_find_next_char(at, NULL) - at);
}

/* A space, NUL, the no-break space (which is what memory that is not there looks like, too). */
static gboolean
is_blank(guint8 c)
{
    return c == ' ' || c == 0 || c == 0xff;
}

/**
 * screen_decode:
 * @cells: character and attribute bytes, row by row
 * @len: their number
 *
 * Returns: (transfer full): the text, without the blank rows at its end
 **/
char *
screen_decode(const guint8 *cells, gsize len)
{
    GString *text = g_string_sized_new(len);
    gsize used = 0;

    for (gsize row = 0; row + SCREEN_COLUMNS * 2 <= len; row += SCREEN_COLUMNS * 2) {
        gsize columns = SCREEN_COLUMNS;
        while (columns > 0 && is_blank(cells[row + (columns - 1) * 2]))
            columns--;
        for (gsize i = 0; i < columns; i++)
            append_cp437(text, cells[row + i * 2]);
        g_string_append_c(text, '\n');
        if (columns > 0)
            used = text->len;
    }
    g_string_truncate(text, used);
    return g_string_free(text, FALSE);
}

/**
 * screen_new:
 * @memory_fd: (transfer full): memory that QEMU inherits
 * @qemu_fd: its descriptor number there
 * @changed: is told the text when it has changed
 * @data: for @changed
 **/
Screen *
screen_new(int memory_fd, int qemu_fd, ScreenFunc changed, gpointer data)
{
    Screen *self = g_new0(Screen, 1);

    self->fd = memory_fd;
    self->text = g_strdup("");
    self->changed = changed;
    self->data = data;
    (void)g_snprintf(self->path, sizeof self->path, "/proc/self/fd/%d", qemu_fd);
    return self;
}

static void
screen_take(Screen *self)
{
    guint8 cells[SCREEN_BYTES];

    if (pread(self->fd, cells, sizeof cells, 0) != (ssize_t)sizeof cells ||
        memcmp(cells, self->cells, sizeof cells) == 0)
        return;
    memcpy(self->cells, cells, sizeof cells);
    g_autofree char *text = screen_decode(cells, sizeof cells);
    if (g_str_equal(text, self->text))
        return;
    g_free(self->text);
    self->text = g_steal_pointer(&text);
    self->changed(self->text, self->data);
}

static void
screen_ask(Screen *self, Qmp *qmp, QmpReplyFunc saved)
{
    JsonObject *args = json_object_new_object();

    json_add_int(args, "val", SCREEN_ADDRESS);
    json_add_int(args, "size", SCREEN_BYTES);
    json_add_string(args, "filename", self->path);
    qmp_execute(qmp, "pmemsave", args, saved, self);
}

static void
screen_polled(JsonObject *ret, const char *error, gpointer data)
{
    Screen *self = data;

    (void)ret;
    self->asking = FALSE;
    if (error == NULL)
        screen_take(self);
}

/* Asks QEMU for the screen, unless an answer is still to come. */
void
screen_poll(Screen *self, Qmp *qmp)
{
    if (self->asking)
        return;
    self->asking = TRUE;
    screen_ask(self, qmp, screen_polled);
}

static void
screen_looked(JsonObject *ret, const char *error, gpointer data)
{
    Screen *self = data;

    (void)ret;
    if (error == NULL)
        screen_take(self);
    self->look_done(self->look_data);
}

/**
 * screen_look:
 * @self: the screen
 * @qmp: where to ask for it
 * @done: is told when it was seen as it is now, or cannot be seen; at once when QEMU is gone
 * @data: for @done
 *
 * Looks once more, for the end; only one look can be under way.
 **/
void
screen_look(Screen *self, Qmp *qmp, ScreenLookFunc done, gpointer data)
{
    self->look_done = done;
    self->look_data = data;
    screen_ask(self, qmp, screen_looked);
}

/* Returns: (transfer none): the screen as it was last seen */
const char *
screen_text(const Screen *self)
{
    return self->text;
}

/* @self: (nullable) (transfer full): the screen */
void
screen_free(Screen *self)
{
    if (self == NULL)
        return;
    autofd_clear(&self->fd);
    g_free(self->text);
    g_free(self);
}
