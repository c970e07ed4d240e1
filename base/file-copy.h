/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copies files, by the kernel where it can. */
#pragma once

#include <glib.h>

gboolean file_copy(int from, int to);
