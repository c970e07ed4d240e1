/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opens files of the tree as the host's, or copies them into memory where the host has no such
 * file. */
#include "slirp-config/tftp-files.h"

#include "base/autofd.h"

#include <errno.h>
#include <sys/mman.h>

typedef struct {
    VfsId id;
    int fd; /* -1: free */
} TftpCopy;

struct TftpFiles {
    Vfs *vfs; /* (nullable) (transfer none) */
    guint next_copy;
    TftpCopy copies[TFTP_COPIES_MAX];
    int open_fd; /* of the file asked for last; -1, or a descriptor to close */
};

/* Returns: (transfer full): files of no tree */
TftpFiles *
tftp_files_new(void)
{
    TftpFiles *self = g_new0(TftpFiles, 1);

    self->open_fd = -1;
    for (guint i = 0; i < TFTP_COPIES_MAX; i++)
        self->copies[i].fd = -1;
    return self;
}

/* @vfs: (transfer none): the tree whose files are offered; it must outlive @self */
void
tftp_files_set_tree(TftpFiles *self, Vfs *vfs)
{
    self->vfs = vfs;
}

/* @self: (nullable) (transfer full): the files */
void
tftp_files_free(TftpFiles *self)
{
    if (self == NULL)
        return;
    autofd_clear(&self->open_fd);
    for (guint i = 0; i < TFTP_COPIES_MAX; i++)
        autofd_clear(&self->copies[i].fd);
    g_free(self);
}

static int
copy_to_memory(Vfs *vfs, VfsId id, guint64 size)
{
    guint8 chunk[64 * 1024];

    auto_fd fd = memfd_create("tftp", MFD_CLOEXEC);
    if (fd < 0)
        return -errno;
    for (guint64 at = 0; at < size;) {
        gssize n = vfs_read(vfs, id, at, chunk, sizeof chunk);
        if (n <= 0)
            return n < 0 ? (int)n : -EIO;
        if (write(fd, chunk, (gsize)n) != n)
            return -ENOSPC;
        at += (guint64)n;
    }
    return autofd_steal(&fd);
}

/* A copy of a file whose tree has no descriptor for it; the last few are kept. */
static int
files_copy(TftpFiles *self, VfsId id, guint64 size)
{
    for (guint i = 0; i < TFTP_COPIES_MAX; i++) {
        if (self->copies[i].fd >= 0 && self->copies[i].id == id)
            return self->copies[i].fd;
    }
    if (size > TFTP_COPY_MAX)
        return -EFBIG;
    TftpCopy *slot = &self->copies[self->next_copy++ % TFTP_COPIES_MAX];
    autofd_clear(&slot->fd);
    int fd = copy_to_memory(self->vfs, id, size);
    if (fd < 0)
        return fd;
    *slot = (TftpCopy){ id, fd };
    return fd;
}

/**
 * tftp_files_open:
 * @self: the files
 * @name: a path from the root of the tree; symbolic links are resolved inside it
 * @ret: (out): a regular file
 *
 * Returns: 0, or -errno: -EACCES for what is no regular file, -EFBIG for one that is too large
 **/
int
tftp_files_open(TftpFiles *self, const char *name, TftpFile *ret)
{
    VfsAttr attr;
    VfsId id;

    autofd_clear(&self->open_fd);
    if (self->vfs == NULL)
        return -ENOENT;
    int r = vfs_walk(self->vfs, name, &id);
    if (r < 0 || (r = vfs_getattr(self->vfs, id, &attr)) < 0)
        return r;
    if (attr.type != VFS_REG)
        return -EACCES;
    if (attr.size > TFTP_SIZE_MAX)
        return -EFBIG;
    int fd = vfs_open(self->vfs, id);
    gboolean copied = fd == -ENOTSUP;
    if (copied)
        fd = files_copy(self, id, attr.size);
    else
        self->open_fd = fd;
    if (fd < 0)
        return fd;
    *ret = (TftpFile){ fd, id, copied };
    return 0;
}

/* Returns: FALSE when @file was a copy that has made room for another one since */
gboolean
tftp_files_keeps(const TftpFiles *self, const TftpFile *file)
{
    gboolean kept = !file->copied;

    for (guint i = 0; i < TFTP_COPIES_MAX; i++)
        kept = kept || (self->copies[i].fd >= 0 && self->copies[i].id == file->id);
    return kept;
}
