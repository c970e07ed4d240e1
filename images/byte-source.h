/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ByteSource: the bytes of an image at any offset, wherever they are: in a file, a block device, a
 * memfd, memory, or a part of another source. They are only read.
 */
#pragma once

#include <glib.h>

typedef struct ByteSource ByteSource;

ByteSource *byte_source_new_fd(int fd, GError **error);
ByteSource *byte_source_new_bytes(GBytes *bytes);
ByteSource *byte_source_slice(ByteSource *self, guint64 offset, guint64 length);
ByteSource *byte_source_ref(ByteSource *self);
void byte_source_unref(ByteSource *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ByteSource, byte_source_unref)

guint64 byte_source_size(const ByteSource *self);
int byte_source_read(const ByteSource *self, guint64 offset, void *dst, gsize n);
