/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Child processes that must not keep us waiting. */
#pragma once

#include <glib.h>
#include <sys/types.h>

void child_die_with_parent(gpointer parent);
gboolean child_end(pid_t pid, int patience_ms);
char *child_output(const char *const *argv, gsize max_bytes, int patience_ms);
