/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The names of all objects of a host directory that were seen: an object is what goes by a name in
 * its parent. Its number is its VfsId, which stays the same for the run. Internal to vfs-dir.c.
 */
#pragma once

#include "images/vfs.h"

#define DIR_NODES_MAX (1u << 20)

typedef struct {
    VfsId parent; /* of the root: itself */
    char *name;
    GArray *listing; /* (nullable): for the caller: VfsIds of a directory's entries */
} DirNode;

typedef struct DirNodes DirNodes;

DirNodes *dir_nodes_new(void);
DirNode *dir_nodes_get(const DirNodes *self, VfsId id);
int dir_nodes_intern(DirNodes *self, VfsId parent, const char *name, VfsId *ret);
void dir_nodes_free(DirNodes *self);
