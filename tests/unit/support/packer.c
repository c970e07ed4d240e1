/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/support/packer.h"

#include <lzma.h>
#include <zlib.h>

/* Appends a stream. */
void
pack_xz(GByteArray *out, const guint8 *bytes, gsize len, const PackXz *how)
{
    lzma_stream stream = LZMA_STREAM_INIT;
    const lzma_mt options = {
        .threads = 1,
        .block_size = how->block,
        .preset = how->preset,
        .check = LZMA_CHECK_CRC64,
    };
    guint8 some[4096];
    lzma_ret result;

    g_assert_cmpint(how->block > 0 ? lzma_stream_encoder_mt(&stream, &options)
                                   : lzma_easy_encoder(&stream, how->preset, LZMA_CHECK_CRC64),
                    ==, LZMA_OK);
    stream.next_in = bytes;
    stream.avail_in = len;
    do {
        stream.next_out = some;
        stream.avail_out = sizeof some;
        result = lzma_code(&stream, LZMA_FINISH);
        g_byte_array_append(out, some, (guint)(sizeof some - stream.avail_out));
    } while (result == LZMA_OK);
    g_assert_cmpint(result, ==, LZMA_STREAM_END);
    lzma_end(&stream);
}

/* Appends a member. */
void
pack_gzip(GByteArray *out, const guint8 *bytes, gsize len)
{
    z_stream stream = { .next_in = (z_const Bytef *)(guintptr)bytes, .avail_in = (uInt)len };
    guint8 some[4096];
    int result;

    g_assert_cmpint(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), ==, Z_OK);
    do {
        stream.next_out = some;
        stream.avail_out = sizeof some;
        result = deflate(&stream, Z_FINISH);
        g_byte_array_append(out, some, (guint)(sizeof some - stream.avail_out));
    } while (result == Z_OK);
    g_assert_cmpint(result, ==, Z_STREAM_END);
    g_assert_cmpint(deflateEnd(&stream), ==, Z_OK);
}
