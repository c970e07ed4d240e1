/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * base/log.c. GLib takes one writer per process, so each row that installs one runs in a process of
 * its own (which g_test_trap_subprocess() makes).
 */
#include "base/log.h"
#include "tests/lan/rows.h"
#include "tests/unit/support/told.h"

static void
collect(const char *line, gpointer data)
{
    g_string_append_printf(data, "%s|", line);
}

typedef struct {
    const char *name;
    const char *spec;
    const char *lines; /* that come through, see say_everything() */
} SpecRow;

static const SpecRow spec_rows[] = {
    { "none-means-warning", NULL, "nfs: w|rpc: w|w|" },
    { "empty-means-warning", "", "nfs: w|rpc: w|w|" },
    { "warning", "warning", "nfs: w|rpc: w|w|" },
    { "quiet", "quiet", "" },
    { "info-has-messages-too", "info", "nfs: w|nfs: m|nfs: i|rpc: w|rpc: m|rpc: i|w|m|i|" },
    { "debug", "debug", "nfs: w|nfs: m|nfs: i|nfs: d|rpc: w|rpc: m|rpc: i|rpc: d|w|m|i|d|" },
    { "one-domain", "nfs:debug", "nfs: w|nfs: m|nfs: i|nfs: d|rpc: w|w|" },
    { "one-domain-quieter", "nfs:quiet", "rpc: w|w|" },
    { "two-domains", "nfs:info,rpc:quiet", "nfs: w|nfs: m|nfs: i|w|" },
    { "level-and-domain", "quiet,rpc:info", "rpc: w|rpc: m|rpc: i|" },
    { "domain-wins-in-any-order", "rpc:info,quiet", "rpc: w|rpc: m|rpc: i|" },
    { "the-last-rule-of-a-domain-wins", "nfs:debug,nfs:quiet", "rpc: w|w|" },
    { "a-domain-is-no-prefix", "nf:debug,quiet", "" },
    { "empty-items", ",quiet,,", "" },
};

static void
say(const char *domain)
{
    g_log(domain, G_LOG_LEVEL_WARNING, "w");
    g_log(domain, G_LOG_LEVEL_MESSAGE, "m");
    g_log(domain, G_LOG_LEVEL_INFO, "i");
    g_log(domain, G_LOG_LEVEL_DEBUG, "d");
}

static void
test_spec(gconstpointer data)
{
    const SpecRow *row = data;

    if (!g_test_subprocess()) {
        g_test_trap_subprocess(NULL, 0, 0);
        g_test_trap_assert_passed();
        return;
    }
    g_autoptr(GString) lines = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    g_log_set_always_fatal(G_LOG_FATAL_MASK);
    g_assert_true(log_install(row->spec, collect, lines, &error));
    g_assert_no_error(error);
    say("nfs");
    say("rpc");
    say(NULL);
    g_assert_cmpstr(lines->str, ==, row->lines);
}

typedef struct {
    const char *name;
    const char *spec;
    const char *part; /* of the message */
} BadRow;

static const BadRow bad_rows[] = {
    { "unknown-level", "loud", "'loud'" },
    { "level-in-capitals", "DEBUG", "'DEBUG'" },
    { "unknown-level-of-a-domain", "nfs:loud", "'nfs:loud'" },
    { "no-level-behind-the-colon", "nfs:", "'nfs:'" },
    { "two-colons", "nfs:info:debug", "'nfs:info:debug'" },
    { "spaces", "nfs: debug", "'nfs: debug'" },
    { "the-second-item", "info,loud", "'loud'" },
    { "prefix-of-a-level", "warn", "quiet, warning, info or debug" },
};

static void
test_bad(gconstpointer data)
{
    const BadRow *row = data;
    g_autoptr(GString) lines = g_string_new(NULL);
    g_autoptr(GError) error = NULL;

    if (!g_test_subprocess()) { /* since the rules that were read so far stay */
        g_test_trap_subprocess(NULL, 0, 0);
        g_test_trap_assert_passed();
        return;
    }
    g_assert_false(log_install(row->spec, collect, lines, &error));
    assert_told(error, PXE_RUN_ERROR_USAGE, row->part);
    assert_told(error, PXE_RUN_ERROR_USAGE, "--log");
}

/* The limit is one of lines; the count goes on, and kinds do not share it. */
static void
test_guest_note(void)
{
    if (!g_test_subprocess()) {
        g_test_trap_subprocess(NULL, 0, 0);
        g_test_trap_assert_passed();
        return;
    }
    g_autoptr(GString) lines = g_string_new(NULL);
    GuestNote flood = { 0 }, other = { 0 };
    g_assert_true(log_install("info", collect, lines, NULL));
    for (guint i = 0; i < 1000; i++)
        guest_note(&flood, "rpc", "bad call %u from '%s'", i, "guest");
    g_assert_cmpuint(flood.count, ==, 1000);
    g_auto(GStrv) said = g_strsplit(lines->str, "|", -1);
    g_assert_cmpuint(g_strv_length(said), ==, GUEST_NOTE_MAX + 2); /* one more, and "" at the end */
    g_assert_cmpstr(said[0], ==, "rpc: bad call 0 from 'guest'");
    g_assert_cmpstr(said[GUEST_NOTE_MAX - 1], ==, "rpc: bad call 19 from 'guest'");
    g_assert_cmpstr(said[GUEST_NOTE_MAX], ==, "rpc: (no more notes of this kind)");
    g_string_truncate(lines, 0);
    guest_note(&other, "nfs", "odd");
    g_assert_cmpstr(lines->str, ==, "nfs: odd|");
}

typedef struct {
    const char *name;
    const char *bytes;
    gsize len;
    const char *text;
} EscapeRow;

static const EscapeRow escape_rows[] = {
    { "empty", "", 0, "" },
    { "printable", "boot/pxeboot ~!", 15, "boot/pxeboot ~!" },
    { "terminal-control", "\033[2J", 4, "\\x1b[2J" },
    { "newline-and-nul", "a\n\0b", 4, "a\\x0a\\x00b" },
    { "no-sign-extension", "\x80\xff", 2, "\\x80\\xff" },
    { "del", "\x7f", 1, "\\x7f" },
    { "backslash-cannot-be-forged", "\\x41", 4, "\\x5cx41" },
    { "not-behind-the-length", "abc", 2, "ab" },
};

static void
test_escape(gconstpointer data)
{
    const EscapeRow *row = data;
    g_autofree guint8 *exact = g_memdup2(row->bytes, row->len); /* a read behind it shows */
    g_autofree char *text = log_escape(exact, row->len);
    g_assert_cmpstr(text, ==, row->text);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/log/spec", spec_rows, test_spec);
    ROWS_ADD("/log/bad", bad_rows, test_bad);
    ROWS_ADD("/log/escape", escape_rows, test_escape);
    g_test_add_func("/log/guest-note", test_guest_note);
    return g_test_run();
}
