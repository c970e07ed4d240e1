/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Called by console.c, for the serial line, and by qemu-process.c, when QEMU draws here. Nothing
 * here waits for output to be shown: a terminal can be stopped.
 */
#include "launcher/terminal.h"

#include <signal.h>
#include <unistd.h>

/* Returns: whether @fd is a terminal that we may read and change, and not in the background */
gboolean
terminal_is_ours(int fd)
{
    if (!isatty(fd))
        return FALSE;
    pid_t foreground = tcgetpgrp(fd); /* -1: not our controlling terminal, so without job control */
    return foreground < 0 || foreground == getpgrp();
}

/* Keeps the modes of @fd, to restore them. */
gboolean
terminal_save(TerminalModes *self, int fd)
{
    self->fd = fd;
    self->saved = tcgetattr(fd, &self->modes) == 0;
    return self->saved;
}

/* Each key at once, as it is, without echo, Ctrl-C too. Output processing stays on, so that our own
 * lines look right. */
gboolean
terminal_make_raw(const TerminalModes *self)
{
    struct termios raw = self->modes;

    raw.c_iflag &= ~(tcflag_t)(BRKINT | ICRNL | INLCR | IGNCR | ISTRIP | IXON);
    raw.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    return self->saved && tcsetattr(self->fd, TCSANOW, &raw) == 0;
}

/* Gives the terminal back, once; from the background, too, where the kernel would stop us. */
void
terminal_restore(TerminalModes *self)
{
    sigset_t stop, before;

    if (!self->saved)
        return;
    self->saved = FALSE;
    (void)sigemptyset(&stop);
    (void)sigaddset(&stop, SIGTTOU);
    (void)sigprocmask(SIG_BLOCK, &stop, &before);
    (void)tcsetattr(self->fd, TCSANOW, &self->modes);
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
}
