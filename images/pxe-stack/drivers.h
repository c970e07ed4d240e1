/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the one driver file that is linked into an image has to define: all cards that it drives. */
#pragma once

#include "images/pxe-stack/nic.h"

extern const NicDriver nic_drivers[];
extern const uint8_t nic_drivers_n;
