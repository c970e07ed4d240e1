/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

bool load_kernel(void);
void start_kernel(void) __attribute__((noreturn));
