/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One boot, from the configuration to the exit status. */
#pragma once

#include "launcher/boot-progress.h"
#include "launcher/run-config.h"

int run_boot(const RunConfig *config, BootProgress *progress, gint64 start_us, GError **error);
gboolean run_dry(const RunConfig *config, GError **error);
