/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>

uint32_t pxe_open_read_size(void);
void pxe_open_find_root(const char *default_path, uint32_t len_min);
