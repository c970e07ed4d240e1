/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the boot firmware that is installed on this host: iPXE, isolinux. */
#pragma once

#include <glib.h>

char *firmware_find(const char *name, const char *search_path, const char *package, GError **error);
GBytes *
firmware_read(const char *name, const char *search_path, const char *package, GError **error);
