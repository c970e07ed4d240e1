/* SPDX-License-Identifier: GPL-2.0-or-later */
/* loader.conf(5): lines that the user adds, and what a medium's own says. */
#pragma once

#include <glib.h>

gboolean loader_conf_parse(const char *text, char **ret_name, char **ret_value, GError **error);
void loader_conf_append(GString *to, const char *name, const char *value);
char *loader_conf_get(const char *text, const char *name);
char *loader_conf_find_memory_disk(const char *text);
