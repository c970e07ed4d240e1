/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file that a command was asked to write. */
#pragma once

#include <glib.h>

gboolean output_file_write(const char *path, int fd, GError **error);
gboolean output_file_write_text(const char *path, const char *text, gsize len, GError **error);
