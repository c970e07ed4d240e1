/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The few XDR types that are more than a big-endian integer. Source: RFC 4506 §4.9–4.11. */
#pragma once

#include "base/buf.h"
#include "base/cursor.h"

static inline gsize
xdr_pad(gsize n)
{
    return (4 - (n & 3)) & 3;
}

/**
 * xdr_get_opaque:
 * @self: arguments
 * @max: the largest length that the protocol allows
 *
 * Returns: a cursor over the bytes of a variable-length opaque or string; a bad one, and @self bad,
 *   when it is longer than @max or not all there
 **/
static inline Cursor
xdr_get_opaque(Cursor *self, gsize max)
{
    guint32 len = cursor_be32(self);
    if (len > max) {
        self->left = 0;
        self->bad = TRUE;
    }
    Cursor bytes = cursor_sub(self, len);
    cursor_skip(self, xdr_pad(len));
    return bytes;
}

static inline void
xdr_put_opaque(Buf *self, const void *bytes, gsize len)
{
    buf_be32(self, (guint32)len);
    buf_bytes(self, bytes, len);
    buf_zeros(self, xdr_pad(len));
}

/* Size on the wire of a string of @len bytes. */
static inline gsize
xdr_opaque_size(gsize len)
{
    return 4 + len + xdr_pad(len);
}
