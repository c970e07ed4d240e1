/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gzip (RFC 1952), from one file into another. */
#pragma once

#include <glib.h>

#define GZIP_SIZE_MAX (2ull << 30) /* bytes that come out of a compressed memory disk */

gboolean gzip_is_there(int fd);
gboolean gzip_inflate(int source_fd, int target_fd, guint64 size_max, GError **error);
gboolean gzip_deflate(int source_fd, int target_fd, GError **error);
