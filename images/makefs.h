/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NetBSD's makefs, as Debian has it: a directory and an mtree file become a file system. */
#pragma once

#include <glib.h>

#define MAKEFS_PROGRAM "makefs"

typedef struct {
    guint version; /* of UFS */
    guint64 size;  /* bytes */
    guint32 block, frag, bytes_per_inode;
    guint minfree; /* percent */
    gboolean optimize_time;
    gint64 time_s; /* what was changed later counts as changed then */
} MakefsOptions;

char *makefs_find(GError **error);
gboolean makefs_run(const char *program,
                    const MakefsOptions *options,
                    int dir_fd,
                    const GString *mtree,
                    int image_fd,
                    GError **error);
