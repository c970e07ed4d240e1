/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads what a FreeBSD kernel file says of itself, whether it is compressed with gzip or not. */
#pragma once

#include "images/vfs.h"

char *kernel_file_version(Vfs *vfs, const char *path);
const char *kernel_file_arch(Vfs *vfs, const char *path);
