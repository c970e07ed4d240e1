/* SPDX-License-Identifier: GPL-2.0-or-later */
/* auto_fd: a file descriptor that closes itself at the end of its scope. */
#pragma once

#include <glib.h>
#include <unistd.h>

static inline void
autofd_clear(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

#define auto_fd __attribute__((cleanup(autofd_clear))) int

/* Returns: (transfer full): the descriptor in @fd, which no longer owns it */
static inline int
autofd_steal(int *fd)
{
    int taken = *fd;
    *fd = -1;
    return taken;
}
