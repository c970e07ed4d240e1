/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compresses with gzip (RFC 1952), from one file into another; unpack.h is for the way back. */
#pragma once

#include <glib.h>

#define GZIP_SIZE_MAX (2ull << 30) /* bytes that can be compressed */

gboolean gzip_deflate(int source_fd, int target_fd, GError **error);
