/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The modes of the terminal that we run in, and giving it back as it was. */
#pragma once

#include <glib.h>
#include <termios.h>

typedef struct {
    gboolean saved;
    int fd;
    struct termios modes;
} TerminalModes;

gboolean terminal_is_ours(int fd);
gboolean terminal_save(TerminalModes *self, int fd);
gboolean terminal_make_raw(const TerminalModes *self);
void terminal_restore(TerminalModes *self);
