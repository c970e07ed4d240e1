/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tells on stderr how far the boot is. */
#pragma once

#include "nfs/nfs-server.h"
#include "slirp-config/boot-watch.h"

typedef struct BootProgress BootProgress;

typedef enum {
    PROGRESS_QUIET,    /* nothing but messages */
    PROGRESS_LINES,    /* a line for each step */
    PROGRESS_TERMINAL, /* the same, with colour and a line that changes in place */
} ProgressStyle;

BootProgress *boot_progress_new(ProgressStyle style, gint64 start_us);
void boot_progress_free(BootProgress *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BootProgress, boot_progress_free)

void boot_progress_message(BootProgress *self, const char *what, const char *text);
void boot_progress_line(BootProgress *self, const char *line);
void boot_progress_event(BootProgress *self, const BootEvent *event);
void boot_progress_nfs(BootProgress *self, Vfs *vfs, const NfsEvent *event);
void boot_progress_text(BootProgress *self, const char *text);
void boot_progress_tick(BootProgress *self);
void boot_progress_end(BootProgress *self);
