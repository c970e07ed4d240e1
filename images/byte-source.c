/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A slice refers to the source that has the bytes, never to another slice, so that a read takes one
 * step however often an image was cut up. Whoever parses an image asks here for each byte, and only
 * here is it checked whether the image has it.
 */
#include "images/byte-source.h"

#include "base/autofd.h"
#include "base/error.h"

#include <errno.h>
#include <string.h>
#include <sys/types.h>

struct ByteSource {
    guint refs;
    ByteSource *whole; /* (nullable): of a slice, what it is cut out of */
    guint64 offset;    /* of a slice, in @whole */
    guint64 size;
    int fd;        /* -1: none */
    GBytes *bytes; /* (nullable) */
};

static ByteSource *
source_new(guint64 size)
{
    ByteSource *self = g_new0(ByteSource, 1);
    self->refs = 1;
    self->size = size;
    self->fd = -1;
    return self;
}

/**
 * byte_source_new_fd:
 * @fd: (transfer full): a file, block device or memfd, open for reading
 * @error: PXE_RUN_ERROR_MEDIUM when its size cannot be told, as of a pipe; @fd is closed then, too
 *
 * Returns: (transfer full): its bytes, as many as there are now
 **/
ByteSource *
byte_source_new_fd(int fd, GError **error)
{
    auto_fd taken = fd;
    off_t size = lseek(taken, 0, SEEK_END);

    if (size < 0) {
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_MEDIUM,
                    "cannot tell the size of the image: %s", g_strerror(errno));
        return NULL;
    }
    ByteSource *self = source_new((guint64)size);
    self->fd = autofd_steal(&taken);
    return self;
}

/**
 * byte_source_new_bytes:
 * @bytes: (transfer none): an image in memory; a reference is kept
 *
 * Returns: (transfer full): its bytes
 **/
ByteSource *
byte_source_new_bytes(GBytes *bytes)
{
    ByteSource *self = source_new(g_bytes_get_size(bytes));
    self->bytes = g_bytes_ref(bytes);
    return self;
}

/**
 * byte_source_slice:
 * @self: (transfer none): a source; a reference is kept
 * @offset: where the slice begins, in bytes
 * @length: its bytes; those behind the end of @self are not part of it
 *
 * Returns: (transfer full): a part of @self; an empty one when @self ends before it
 **/
ByteSource *
byte_source_slice(ByteSource *self, guint64 offset, guint64 length)
{
    guint64 at = MIN(offset, self->size);
    ByteSource *slice = source_new(MIN(length, self->size - at));

    slice->whole = byte_source_ref(self->whole != NULL ? self->whole : self);
    slice->offset = self->offset + at;
    return slice;
}

/* Returns: (transfer full): @self */
ByteSource *
byte_source_ref(ByteSource *self)
{
    self->refs++;
    return self;
}

/* @self: (nullable) (transfer full): a source, which is closed with its last reference */
void
byte_source_unref(ByteSource *self)
{
    if (self == NULL || --self->refs > 0)
        return;
    byte_source_unref(self->whole);
    g_clear_pointer(&self->bytes, g_bytes_unref);
    autofd_clear(&self->fd);
    g_free(self);
}

/* Returns: how many bytes there are */
guint64
byte_source_size(const ByteSource *self)
{
    return self->size;
}

static int
fd_read(int fd, guint8 *dst, gsize n, guint64 offset)
{
    for (gsize done = 0; done < n;) {
        ssize_t got = pread(fd, dst + done, n - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return -EIO; /* 0: the image was cut short under us */
        done += (gsize)got;
    }
    return 0;
}

/**
 * byte_source_read:
 * @self: a source
 * @offset: of the first byte
 * @dst: (out): the bytes
 * @n: how many
 *
 * Returns: 0, or -EIO when not all @n can be read; @dst may be overwritten then
 **/
int
byte_source_read(const ByteSource *self, guint64 offset, void *dst, gsize n)
{
    if (offset > self->size || n > self->size - offset)
        return -EIO;
    if (self->whole != NULL)
        return byte_source_read(self->whole, self->offset + offset, dst, n);
    if (self->bytes == NULL)
        return fd_read(self->fd, dst, n, offset);
    if (n > 0)
        memcpy(dst, (const guint8 *)g_bytes_get_data(self->bytes, NULL) + offset, n);
    return 0;
}
