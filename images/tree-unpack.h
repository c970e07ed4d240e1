/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes a tree out as files of the host. */
#pragma once

#include "images/unpack.h"
#include "images/vfs.h"

#define TREE_UNPACK_BYTES_MAX (16ull << 30) /* of all files; holes count */

typedef enum {
    TREE_UNPACK_CONTENTS,    /* all that is not contents is in the mtree text alone */
    TREE_UNPACK_PERMISSIONS, /* permissions and times, too, as far as any user can set them */
} TreeUnpackMode;

typedef struct {
    TreeUnpackMode mode;
    UnpackFunc func; /* (nullable): is told of bytes of files; FALSE stops it */
    gpointer data;
} TreeUnpackOptions;

gboolean tree_unpack(
    Vfs *tree, int dir_fd, const TreeUnpackOptions *options, GString *ret_mtree, GError **error);
