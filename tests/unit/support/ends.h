/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Something to write to, and the end that reads it: a pipe, a socket, a terminal. */
#pragma once

#include <glib.h>

typedef struct {
    int fd, reader;
} Ends;

Ends pipe_ends(void);
Ends socket_ends(void);
Ends terminal_ends(guint columns);
void ends_read(const Ends *self, GString *text);
void ends_clear(Ends *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Ends, ends_clear)
