/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A directory that a command was asked to unpack into, and the mtree file beside it. */
#pragma once

#include <glib.h>

int unpack_target_open(const char *path, GError **error);
gboolean unpack_target_write_mtree(const char *directory, const GString *mtree, GError **error);
