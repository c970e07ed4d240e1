/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the tree of an ISO 9660 image in a process of its own, while the caller does other work. */
#pragma once

#include <glib.h>

#define ISO_PROBES_MAX 32

typedef struct IsoScan IsoScan;

IsoScan *iso_scan_start(int image_fd, const char *const *probe_paths, GError **error);
gboolean iso_scan_wait_opened(IsoScan *self, char **ret_volume_id, guint32 *ret_present, GError **);
int iso_scan_wait_table(IsoScan *self, GError **error);
void iso_scan_free(IsoScan *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(IsoScan, iso_scan_free)
