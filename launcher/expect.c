/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: serial bytes are put into a tail, without carriage returns, NULs and
 * terminal control sequences, and with backspaces carried out, so that an expression sees the text
 * that a person would see. The tail is cut at the front, at a line. A match may cross lines; "^"
 * and "$" match at each of them.
 *
 * The serial line brings a few bytes at a time, and the whole tail is searched each time, since a
 * match may begin anywhere in it. So that this costs no more than a small part of the time, a
 * search is put off when the last one was just before; it is made up for by expect_tick(), when
 * much has come, or at the end.
 */
#include "launcher/expect.h"

#include <string.h>

#define PAUSE_US     (20 * 1000)           /* between two searches at least */
#define PAUSE_FACTOR 10                    /* of the time that the last one took */
#define UNSEEN_MAX   (EXPECT_TAIL_MAX / 4) /* bytes that are put off at most */
#define RECENT_BYTES 64                    /* before what has come, see expect_serial_recent() */

typedef enum {
    TEXT,
    ESCAPE,           /* ESC */
    CONTROL_SEQUENCE, /* ESC [ */
    CONTROL_STRING,   /* ESC ] and the like: up to BEL or ESC \ */
} SerialState;

struct Expect {
    GRegex *regex; /* (nullable) */
    GString *tail;
    gboolean cut_in_line; /* the tail does not begin with a line's beginning */
    SerialState state;
    gsize recent; /* in the tail */
    gsize unseen; /* bytes that came after the last search */
    gint64 next_us;
    char *matched, *trouble;
};

/* @regex: (nullable): what is waited for; without one nothing ever matches, the tail is kept */
Expect *
expect_new(GRegex *regex)
{
    Expect *self = g_new0(Expect, 1);
    self->regex = regex != NULL ? g_regex_ref(regex) : NULL;
    self->tail = g_string_new(NULL);
    self->next_us = G_MININT64;
    return self;
}

/* @self: (nullable) (transfer full): the matcher */
void
expect_free(Expect *self)
{
    if (self == NULL)
        return;
    if (self->regex != NULL)
        g_regex_unref(self->regex);
    g_string_free(self->tail, TRUE);
    g_free(self->matched);
    g_free(self->trouble);
    g_free(self);
}

/* Takes the last character away, as a terminal does before the next one is written over it; never
 * the end of a line. FreeBSD's loader turns a bar so. */
static void
tail_backspace(GString *tail)
{
    gsize len = tail->len;

    if (len == 0 || tail->str[len - 1] == '\n')
        return;
    do
        len--;
    while (len > 0 && (tail->str[len] & 0xc0) == 0x80); /* UTF-8 */
    g_string_truncate(tail, len);
}

static void
text_byte(Expect *self, char c)
{
    if (c == '\b')
        tail_backspace(self->tail);
    else if (c != '\r')
        g_string_append_c(self->tail, c);
}

static SerialState
after_escape(char c)
{
    if (c == '[')
        return CONTROL_SEQUENCE;
    if (strchr("]PX^_", c) != NULL)
        return CONTROL_STRING;
    return c >= ' ' && c < '0' ? ESCAPE : TEXT; /* an intermediate byte, as in ESC ( B */
}

/* The end of ESC [ … @c. What is put elsewhere on the screen begins a line of its own. */
static void
control_sequence_end(Expect *self, char c)
{
    gsize len = self->tail->len;

    if ((c == 'H' || c == 'f') && len > 0 && self->tail->str[len - 1] != '\n')
        g_string_append_c(self->tail, '\n');
    self->state = TEXT;
}

/* Source: ECMA-48 5.3 to 5.6 */
static void
serial_byte(Expect *self, char c)
{
    if (c == '\0')
        return;
    if (c == '\033') {
        self->state = ESCAPE; /* in the middle of another sequence, too */
        return;
    }
    if (self->state != TEXT && (c == '\n' || c == '\a')) {
        self->state = TEXT; /* the end of a string, or noise that looked like a sequence */
        if (c == '\a')
            return;
    }
    switch (self->state) {
    case TEXT:
        text_byte(self, c);
        break;
    case ESCAPE:
        self->state = after_escape(c);
        break;
    case CONTROL_SEQUENCE:
        if (c >= '@' && c <= '~')
            control_sequence_end(self, c);
        break;
    case CONTROL_STRING:
        break;
    }
}

