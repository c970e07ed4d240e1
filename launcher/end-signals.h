/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The signals that end the program in good order: SIGINT (Ctrl-C), SIGTERM, SIGHUP. */
#pragma once

#include <glib.h>

#define END_SIGNALS 3

typedef void (*EndSignalFunc)(int number, gpointer data);

/* Zero-initialised by its owner, and then at the same place until it is cleared. */
typedef struct {
    EndSignalFunc func;
    gpointer data;
    GSource *sources[END_SIGNALS];
} EndSignals;

void end_signals_watch(EndSignals *self, EndSignalFunc func, gpointer data);
void end_signals_clear(EndSignals *self);
