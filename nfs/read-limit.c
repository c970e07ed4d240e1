/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nfs/read-limit.h"

/* What the next READ tells of how the last one's answer arrived. */
static void
read_limit_learn(ReadLimit *self, const ReadLimitCall *next)
{
    if (next->id != self->last.id || self->given <= NFS3_READ_UNFRAGMENTED)
        return;
    if (next->offset == self->last.offset + self->given)
        self->taken = TRUE;
    else if (self->shortened && next->offset == self->last.offset + NFS3_READ_UNFRAGMENTED)
        self->lost = MAX(self->lost, self->last.count);
}

static gboolean
is_asked_again(const ReadLimit *self, const ReadLimitCall *call)
{
    return call->xid == self->last.xid && call->id == self->last.id &&
           call->offset == self->last.offset && call->count == self->last.count;
}

/**
 * read_limit_count:
 * @self: what is known of the client
 * @call: what it asks
 *
 * Returns: how many bytes to answer at most
 **/
guint32
read_limit_count(ReadLimit *self, const ReadLimitCall *call)
{
    self->doubtful = FALSE;
    if (call->count <= NFS3_READ_UNFRAGMENTED)
        return call->count;
    if (is_asked_again(self, call)) {
        self->shortened = TRUE;
        return NFS3_READ_UNFRAGMENTED;
    }
    read_limit_learn(self, call);
    if (call->count <= self->lost)
        return NFS3_READ_UNFRAGMENTED;
    self->last = *call;
    self->given = 0;
    self->shortened = FALSE;
    return call->count;
}

/* Says that the answer to @call, which read_limit_count() was asked for, brings @given bytes. */
void
read_limit_answered(ReadLimit *self, const ReadLimitCall *call, guint32 given)
{
    if (!is_asked_again(self, call) || self->shortened)
        return;
    self->given = given;
    self->doubtful = !self->taken && given > NFS3_READ_UNFRAGMENTED;
}

/* Returns: whether the last call should be answered once more, as if it had been asked again */
gboolean
read_limit_is_doubtful(const ReadLimit *self)
{
    return self->doubtful;
}
