/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * g_unix_fd_add() with conditions that can be changed, which costs no new source.
 *
 * Theory of operation: a loop that sleeps is woken by an interrupt to its processor, which in a
 * virtual machine takes longer than an answer. So a watch may linger after a call of its function:
 * the loop goes round without sleeping, for all its sources, until something comes or the time is
 * over. If nothing has come, it does not linger for the next two calls, then four, and up to 64:
 * who asks more slowly than that costs next to nothing, who does not ask nothing at all.
 */
#include "slirp-config/fd-watch.h"

#include <sched.h>

struct FdWatch {
    GSource source;
    const FdWatchKind *kind;
    gpointer data;
    gpointer tag;
    GIOCondition wanted;
    gint64 linger_until_us; /* 0: the loop may sleep */
    guint next_pause;       /* after lingering in vain again */
    guint pause;            /* so many calls of the function without lingering follow */
};

/* Whether to linger now: not while it has not paid, and not on one processor, where who is waited
 * for cannot run meanwhile. Which we may use can change (taskset). */
static gboolean
watch_may_linger(FdWatch *self)
{
    cpu_set_t cpus;

    if (self->kind->linger_us == 0)
        return FALSE;
    if (self->pause > 0) {
        self->pause--;
        return FALSE;
    }
    if (sched_getaffinity(0, sizeof cpus, &cpus) == 0 && CPU_COUNT(&cpus) > 1)
        return TRUE;
    self->pause = FD_WATCH_PAUSE_MAX; /* to ask each time would cost a system call each time */
    return FALSE;
}

static gboolean
watch_prepare(GSource *source, gint *timeout)
{
    FdWatch *self = (FdWatch *)source;

    *timeout = -1;
    if (self->linger_until_us == 0)
        return FALSE;
    if (g_source_get_time(source) < self->linger_until_us) {
        *timeout = 0;
        return FALSE;
    }
    self->linger_until_us = 0;
    self->pause = self->next_pause;
    self->next_pause = MIN(2 * self->next_pause, FD_WATCH_PAUSE_MAX);
    return FALSE;
}

static gboolean
watch_check(GSource *source)
{
    const FdWatch *self = (FdWatch *)source;
    return g_source_query_unix_fd(source, self->tag) != 0;
}

static gboolean
watch_dispatch(GSource *source, GSourceFunc callback, gpointer data)
{
    FdWatch *self = (FdWatch *)source;

    (void)callback, (void)data;
    if (self->linger_until_us != 0)
        self->next_pause = FD_WATCH_PAUSE_MIN;
    self->linger_until_us = 0;
    self->kind->func(g_source_query_unix_fd(source, self->tag), self->data);
    if (!g_source_is_destroyed(source) && watch_may_linger(self))
        self->linger_until_us = g_get_monotonic_time() + self->kind->linger_us;
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs fd_watch_funcs = {
    .prepare = watch_prepare,
    .check = watch_check,
    .dispatch = watch_dispatch,
};

/**
 * fd_watch_new:
 * @kind: (transfer none): what to call, and how urgent it is
 * @fd: (transfer none): a descriptor, which must stay open as long as the watch
 * @wanted: what to wait for
 * @context: (nullable): where to run
 * @data: for the function
 *
 * Returns: (transfer full): a watch that runs
 **/
FdWatch *
fd_watch_new(
    const FdWatchKind *kind, int fd, GIOCondition wanted, GMainContext *context, gpointer data)
{
    GSource *source = g_source_new(&fd_watch_funcs, sizeof(FdWatch));
    FdWatch *self = (FdWatch *)source;

    self->kind = kind;
    self->data = data;
    self->wanted = wanted;
    self->next_pause = FD_WATCH_PAUSE_MIN;
    g_source_set_static_name(source, kind->name);
    g_source_set_priority(source, kind->priority);
    /* Else GLib takes the descriptor out of the loop for each call of the function and puts it
     * back, which wakes the loop: four system calls and a round for nothing. No function runs a
     * loop of its own, so that nothing recurses. */
    g_source_set_can_recurse(source, TRUE);
    self->tag = g_source_add_unix_fd(source, fd, wanted);
    g_source_attach(source, context);
    return self;
}

/* Waits for @wanted from now on. */
void
fd_watch_set(FdWatch *self, GIOCondition wanted)
{
    if (wanted != self->wanted)
        g_source_modify_unix_fd(&self->source, self->tag, wanted);
    self->wanted = wanted;
}

/* @self: (nullable) (transfer full): a watch; its descriptor stays open */
void
fd_watch_free(FdWatch *self)
{
    if (self == NULL)
        return;
    g_source_destroy(&self->source);
    g_source_unref(&self->source);
}
