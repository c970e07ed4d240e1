/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `pxe-run serve`: the NFS responder without QEMU, for any client. */
#pragma once

#include "launcher/run-config.h"

int serve(const RunConfig *config, GError **error);
