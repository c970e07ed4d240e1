/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of loader.conf(5). */
#pragma once

#include <glib.h>

gboolean loader_conf_parse(const char *text, char **ret_name, char **ret_value, GError **error);
void loader_conf_append(GString *to, const char *name, const char *value);
