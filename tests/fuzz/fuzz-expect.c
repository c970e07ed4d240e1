/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the guest shows: a byte that chooses the expression and the size of the pieces in which the
 * rest comes over the serial line; then the rest, as the memory of a text screen, too.
 */
#include "launcher/expect.h"
#include "launcher/screen.h"
#include "tests/fuzz/fuzz-input.h"

#include <string.h>

#define PIECE_US 1000 /* from one piece to the next */

static const char *const expressions[] = {
    "login:",
    "^# $",
    "(panic|mountroot>)[^\n]*",
    "a.*b.*c",
};

static Expect *
expect_of(guint8 choice)
{
    const GRegexCompileFlags flags = G_REGEX_MULTILINE | G_REGEX_OPTIMIZE | G_REGEX_RAW;
    const char *expression = expressions[choice % G_N_ELEMENTS(expressions)];
    g_autoptr(GRegex) regex = g_regex_new(expression, flags, 0, NULL);

    g_assert_nonnull(regex);
    return expect_new(regex);
}

/* Returns: whether it has matched, at any time */
static gboolean
feed(Expect *expect, const FuzzPiece *bytes, gsize step)
{
    gboolean matched = FALSE;
    gint64 now_us = 0;

    for (gsize at = 0; at < bytes->len; at += step) {
        g_auto(FuzzPiece) piece = fuzz_piece_copy(bytes->bytes + at, MIN(step, bytes->len - at));
        now_us += PIECE_US;
        matched =
            expect_feed_serial(expect, (const char *)piece.bytes, piece.len, now_us) || matched;
        g_assert_true(g_str_has_suffix(expect_serial_tail(expect), expect_serial_recent(expect)));
        matched = expect_tick(expect, now_us) || matched;
    }
    return expect_finish(expect) || matched;
}

/* The tail is text that a person would see, and the same whatever the pieces it comes in. */
static void
check_serial(guint8 choice, const FuzzPiece *bytes)
{
    g_autoptr(Expect) whole = expect_of(choice), pieces = expect_of(choice);
    gsize step = 1 + (choice >> 2) % 16;

    gboolean matched = feed(whole, bytes, MAX(bytes->len, 1));
    gboolean matched_pieces = feed(pieces, bytes, step);
    const char *tail = expect_serial_tail(whole);
    g_assert_cmpuint(strlen(tail), <=, EXPECT_TAIL_MAX);
    g_assert_null(strpbrk(tail, "\r\033\b"));
    g_assert_cmpstr(tail, ==, expect_serial_tail(pieces));
    g_assert_true(matched_pieces || !matched);
    g_assert_true(!matched || expect_matched(whole) != NULL);
}

static void
check_screen(guint8 choice, const FuzzPiece *cells)
{
    g_autofree char *text = screen_decode(cells->bytes, cells->len);
    g_auto(GStrv) rows = g_strsplit(text, "\n", -1);
    g_autoptr(Expect) expect = expect_of(choice);

    g_assert_true(g_utf8_validate(text, -1, NULL));
    g_assert_cmpuint(g_strv_length(rows), <=, cells->len / (SCREEN_COLUMNS * 2) + 1);
    for (char **row = rows; *row != NULL; row++) {
        g_assert_cmpint(g_utf8_strlen(*row, -1), <=, SCREEN_COLUMNS);
        for (const char *p = *row; *p != '\0'; p++)
            g_assert_false(g_ascii_iscntrl(*p));
    }
    (void)expect_feed_screen(expect, text);
}

int
LLVMFuzzerTestOneInput(const guint8 *bytes, gsize len)
{
    Cursor input = cursor_of(bytes, len);

    guint8 choice = cursor_u8(&input);
    g_auto(FuzzPiece) rest = fuzz_piece_copy(input.at, cursor_left(&input));
    check_serial(choice, &rest);
    check_screen(choice, &rest);
    return 0;
}
