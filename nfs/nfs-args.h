/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arguments of the procedures that are refused: nobody needs them, but they must be there. */
#pragma once

#include "base/cursor.h"

void nfs_args_skip(Cursor *args, const char *shape);
