/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The CRC32 of zlib, gzip and Ethernet. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* @crc: 0 at first, then what the call before returned */
uint32_t crc32_add(uint32_t crc, const void *bytes, size_t n);
