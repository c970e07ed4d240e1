/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A tree as text. */
#pragma once

#include "images/vfs.h"

gboolean tree_list_print(Vfs *tree, gboolean json, GError **error);
