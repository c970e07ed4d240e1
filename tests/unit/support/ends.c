/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/support/ends.h"

#include "base/autofd.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>

/* Returns: a pipe; to be cleared */
Ends
pipe_ends(void)
{
    int fds[2];
    g_assert_cmpint(pipe2(fds, O_CLOEXEC), ==, 0);
    return (Ends){ fds[1], fds[0] };
}

/* Returns: a stream socket; to be cleared */
Ends
socket_ends(void)
{
    int fds[2];
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
    return (Ends){ fds[1], fds[0] };
}

/* Returns: a terminal, nobody's own, that changes nothing of what passes; to be cleared */
Ends
terminal_ends(guint columns)
{
    struct winsize size = { .ws_col = (unsigned short)columns, .ws_row = 24 };
    struct termios modes;

    int reader = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    g_assert_cmpint(reader, >=, 0);
    g_assert_cmpint(grantpt(reader) + unlockpt(reader), ==, 0);
    int fd = open(ptsname(reader), O_RDWR | O_NOCTTY | O_CLOEXEC);
    g_assert_cmpint(tcgetattr(fd, &modes), ==, 0);
    cfmakeraw(&modes);
    g_assert_cmpint(tcsetattr(fd, TCSANOW, &modes), ==, 0);
    g_assert_cmpint(ioctl(fd, TIOCSWINSZ, &size), ==, 0);
    return (Ends){ fd, reader };
}

/* Appends what has come, without waiting. */
void
ends_read(const Ends *self, GString *text)
{
    char bytes[4096];

    g_assert_cmpint(fcntl(self->reader, F_SETFL, O_NONBLOCK), ==, 0);
    for (;;) {
        ssize_t n = read(self->reader, bytes, sizeof bytes);
        if (n <= 0)
            return;
        g_string_append_len(text, bytes, n);
    }
}

/* Closes both ends that are still open. */
void
ends_clear(Ends *self)
{
    autofd_clear(&self->fd);
    autofd_clear(&self->reader);
}
