/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The first serial line, by its ports. */
#pragma once

void serial_start(void);
void serial_put(char c);
