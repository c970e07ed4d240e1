/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptors of the objects of a host directory that were asked for last, one for each object, so
 * that a request need not walk to it again. Internal to vfs-dir.c, which opens them: here is only
 * decided how long each may be relied upon.
 */
#pragma once

#include "images/vfs.h"

#include <sys/stat.h>

/* Kept at most, and at most this part of what the process may have open: libslirp, TFTP copies and
 * TCP connections need theirs. */
#define DIR_DESCRIPTORS_MAX  64
#define DIR_DESCRIPTORS_PART 16

/* So long a name is taken to lead where it led, unless the object itself tells otherwise. Shorter
 * than NFS clients keep attributes: FreeBSD's and Linux's at least 3 s. */
#define DIR_DESCRIPTOR_AGE_US G_USEC_PER_SEC

typedef struct {
    VfsId id;
    int fd;            /* -1: free */
    gboolean readable; /* opened for reading, not only to be looked at (O_PATH) */
    gint64 found_us;   /* when its name was walked */
    struct timespec changed;
    guint64 used; /* when it was last found, in calls */
} DirDescriptor;

typedef struct {
    guint limit;
    guint64 calls;
    DirDescriptor slots[DIR_DESCRIPTORS_MAX];
} DirDescriptors;

void dir_descriptors_init(DirDescriptors *self, guint64 may_open);
DirDescriptor *dir_descriptors_find(DirDescriptors *self, VfsId id, gint64 now_us);
gboolean dir_descriptor_holds(const DirDescriptor *self, const struct stat *st);
DirDescriptor *
dir_descriptors_put(DirDescriptors *self, VfsId id, int fd, const struct stat *st, gint64 now_us);
void dir_descriptor_close(DirDescriptor *self);
void dir_descriptors_clear(DirDescriptors *self);
