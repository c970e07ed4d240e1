/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Called by image-file.c. The bytes come from somewhere: what goes wrong with them is told, and how
 * much may come out of them is limited. Runs of zeros become holes, which an image of a file system
 * has many of.
 */
#include "images/unpack.h"

#include "base/error.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define IN_BYTES  (256u << 10)
#define OUT_BYTES (1u << 20)
#define HOLE      4096u /* bytes; file systems have no smaller ones */
#define TELL_US   (G_USEC_PER_SEC / 30)

typedef struct {
    const char *name;
    const Decoder *decoder;
    const UnpackOptions *options;
    int source_fd, target_fd;
    guint64 source_size, read, written; /* bytes */
    gint64 told_us;
    guint8 *in, *out;
} Unpack;

/* Returns: (nullable) (transfer none): the format of a file that begins with @head */
const Decoder *
unpack_decoder(const guint8 *head, gsize len)
{
    static const Decoder *const decoders[] = { &decoder_xz, &decoder_gzip };

    for (gsize i = 0; i < G_N_ELEMENTS(decoders); i++) {
        if (len >= decoders[i]->magic_len &&
            memcmp(head, decoders[i]->magic, decoders[i]->magic_len) == 0)
            return decoders[i];
    }
    return NULL;
}

static gboolean
set_error(const Unpack *self, PxeRunError code, const char *what, GError **error)
{
    g_set_error(error, PXE_RUN_ERROR, (gint)code, "cannot unpack '%s': %s", self->name, what);
    return FALSE;
}

static gboolean
set_result_error(const Unpack *self, DecodeResult result, GError **error)
{
    static const struct {
        PxeRunError code;
        const char *what;
    } errors[] = {
        [DECODE_DAMAGED] = { PXE_RUN_ERROR_MEDIUM, "it is damaged: get it again" },
        [DECODE_CUT_SHORT] = { PXE_RUN_ERROR_MEDIUM, "it is cut short: get it again" },
        [DECODE_TOO_LARGE] = { PXE_RUN_ERROR_MEDIUM,
                               "it was compressed so that it takes too much memory: unpack it "
                               "yourself, or compress it with xz -9 or less" },
        [DECODE_NO_MEMORY] = { PXE_RUN_ERROR_HOST, "memory is short" },
    };
    return set_error(self, errors[result].code, errors[result].what, error);
}

/* A write that a full disk cuts short is repeated, and then says why. */
static gboolean
write_all(const Unpack *self, const guint8 *bytes, gsize len, guint64 offset, GError **error)
{
    while (len > 0) {
        ssize_t n = pwrite(self->target_fd, bytes, len, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_HOST,
                        "cannot unpack '%s': %s after %" G_GUINT64_FORMAT " MiB %s", self->name,
                        g_strerror(errno), self->written >> 20, self->options->place);
            return FALSE;
        }
        bytes += n;
        len -= (gsize)n;
        offset += (guint64)n;
    }
    return TRUE;
}

static gboolean
is_zero(const guint8 *bytes, gsize len)
{
    return bytes[0] == 0 && memcmp(bytes, bytes + 1, len - 1) == 0;
}

/* Writes what has come out, but for zeros: the file is made as long as it must be at the end. */
static gboolean
flush(Unpack *self, gsize len, GError **error)
{
    gsize start = 0;

    if (len > self->options->size_max - self->written) {
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_MEDIUM,
                    "cannot unpack '%s': more than %" G_GUINT64_FORMAT " MiB come out of it",
                    self->name, self->options->size_max >> 20);
        return FALSE;
    }
    for (gsize at = 0; at < len; at += HOLE) {
        if (!is_zero(self->out + at, MIN(HOLE, len - at)))
            continue;
        if (!write_all(self, self->out + start, at - start, self->written + start, error))
            return FALSE;
        start = at + HOLE;
    }
    if (start < len &&
        !write_all(self, self->out + start, len - start, self->written + start, error))
        return FALSE;
    self->written += len;
    return TRUE;
}

static gboolean
fill(Unpack *self, DecodeStep *step, GError **error)
{
    ssize_t n;

    if (step->in_len > 0 || step->last)
        return TRUE;
    do
        n = pread(self->source_fd, self->in, IN_BYTES, (off_t)self->read);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return set_error(self, PXE_RUN_ERROR_MEDIUM, g_strerror(errno), error);
    step->in = self->in;
    step->in_len = (gsize)n;
    step->last = n == 0;
    self->read += (guint64)n;
    return TRUE;
}

static gboolean
tell(Unpack *self, GError **error)
{
    gint64 now_us = g_get_monotonic_time();

    if (self->options->func == NULL || now_us - self->told_us < TELL_US)
        return TRUE;
    self->told_us = now_us;
    return self->options->func(self->read, self->source_size, self->options->data) ||
           set_error(self, PXE_RUN_ERROR_INTERNAL, "it was interrupted", error);
}

static gboolean
unpack_stream(Unpack *self, gpointer stream, GError **error)
{
    DecodeResult result = DECODE_GOES_ON;
    DecodeStep step = { .out = self->out, .out_len = OUT_BYTES };

    while (result == DECODE_GOES_ON) {
        if (!fill(self, &step, error) || !tell(self, error))
            return FALSE;
        result = self->decoder->run(stream, &step);
        if (step.out_len > 0 && result == DECODE_GOES_ON)
            continue;
        if (!flush(self, OUT_BYTES - step.out_len, error))
            return FALSE;
        step.out = self->out;
        step.out_len = OUT_BYTES;
    }
    return result == DECODE_DONE || set_result_error(self, result, error);
}

/**
 * unpack_file:
 * @decoder: the format, see unpack_decoder()
 * @name: what to call the file in messages
 * @source_fd: (transfer none): the file, read from its beginning
 * @target_fd: (transfer none): an empty file
 * @options: limits, and who is told how far it is
 * @error: PXE_RUN_ERROR_MEDIUM when the file is damaged, cut short or beyond a limit;
 *   PXE_RUN_ERROR_HOST when there is no room or no memory; PXE_RUN_ERROR_INTERNAL when it was
 *   stopped
 **/
gboolean
unpack_file(const Decoder *decoder,
            const char *name,
            int source_fd,
            int target_fd,
            const UnpackOptions *options,
            GError **error)
{
    g_autofree guint8 *in = g_malloc(IN_BYTES);
    g_autofree guint8 *out = g_malloc(OUT_BYTES);
    Unpack self = { name, decoder, options, source_fd, target_fd, .in = in, .out = out };
    struct stat st;

    if (fstat(source_fd, &st) < 0)
        return set_error(&self, PXE_RUN_ERROR_MEDIUM, g_strerror(errno), error);
    self.source_size = (guint64)st.st_size;
    gpointer stream = decoder->start(options->memory_max);
    if (stream == NULL)
        return set_result_error(&self, DECODE_NO_MEMORY, error);
    gboolean ok = unpack_stream(&self, stream, error);
    decoder->end(stream);
    if (ok && ftruncate(target_fd, (off_t)self.written) < 0)
        return set_error(&self, PXE_RUN_ERROR_HOST, g_strerror(errno), error);
    return ok;
}
