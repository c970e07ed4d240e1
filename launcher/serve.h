/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `pxe-run serve`: the NFS responder without QEMU, for any client. */
#pragma once

#include "launcher/boot-progress.h"
#include "launcher/run-config.h"

int serve(const RunConfig *config, BootProgress *progress, GError **error);
