/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Buf: the only way wire bytes are built. A fixed piece of memory with headroom, so that a payload
 * is written once and the headers are pushed in front of it. A write that does not fit makes it
 * `bad`; nothing is written then, and buf_ok() tells it once at the end.
 */
#pragma once

#include "base/bytes.h"

typedef struct {
    guint8 *base;
    gsize cap;
    gsize head; /* offset of the first byte in use */
    gsize tail; /* offset behind the last byte in use */
    gboolean bad;
} Buf;

/* Makes an empty Buf over @mem (borrowed) with @headroom bytes kept free in front. */
static inline Buf
buf_of(void *mem, gsize cap, gsize headroom)
{
    g_assert(headroom <= cap);
    return (Buf){ (guint8 *)mem, cap, headroom, headroom, FALSE };
}

static inline void
buf_reset(Buf *self, gsize headroom)
{
    *self = buf_of(self->base, self->cap, headroom);
}

static inline gboolean
buf_ok(const Buf *self)
{
    return !self->bad;
}

static inline gsize
buf_len(const Buf *self)
{
    return self->tail - self->head;
}

static inline gsize
buf_room(const Buf *self)
{
    return self->bad ? 0 : self->cap - self->tail;
}

static inline guint8 *
buf_data(const Buf *self)
{
    return self->base + self->head;
}

/**
 * buf_put:
 * @self: a buffer
 * @n: bytes wanted
 *
 * Returns: (nullable): where to write the next @n bytes, which now belong to the contents; NULL
 *   (and @self turns bad) when they do not fit
 **/
static inline guint8 *
buf_put(Buf *self, gsize n)
{
    if (self->bad || n > self->cap - self->tail) {
        self->bad = TRUE;
        return NULL;
    }
    guint8 *p = self->base + self->tail;
    self->tail += n;
    return p;
}

/* As buf_put(), for @n bytes in front of the contents, taken from the headroom. */
static inline guint8 *
buf_push(Buf *self, gsize n)
{
    if (self->bad || n > self->head) {
        self->bad = TRUE;
        return NULL;
    }
    self->head -= n;
    return self->base + self->head;
}

static inline void
buf_bytes(Buf *self, const void *bytes, gsize n)
{
    guint8 *p = buf_put(self, n);
    if (p != NULL && n > 0)
        memcpy(p, bytes, n);
}

static inline void
buf_u8(Buf *self, guint8 v)
{
    guint8 *p = buf_put(self, 1);
    if (p != NULL)
        *p = v;
}

static inline void
buf_be16(Buf *self, guint16 v)
{
    be16 w = be16_of(v);
    buf_bytes(self, w.b, sizeof w.b);
}

static inline void
buf_be32(Buf *self, guint32 v)
{
    be32 w = be32_of(v);
    buf_bytes(self, w.b, sizeof w.b);
}

static inline void
buf_be64(Buf *self, guint64 v)
{
    be64 w = be64_of(v);
    buf_bytes(self, w.b, sizeof w.b);
}

static inline void
buf_ip4(Buf *self, Ip4Addr a)
{
    buf_bytes(self, a.b, sizeof a.b);
}

static inline void
buf_mac(Buf *self, MacAddr m)
{
    buf_bytes(self, m.b, sizeof m.b);
}

static inline void
buf_zeros(Buf *self, gsize n)
{
    guint8 *p = buf_put(self, n);
    if (p != NULL)
        memset(p, 0, n);
}

/*
 * A place to come back to: buf_rewind() forgets all that was put after buf_mark(), and that it was
 * bad.
 */
static inline gsize
buf_mark(const Buf *self)
{
    return self->tail;
}

static inline void
buf_rewind(Buf *self, gsize mark)
{
    g_assert(mark >= self->head && mark <= self->tail);
    self->tail = mark;
    self->bad = FALSE;
}

/* Overwrites four bytes that were put at @mark; does nothing to a bad one. */
static inline void
buf_patch_be32(Buf *self, gsize mark, guint32 v)
{
    be32 w = be32_of(v);
    if (!self->bad && mark + sizeof w.b <= self->tail)
        memcpy(self->base + mark, w.b, sizeof w.b);
}
