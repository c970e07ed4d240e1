/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Several members behind one another are one file (RFC 1952, 2.2), zeros behind the last padding.
 */
#include "images/decoder.h"

#include <zlib.h>

#define WINDOW_GZIP (15 + 16) /* zlib's way to say: the largest window, and gzip's header */
#define STEP_MAX    (1u << 30)

typedef struct {
    z_stream stream;
    gboolean between; /* a member has ended, and no other has begun */
} Gzip;

static gpointer
gzip_start(guint64 memory_max)
{
    Gzip *self = g_new0(Gzip, 1);

    (void)memory_max; /* the format's window is 32 KiB */
    if (inflateInit2(&self->stream, WINDOW_GZIP) == Z_OK)
        return self;
    g_free(self);
    return NULL;
}

/* Behind a member. */
static DecodeResult
gzip_next_member(Gzip *self, DecodeStep *step)
{
    while (step->in_len > 0 && *step->in == 0) {
        step->in++;
        step->in_len--;
    }
    if (step->in_len == 0)
        return step->last ? DECODE_DONE : DECODE_GOES_ON;
    self->between = FALSE;
    return inflateReset(&self->stream) == Z_OK ? DECODE_GOES_ON : DECODE_NO_MEMORY;
}

static DecodeResult
gzip_run(gpointer data, DecodeStep *step)
{
    Gzip *self = data;
    gsize in_len = MIN(step->in_len, STEP_MAX), out_len = MIN(step->out_len, STEP_MAX);

    if (self->between)
        return gzip_next_member(self, step);
    self->stream.next_in = (z_const Bytef *)(guintptr)step->in;
    self->stream.avail_in = (uInt)in_len;
    self->stream.next_out = step->out;
    self->stream.avail_out = (uInt)out_len;
    int result = inflate(&self->stream, Z_NO_FLUSH);
    gsize taken = in_len - self->stream.avail_in, given = out_len - self->stream.avail_out;
    step->in += taken;
    step->in_len -= taken;
    step->out += given;
    step->out_len -= given;
    self->between = result == Z_STREAM_END;
    if (result == Z_OK || self->between)
        return DECODE_GOES_ON;
    if (result == Z_BUF_ERROR)
        return step->last && step->out_len > 0 ? DECODE_CUT_SHORT : DECODE_GOES_ON;
    return result == Z_MEM_ERROR ? DECODE_NO_MEMORY : DECODE_DAMAGED;
}

static void
gzip_end(gpointer data)
{
    Gzip *self = data;

    (void)inflateEnd(&self->stream);
    g_free(self);
}

const Decoder decoder_gzip = { "gzip", "\x1f\x8b", 2, gzip_start, gzip_run, gzip_end };
