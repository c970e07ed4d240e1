/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The names of all objects of a host directory that were seen: an object is what goes by a name in
 * its parent. Its number is its VfsId, which stays the same for the run. Internal to vfs-dir.c.
 */
#pragma once

#include "images/vfs.h"

#include <dirent.h>

#define DIR_NODES_MAX (1u << 20)

typedef struct {
    VfsId parent; /* of the root: itself */
    char *name;
    GArray *listing; /* (nullable): VfsIds of a directory's entries, by name */
} DirNode;

typedef struct DirNodes DirNodes;

DirNodes *dir_nodes_new(void);
DirNode *dir_nodes_get(const DirNodes *self, VfsId id);
int dir_nodes_intern(DirNodes *self, VfsId parent, const char *name, VfsId *ret);
int
dir_nodes_path(const DirNodes *self, VfsId id, char path[static VFS_PATH_MAX], const char **ret);
int dir_nodes_list(DirNodes *self, VfsId dir, DIR *stream);
void dir_nodes_free(DirNodes *self);
