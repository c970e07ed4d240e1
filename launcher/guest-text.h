/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the guest prints, looked through for what tells how far it is; pure. */
#pragma once

#include <glib.h>

#define GUEST_TEXT_MARKS    11
#define GUEST_TEXT_LAST_MAX 60 /* characters */

/* A text that tells where the boot is, or why it will not go on. */
typedef struct {
    const char *text;  /* in what the guest prints */
    const char *what;  /* name of the step */
    const char *means; /* for people */
} TextMark;

typedef struct {
    gboolean seen[GUEST_TEXT_MARKS];
    const char *last_where; /* (nullable): a constant */
    char *last;             /* (nullable): the line that came last */
    char *screen;           /* (nullable): as it was */
} GuestText;

void guest_text_clear(GuestText *self);
void guest_text_screen(GuestText *self, const char *text);
void guest_text_serial(GuestText *self, const char *recent);
const TextMark *guest_text_next_mark(GuestText *self, const char *text);
gboolean guest_text_kernel_runs(const GuestText *self);
