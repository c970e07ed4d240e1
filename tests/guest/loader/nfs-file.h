/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files by their path, opened as FreeBSD's loader opens them. */
#pragma once

#include "tests/guest/loader/nfs.h"

#define NFS_FILE_PATH_MAX 512

typedef struct {
    NfsNode node;
    uint32_t offset;
    const char *suffix; /* what was appended to the name: "", ".gz", … */
} NfsFile;

int32_t nfs_file_open(const char *path, NfsFile *ret);
bool nfs_file_exists(const char *path);
int32_t nfs_file_open_exactly(const char *path, NfsFile *ret);
int32_t nfs_file_read(NfsFile *self, void *to, uint32_t len);
void nfs_file_close(NfsFile *self);
int32_t nfs_file_list(const char *path, NfsEntryFunc entry, void *data);
