/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opens an image, finds out by its bytes what it is, and hands it to who reads that; called by
 * launcher/medium.c.
 *
 * An ISO comes first: hybrid ones have partition tables, too, in the 32 KiB that ISO 9660 leaves to
 * others. What is packed is unpacked and then looked at in the same way; but not unpacked a second
 * time.
 */
#include "images/image-file.h"

#include "base/autofd.h"
#include "base/error.h"
#include "images/vfs-iso.h"
#include "images/vfs-ufs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD_BYTES     16
#define ISO_DESCRIPTOR (16 * 2048 + 1) /* ECMA-119 8.1.2: where "CD001" is */

struct ImageFile {
    char *path;
    char *format;
    IsoImageFile *iso; /* one of the two */
    Vfs *tree;
};

/* What a file that is no image may be instead, by its first bytes. */
static const struct {
    const char *magic;
    gsize len;
    const char *what;
} other_formats[] = {
    { "BZh", 3, "it is compressed with bzip2: unpack it first (bunzip2 -k FILE)" },
    { "\x28\xb5\x2f\xfd", 4, "it is compressed with zstd: unpack it first (unzstd FILE)" },
    { "PK\x03\x04", 4, "it is a zip archive: unpack it first" },
    { "QFI\xfb", 4, "it is a qcow2 disk image" },
    { "<!DOCTYPE", 9, "it is a web page, not a download of the image" },
    { "<html", 5, "it is a web page, not a download of the image" },
};

static const char *
other_format(const guint8 *head)
{
    for (gsize i = 0; i < G_N_ELEMENTS(other_formats); i++) {
        if (memcmp(head, other_formats[i].magic, other_formats[i].len) == 0)
            return other_formats[i].what;
    }
    return NULL;
}

/**
 * image_file_open_fd:
 * @path: a file on the host
 * @error: PXE_RUN_ERROR_MEDIUM: missing, unreadable, no regular file
 *
 * Returns: (transfer full): a descriptor to read it, or -1
 **/
int
image_file_open_fd(const char *path, GError **error)
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
                    S_ISDIR(st.st_mode) ? "'%s' is a directory: use --root for a tree, --image "
                                          "takes an image file"
                                        : "'%s' is not a regular file",
                    path);
        return -1;
    }
    return autofd_steal(&fd);
}

static gboolean
is_iso(int fd)
{
    guint8 id[5];
    return pread(fd, id, sizeof id, ISO_DESCRIPTOR) == (ssize_t)sizeof id &&
           memcmp(id, "CD001", sizeof id) == 0;
}

static void
set_format(ImageFile *self, const Decoder *decoder, const char *format, const char *slice)
{
    GString *text = g_string_new(format);

    if (slice != NULL && *slice == 'p')
        g_string_append_printf(text, " in GPT partition %s", slice);
    else if (slice != NULL && !g_str_equal(slice, "raw"))
        g_string_append_printf(text, " in partition %s", slice);
    if (decoder != NULL)
        g_string_append_printf(text, ", packed with %s", decoder->name);
    self->format = g_string_free(text, FALSE);
}

/* @fd: (transfer full): an image that is no ISO */
static gboolean
open_disk(ImageFile *self, const Decoder *decoder, int fd, GError **error)
{
    g_autofree char *slice = NULL;
    g_autoptr(ByteSource) source = byte_source_new_fd(fd, error);

    if (source == NULL)
        return FALSE;
    self->tree = vfs_ufs_open_image(source, self->path, &slice, error);
    if (self->tree == NULL)
        return FALSE;
    set_format(self, decoder, vfs_ufs_version(self->tree) == 1 ? "UFS1" : "UFS2", slice);
    return TRUE;
}

static gboolean
no_image(const char *path, const char *why, GError **error)
{
    g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_MEDIUM, "'%s' is no image that can be read: %s",
                path, why);
    return FALSE;
}

