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
    *self = (GuestText){ 0 };
}

/**
 * guest_text_keep_last:
 * @self: what was seen
 * @where: a constant: what shows the text
 * @text: all of it; may hold any bytes
 *
 * Keeps the last line that is not blank, for guest_text's readers.
 **/
void
guest_text_keep_last(GuestText *self, const char *where, const char *text)
{
    const char *end = text + strlen(text);

    while (end > text && g_ascii_isspace(end[-1]))
        end--;
    const char *line = end;
    while (line > text && line[-1] != '\n')
        line--;
    line += strspn(line, " \t");
    if (line >= end)
        return;
    g_free(self->last);
    self->last = g_utf8_make_valid(line, end - line);
    self->last_where = where;
    if (g_utf8_strlen(self->last, -1) > GUEST_TEXT_LAST_MAX)
        *g_utf8_offset_to_pointer(self->last, GUEST_TEXT_LAST_MAX) = '\0';
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
