/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Called by boot-progress.c; prints nothing. */
#include "launcher/guest-text.h"

#include <string.h>

static const TextMark text_marks[] = {
    { "Copyright (c) 1992-", "kernel", "started" },
    { "md0: Preloaded image", "kernel", "found its memory disk" },
    { "running as init on", "init", "sysinstall runs" },
    { "BTX halted", "trouble",
      "the loader has stopped: it does not get along with this PXE stack" },
    { "bootp: no reply", "trouble", "the loader got no DHCP answer" },
    { "no rootpath, no nfs", "trouble", "the loader was not told where its files are" },
    { "can't load 'kernel'", "trouble", "the loader finds no kernel in /boot/kernel" },
    { "No configuration methods succeeded", "trouble", "iPXE got no DHCP answer" },
    { "init: not found in path", "trouble", "the kernel's root holds no init" },
    { "mountroot>", "trouble", "the kernel finds no root file system" },
    { "panic:", "trouble", "the kernel panicked" },
};
G_STATIC_ASSERT(G_N_ELEMENTS(text_marks) == GUEST_TEXT_MARKS);

#define MARK_KERNEL 0

/* Frees what is kept; @self can be used on. */
void
guest_text_clear(GuestText *self)
{
    g_clear_pointer(&self->last, g_free);
    g_clear_pointer(&self->screen, g_free);
    *self = (GuestText){ 0 };
}

/* @line: may hold any bytes; a blank one says nothing and does not count. */
static void
keep_line(GuestText *self, const char *where, const char *line, gsize len)
{
    for (; len > 0 && g_ascii_isspace(*line); line++)
        len--;
    while (len > 0 && g_ascii_isspace(line[len - 1]))
        len--;
    if (len == 0)
        return;
    g_free(self->last);
    self->last = g_utf8_make_valid(line, (gssize)len);
    self->last_where = where;
    if (g_utf8_strlen(self->last, -1) > GUEST_TEXT_LAST_MAX)
        *g_utf8_offset_to_pointer(self->last, GUEST_TEXT_LAST_MAX) = '\0';
}

/* Takes the screen in: of the lines that have changed, the lowest is the one that came last. */
void
guest_text_screen(GuestText *self, const char *text)
{
    const char *before = self->screen != NULL ? self->screen : "";

    for (const char *line = text; *line != '\0';) {
        gsize len = strcspn(line, "\n"), len_before = strcspn(before, "\n");
        if (len != len_before || memcmp(line, before, len) != 0)
            keep_line(self, "screen", line, len);
        line += len + (line[len] != '\0');
        before += len_before + (before[len_before] != '\0');
    }
    g_free(self->screen);
    self->screen = g_strdup(text);
}

/* Takes in what the serial line said last. */
void
guest_text_serial(GuestText *self, const char *recent)
{
    for (const char *line = recent; *line != '\0';) {
        gsize len = strcspn(line, "\n");
        keep_line(self, "serial line", line, len);
        line += len + (line[len] != '\0');
    }
}

/* Returns: (transfer none) (nullable): a mark in @text that was not seen before; call it again */
const TextMark *
guest_text_next_mark(GuestText *self, const char *text)
{
    for (gsize i = 0; i < G_N_ELEMENTS(text_marks); i++) {
        if (self->seen[i] || strstr(text, text_marks[i].text) == NULL)
            continue;
        self->seen[i] = TRUE;
        return &text_marks[i];
    }
    return NULL;
}

/* Returns: whether the kernel has told that it runs */
gboolean
guest_text_kernel_runs(const GuestText *self)
{
    return self->seen[MARK_KERNEL];
}
