/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The classic libpcap format, in the variant with nanoseconds, host byte order. Records are
 * buffered and written out when the buffer is full, once a second, and at the end.
 *
 * Source: draft-ietf-opsawg-pcap
 */
#include "slirp-config/pcap.h"

#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define PCAP_MAGIC_NS     0xa1b23c4du
#define PCAP_SNAPLEN      65536
#define LINKTYPE_ETHERNET 1

struct Pcap {
    char *path;
    FILE *file;
    guint flush_id;
    int failed; /* errno of the first write that did not work; 0: none */
};

typedef struct {
    guint32 magic;
    guint16 version_major, version_minor;
    gint32 thiszone;
    guint32 sigfigs;
    guint32 snaplen;
    guint32 linktype;
} PcapHeader;

typedef struct {
    guint32 seconds, nanoseconds;
    guint32 captured_len, wire_len;
} PcapRecord;

static void
pcap_write(Pcap *self, const void *bytes, gsize len)
{
    if (len > 0 && fwrite(bytes, len, 1, self->file) != 1 && self->failed == 0)
        self->failed = errno;
}

static void
pcap_tap(const char *from, const guint8 *frame, gsize len, gpointer data)
{
    Pcap *self = data;
    struct timespec now;

    (void)from;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    PcapRecord record = {
        .seconds = (guint32)now.tv_sec,
        .nanoseconds = (guint32)now.tv_nsec,
        .captured_len = (guint32)MIN(len, PCAP_SNAPLEN),
        .wire_len = (guint32)len,
    };
    pcap_write(self, &record, sizeof record);
    pcap_write(self, frame, record.captured_len);
}

static gboolean
pcap_flush(gpointer data)
{
    Pcap *self = data;
    if (fflush(self->file) != 0 && self->failed == 0)
        self->failed = errno;
    return G_SOURCE_CONTINUE;
}

/**
 * pcap_open:
 * @path: the file to write
 * @error: PXE_RUN_ERROR_HOST
 *
 * Returns: (transfer full): an open capture
 **/
Pcap *
pcap_open(const char *path, GError **error)
{
    static const PcapHeader header = {
        PCAP_MAGIC_NS, 2, 4, 0, 0, PCAP_SNAPLEN, LINKTYPE_ETHERNET,
    };
    FILE *file = fopen(path, "we");

    if (file == NULL) {
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_HOST, "cannot write the capture '%s': %s",
                    path, g_strerror(errno));
        return NULL;
    }
    Pcap *self = g_new0(Pcap, 1);
    self->path = g_strdup(path);
    self->file = file;
    pcap_write(self, &header, sizeof header);
    return self;
}

/* Captures what passes on @lan from now on, until the LAN is freed. */
void
pcap_attach(Pcap *self, Lan *lan)
{
    lan_add_tap(lan, pcap_tap, self);
    self->flush_id = g_timeout_add_seconds(1, pcap_flush, self);
}

/**
 * pcap_close:
 * @self: (nullable) (transfer full): a capture; the LAN must send nothing any more
 * @error: PXE_RUN_ERROR_HOST when something could not be written, as on a full disk
 **/
gboolean
pcap_close(Pcap *self, GError **error)
{
    if (self == NULL)
        return TRUE;
    if (self->flush_id != 0)
        g_source_remove(self->flush_id);
    if (fclose(self->file) != 0 && self->failed == 0)
        self->failed = errno;
    gboolean good = self->failed == 0;
    if (!good)
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_HOST,
                    "the capture '%s' is not complete: %s", self->path, g_strerror(self->failed));
    g_free(self->path);
    g_free(self);
    return good;
}
