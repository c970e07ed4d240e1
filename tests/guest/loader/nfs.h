/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the two versions of NFS have in common for a loader. All return 0 or a length, or -errno. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define NFS_HANDLE_MAX   64
#define NFS_PATH_MAX     1024
#define NFS_NAME_MAX     255
#define NFS_NAME_SENT    128 /* a longer name is cut off by FreeBSD's loader */
#define NFS_READDIR_SIZE 1024

typedef enum {
    NFS_FILE = 1,
    NFS_DIRECTORY = 2,
    NFS_SYMLINK = 5
} NfsType;

typedef struct {
    uint32_t len;
    uint8_t bytes[NFS_HANDLE_MAX];
} NfsHandle;

typedef struct {
    NfsHandle handle;
    uint32_t type; /* NfsType */
    uint32_t size; /* the low 32 bits */
} NfsNode;

typedef void (*NfsEntryFunc)(const char *name, void *data);

typedef struct {
    int32_t (*mount)(const char *path, NfsHandle *ret);
    int32_t (*lookup)(const NfsHandle *directory, const char *name, NfsNode *ret);
    int32_t (*readlink)(const NfsHandle *link, char *ret, uint32_t size);
    int32_t (*read)(const NfsHandle *file, uint32_t offset, void *to, uint32_t len);
    int32_t (*readdir)(const NfsHandle *directory, NfsEntryFunc entry, void *data);
} NfsClient;

extern const NfsClient nfs2_client;
extern const NfsClient nfs3_client;
