/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `pxe-run mfsroot`: builds, lists and unpacks memory disks. */
#pragma once

#include "launcher/run-config.h"

gboolean mfsroot_command(const RunConfig *config, const char *out, GError **error);
