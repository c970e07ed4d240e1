/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory disks are brought as .gz by FreeBSD's loader, which inflates them with zlib.
 *
 * Theory of operation: what is compressed is cut into parts, which two threads compress, each part
 * with the 32 KiB in front of it as a dictionary, so that cutting costs next to nothing. A part
 * ends at a byte's end (Z_FULL_FLUSH would forget the dictionary, Z_SYNC_FLUSH does not), and so
 * the parts behind one another are one deflate stream, which any inflater reads. The parts do not
 * depend on who compressed them, or when: the output is the same in every run.
 */
#include "images/gzip.h"

#include "base/autofd.h"
#include "base/bytes.h"
#include "base/error.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define GZIP_PART    (512u << 10) /* bytes of input that a thread takes at once */
#define GZIP_WINDOW  (32u << 10)
#define GZIP_PARTS   4096 /* GZIP_SIZE_MAX in parts */
#define GZIP_THREADS 2
#define GZIP_LEVEL   4 /* half the time of 6 for two percent more; see tests/bench */

G_STATIC_ASSERT(GZIP_SIZE_MAX / GZIP_PART == GZIP_PARTS);

static const guint8 gzip_header[10] = { 0x1f, 0x8b, Z_DEFLATED, [9] = 255 /* of no system */ };

static gboolean
write_all(int fd, const guint8 *bytes, gsize n, GError **error)
{
    while (n > 0) {
        gssize done = write(fd, bytes, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0) {
            g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_HOST, "no room for the image: %s",
                        g_strerror(done < 0 ? errno : ENOSPC));
            return FALSE;
        }
        bytes += done;
        n -= (gsize)done;
    }
    return TRUE;
}

/* A part of the input, compressed. */
typedef struct {
    guint8 *bytes; /* NULL: memory was short */
    gsize len;
    uLong crc;
} GzipPart;

typedef struct {
    const guint8 *in;
    gsize size;
    guint n_parts;
    gint next; /* the part that nobody has taken, atomic */
    GzipPart *parts;
} Deflater;

static gsize
part_len(const Deflater *self, guint i)
{
    return MIN((gsize)GZIP_PART, self->size - (gsize)i * GZIP_PART);
}

static void
deflate_part(const Deflater *self, guint i)
{
    const guint8 *in = self->in + (gsize)i * GZIP_PART;
    GzipPart *part = &self->parts[i];
    gboolean last = i + 1 == self->n_parts;
    z_stream z = { 0 };

    if (deflateInit2(&z, GZIP_LEVEL, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return;
    if (i > 0)
        (void)deflateSetDictionary(&z, in - GZIP_WINDOW, GZIP_WINDOW);
    gsize room = deflateBound(&z, (uLong)part_len(self, i)) + 16; /* and the flush's empty block */
    guint8 *bytes = g_try_malloc(room);
    if (bytes != NULL) {
        z.next_in = (guint8 *)(guintptr)in; /* zlib only reads it */
        z.avail_in = (uInt)part_len(self, i);
        z.next_out = bytes;
        z.avail_out = (uInt)room;
        int r = deflate(&z, last ? Z_FINISH : Z_SYNC_FLUSH);
        g_assert(r == (last ? Z_STREAM_END : Z_OK) && z.avail_in == 0);
        part->crc = crc32(0, in, (uInt)part_len(self, i));
        part->len = room - z.avail_out;
        part->bytes = bytes;
    }
    (void)deflateEnd(&z);
}

static gpointer
deflate_thread(gpointer data)
{
    Deflater *self = data;

    for (guint i; (i = (guint)g_atomic_int_add(&self->next, 1)) < self->n_parts;)
        deflate_part(self, i);
    return NULL;
}

static void
deflate_parts(Deflater *self)
{
    GThread *threads[GZIP_THREADS - 1];
    guint n = self->n_parts > 1 ? GZIP_THREADS - 1 : 0;

    for (guint i = 0; i < n; i++)
        threads[i] = g_thread_try_new("gzip", deflate_thread, self, NULL);
    (void)deflate_thread(self);
    for (guint i = 0; i < n; i++) {
        if (threads[i] != NULL)
            (void)g_thread_join(threads[i]);
    }
}

static gboolean
write_le32(int fd, guint32 v, GError **error)
{
    be32 swapped = be32_of(GUINT32_SWAP_LE_BE(v));
    return write_all(fd, swapped.b, sizeof swapped.b, error);
}

static gboolean
deflater_write(const Deflater *self, int fd, GError **error)
{
    uLong crc = 0;

    if (!write_all(fd, gzip_header, sizeof gzip_header, error))
        return FALSE;
    for (guint i = 0; i < self->n_parts; i++) {
        const GzipPart *part = &self->parts[i];
        if (part->bytes == NULL) {
            g_set_error_literal(error, PXE_RUN_ERROR, PXE_RUN_ERROR_HOST,
                                "no memory to compress the image");
            return FALSE;
        }
        if (!write_all(fd, part->bytes, part->len, error))
            return FALSE;
        crc = crc32_combine(crc, part->crc, (z_off_t)part_len(self, i));
    }
    return write_le32(fd, (guint32)crc, error) && write_le32(fd, (guint32)self->size, error);
}

/* Compresses in two steps: into the parts' memory, and then as one into a file. */
static gboolean
deflate_bytes(const guint8 *in, gsize size, int target_fd, GError **error)
{
    guint n_parts = MAX(1, (guint)((size + GZIP_PART - 1) / GZIP_PART));
    Deflater self = {
        .in = in,
        .size = size,
        .n_parts = n_parts,
        .parts = g_new0(GzipPart, n_parts),
    };

    deflate_parts(&self);
    gboolean ok = deflater_write(&self, target_fd, error);
    for (guint i = 0; i < n_parts; i++)
        g_free(self.parts[i].bytes);
    g_free(self.parts);
    return ok;
}

/**
 * gzip_deflate:
 * @fd: (transfer none): a file or memory, whole
 * @error: PXE_RUN_ERROR_HOST
 *
 * Returns: (transfer full): memory with the same compressed, without name and time, so that it
 *   depends on the bytes alone; -1 on failure
 **/
int
gzip_deflate(int fd, GError **error)
{
    static const guint8 nothing;
    struct stat st;

    if (fstat(fd, &st) < 0 || (guint64)st.st_size > GZIP_SIZE_MAX) {
        g_set_error_literal(error, PXE_RUN_ERROR, PXE_RUN_ERROR_HOST,
                            "the image is too large to be compressed");
        return -1;
    }
    gsize size = (gsize)st.st_size;
    void *in = size > 0 ? mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0) : NULL;
    auto_fd target = memfd_create("gzip", MFD_CLOEXEC);
    if (in == MAP_FAILED || target < 0) {
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_HOST, "cannot compress the image: %s",
                    g_strerror(errno));
        if (in != MAP_FAILED && in != NULL)
            (void)munmap(in, size);
        return -1;
    }
    gboolean ok = deflate_bytes(in != NULL ? in : &nothing, size, target, error);
    if (in != NULL)
        (void)munmap(in, size);
    return ok ? autofd_steal(&target) : -1;
}
