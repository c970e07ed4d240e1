/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A card's memory-mapped registers in the first megabyte; see window.c. */
#pragma once

#include "images/pxe-stack/nic.h"

#define WINDOW_SEGMENT 0xe000 /* the card's first register is at offset 0 */
#define WINDOW_SIZE    0x4000 /* bytes that can be seen, of however many there are */

uint32_t window_read(uint16_t offset);
void window_write(uint16_t offset, uint32_t value);
bool window_find(Nic *nic);
void window_open(const Nic *nic);
void window_close(const Nic *nic);
