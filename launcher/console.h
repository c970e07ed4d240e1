/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest's serial line: read always, shown on this terminal when it is the console. */
#pragma once

#include "launcher/output.h"

typedef struct Console Console;

typedef struct {
    void (*output)(const char *bytes, gsize len, gpointer data); /* the guest has written */
    void (*quit)(gpointer data);                                 /* Ctrl-A x: the user wants out */
    void (*failed)(int error, gpointer data); /* errno: it can be shown no more; told once */
} ConsoleFuncs;

Console *console_new(int fd, const ConsoleFuncs *funcs, gpointer data);
gboolean console_show(Console *self, Output *show, int keys_fd);
void console_drain(Console *self);
void console_free(Console *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Console, console_free)
