/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hands an ISO image to the scan process; when that is done, the tree is made from what it found
 * (vfs-iso.c).
 */
#include "base/autofd.h"
#include "base/cursor.h"
#include "base/error.h"
#include "images/image-file.h"
#include "images/iso-scan.h"
#include "images/iso-table.h"
#include "images/vfs-iso.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

struct IsoImageFile {
    char *path;
    int fd;
    guint64 size;
    char *volume_id;
    guint32 present;
    IsoScan *scan;
};

/**
 * iso_image_file_open:
 * @fd: (transfer full): the image, open for reading
 * @path: what to call it in messages
 * @probe_paths: (array zero-terminated): see iso_scan_start()
 * @error: PXE_RUN_ERROR_MEDIUM: not an ISO image
 *
 * Starts to read the tree. Must be called before the program has threads.
 *
 * Returns: (transfer full): the open image
 **/
IsoImageFile *
iso_image_file_open(int fd, const char *path, const char *const *probe_paths, GError **error)
{
    g_autoptr(IsoImageFile) self = g_new0(IsoImageFile, 1);
    struct stat st;

    self->path = g_strdup(path);
    self->fd = fd;
    if (fstat(fd, &st) < 0) {
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_MEDIUM, "cannot read '%s': %s", path,
                    g_strerror(errno));
        return NULL;
    }
    self->size = (guint64)st.st_size;
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

/* An image that is known to be an ISO, at once as a tree. */
Vfs *
vfs_iso_new(const char *path, GError **error)
{
    static const char *const nothing[] = { NULL };
    int fd = image_file_open_fd(path, error);
    IsoImageFile *image = fd >= 0 ? iso_image_file_open(fd, path, nothing, error) : NULL;
    return image != NULL ? iso_image_file_to_vfs(image, error) : NULL;
}
