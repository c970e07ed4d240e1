/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `pxe-run inspect`: what is on a medium, and what would be done with it. */
#pragma once

#include "launcher/medium.h"

char *inspect_text(const Medium *medium);
char *inspect_json(const Medium *medium);
gboolean inspect_print(const RunConfig *config, BootProgress *progress, GError **error);
