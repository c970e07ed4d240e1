/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tells on stderr how far the boot is. Time is an argument: monotonic, in microseconds. */
#pragma once

#include "launcher/output.h"
#include "nfs/nfs-server.h"
#include "slirp-config/boot-watch.h"

typedef struct BootProgress BootProgress;

typedef enum {
    PROGRESS_QUIET,    /* nothing but messages */
    PROGRESS_LINES,    /* a line for each step */
    PROGRESS_TERMINAL, /* the same, with colour and a line that changes in place */
} ProgressStyle;

/* Whether it is told, too, that nothing is to be told, where no line changes in place. */
typedef enum {
    IDLE_NEVER,        /* somebody sees the guest itself, on this terminal */
    IDLE_UNTIL_KERNEL, /* from then on the guest is the user's */
    IDLE_ALWAYS,       /* something is waited for */
} ProgressIdle;

typedef struct {
    ProgressStyle style;
    ProgressIdle idle;
    Output *output;  /* (transfer full) */
    gint64 start_us; /* when the run began */
} ProgressSetup;

BootProgress *boot_progress_new(const ProgressSetup *setup);
void boot_progress_free(BootProgress *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BootProgress, boot_progress_free)

void boot_progress_message(BootProgress *self, const char *what, const char *text, gint64 now_us);
void boot_progress_line(BootProgress *self, const char *line);
void boot_progress_event(BootProgress *self, const BootEvent *event, gint64 now_us);
void boot_progress_nfs(BootProgress *self, Vfs *vfs, const NfsEvent *event, gint64 now_us);
void boot_progress_unpack(
    BootProgress *self, const char *name, guint64 done, guint64 size, gint64 now_us);
void boot_progress_unpack_end(BootProgress *self, gboolean whole, gint64 now_us);
void boot_progress_screen(BootProgress *self, const char *text, gint64 now_us);
void boot_progress_serial(BootProgress *self, const char *recent, gint64 now_us);
void boot_progress_tick(BootProgress *self, gint64 now_us);
void boot_progress_hold(BootProgress *self, gboolean hold);
void boot_progress_end(BootProgress *self, gint64 now_us);
