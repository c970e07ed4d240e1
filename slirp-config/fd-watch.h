/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A descriptor on the main loop, of which one can wait for more or less as time goes on. */
#pragma once

#include <glib.h>

typedef struct FdWatch FdWatch;

/* @ready: what has come of what is waited for, or of G_IO_ERR, G_IO_HUP, G_IO_NVAL, which come
 * unasked. The watch may be freed in here. */
typedef void (*FdWatchFunc)(GIOCondition ready, gpointer data);

typedef struct {
    const char *name; /* (static): for people who debug */
    int priority;
    FdWatchFunc func;
    /* so long after a call the loop does not sleep, if that pays (linger.h); 0: it may */
    guint linger_us;
} FdWatchKind;

FdWatch *fd_watch_new(
    const FdWatchKind *kind, int fd, GIOCondition wanted, GMainContext *context, gpointer data);
void fd_watch_set(FdWatch *self, GIOCondition wanted);
void fd_watch_free(FdWatch *self);
