/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rom-boot.S as assembled, in the program. */
#pragma once

#include <glib.h>

extern const guint8 rom_boot[];
extern const guint32 rom_boot_size; /* bytes */
