/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The BSD disklabel in front of a file system, as FreeBSD 7.0's mfsroot has one. */
#pragma once

#include <glib.h>

#define BSD_LABEL_AT   512 /* bytes into the disk */
#define BSD_LABEL_SIZE 276 /* bytes, with eight partitions */

gboolean bsd_label_is_there(const guint8 *label);
void bsd_label_make(guint8 *label, guint32 sectors);
gboolean bsd_label_resize(guint8 *label, guint32 sectors);