static gboolean
expect_match(Expect *self, const char *text, gsize len, GRegexMatchFlags flags)
{
    g_autoptr(GMatchInfo) info = NULL;
    g_autoptr(GError) error = NULL;

    if (self->regex == NULL || self->trouble != NULL)
        return FALSE;
    gboolean matched = g_regex_match_full(self->regex, text, (gssize)len, 0, flags, &info, &error);
    if (error != NULL)
        self->trouble = g_strdup("needs too much backtracking for what the guest prints; make its "
                                 "repeats simpler, as [^ ]* or (?s).*");
    if (!matched)
        return FALSE;
    g_free(self->matched);
    self->matched = g_match_info_fetch(info, 0);
    return TRUE;
}

/* Searches the tail. */
static gboolean
expect_search(Expect *self, gint64 now_us)
{
    gint64 begin_us = g_get_monotonic_time();

    self->unseen = 0;
    gboolean matched = expect_match(self, self->tail->str, self->tail->len,
                                    self->cut_in_line ? G_REGEX_MATCH_NOTBOL : 0);
    gint64 took_us = g_get_monotonic_time() - begin_us;
    self->next_us = now_us + MAX(PAUSE_US, PAUSE_FACTOR * took_us);
    return matched;
}

static void
expect_cut(Expect *self)
{
    GString *tail = self->tail;

    if (tail->len <= EXPECT_TAIL_MAX)
        return;
    gsize cut = tail->len - EXPECT_TAIL_MAX / 2;
    const char *line = memchr(tail->str + cut, '\n', tail->len - cut);
    self->cut_in_line = line == NULL;
    if (line != NULL)
        cut = (gsize)(line + 1 - tail->str);
    g_string_erase(tail, 0, (gssize)cut);
    self->recent = self->recent > cut ? self->recent - cut : 0;
}

/**
 * expect_feed_serial:
 * @self: the matcher
 * @bytes: what the guest wrote
 * @len: its length
 * @now_us: monotonic time, microseconds
 *
 * Returns: whether what is waited for has come
 **/
gboolean
expect_feed_serial(Expect *self, const char *bytes, gsize len, gint64 now_us)
{
    gboolean matched = FALSE;

    self->recent = self->tail->len > RECENT_BYTES ? self->tail->len - RECENT_BYTES : 0;
    while (len > 0 && !matched) {
        gsize part = MIN(len, UNSEEN_MAX);
        for (gsize i = 0; i < part; i++)
            serial_byte(self, bytes[i]);
        bytes += part;
        len -= part;
        self->unseen += part;
        if (self->unseen >= UNSEEN_MAX || now_us >= self->next_us)
            matched = expect_search(self, now_us);
        self->recent = MIN(self->recent, self->tail->len);
        expect_cut(self);
    }
    return matched;
}

/* @text: the whole screen. Returns: whether what is waited for is on it */
gboolean
expect_feed_screen(Expect *self, const char *text)
{
    return expect_match(self, text, strlen(text), 0);
}

/* Makes up for a search that was put off, when it is time. Returns: whether it has found */
gboolean
expect_tick(Expect *self, gint64 now_us)
{
    return self->unseen > 0 && now_us >= self->next_us && expect_search(self, now_us);
}

/* Makes up for a search that was put off: nothing more will come. Returns: whether it has found */
gboolean
expect_finish(Expect *self)
{
    return self->unseen > 0 && expect_search(self, 0);
}

/* Returns: (transfer none): what the serial line said last */
const char *
expect_serial_tail(const Expect *self)
{
    return self->tail->str;
}

/* Returns: (transfer none): what the serial line said in the last feed, and a bit before it, so
 *   that a short text that came in two parts is whole */
const char *
expect_serial_recent(const Expect *self)
{
    return self->tail->str + self->recent;
}

/* Returns: (transfer none) (nullable): the text that matched */
const char *
expect_matched(const Expect *self)
{
    return self->matched;
}

/* Returns: (transfer none) (nullable): why nothing can be found any more, for people */
const char *
expect_trouble(const Expect *self)
{
    return self->trouble;
}
