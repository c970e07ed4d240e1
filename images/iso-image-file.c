/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opens an image file, says clearly why it is none, and hands it to the scan process; when that is
 * done, the tree is made from what it found (vfs-iso.c).
 */
#include "base/autofd.h"
#include "base/cursor.h"
#include "base/error.h"
#include "images/iso-scan.h"
#include "images/iso-table.h"
#include "images/vfs-iso.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

struct IsoImageFile {
    char *path;
    int fd;
    guint64 size;
    char *volume_id;
    guint32 present;
    IsoScan *scan;
};

/* What a file that is no ISO image may be instead, by its first bytes. */
static const struct {
    const char *magic;
    gsize len;
    const char *what;
} other_formats[] = {
    { "\xfd"
      "7zXZ",
      5, "it is compressed with xz: unpack it first (unxz -k FILE)" },
    { "\x1f\x8b", 2, "it is compressed with gzip: unpack it first (gunzip -k FILE)" },
    { "BZh", 3, "it is compressed with bzip2: unpack it first (bunzip2 -k FILE)" },
    { "PK\x03\x04", 4, "it is a zip archive: unpack it first" },
    { "QFI\xfb", 4, "it is a qcow2 disk image" },
    { "<!DOCTYPE", 9, "it is a web page, not a download of the image" },
    { "<html", 5, "it is a web page, not a download of the image" },
};

static const char *
other_format(int fd)
{
    char head[16] = { 0 };
    if (pread(fd, head, sizeof head, 0) < 0)
        return g_strerror(errno);
    for (gsize i = 0; i < G_N_ELEMENTS(other_formats); i++) {
        if (memcmp(head, other_formats[i].magic, other_formats[i].len) == 0)
            return other_formats[i].what;
    }
    return NULL;
}

static int
image_open(const char *path, guint64 *ret_size, GError **error)
{
    struct stat st;

    /* Without O_NONBLOCK, a FIFO would be waited for. */
    auto_fd fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &st) < 0) {
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_MEDIUM, "cannot open '%s': %s", path,
                    g_strerror(errno));
        return -1;
    }
    if (!S_ISREG(st.st_mode)) {
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_MEDIUM,
                    S_ISDIR(st.st_mode) ? "'%s' is a directory: use --root for a tree, --iso takes "
                                          "an image file"
                                        : "'%s' is not a regular file",
                    path);
        return -1;
    }
    *ret_size = (guint64)st.st_size;
    return autofd_steal(&fd);
}

/**
 * iso_image_file_open:
 * @path: an image file on the host
 * @probe_paths: (array zero-terminated): see iso_scan_start()
 * @error: PXE_RUN_ERROR_MEDIUM: missing, unreadable, a directory, not an ISO image
 *
 * Starts to read the tree. Must be called before the program has threads.
 *
 * Returns: (transfer full): the open image
 **/
IsoImageFile *
iso_image_file_open(const char *path, const char *const *probe_paths, GError **error)
{
    g_autoptr(IsoImageFile) self = g_new0(IsoImageFile, 1);

    self->path = g_strdup(path);
    self->fd = image_open(path, &self->size, error);
    if (self->fd < 0)
        return NULL;
    const char *other = self->size > 0 ? other_format(self->fd) : "the file is empty";
    if (other != NULL) {
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_MEDIUM, "'%s' is not an ISO 9660 image: %s",
                    path, other);
        return NULL;
    }
    self->scan = iso_scan_start(self->fd, probe_paths, error);
    if (self->scan == NULL)
        return NULL;
    if (!iso_scan_wait_opened(self->scan, &self->volume_id, &self->present, error)) {
        g_prefix_error(error, "'%s': ", path);
        return NULL;
    }
    return g_steal_pointer(&self);
}

/* Returns: (transfer none): the volume identifier, escaped for a terminal or JSON */
const char *
iso_image_file_volume_id(const IsoImageFile *self)
{
    return self->volume_id;
}

/* Returns: bit n is set when probe path n is known to be a file; see iso_scan_wait_opened() */
guint32
iso_image_file_present(const IsoImageFile *self)
{
    return self->present;
}

/* Returns: whether the file is shorter than its volume descriptor says, so that it may lack data */
gboolean
iso_image_file_is_short(const IsoImageFile *self)
{
    /* ECMA-119 8.4.8: Volume Space Size, at byte 80 of the descriptor in block 16. */
    guint8 bytes[4];
    if (pread(self->fd, bytes, sizeof bytes, 16 * ISO_BLOCK + 80) != (ssize_t)sizeof bytes)
        return TRUE;
    Cursor number = cursor_of(bytes, sizeof bytes);
    return (guint64)cursor_le32(&number) * ISO_BLOCK > self->size;
}

/**
 * iso_image_file_to_vfs:
 * @self: (transfer full): an open image
 * @error: PXE_RUN_ERROR_MEDIUM when the tree is damaged or the image is cut short
 *
 * Waits until the tree was read.
 *
 * Returns: (transfer full): the tree
 **/
Vfs *
iso_image_file_to_vfs(IsoImageFile *self, GError **error)
{
    g_autoptr(IsoImageFile) image = self;

    auto_fd table_fd = iso_scan_wait_table(image->scan, error);
    if (table_fd < 0) {
        g_prefix_error(error, "'%s': ", image->path);
        return NULL;
    }
    Vfs *vfs = vfs_iso_new_from_table(autofd_steal(&image->fd), image->size, table_fd, error);
    if (vfs == NULL)
        g_prefix_error(error, "'%s': ", image->path);
    return vfs;
}

/**
 * iso_image_file_free:
 * @self: (nullable): an open image, half-opened ones included
 **/
void
iso_image_file_free(IsoImageFile *self)
{
    if (self == NULL)
        return;
    iso_scan_free(self->scan);
    autofd_clear(&self->fd);
    g_free(self->volume_id);
    g_free(self->path);
    g_free(self);
}

/* As iso_image_file_open() and iso_image_file_to_vfs() in one. */
Vfs *
vfs_iso_new(const char *path, GError **error)
{
    static const char *const nothing[] = { NULL };
    IsoImageFile *image = iso_image_file_open(path, nothing, error);
    return image != NULL ? iso_image_file_to_vfs(image, error) : NULL;
}
