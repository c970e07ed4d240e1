/* SPDX-License-Identifier: GPL-2.0-or-later */
/* launcher/expect.c: what an expression sees of a serial line, however it is cut into parts. */
#include "launcher/expect.h"
#include "launcher/run-config.h"
#include "tests/lan/rows.h"

#define S      G_USEC_PER_SEC
#define LITTLE 100 /* microseconds: less than between two searches */

/* As --expect makes it. */
static GRegex *
make_regex(const char *pattern)
{
    g_auto(RunConfig) config = { 0 };

    config.text.iso = g_strdup("x.iso");
    config.text.expect = g_strdup(pattern);
    g_assert_true(run_config_validate(&config, NULL));
    return g_regex_ref(config.expect);
}

static Expect *
make_expect(const char *pattern)
{
    g_autoptr(GRegex) regex = make_regex(pattern);
    return expect_new(regex);
}

typedef struct {
    const char *name;
    const char *bytes; /* of the serial line */
    const char *tail;
} TailRow;

static const TailRow tail_rows[] = {
    { "plain", "login: ", "login: " },
    { "lines", "a\r\nb\r\n", "a\nb\n" },
    { "carriage-returns", "10%\r20%\r\n", "10%20%\n" },
    { "colour", "\033[1;31mred\033[0m.", "red." },
    { "private-mode", "\033[?25la\033[?25h", "a" },
    { "cursor", "a\033[10;20Hb\033[11;5fc\n\033[Hd", "a\nb\nc\nd" },
    { "erase", "\033[2J\033[Ka", "a" },
    { "letters-of-a-set", "\033(Ba\033)0b", "ab" },
    { "two-byte-escape", "\0337a\0338b\033=c", "abc" },
    { "title", "\033]0;title\aa\033]2;title\033\\b", "ab" },
    { "device-string", "\033Pq#0\033\\a\033_x\033\\b\033^y\033\\c", "abc" },
    { "string-without-an-end", "\033]0;title\nnext", "\nnext" },
    { "sequence-without-an-end", "\033[12\nnext", "\nnext" },
    { "escape-in-a-sequence", "\033[1\033[2ma", "a" },
    { "bell", "a\ab", "a\ab" },
    { "backspaces", "ab\b\bcd", "cd" },
    { "loader's-bar", "Loading |\b/\b-\b\\\b kernel", "Loading  kernel" },
    { "backspace-stops-at-the-line", "a\n\b\bb", "a\nb" },
    { "backspace-at-the-start", "\b\ba", "a" },
    { "backspace-of-a-letter-of-two-bytes", "a\xc3\xbc\bo", "ao" },
    { "backspace-of-a-stray-byte", "\xbc\xbc\bo", "o" },
    { "high-bytes", "\xff\xfe\x80", "\xff\xfe\x80" },
    { "lone-escape-at-the-end", "a\033", "a" },
};

/* In one part, and byte by byte. */
static void
test_tail(gconstpointer data)
{
    const TailRow *row = data;
    g_autoptr(Expect) whole = expect_new(NULL);
    g_autoptr(Expect) bytes = expect_new(NULL);

    g_assert_false(expect_feed_serial(whole, row->bytes, strlen(row->bytes), 0));
    g_assert_cmpstr(expect_serial_tail(whole), ==, row->tail);
    for (const char *p = row->bytes; *p != '\0'; p++)
        g_assert_false(expect_feed_serial(bytes, p, 1, 0));
    g_assert_cmpstr(expect_serial_tail(bytes), ==, row->tail);
    g_assert_null(expect_matched(bytes));
}

static void
test_nul(void)
{
    g_autoptr(Expect) expect = make_expect("^ab$");

    g_assert_true(expect_feed_serial(expect, "\0a\0\033\0[m\0b\0", 9, 0));
    g_assert_cmpstr(expect_serial_tail(expect), ==, "ab");
}

typedef struct {
    const char *name;
    const char *regex;
    const char *text;
    const char *matched; /* (nullable) */
} MatchRow;

