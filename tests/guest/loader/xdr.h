/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Big-endian words in and out of byte arrays. Source: RFC 4506 */
#pragma once

#include "tests/guest/bare/text.h"

static inline uint16_t
be16_get(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t
be32_get(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline void
be16_put(uint8_t *p, uint32_t value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

static inline void
be32_put(uint8_t *p, uint32_t value)
{
    be16_put(p, value >> 16);
    be16_put(p + 2, value);
}

/* What a field of @n bytes takes. */
static inline uint32_t
xdr_round(uint32_t n)
{
    return (n + 3) & ~3u;
}

/* Arguments being built. The callers know that they fit: names and handles are bounded. */
typedef struct {
    uint8_t bytes[512];
    uint32_t len;
} XdrOut;

static inline void
xdr_word(XdrOut *self, uint32_t value)
{
    be32_put(self->bytes + self->len, value);
    self->len += 4;
}

/* Without a length in front. */
static inline void
xdr_fixed(XdrOut *self, const void *bytes, uint32_t n)
{
    memset(self->bytes + self->len, 0, xdr_round(n));
    memcpy(self->bytes + self->len, bytes, n);
    self->len += xdr_round(n);
}

static inline void
xdr_opaque(XdrOut *self, const void *bytes, uint32_t n)
{
    xdr_word(self, n);
    xdr_fixed(self, bytes, n);
}
