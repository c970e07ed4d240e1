/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: what cannot be written at once waits here, and the main loop writes it when
 * there is room again; nobody who writes ever waits. Whoever writes much looks at output_waiting()
 * and stops for a while.
 *
 * O_NONBLOCK belongs to the open file, which we share with the shell and with whatever else stands
 * in the same pipeline; setting it would change it for them. So a terminal or a pipe is opened a
 * second time. Sockets have MSG_DONTWAIT. For what is left (a terminal of another user, a file) it
 * is asked first whether there is room, and little is written.
 */
#include "launcher/output.h"

#include "base/autofd.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define CAREFUL_BYTES   256 /* in one write() that could block; as many fit when poll() says room */
#define DEFAULT_COLUMNS 80

struct Output {
    int fd;     /* (transfer none) */
    int own_fd; /* the same, opened again; -1 when that cannot be */
    gboolean socket, file;
    GString *waiting;
    guint source_id;
    int error;
    OutputFunc written;
    gpointer data;
};

/* @fd: (transfer none): where to write. Returns: (transfer full): a writer to it */
Output *
output_new(int fd)
{
    Output *self = g_new0(Output, 1);
    struct stat st = { 0 };

    self->fd = fd;
    self->own_fd = -1;
    self->waiting = g_string_new(NULL);
    if (fstat(fd, &st) < 0)
        self->error = errno;
    self->socket = S_ISSOCK(st.st_mode);
    self->file = S_ISREG(st.st_mode);
    if (S_ISFIFO(st.st_mode) || isatty(fd)) {
        g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);
        self->own_fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    }
    return self;
}

/* Calls @written each time when nothing waits any more. */
void
output_set_written(Output *self, OutputFunc written, gpointer data)
{
    self->written = written;
    self->data = data;
}

static ssize_t
write_some(const Output *self, const char *bytes, gsize len)
{
    struct pollfd room = { .fd = self->fd, .events = POLLOUT };

    if (self->own_fd >= 0)
        return write(self->own_fd, bytes, len);
    if (self->socket)
        return send(self->fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (self->file)
        return write(self->fd, bytes, len);
    if (poll(&room, 1, 0) == 0) {
        errno = EAGAIN;
        return -1;
    }
    return write(self->fd, bytes, MIN(len, CAREFUL_BYTES));
}

/* Returns: how many of @len bytes could be written now */
static gsize
output_try(Output *self, const char *bytes, gsize len)
{
    gsize done = 0;

    while (done < len && self->error == 0) {
        ssize_t n = write_some(self, bytes + done, len - done);
        if (n > 0)
            done += (gsize)n;
        else if (n == 0 || errno == EAGAIN)
            break;
        else if (errno != EINTR)
            self->error = errno;
    }
    return done;
}

static void
output_forget(Output *self)
{
    g_string_truncate(self->waiting, 0);
    if (self->source_id != 0)
        g_source_remove(self->source_id);
    self->source_id = 0;
}

/* Writes what waits, as far as there is room. After an error nothing waits any more. */
static void
output_advance(Output *self)
{
    gsize done = output_try(self, self->waiting->str, self->waiting->len);

    g_string_erase(self->waiting, 0, self->error == 0 ? (gssize)done : -1);
}

static gboolean
output_ready(gint fd, GIOCondition condition, gpointer data)
{
    Output *self = data;

    (void)fd, (void)condition;
    output_advance(self);
    if (self->waiting->len > 0)
        return G_SOURCE_CONTINUE;
    self->source_id = 0;
    if (self->written != NULL)
        self->written(self->data);
    return G_SOURCE_REMOVE;
}

/**
 * output_write:
 * @self: the writer
 * @bytes: what to write
 * @len: its length
 *
 * Writes what can be written now and keeps the rest. After an error, see output_error(), all is
 * thrown away.
 **/
void
output_write(Output *self, const char *bytes, gsize len)
{
    gsize done = self->waiting->len == 0 ? output_try(self, bytes, len) : 0;

    if (self->error != 0) {
        output_forget(self);
        return;
    }
    g_string_append_len(self->waiting, bytes + done, (gssize)(len - done));
    if (self->waiting->len > 0 && self->source_id == 0)
        self->source_id = g_unix_fd_add(self->own_fd >= 0 ? self->own_fd : self->fd,
                                        G_IO_OUT | G_IO_ERR | G_IO_HUP, output_ready, self);
}

/* Returns: how many bytes wait */
gsize
output_waiting(const Output *self)
{
    return self->waiting->len;
}

/* Returns: the errno that nothing can be written for any more, or 0 */
int
output_error(const Output *self)
{
    return self->error;
}

/* Returns: the width of the terminal */
guint
output_columns(const Output *self)
{
    struct winsize size = { 0 };

    if (ioctl(self->fd, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
        return DEFAULT_COLUMNS;
    return size.ws_col;
}

/**
 * output_finish:
 * @self: the writer
 * @patience_ms: how long it may take until a bit more can be written
 *
 * Waits until all is written. What is left when patience has ended is thrown away.
 **/
void
output_finish(Output *self, int patience_ms)
{
    struct pollfd room = { .fd = self->own_fd >= 0 ? self->own_fd : self->fd, .events = POLLOUT };

    while (self->waiting->len > 0 && poll(&room, 1, patience_ms) != 0)
        output_advance(self);
    output_forget(self);
}

/* @self: (nullable) (transfer full): the writer; what waits is thrown away */
void
output_free(Output *self)
{
    if (self == NULL)
        return;
    output_forget(self);
    autofd_clear(&self->own_fd);
    g_string_free(self->waiting, TRUE);
    g_free(self);
}
