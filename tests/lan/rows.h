/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Data-driven tests: one test for each row of a table, named by the row's first member `name`. */
#pragma once

#include <glib.h>
#include <string.h>

#define ROWS_ADD(prefix, rows, func)                                                               \
    G_STMT_START                                                                                   \
    {                                                                                              \
        for (gsize row_i = 0; row_i < G_N_ELEMENTS(rows); row_i++) {                               \
            g_autofree char *row_path = g_strdup_printf("%s/%s", (prefix), (rows)[row_i].name);    \
            g_test_add_data_func(row_path, &(rows)[row_i], (func));                                \
        }                                                                                          \
    }                                                                                              \
    G_STMT_END

/* As g_assert_cmpmem(), for gsize, and says where the difference is. */
#define ROW_CMPMEM(bytes, len, want, want_len)                                                     \
    row_cmpmem(G_STRLOC, (bytes), (len), (want), (want_len))

static inline void
row_cmpmem(const char *where, const void *bytes, gsize len, const void *want, gsize want_len)
{
    const guint8 *a = bytes, *b = want;

    for (gsize i = 0; i < MIN(len, want_len); i++) {
        if (a[i] != b[i])
            g_error("%s: byte %" G_GSIZE_FORMAT " is %02x, not %02x", where, i, a[i], b[i]);
    }
    if (len != want_len)
        g_error("%s: %" G_GSIZE_FORMAT " bytes, not %" G_GSIZE_FORMAT, where, len, want_len);
}

/* Deterministic bytes and numbers: the same in every run and on every machine (xorshift32). */
typedef struct {
    guint32 state;
} RowRandom;

static inline guint32
row_random(RowRandom *self)
{
    guint32 x = self->state;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return self->state = x;
}

static inline guint32
row_random_below(RowRandom *self, guint32 limit)
{
    return row_random(self) % limit;
}

/* Fills @dst so that a byte tells its own position: a shifted, lost or doubled block shows. */
static inline void
row_pattern(guint8 *dst, gsize len, guint32 seed)
{
    for (gsize i = 0; i < len; i++)
        dst[i] = (guint8)((i * 167 + (i >> 8) * 59 + (i >> 16) * 7 + seed) & 0xff);
}

static inline GBytes *
row_pattern_bytes(gsize len, guint32 seed)
{
    guint8 *bytes = g_malloc(len + 1);
    row_pattern(bytes, len, seed);
    return g_bytes_new_take(bytes, len);
}
