/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One file on its way to the guest, and how that is told; pure. */
#pragma once

#include <glib.h>

#define TRANSFER_NAME_MAX 48 /* bytes of a name; of a longer one the end is kept */

typedef struct {
    gboolean active;
    const char *how; /* "tftp", "nfs", "unpack" */
    char name[TRANSFER_NAME_MAX + 1];
    guint64 id;               /* of the file, for NFS */
    guint64 bytes, size;      /* size: 0 while not known */
    gint64 start_us, data_us; /* when it was asked for; when something came last */
} Transfer;

void transfer_start(Transfer *self, const char *how, const char *name, guint64 id, gint64 now_us);
void transfer_data(Transfer *self, guint64 bytes, guint64 size, gint64 now_us);
gboolean transfer_is_whole(const Transfer *self);
char *transfer_done_text(const Transfer *self);
char *transfer_state_text(const Transfer *self, gint64 now_us);
char *transfer_bar_text(const Transfer *self, gint64 now_us, guint columns);
