/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `pxe-run layout`: a directory with all that a real PXE server needs. */
#pragma once

#include "launcher/boot-progress.h"
#include "launcher/run-config.h"

gboolean
layout_command(const RunConfig *config, const char *out, BootProgress *progress, GError **error);
