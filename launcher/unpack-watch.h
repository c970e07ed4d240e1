/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the user sees and can do while an image is unpacked, before there is a main loop. */
#pragma once

#include "launcher/boot-progress.h"

#include <signal.h>

typedef struct {
    BootProgress *progress;
    const char *path;
    gboolean started;
    sigset_t held, before;
} UnpackWatch;

gboolean unpack_watch_tell(guint64 done, guint64 size, gpointer watch);
gboolean unpack_watch_stopped(const UnpackWatch *self);
void unpack_watch_end(UnpackWatch *self, gboolean ok);
