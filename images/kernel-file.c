/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel carries its version as "@(#)FreeBSD 10.2-RELEASE #0 …" [sys/conf/newvers.sh]. The file
 * is read as a stream, through zlib, which takes plain files too; reading stops when the string was
 * found or a limit is reached.
 */
#include "images/kernel-file.h"

#include <string.h>
#include <zlib.h>

#define STREAM_CHUNK    (128u << 10)
#define KERNEL_SIZE_MAX (128u << 20) /* bytes looked at, unpacked */
#define VERSION_MARK    "@(#)FreeBSD "
#define VERSION_MAX     128

typedef struct {
    Vfs *vfs;
    VfsId id;
    guint64 offset;
    z_stream z;
    gboolean packed, ended;
    guint8 in[STREAM_CHUNK];
} KernelStream;

static gsize
stream_fill(KernelStream *self, guint8 *dst, gsize cap)
{
    gssize n = vfs_read(self->vfs, self->id, self->offset, dst, cap);
    if (n <= 0)
        return 0;
    self->offset += (guint64)n;
    return (gsize)n;
}

static KernelStream *
stream_open(Vfs *vfs, const char *path)
{
    VfsId id;

    if (vfs_walk(vfs, path, &id) < 0)
        return NULL;
    KernelStream *self = g_new0(KernelStream, 1);
    self->vfs = vfs;
    self->id = id;
    self->z.avail_in = (guint)stream_fill(self, self->in, sizeof self->in);
    self->z.next_in = self->in;
    self->packed = self->z.avail_in > 2 && self->in[0] == 0x1f && self->in[1] == 0x8b;
    if (self->packed && inflateInit2(&self->z, 16 + MAX_WBITS) != Z_OK) {
        g_free(self);
        return NULL;
    }
    return self;
}

static void
stream_close(KernelStream *self)
{
    if (self->packed)
        (void)inflateEnd(&self->z);
    g_free(self);
}

/* Returns: how many plain bytes came; 0 at the end, and where the file is damaged */
static gsize
stream_read(KernelStream *self, guint8 *dst, gsize cap)
{
    if (!self->packed) {
        gsize n = MIN(cap, self->z.avail_in);
        memcpy(dst, self->z.next_in, n);
        self->z.next_in += n;
        self->z.avail_in -= (guint)n;
        return n + (n < cap ? stream_fill(self, dst + n, cap - n) : 0);
    }
    self->z.next_out = dst;
    self->z.avail_out = (guint)cap;
    while (self->z.avail_out > 0 && !self->ended) {
        if (self->z.avail_in == 0) {
            self->z.avail_in = (guint)stream_fill(self, self->in, sizeof self->in);
            self->z.next_in = self->in;
        }
        if (self->z.avail_in == 0 || inflate(&self->z, Z_NO_FLUSH) != Z_OK)
            self->ended = TRUE;
    }
    return cap - self->z.avail_out;
}

/**
 * kernel_file_version:
 * @vfs: a tree
 * @path: a kernel in it
 *
 * Returns: (transfer full) (nullable): "FreeBSD 10.2-RELEASE #0 …", up to the end of the line
 **/
char *
kernel_file_version(Vfs *vfs, const char *path)
{
    const gsize keep = strlen(VERSION_MARK) + VERSION_MAX; /* of one chunk in front of the next */
    KernelStream *stream = stream_open(vfs, path);
    g_autofree guint8 *bytes = g_malloc0(keep + STREAM_CHUNK + 1);
    char *version = NULL;
    gsize n;

    if (stream == NULL)
        return NULL;
    for (guint64 total = 0; version == NULL && total < KERNEL_SIZE_MAX; total += n) {
        n = stream_read(stream, bytes + keep, STREAM_CHUNK);
        gboolean last = n < STREAM_CHUNK; /* none, when the file ends with a chunk */
        const guint8 *mark = memmem(bytes, keep + n, VERSION_MARK, strlen(VERSION_MARK));
        if (mark != NULL && (last || (gsize)(bytes + keep + n - mark) >= keep)) {
            const char *text = (const char *)mark + strlen("@(#)");
            gsize room = (gsize)(bytes + keep + n - mark) - strlen("@(#)");
            version = g_strndup(text, MIN(strcspn(text, "\n"), MIN(room, VERSION_MAX)));
        }
        if (last)
            break;
        memmove(bytes, bytes + n, keep);
    }
    stream_close(stream);
    return version;
}

/**
 * kernel_file_arch:
 * @vfs: a tree
 * @path: an ELF file in it
 *
 * Returns: (nullable): FreeBSD's name of the machine that it is for
 *
 * Source: the ELF specification, e_ident[EI_DATA] and e_machine
 **/
const char *
kernel_file_arch(Vfs *vfs, const char *path)
{
    static const struct {
        guint16 machine;
        const char *name;
    } machines[] = { { 3, "i386" }, { 62, "amd64" }, { 183, "arm64" } };
    guint8 head[20] = { 0 };
    KernelStream *stream = stream_open(vfs, path);

    if (stream == NULL)
        return NULL;
    gsize n = stream_read(stream, head, sizeof head);
    stream_close(stream);
    if (n < sizeof head || memcmp(head, "\177ELF", 4) != 0 || head[5] != 1)
        return NULL;
    guint16 machine = (guint16)(head[18] | head[19] << 8);
    for (gsize i = 0; i < G_N_ELEMENTS(machines); i++) {
        if (machines[i].machine == machine)
            return machines[i].name;
    }
    return NULL;
}
