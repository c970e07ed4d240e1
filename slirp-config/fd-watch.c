/* SPDX-License-Identifier: GPL-2.0-or-later */
/* g_unix_fd_add() with conditions that can be changed, which costs no new source. */
#include "slirp-config/fd-watch.h"

#include "slirp-config/linger.h"

struct FdWatch {
    GSource source;
    const FdWatchKind *kind;
    gpointer data;
    gpointer tag;
    GIOCondition wanted;
    Linger linger; /* what comes asks, and the function answers */
};

static gboolean
watch_prepare(GSource *source, gint *timeout)
{
    FdWatch *self = (FdWatch *)source;

    *timeout = linger_is_on(&self->linger, g_source_get_time(source)) ? 0 : -1;
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
    linger_asked(&self->linger);
    self->kind->func(g_source_query_unix_fd(source, self->tag), self->data);
    if (!g_source_is_destroyed(source))
        linger_answered(&self->linger, self->kind->linger_us);
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
