/* SPDX-License-Identifier: GPL-2.0-or-later */
/* launcher/visible.c: nothing that a terminal obeys comes through, in any locale. */
#include "launcher/visible.h"
#include "tests/lan/rows.h"

#include <locale.h>

typedef struct {
    const char *name;
    const char *text;
    const char *line, *utf8; /* visible_line() and visible_text() where the locale has UTF-8 */
    const char *ascii;       /* visible_text() in the C locale */
    const char *ascii_line;  /* (nullable): visible_line() there; NULL: as @line */
} VisibleRow;

static const VisibleRow visible_rows[] = {
    { "empty", "", "", "", "" },
    { "plain", "boot/kernel 1~", "boot/kernel 1~", "boot/kernel 1~", "boot/kernel 1~" },
    { "lines", "a\nb\tc\n", "a\\x0ab\\x09c\\x0a", "a\nb\tc\n", "a\nb\tc\n" },
    { "escape", "a\033[2Jb", "a\\x1b[2Jb", "a\\x1b[2Jb", "a\\x1b[2Jb" },
    { "bell-and-shift", "\a\016", "\\x07\\x0e", "\\x07\\x0e", "\\x07\\x0e" },
    { "carriage-return", "good\rbad", "good\\x0dbad", "good\\x0dbad", "good\\x0dbad" },
    { "delete", "\x7f", "\\x7f", "\\x7f", "\\x7f" },
    { "letters", "\xc3\xbc", "\xc3\xbc", "\xc3\xbc", "?", "\\u00fc" },
    { "frame", "\xe2\x94\x80x", "\xe2\x94\x80x", "\xe2\x94\x80x", "?x", "\\u2500x" },
    { "latin-1",
      "\xfc"
      "x",
      "\\xfcx", "\\xfcx", "\\xfcx" },
    { "half-a-letter", "\xe2\x94", "\\xe2\\x94", "\\xe2\\x94", "\\xe2\\x94" },
    { "overlong", "\xc0\x9b", "\\xc0\\x9b", "\\xc0\\x9b", "\\xc0\\x9b" },
    { "c1-control",
      "\xc2\x9b"
      "2J",
      "\\xc2\\x9b2J", "\\xc2\\x9b2J", "\\xc2\\x9b2J" },
    { "turns-the-direction",
      "\xe2\x80\xae"
      "x",
      "\\xe2\\x80\\xaex", "\\xe2\\x80\\xaex", "\\xe2\\x80\\xaex" },
    { "line-separator", "\xe2\x80\xa8", "\\xe2\\x80\\xa8", "\\xe2\\x80\\xa8", "\\xe2\\x80\\xa8" },
};

static void
test_visible(gconstpointer data)
{
    const VisibleRow *row = data;

    g_assert_nonnull(setlocale(LC_CTYPE, "C.UTF-8"));
    g_autofree char *line = visible_line(row->text);
    g_autofree char *utf8 = visible_text(row->text);
    g_assert_cmpstr(line, ==, row->line);
    g_assert_cmpstr(utf8, ==, row->utf8);
    g_assert_nonnull(setlocale(LC_CTYPE, "C"));
    g_autofree char *ascii = visible_text(row->text);
    g_assert_cmpstr(ascii, ==, row->ascii);
    g_autofree char *ascii_line = visible_line(row->text);
    g_assert_cmpstr(ascii_line, ==, row->ascii_line != NULL ? row->ascii_line : row->line);
}

/* Every byte, alone and between letters: what comes out has no control character. */
static void
test_all_bytes(void)
{
    g_assert_nonnull(setlocale(LC_CTYPE, "C.UTF-8"));
    for (guint byte = 1; byte < 256; byte++) {
        const char text[] = { 'a', (char)byte, 'b', '\0' };
        g_autofree char *line = visible_line(text);
        g_assert_true(g_utf8_validate(line, -1, NULL));
        for (const char *p = line; *p != '\0'; p++)
            g_assert_true(*p >= 0x20 && *p < 0x7f);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/visible/rows", visible_rows, test_visible);
    g_test_add_func("/visible/all-bytes", test_all_bytes);
    return g_test_run();
}