/* @fd: (inout): the file, and then what comes out of it */
static gboolean
open_packed(
    ImageFile *self, int *fd, const UnpackWish *wish, const Decoder **ret_decoder, GError **error)
{
    guint8 head[HEAD_BYTES] = { 0 };

    ssize_t n = pread(*fd, head, sizeof head, 0);
    if (n <= 0)
        return no_image(self->path, n == 0 ? "the file is empty" : g_strerror(errno), error);
    *ret_decoder = unpack_decoder(head, (gsize)n);
    if (*ret_decoder != NULL) {
        int unpacked = unpacked_file_open(*ret_decoder, self->path, *fd, wish, error);
        autofd_clear(fd);
        *fd = unpacked;
        return unpacked >= 0;
    }
    const char *other = other_format(head);
    return other == NULL || no_image(self->path, other, error);
}

/**
 * image_file_open:
 * @path: an image file on the host
 * @probe_paths: (array zero-terminated): see iso_scan_start()
 * @wish: how to unpack it, if that must be
 * @error: PXE_RUN_ERROR_MEDIUM: missing, unreadable, a directory, no image that we read;
 *   PXE_RUN_ERROR_HOST: no room to unpack it
 *
 * Starts to read the tree. Must be called before the program has threads.
 *
 * Returns: (transfer full): the open image
 **/
ImageFile *
image_file_open(const char *path,
                const char *const *probe_paths,
                const UnpackWish *wish,
                GError **error)
{
    g_autoptr(ImageFile) self = g_new0(ImageFile, 1);
    const Decoder *decoder = NULL;

    self->path = g_strdup(path);
    auto_fd fd = image_file_open_fd(path, error);
    if (fd < 0)
        return NULL;
    if (!is_iso(fd) && !open_packed(self, &fd, wish, &decoder, error))
        return NULL;
    if (!is_iso(fd)) {
        if (!open_disk(self, decoder, autofd_steal(&fd), error))
            return NULL;
        return g_steal_pointer(&self);
    }
    self->iso = iso_image_file_open(autofd_steal(&fd), path, probe_paths, error);
    if (self->iso == NULL)
        return NULL;
    set_format(self, decoder, "ISO 9660", NULL);
    return g_steal_pointer(&self);
}

/* Returns: (transfer none) (nullable): the volume identifier of an ISO, see
 * iso_image_file_volume_id() */
const char *
image_file_volume_id(const ImageFile *self)
{
    return self->iso != NULL ? iso_image_file_volume_id(self->iso) : NULL;
}

/* Returns: (transfer none): "ISO 9660", "UFS2 in GPT partition p3, packed with xz" */
const char *
image_file_format(const ImageFile *self)
{
    return self->format;
}

/* Returns: see iso_image_file_present(); nothing is known so of what is no ISO */
guint32
image_file_present(const ImageFile *self)
{
    return self->iso != NULL ? iso_image_file_present(self->iso) : 0;
}

/* Returns: see iso_image_file_is_short() */
gboolean
image_file_is_short(const ImageFile *self)
{
    return self->iso != NULL && iso_image_file_is_short(self->iso);
}

/**
 * image_file_to_vfs:
 * @self: (transfer full): an open image
 * @error: PXE_RUN_ERROR_MEDIUM when the tree is damaged or the image is cut short
 *
 * Waits until the tree was read, if it must be read whole.
 *
 * Returns: (transfer full): the tree
 **/
Vfs *
image_file_to_vfs(ImageFile *self, GError **error)
{
    g_autoptr(ImageFile) image = self;

    if (image->iso != NULL)
        return iso_image_file_to_vfs(g_steal_pointer(&image->iso), error);
    return g_steal_pointer(&image->tree);
}

/* @self: (nullable) (transfer full): an open image, half-opened ones included */
void
image_file_free(ImageFile *self)
{
    if (self == NULL)
        return;
    iso_image_file_free(self->iso);
    vfs_free(self->tree);
    g_free(self->format);
    g_free(self->path);
    g_free(self);
}
