/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compresses a file with gzip (RFC 1952); unpack.h is for the way back. */
#pragma once

#include <glib.h>

#define GZIP_SIZE_MAX (2ull << 30) /* bytes that can be compressed */

int gzip_deflate(int fd, GError **error);
