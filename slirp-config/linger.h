/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether a main loop should go round without sleeping for a while, since the one that was answered
 * asks again soon.
 *
 * Theory of operation: a loop that sleeps is woken by an interrupt to its processor, which in a
 * virtual machine takes longer than an answer. So it may linger after an answer: go round without
 * sleeping, for all its sources, until the next question or the time is over. If none has come, it
 * does not linger for the next two answers, then four, and up to 64: who asks more slowly than that
 * costs next to nothing, who does not ask nothing at all.
 */
#pragma once

#include <glib.h>

/* Answers without lingering after it was in vain; twice as many each time in a row, up to the most.
 */
#define LINGER_PAUSE_MIN 2
#define LINGER_PAUSE_MAX 64

/* All zero at first. */
typedef struct {
    gint64 until_us;  /* 0: the loop may sleep */
    guint next_pause; /* after lingering in vain again; 0: the least */
    guint pause;      /* so many answers without lingering follow */
} Linger;

void linger_asked(Linger *self);
void linger_answered(Linger *self, guint time_us);
gboolean linger_is_on(Linger *self, gint64 now_us);
GSource *linger_source_new(Linger *self, const char *name, GMainContext *context);