static const MatchRow match_rows[] = {
    { "plain", "login:", "FreeBSD/i386 (x) (ttyd0)\r\n\r\nlogin: ", "login:" },
    { "no-match", "login:", "logout", NULL },
    { "prompt", "OK $", "\r\nOK ", "OK " },
    { "beginning-of-a-line", "^init", "x\r\ninit", "init" },
    { "not-the-beginning", "^init", "x init", NULL },
    { "crosses-lines", "one\\ntwo", "one\r\ntwo", "one\ntwo" },
    { "dot-does-not-cross", "one.two", "one\r\ntwo", NULL },
    { "crosses-any-lines", "(?s)one.*four", "one\r\ntwo\r\nthree\r\nfour",
      "one\ntwo\nthree\nfour" },
    { "alternatives", "panic|login:", "panic: x", "panic" },
    { "without-case", "(?i)LOGIN", "Login", "Login" },
    { "through-colour", "root file system", "ro\033[1mot fi\033[0mle system", "root file system" },
    { "bytes", "\xff\\d",
      "a\xff"
      "7",
      "\xff"
      "7" },
    { "letters", "\xc3\xbc", "a\xc3\xbc", "\xc3\xbc" },
    { "first-of-two", "[ab]\\d", "a1 b2", "a1" },
};

/* In one part; cut in two at each place; byte by byte, with little time in between. */
static void
test_match(gconstpointer data)
{
    const MatchRow *row = data;
    gsize len = strlen(row->text);

    for (gsize cut = 0; cut <= len; cut++) {
        g_autoptr(Expect) expect = make_expect(row->regex);
        gboolean found = expect_feed_serial(expect, row->text, cut, 0) ||
                         expect_feed_serial(expect, row->text + cut, len - cut, S);
        g_assert_cmpint(found, ==, row->matched != NULL);
        g_assert_cmpstr(expect_matched(expect), ==, row->matched);
        g_assert_null(expect_trouble(expect));
    }
    g_autoptr(Expect) expect = make_expect(row->regex);
    gboolean found = FALSE;
    for (gsize i = 0; i < len && !found; i++)
        found = expect_feed_serial(expect, row->text + i, 1, (gint64)i * LITTLE);
    found = found || expect_finish(expect);
    g_assert_cmpint(found, ==, row->matched != NULL);
}

/* The screen is looked at as a whole, and does not mix with the serial line. */
static void
test_screen(void)
{
    g_autoptr(Expect) expect = make_expect("^login:$");

    g_assert_false(expect_feed_screen(expect, "FreeBSD\nlogin\n"));
    g_assert_false(expect_feed_serial(expect, ":\n", 2, 0));
    g_assert_true(expect_feed_screen(expect, "FreeBSD\nlogin:\n"));
    g_assert_cmpstr(expect_matched(expect), ==, "login:");
    g_assert_cmpstr(expect_serial_tail(expect), ==, ":\n");
}

/* A search is put off when one was just before; a tick makes up for it, and no sooner. */
static void
test_tick(void)
{
    g_autoptr(Expect) expect = make_expect("ready");

    g_assert_false(expect_tick(expect, 0));
    g_assert_false(expect_feed_serial(expect, "x", 1, 5 * S));
    g_assert_false(expect_feed_serial(expect, "ready", 5, 5 * S + LITTLE));
    g_assert_false(expect_tick(expect, 5 * S + 2 * LITTLE));
    g_assert_true(expect_tick(expect, 50 * S));
    g_assert_false(expect_tick(expect, 90 * S)); /* once */
    g_assert_false(expect_finish(expect));
}

/* What is put off is never lost, even when all of the tail is replaced. */
static void
test_flood(void)
{
    g_autofree char *flood = g_strnfill(3 * EXPECT_TAIL_MAX, '.');
    g_autoptr(Expect) expect = make_expect("ready");

    memcpy(flood + 1000, "ready", 5);
    g_assert_false(expect_feed_serial(expect, "x", 1, 0));
    g_assert_true(expect_feed_serial(expect, flood, strlen(flood), LITTLE));
}

