/* SPDX-License-Identifier: GPL-2.0-or-later */
/* So few that they are searched one after the other: that takes less than a system call. */
#include "images/dir-descriptors.h"

#include "base/autofd.h"

/**
 * dir_descriptors_init:
 * @self: (out caller-allocates): no descriptors
 * @may_open: how many descriptors the process may have (RLIMIT_NOFILE)
 **/
void
dir_descriptors_init(DirDescriptors *self, guint64 may_open)
{
    *self = (DirDescriptors){
        .limit = (guint)CLAMP(may_open / DIR_DESCRIPTORS_PART, 1, DIR_DESCRIPTORS_MAX),
    };
    for (gsize i = 0; i < G_N_ELEMENTS(self->slots); i++)
        self->slots[i].fd = -1;
}

/**
 * dir_descriptors_find:
 * @self: the descriptors
 * @id: an object
 * @now_us: monotonic time, microseconds
 *
 * Returns: (transfer none) (nullable): the descriptor of @id. One that is too old is closed.
 **/
DirDescriptor *
dir_descriptors_find(DirDescriptors *self, VfsId id, gint64 now_us)
{
    for (guint i = 0; i < self->limit; i++) {
        DirDescriptor *slot = &self->slots[i];
        if (slot->id != id || slot->fd < 0)
            continue;
        if (now_us - slot->found_us >= DIR_DESCRIPTOR_AGE_US) {
            dir_descriptor_close(slot);
            return NULL;
        }
        slot->used = ++self->calls;
        return slot;
    }
    return NULL;
}

/**
 * dir_descriptor_holds:
 * @self: a descriptor
 * @st: what fstat() tells of it now
 *
 * A file that another was renamed over has lost a link; one that was moved has another ctime, as
 * has one that was only written to, for which to walk again is no harm. Before Linux 6.13 a ctime
 * is that of the timer's last tick: of two changes in one tick the second does not show, until the
 * descriptor comes of age.
 *
 * Returns: whether nothing has happened to the object since its name was walked
 **/
gboolean
dir_descriptor_holds(const DirDescriptor *self, const struct stat *st)
{
    return st->st_nlink > 0 && st->st_ctim.tv_sec == self->changed.tv_sec &&
           st->st_ctim.tv_nsec == self->changed.tv_nsec;
}

/**
 * dir_descriptors_put:
 * @self: the descriptors, none of which is of @id
 * @id: an object
 * @fd: (transfer full): a descriptor of it
 * @st: what fstat() tells of it
 * @now_us: monotonic time, microseconds, from before its name was walked
 *
 * Keeps a descriptor in place of the one that was not asked for the longest.
 *
 * Returns: (transfer none): it
 **/
DirDescriptor *
dir_descriptors_put(DirDescriptors *self, VfsId id, int fd, const struct stat *st, gint64 now_us)
{
    DirDescriptor *oldest = &self->slots[0];

    for (guint i = 1; i < self->limit && oldest->fd >= 0; i++) {
        DirDescriptor *slot = &self->slots[i];
        if (slot->fd < 0 || slot->used < oldest->used)
            oldest = slot;
    }
    dir_descriptor_close(oldest);
    *oldest = (DirDescriptor){
        .id = id,
        .fd = fd,
        .found_us = now_us,
        .changed = st->st_ctim,
        .used = ++self->calls,
    };
    return oldest;
}

/* Frees the slot. */
void
dir_descriptor_close(DirDescriptor *self)
{
    autofd_clear(&self->fd);
}

/* Closes all. */
void
dir_descriptors_clear(DirDescriptors *self)
{
    for (gsize i = 0; i < G_N_ELEMENTS(self->slots); i++)
        dir_descriptor_close(&self->slots[i]);
}
