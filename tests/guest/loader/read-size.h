/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `nfs.read_size` says, to loaders that know it. Returns: bytes */
#pragma once

#include <stdint.h>

uint32_t read_size_by_variable(void);
