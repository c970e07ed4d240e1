/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What holds for every tree, whatever keeps it; and trees as text, to compare them. */
#pragma once

#include "images/vfs.h"

guint tree_check(Vfs *vfs);
char *tree_dump(Vfs *vfs);
char *tree_list(Vfs *vfs, const char *directory);
char *tree_text(Vfs *vfs, const char *path);
VfsId tree_id(Vfs *vfs, const char *path);
