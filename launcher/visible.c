/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a guest prints, or an image names its files, must not steer the terminal that it is shown
 * on: control characters become \xNN, and so do bytes that are no UTF-8. Then the text is put into
 * the terminal's own encoding. What that has not becomes \uNNNN in a line, such as a file's name,
 * and a question mark in a text, such as a screen, whose columns stay where they are.
 */
#include "launcher/visible.h"

#include <string.h>

static void
append_escaped(GString *out, const char *bytes, gsize len)
{
    for (gsize i = 0; i < len; i++)
        g_string_append_printf(out, "\\x%02x", (guint8)bytes[i]);
}

/* Whether a terminal shows it and nothing more; the marks that turn the direction of writing make a
 * line look like another one. */
static gboolean
is_harmless(gunichar c)
{
    return !g_unichar_iscntrl(c) && g_unichar_type(c) != G_UNICODE_FORMAT &&
           g_unichar_type(c) != G_UNICODE_LINE_SEPARATOR &&
           g_unichar_type(c) != G_UNICODE_PARAGRAPH_SEPARATOR;
}

static char *
to_terminal(GString *text, const char *fallback)
{
    const char *charset;

    if (g_get_charset(&charset))
        return g_string_free(text, FALSE);
    char *converted = g_convert_with_fallback(text->str, (gssize)text->len, charset, "UTF-8",
                                              fallback, NULL, NULL, NULL);
    if (converted == NULL) /* an encoding that iconv does not know */
        return g_string_free(text, FALSE);
    g_string_free(text, TRUE);
    return converted;
}

static char *
visible(const char *text, const char *kept, const char *fallback)
{
    GString *out = g_string_new(NULL);

    while (*text != '\0') {
        gunichar c = g_utf8_get_char_validated(text, -1);
        gboolean valid = c < (gunichar)-2;
        gsize len = valid ? (gsize)g_unichar_to_utf8(c, NULL) : 1;
        if (strchr(kept, *text) != NULL || (valid && is_harmless(c)))
            g_string_append_len(out, text, (gssize)len);
        else
            append_escaped(out, text, len);
        text += len;
    }
    return to_terminal(out, fallback);
}

/* Returns: (transfer full): @text, harmless and without line breaks */
char *
visible_line(const char *text)
{
    return visible(text, "", NULL);
}

/* Returns: (transfer full): @text, harmless, with its line breaks and tabs */
char *
visible_text(const char *text)
{
    return visible(text, "\n\t", "?");
}
