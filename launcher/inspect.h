/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `pxe-run inspect`: what is on a medium, and what would be done with it. */
#pragma once

#include "launcher/run-config.h"

gboolean inspect_print(const RunConfig *config, GError **error);
