/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: serial bytes are put into a tail, without carriage returns, NULs and
 * terminal control sequences, so that an expression sees the text that a person would see. The tail
 * is cut at the front, at a line. A match may cross lines; "^" and "$" match at each of them.
 */
#include "launcher/expect.h"

#include <string.h>

typedef enum {
    TEXT,
    ESCAPE,
    CONTROL_SEQUENCE
} SerialState;

struct Expect {
    GRegex *regex; /* (nullable) */
    GString *tail;
    SerialState state;
    char *matched;
};

/* @regex: (nullable): what is waited for; without one nothing ever matches, the tail is kept */
Expect *
expect_new(GRegex *regex)
{
    Expect *self = g_new0(Expect, 1);
    self->regex = regex != NULL ? g_regex_ref(regex) : NULL;
    self->tail = g_string_new(NULL);
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
    g_free(self);
}

/* ECMA-48: ESC [ parameters final-byte; other escapes are ESC and one byte. */
static void
serial_byte(Expect *self, char c)
{
    switch (self->state) {
    case TEXT:
        if (c == '\033')
            self->state = ESCAPE;
        else if (c != '\r' && c != '\0')
            g_string_append_c(self->tail, c);
        break;
    case ESCAPE:
        self->state = c == '[' ? CONTROL_SEQUENCE : TEXT;
        break;
    case CONTROL_SEQUENCE:
        if (c >= '@' && c <= '~')
            self->state = TEXT;
        break;
    }
}

static gboolean
expect_match(Expect *self, const char *text)
{
    g_autoptr(GMatchInfo) info = NULL;

    if (self->regex == NULL || !g_regex_match(self->regex, text, 0, &info))
        return FALSE;
    g_free(self->matched);
    self->matched = g_match_info_fetch(info, 0);
    return TRUE;
}

/* Returns: whether what is waited for has come */
gboolean
expect_feed_serial(Expect *self, const char *bytes, gsize len)
{
    for (gsize i = 0; i < len; i++)
        serial_byte(self, bytes[i]);
    gboolean matched = expect_match(self, self->tail->str);
    if (self->tail->len > EXPECT_TAIL_MAX) {
        const char *cut = self->tail->str + self->tail->len - EXPECT_TAIL_MAX / 2;
        const char *line = strchr(cut, '\n');
        g_string_erase(self->tail, 0, (line != NULL ? line + 1 : cut) - self->tail->str);
    }
    return matched;
}

/* @text: the whole screen. Returns: whether what is waited for is on it */
gboolean
expect_feed_screen(Expect *self, const char *text)
{
    return expect_match(self, text);
}

/* Returns: (transfer none): what the serial line said last */
const char *
expect_serial_tail(const Expect *self)
{
    return self->tail->str;
}

/* Returns: (transfer none) (nullable): the text that matched */
const char *
expect_matched(const Expect *self)
{
    return self->matched;
}
