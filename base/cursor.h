/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cursor: the only way foreign bytes are read. After the first read past the end it is `bad`, has
 * nothing left, and every further read yields zero, NULL or an empty Cursor; check cursor_ok() once
 * before acting on what was read.
 */
#pragma once

#include "base/bytes.h"

typedef struct {
    const guint8 *at;
    gsize left;
    gboolean bad;
} Cursor;

static inline Cursor
cursor_of(const void *bytes, gsize len)
{
    return (Cursor){ (const guint8 *)bytes, len, FALSE };
}

static inline gboolean
cursor_ok(const Cursor *self)
{
    return !self->bad;
}

static inline gsize
cursor_left(const Cursor *self)
{
    return self->left;
}

/**
 * cursor_take:
 * @self: a cursor
 * @n: bytes wanted
 *
 * Returns: (nullable): the next @n bytes, borrowed from the underlying memory, and steps over them;
 *   NULL (and @self turns bad) when fewer are left
 **/
static inline const guint8 *
cursor_take(Cursor *self, gsize n)
{
    if (n > self->left) {
        self->left = 0;
        self->bad = TRUE;
        return NULL;
    }
    const guint8 *p = self->at;
    self->at += n;
    self->left -= n;
    return p;
}

static inline void
cursor_skip(Cursor *self, gsize n)
{
    (void)cursor_take(self, n);
}

/* Returns: a cursor over the next @n bytes, stepping over them; a bad one when fewer are left */
static inline Cursor
cursor_sub(Cursor *self, gsize n)
{
    const guint8 *p = cursor_take(self, n);
    return p != NULL ? cursor_of(p, n) : (Cursor){ NULL, 0, TRUE };
}

static inline guint8
cursor_u8(Cursor *self)
{
    const guint8 *p = cursor_take(self, 1);
    return p != NULL ? *p : 0;
}

static inline guint16
cursor_be16(Cursor *self)
{
    const guint8 *p = cursor_take(self, 2);
    return p != NULL ? be16_get((be16){ { p[0], p[1] } }) : 0;
}

static inline guint32
cursor_be32(Cursor *self)
{
    const guint8 *p = cursor_take(self, 4);
    return p != NULL ? be32_get((be32){ { p[0], p[1], p[2], p[3] } }) : 0;
}

static inline guint64
cursor_be64(Cursor *self)
{
    const guint8 *p = cursor_take(self, 8);
    return p != NULL ? be64_get((be64){ { p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7] } }) : 0;
}

static inline guint16
cursor_le16(Cursor *self)
{
    const guint8 *p = cursor_take(self, 2);
    return p != NULL ? be16_get((be16){ { p[1], p[0] } }) : 0;
}

static inline guint32
cursor_le32(Cursor *self)
{
    const guint8 *p = cursor_take(self, 4);
    return p != NULL ? be32_get((be32){ { p[3], p[2], p[1], p[0] } }) : 0;
}

static inline guint64
cursor_le64(Cursor *self)
{
    const guint8 *p = cursor_take(self, 8);
    return p != NULL ? be64_get((be64){ { p[7], p[6], p[5], p[4], p[3], p[2], p[1], p[0] } }) : 0;
}

static inline Ip4Addr
cursor_ip4(Cursor *self)
{
    return ip4_of(cursor_be32(self));
}

static inline MacAddr
cursor_mac(Cursor *self)
{
    MacAddr mac = { { 0 } };
    const guint8 *p = cursor_take(self, sizeof mac.b);
    if (p != NULL)
        memcpy(mac.b, p, sizeof mac.b);
    return mac;
}
