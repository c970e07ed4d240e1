/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One per file; nic.c has the table. */
#pragma once

#include "images/pxe-stack/nic.h"

extern const NicDriver rtl8139_driver, e1000e_driver, virtio_driver;