/* The cost does not grow with the square: a million small parts. */
static void
test_many_parts(void)
{
    g_autoptr(Expect) expect = make_expect("(x|[^x])\\d\\d:[a-z]+ never$");
    const char line[] = "kernel: 12:line\r\n";

    for (guint i = 0; i < 1000000; i++)
        g_assert_false(expect_feed_serial(expect, line, sizeof line - 1, (gint64)i));
    g_assert_cmpuint(strlen(expect_serial_tail(expect)), <=, EXPECT_TAIL_MAX);
    g_assert_true(g_str_has_prefix(expect_serial_tail(expect), "kernel: 12:line\n"));
    g_assert_true(expect_feed_serial(expect, "12:word never", 13, 100 * S));
}

/* A line that is longer than the tail: its middle is no beginning of a line. */
static void
test_long_line(void)
{
    g_autofree char *line = g_strnfill(2 * EXPECT_TAIL_MAX, 'x');
    g_autoptr(Expect) expect = make_expect("^[xy]+z|^next");

    g_assert_false(expect_feed_serial(expect, "y", 1, 0));
    for (guint i = 1; i <= 10; i++)
        g_assert_false(expect_feed_serial(expect, line, strlen(line), i * S));
    g_assert_cmpuint(strlen(expect_serial_tail(expect)), <=, EXPECT_TAIL_MAX);
    g_assert_false(expect_feed_serial(expect, "z\n", 2, 20 * S));
    g_assert_true(expect_feed_serial(expect, "next\n", 5, 30 * S));
    g_assert_cmpstr(expect_matched(expect), ==, "next");
}

static void
test_recent(void)
{
    g_autofree char *fill = g_strnfill(EXPECT_TAIL_MAX - 10, '.');
    g_autoptr(Expect) expect = expect_new(NULL);

    g_assert_cmpstr(expect_serial_recent(expect), ==, "");
    (void)expect_feed_serial(expect, "md0: Prel", 9, 0);
    g_assert_cmpstr(expect_serial_recent(expect), ==, "md0: Prel");
    (void)expect_feed_serial(expect, "oaded\n", 6, 0);
    g_assert_cmpstr(expect_serial_recent(expect), ==, "md0: Preloaded\n");
    (void)expect_feed_serial(expect, fill, strlen(fill), 0);
    (void)expect_feed_serial(expect, "end", 3, 0);
    g_assert_true(g_str_has_suffix(expect_serial_recent(expect), "...end"));
    g_assert_cmpuint(strlen(expect_serial_recent(expect)), ==, 67);
    (void)expect_feed_serial(expect, "\b\b\b\b\b", 5, 0);
    g_assert_cmpuint(strlen(expect_serial_recent(expect)), ==, 59);
}

/* Expressions that would take ages: given up with a word, not taken for "no match" for ever. */
static const MatchRow trouble_rows[] = {
    { "nested-repeats", "(a+)+b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa cb", NULL },
    { "overlapping-alternatives", "(a|aa)+c", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa bc",
      NULL },
    { "words", "(\\w+\\s?)*!", "a line of words that has so many words in it that it never ends ?!",
      NULL },
};

static void
test_trouble(gconstpointer data)
{
    const MatchRow *row = data;
    g_autoptr(Expect) serial = make_expect(row->regex);
    g_autoptr(Expect) screen = make_expect(row->regex);

    g_assert_false(expect_feed_serial(serial, row->text, strlen(row->text), 0));
    g_assert_nonnull(expect_trouble(serial));
    g_assert_nonnull(strstr(expect_trouble(serial), "backtracking"));
    g_assert_false(expect_feed_screen(screen, row->text));
    g_assert_nonnull(expect_trouble(screen));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/expect/tail", tail_rows, test_tail);
    g_test_add_func("/expect/nul", test_nul);
    ROWS_ADD("/expect/match", match_rows, test_match);
    g_test_add_func("/expect/screen", test_screen);
    g_test_add_func("/expect/tick", test_tick);
    g_test_add_func("/expect/flood", test_flood);
    g_test_add_func("/expect/many-parts", test_many_parts);
    g_test_add_func("/expect/long-line", test_long_line);
    g_test_add_func("/expect/recent", test_recent);
    ROWS_ADD("/expect/trouble", trouble_rows, test_trouble);
    return g_test_run();
}
