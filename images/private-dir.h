/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A directory for files that a program insists on, which cannot outlive this process. */
#pragma once

#include <glib.h>
#include <sys/types.h>

typedef struct {
    int fd;     /* the directory; it may have no path */
    char *path; /* (nullable): of one that a guard has to remove */
    pid_t guard;
    int guard_pipe; /* its end tells the guard that it is time */
} PrivateDir;

typedef enum {
    PRIVATE_DIR_ANY,
    PRIVATE_DIR_NAMED, /* in $TMPDIR, with a guard, even where the other kind can be had */
} PrivateDirKind;

gboolean private_dir_open(PrivateDir *ret, PrivateDirKind kind, GError **error);
void private_dir_clear(PrivateDir *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PrivateDir, private_dir_clear)
