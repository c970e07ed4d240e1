/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: a round is poll_set_begin(), poll_set_add() for each descriptor, and
 * poll_set_end(). From one round to the next they are nearly always the same in the same order, and
 * then nothing changes on the source and nothing is allocated. An entry that differs is replaced;
 * those that were not named again are taken off.
 */
#include "slirp-config/poll-set.h"

typedef struct {
    int fd;
    GIOCondition condition;
    gpointer tag;
} PolledFd;

struct PollSet {
    GSource *source; /* (transfer none) */
    GArray *polled;  /* of PolledFd */
    guint n;         /* so many of them were named in this round */
};

/* @source: (transfer none): what to poll for; it must outlive the set, or be destroyed first */
PollSet *
poll_set_new(GSource *source)
{
    PollSet *self = g_new0(PollSet, 1);

    self->source = source;
    self->polled = g_array_new(FALSE, FALSE, sizeof(PolledFd));
    return self;
}

/* @self: (nullable) (transfer full): the set; its descriptors stay on the source */
void
poll_set_free(PollSet *self)
{
    if (self == NULL)
        return;
    g_array_unref(self->polled);
    g_free(self);
}

/* Starts a round. */
void
poll_set_begin(PollSet *self)
{
    self->n = 0;
}

/**
 * poll_set_add:
 * @self: the set, in a round
 * @fd: (transfer none): a descriptor; one that was closed may have come back as another file
 * @condition: what to poll it for
 *
 * Returns: its index, the first of a round being 0
 **/
guint
poll_set_add(PollSet *self, int fd, GIOCondition condition)
{
    PolledFd wanted = { fd, condition, NULL };
    guint index = self->n++;

    if (index == self->polled->len) {
        wanted.tag = g_source_add_unix_fd(self->source, fd, condition);
        g_array_append_val(self->polled, wanted);
        return index;
    }
    PolledFd *polled = &g_array_index(self->polled, PolledFd, index);
    if (polled->fd == fd && polled->condition == condition)
        return index;
    wanted.tag = polled->tag;
    if (polled->fd == fd) {
        g_source_modify_unix_fd(self->source, polled->tag, condition);
    } else {
        g_source_remove_unix_fd(self->source, polled->tag);
        wanted.tag = g_source_add_unix_fd(self->source, fd, condition);
    }
    *polled = wanted;
    return index;
}

/* Ends a round: what was not named in it is not polled any more. */
void
poll_set_end(PollSet *self)
{
    for (guint i = self->n; i < self->polled->len; i++)
        g_source_remove_unix_fd(self->source, g_array_index(self->polled, PolledFd, i).tag);
    g_array_set_size(self->polled, self->n);
}

/* Returns: what descriptor @index is ready for, as the main loop has last seen it */
GIOCondition
poll_set_ready(const PollSet *self, guint index)
{
    gpointer tag = g_array_index(self->polled, PolledFd, index).tag;
    return g_source_query_unix_fd(self->source, tag);
}

/* Returns: whether any descriptor is ready for anything */
gboolean
poll_set_any_ready(const PollSet *self)
{
    gboolean ready = FALSE;

    for (guint i = 0; i < self->polled->len && !ready; i++)
        ready = poll_set_ready(self, i) != 0;
    return ready;
}
