/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files that TFTP offers, as descriptors that libslirp can open once more. */
#pragma once

#include "images/vfs.h"

#define TFTP_SIZE_MAX   G_MAXUINT32  /* bytes; libslirp starts again behind that */
#define TFTP_COPY_MAX   (128u << 20) /* bytes of a file that must be copied out of its tree */
#define TFTP_COPIES_MAX 4            /* such copies kept */

typedef struct TftpFiles TftpFiles;

/* A file that was opened. */
typedef struct {
    int fd; /* (transfer none): good until the next one is opened */
    VfsId id;
    gboolean copied;
} TftpFile;

TftpFiles *tftp_files_new(void);
void tftp_files_free(TftpFiles *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TftpFiles, tftp_files_free)

void tftp_files_set_tree(TftpFiles *self, Vfs *vfs);
int tftp_files_open(TftpFiles *self, const char *name, TftpFile *ret);
gboolean tftp_files_keeps(const TftpFiles *self, const TftpFile *file);
