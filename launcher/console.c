/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When the serial line is the console, its output goes to stdout as it is, and what is typed goes
 * to the guest, Ctrl-C too; the terminal is in raw mode meanwhile. Ctrl-A x leaves, Ctrl-A Ctrl-A
 * is one Ctrl-A, as in QEMU.
 */
#include "launcher/console.h"

#include "base/autofd.h"

#include <errno.h>
#include <glib-unix.h>
#include <sys/socket.h>
#include <termios.h>

#define ESCAPE_KEY '\001' /* Ctrl-A */

struct Console {
    int fd;
    gboolean show;
    guint fd_source, stdin_source;
    gboolean escaped;
    gboolean raw;
    struct termios saved;
    ConsoleFunc output;
    ConsoleQuitFunc quit;
    gpointer data;
};

static void
write_stdout(const char *bytes, gsize len)
{
    while (len > 0) {
        ssize_t n = write(STDOUT_FILENO, bytes, len);
        if (n < 0 && errno != EINTR && errno != EAGAIN)
            return;
        bytes += MAX(n, 0);
        len -= (gsize)MAX(n, 0);
    }
}

static gboolean
console_readable(gint fd, GIOCondition condition, gpointer data)
{
    Console *self = data;
    char bytes[4096];

    (void)condition;
    ssize_t n = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return G_SOURCE_CONTINUE;
    if (n <= 0) {
        self->fd_source = 0;
        return G_SOURCE_REMOVE;
    }
    if (self->show)
        write_stdout(bytes, (gsize)n);
    self->output(bytes, (gsize)n, self->data);
    return G_SOURCE_CONTINUE;
}

static void
console_key(Console *self, char key)
{
    if (self->escaped) {
        self->escaped = FALSE;
        if (key == 'x' || key == 'X') {
            self->quit(self->data);
            return;
        }
    } else if (key == ESCAPE_KEY) {
        self->escaped = TRUE;
        return;
    }
    (void)send(self->fd, &key, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static gboolean
console_typed(gint fd, GIOCondition condition, gpointer data)
{
    Console *self = data;
    char bytes[256];

    (void)condition;
    ssize_t n = read(fd, bytes, sizeof bytes);
    if (n <= 0) {
        self->stdin_source = 0;
        return G_SOURCE_REMOVE;
    }
    for (ssize_t i = 0; i < n; i++)
        console_key(self, bytes[i]);
    return G_SOURCE_CONTINUE;
}

/* Output processing stays on, so that our own lines look right. */
static void
console_make_raw(Console *self)
{
    if (tcgetattr(STDIN_FILENO, &self->saved) < 0)
        return;
    struct termios raw = self->saved;
    raw.c_iflag &= ~(tcflag_t)(BRKINT | ICRNL | INLCR | IGNCR | ISTRIP | IXON);
    raw.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    self->raw = tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw) == 0;
}

/**
 * console_new:
 * @fd: (transfer full): our end of the serial line
 * @show: whether it is the console
 * @output: gets all that the guest writes
 * @quit: is told when the user wants to leave
 * @data: for both
 **/
Console *
console_new(int fd, gboolean show, ConsoleFunc output, ConsoleQuitFunc quit, gpointer data)
{
    Console *self = g_new0(Console, 1);

    self->fd = fd;
    self->show = show;
    self->output = output;
    self->quit = quit;
    self->data = data;
    self->fd_source = g_unix_fd_add(fd, G_IO_IN | G_IO_HUP, console_readable, self);
    if (show && isatty(STDIN_FILENO)) {
        console_make_raw(self);
        self->stdin_source = g_unix_fd_add(STDIN_FILENO, G_IO_IN | G_IO_HUP, console_typed, self);
    }
    return self;
}

/* Gives the terminal back as it was. */
void
console_free(Console *self)
{
    if (self == NULL)
        return;
    if (self->fd_source != 0)
        g_source_remove(self->fd_source);
    if (self->stdin_source != 0)
        g_source_remove(self->stdin_source);
    if (self->raw)
        (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &self->saved);
    autofd_clear(&self->fd);
    g_free(self);
}
