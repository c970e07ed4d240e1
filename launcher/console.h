/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest's serial line: read always, shown on this terminal when it is the console. */
#pragma once

#include <glib.h>

typedef struct Console Console;

typedef void (*ConsoleFunc)(const char *bytes, gsize len, gpointer data);

/* Ctrl-A x: the user wants out. */
typedef void (*ConsoleQuitFunc)(gpointer data);

Console *
console_new(int fd, gboolean show, ConsoleFunc output, ConsoleQuitFunc quit, gpointer data);
void console_free(Console *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Console, console_free)
