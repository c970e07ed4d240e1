/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Several streams behind one another are one file, as are those that xz's own threads made of
 * blocks, which liblzma then takes apart with as many; where they are too large for that, with one.
 */
#include "images/decoder.h"

#include <lzma.h>

#define THREADS_MAX 16
#define TIMEOUT_MS  100 /* after which the threads let the caller look at the time */

static gpointer
xz_start(guint64 memory_max)
{
    lzma_stream *self = g_new(lzma_stream, 1);
    const lzma_mt options = {
        .flags = LZMA_CONCATENATED,
        .threads = CLAMP(lzma_cputhreads(), 1, THREADS_MAX),
        .timeout = TIMEOUT_MS,
        .memlimit_threading = memory_max,
        .memlimit_stop = memory_max,
    };

    *self = (lzma_stream)LZMA_STREAM_INIT;
    if (lzma_stream_decoder_mt(self, &options) == LZMA_OK)
        return self;
    g_free(self);
    return NULL;
}

static DecodeResult
xz_run(gpointer data, DecodeStep *step)
{
    lzma_stream *self = data;

    self->next_in = step->in;
    self->avail_in = step->in_len;
    self->next_out = step->out;
    self->avail_out = step->out_len;
    lzma_ret result = lzma_code(self, step->last ? LZMA_FINISH : LZMA_RUN);
    *step = (DecodeStep){
        self->next_in, self->avail_in, self->next_out, self->avail_out, step->last,
    };
    if (result == LZMA_OK || (result == LZMA_BUF_ERROR && !step->last))
        return DECODE_GOES_ON;
    if (result == LZMA_STREAM_END)
        return DECODE_DONE;
    if (result == LZMA_BUF_ERROR)
        return DECODE_CUT_SHORT;
    if (result == LZMA_MEMLIMIT_ERROR)
        return DECODE_TOO_LARGE;
    return result == LZMA_MEM_ERROR ? DECODE_NO_MEMORY : DECODE_DAMAGED;
}

static void
xz_end(gpointer data)
{
    lzma_end(data);
    g_free(data);
}

const Decoder decoder_xz = {
    "xz",
    "\xfd"
    "7zXZ",
    6, /* with its NUL */
    xz_start,
    xz_run,
    xz_end,
};
