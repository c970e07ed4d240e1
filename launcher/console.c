/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When the serial line is the console, its output goes to stdout as it is, and what is typed goes
 * to the guest, Ctrl-C too; the terminal is in raw mode meanwhile. Ctrl-A x leaves, Ctrl-A Ctrl-A
 * is one Ctrl-A, and any other key behind a Ctrl-A goes to the guest with it.
 *
 * Neither side makes the other wait here: when stdout does not take more, the serial line is not
 * read, and QEMU makes the guest wait; when the guest does not take more, no keys are read.
 */
#include "launcher/console.h"

#include "base/autofd.h"
#include "launcher/terminal.h"

#include <errno.h>
#include <glib-unix.h>
#include <sys/socket.h>

#define ESCAPE_KEY  '\001'      /* Ctrl-A */
#define SHOW_MAX    (64u << 10) /* bytes that wait for stdout before reading stops */
#define KEYS_MAX    4096u       /* bytes that wait for the guest before reading stops */
#define PATIENCE_MS 2000        /* with a stdout that takes nothing, at the end */
#define DRAIN_MAX   (4u << 20)  /* bytes taken at the end */

struct Console {
    int fd;
    guint fd_source, keys_source;
    Output *show; /* (nullable) */
    Output *to_guest;
    int keys_fd;
    gboolean escaped, failed;
    TerminalModes modes;
    ConsoleFuncs funcs;
    gpointer data;
};

static void
console_take(Console *self, const char *bytes, gsize len)
{
    if (self->show != NULL) {
        output_write(self->show, bytes, len);
        if (output_error(self->show) != 0 && !self->failed) {
            self->failed = TRUE;
            self->funcs.failed(output_error(self->show), self->data);
        }
    }
    self->funcs.output(bytes, len, self->data);
}

/* Returns: bytes taken; 0 when there are none now, -1 when there will be none */
static ssize_t
console_read(Console *self)
{
    char bytes[4096];

    ssize_t n = recv(self->fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (n <= 0)
        return -1;
    console_take(self, bytes, (gsize)n);
    return n;
}

static gboolean
console_readable(gint fd, GIOCondition condition, gpointer data)
{
    Console *self = data;

    (void)fd, (void)condition;
    if (console_read(self) >= 0 && (self->show == NULL || output_waiting(self->show) < SHOW_MAX))
        return G_SOURCE_CONTINUE;
    self->fd_source = 0; /* console_shown() goes on */
    return G_SOURCE_REMOVE;
}

static void
console_watch(Console *self)
{
    if (self->fd_source == 0)
        self->fd_source = g_unix_fd_add(self->fd, G_IO_IN | G_IO_HUP, console_readable, self);
}

static void
console_shown(gpointer data)
{
    console_watch(data);
}

static void
console_key(Console *self, char key)
{
    const char both[] = { ESCAPE_KEY, key };

    if (!self->escaped && key == ESCAPE_KEY) {
        self->escaped = TRUE;
        return;
    }
    gboolean behind_escape = self->escaped;
    self->escaped = FALSE;
    if (behind_escape && (key == 'x' || key == 'X'))
        self->funcs.quit(self->data);
    else if (behind_escape && key != ESCAPE_KEY)
        output_write(self->to_guest, both, sizeof both);
    else
        output_write(self->to_guest, &key, 1);
}

static gboolean
console_typed(gint fd, GIOCondition condition, gpointer data)
{
    Console *self = data;
    char bytes[256];

    (void)condition;
    ssize_t n = read(fd, bytes, sizeof bytes);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return G_SOURCE_CONTINUE;
    for (ssize_t i = 0; i < n; i++)
        console_key(self, bytes[i]);
    if (n > 0 && output_waiting(self->to_guest) < KEYS_MAX)
        return G_SOURCE_CONTINUE;
    if (n <= 0)
        self->keys_fd = -1; /* the end */
    self->keys_source = 0;
    return G_SOURCE_REMOVE;
}

static void
console_sent(gpointer data)
{
    Console *self = data;

    if (self->keys_fd >= 0 && self->keys_source == 0)
        self->keys_source = g_unix_fd_add(self->keys_fd, G_IO_IN | G_IO_HUP, console_typed, self);
}

/**
 * console_new:
 * @fd: (transfer full): our end of the serial line, a socket
 * @funcs: (transfer none): are told what happens
 * @data: for @funcs
 **/
Console *
console_new(int fd, const ConsoleFuncs *funcs, gpointer data)
{
    Console *self = g_new0(Console, 1);

    self->fd = fd;
    self->funcs = *funcs;
    self->data = data;
    self->keys_fd = -1;
    self->to_guest = output_new(fd);
    output_set_written(self->to_guest, console_sent, self);
    console_watch(self);
    return self;
}

/**
 * console_show:
 * @self: the serial line
 * @show: (transfer full): where to show what the guest writes
 * @keys_fd: (transfer none): where keys come from, if that is a terminal
 *
 * Returns: whether keys go to the guest from now on
 **/
gboolean
console_show(Console *self, Output *show, int keys_fd)
{
    self->show = show;
    output_set_written(show, console_shown, self);
    if (!terminal_is_ours(keys_fd) || !terminal_save(&self->modes, keys_fd) ||
        !terminal_make_raw(&self->modes))
        return FALSE;
    self->keys_fd = keys_fd;
    console_sent(self);
    return TRUE;
}

/* Takes what the guest has written up to now; for the end, after which nothing comes. */
void
console_drain(Console *self)
{
    gsize taken = 0;

    while (taken < DRAIN_MAX) {
        ssize_t n = console_read(self);
        if (n <= 0)
            return;
        taken += (gsize)n;
    }
}

/* Gives the terminal back as it was. */
void
console_free(Console *self)
{
    if (self == NULL)
        return;
    if (self->fd_source != 0)
        g_source_remove(self->fd_source);
    if (self->keys_source != 0)
        g_source_remove(self->keys_source);
    if (self->show != NULL)
        output_finish(self->show, PATIENCE_MS);
    output_free(self->show);
    output_free(self->to_guest);
    terminal_restore(&self->modes);
    autofd_clear(&self->fd);
    g_free(self);
}
