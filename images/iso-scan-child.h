/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The child's half of a scan, and what it tells the parent. Internal to iso-scan.c. */
#pragma once

#include <glib.h>

/* Seconds of processor time. An image of 70,000 files takes 0.3; what takes more than this makes
 * libisofs look for each name in a long list. */
#define SCAN_CPU_MAX 10

typedef struct {
    gint32 status;   /* 0, or a negative libisofs code */
    guint32 present; /* first reply: bit n is set when probe path n is a file */
    char text[128];  /* first reply: volume id; on failure: what libisofs says */
} ScanReply;

G_NORETURN void
scan_child_main(int image_fd, const char *const *probe_paths, int reply_fd, int table_fd);
