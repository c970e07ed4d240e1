/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: there is no main loop yet, and no thread may be started for signals, since
 * the process that reads an ISO is forked later. So the signals that end the program are held back
 * while it unpacks, and looked for each time that progress is told; unpacking then stops, the
 * terminal is put in order, and the signal ends the program as it would have without us.
 */
#include "launcher/unpack-watch.h"

#include <string.h>

/* Holds back those of the signals that would end us; one that is ignored, as under nohup, is not.
 */
static void
hold_signals(UnpackWatch *self)
{
    static const int ends[] = { SIGINT, SIGTERM, SIGHUP };
    struct sigaction action;

    (void)sigemptyset(&self->held);
    for (gsize i = 0; i < G_N_ELEMENTS(ends); i++) {
        if (sigaction(ends[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
            (void)sigaddset(&self->held, ends[i]);
    }
    (void)sigprocmask(SIG_BLOCK, &self->held, &self->before);
    self->started = TRUE;
}

static gboolean
signal_waits(const UnpackWatch *self)
{
    sigset_t waiting;

    if (sigpending(&waiting) < 0)
        return FALSE;
    for (int n = 1; n < NSIG; n++) {
        if (sigismember(&self->held, n) == 1 && sigismember(&waiting, n) == 1)
            return TRUE;
    }
    return FALSE;
}

/* An UnpackFunc. */
gboolean
unpack_watch_tell(guint64 done, guint64 size, gpointer watch)
{
    UnpackWatch *self = watch;
    const char *slash = strrchr(self->path, '/');

    if (!self->started)
        hold_signals(self);
    boot_progress_unpack(self->progress, slash != NULL ? slash + 1 : self->path, done, size,
                         g_get_monotonic_time());
    return !signal_waits(self);
}

/* Returns: whether a signal has come that unpack_watch_end() lets end the program */
gboolean
unpack_watch_stopped(const UnpackWatch *self)
{
    return self->started && signal_waits(self);
}

/**
 * unpack_watch_end:
 * @self: a watch, whether anything was unpacked or not
 * @ok: whether all went well
 *
 * A signal that came meanwhile ends the program here.
 **/
void
unpack_watch_end(UnpackWatch *self, gboolean ok)
{
    if (!self->started)
        return;
    boot_progress_unpack_end(self->progress, ok, g_get_monotonic_time());
    self->started = FALSE;
    (void)sigprocmask(SIG_SETMASK, &self->before, NULL);
}
