/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Builds the CD that a run boots from: isolinux, and iPXE for one network card. */
#pragma once

#include "images/nic-table.h"

int ipxe_iso_build(const Nic *nic, const char *firmware_path, GError **error);
gboolean ipxe_iso_write(const Nic *nic, const char *firmware_path, const char *out, GError **error);
