/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Completes libslirp's DHCP replies with what it has no setting for: the root path, iPXE's
 * settings, loader variables. What is added depends on who asked.
 */
#pragma once

#include "slirp-config/dhcp-message.h"

#define DHCP_VARIABLES_MAX (DHCP_OPT_VARIABLE_LAST - DHCP_OPT_VARIABLE_FIRST + 1)

/* The loaders have 128 bytes for a root path, and some write its NUL without looking. */
#define DHCP_ROOT_PATH_MAX 127

typedef struct {
    const char *root_path;                     /* (nullable): option 17, for FreeBSD's loaders */
    const char *variables[DHCP_VARIABLES_MAX]; /* `name=value`, for FreeBSD's loaders; or NULL */
} DhcpPolicy;

gboolean dhcp_options_needed(DhcpClient client);
gboolean dhcp_options_complete(const DhcpPolicy *policy, DhcpClient client, Cursor reply, Buf *out);
