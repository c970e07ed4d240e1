/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What loaders with the Forth interpreter ask for first [common/interp.c, forth/loader.4th]. */
#pragma once

#include "tests/guest/loader/generation.h"

#include <stddef.h>

static const StartFile forth_files[] = {
    { "/boot/boot.4th", true },
    { "/boot/loader.rc", true },
    { "/boot/loader.4th", true },
    { "/boot/support.4th", true },
    { NULL, false },
};
