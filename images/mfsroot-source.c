/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opens what `pxe-run mfsroot` is given: a directory of the host, an image of a memory disk, as it
 * is or compressed, or install media, whose own memory disk is meant then.
 */
#include "images/mfsroot-source.h"

#include "base/autofd.h"
#include "base/error.h"
#include "images/media.h"
#include "images/mfsroot-size.h"
#include "images/unpack.h"
#include "images/vfs-iso.h"
#include "images/vfs-ufs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define COPY_CHUNK (256u << 10)
#define CD001_AT   32769 /* of an ISO 9660 image: ECMA-119 8.4 */

static gboolean
fail_errno(const char *path, int code, GError **error)
{
    g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_MEDIUM, "cannot read '%s': %s", path,
                g_strerror(code));
    return FALSE;
}

static int
new_memory(GError **error)
{
    int fd = memfd_create("mfsroot", MFD_CLOEXEC);
    if (fd < 0)
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_HOST, "no memory for the memory disk: %s",
                    g_strerror(errno));
    return fd;
}

/* Returns: (transfer full): @fd, or memory with what is packed in it; -1 on failure */
static int
unpack_image(int fd, const char *shown, GError **error)
{
    const UnpackOptions options = { .size_max = MFSROOT_SIZE_MAX,
                                    .memory_max = UNPACK_MEMORY_MAX,
                                    .place = "in memory" };
    guint8 head[UNPACK_HEAD];
    auto_fd file = fd;

    gssize n = pread(file, head, sizeof head, 0);
    const Decoder *decoder = n > 0 ? unpack_decoder(head, (gsize)n) : NULL;
    if (decoder == NULL)
        return autofd_steal(&file);
    auto_fd memory = new_memory(error);
    if (memory < 0 || !unpack_file(decoder, shown, file, memory, &options, error))
        return -1;
    return autofd_steal(&memory);
}

/* Opens an image. @fd: (transfer full): its file. @shown: its name */
static gboolean
open_image(int fd, const char *shown, MfsrootSource *ret, GError **error)
{
    auto_fd image = unpack_image(fd, shown, error);

    if (image < 0)
        return FALSE;
    g_autoptr(ByteSource) bytes = byte_source_new_fd(autofd_steal(&image), error);
    if (bytes == NULL)
        return FALSE;
    ret->tree = vfs_ufs_open_image(bytes, shown, NULL, error);
    if (ret->tree != NULL)
        mfsroot_options_like(bytes, &ret->like);
    return ret->tree != NULL;
}

/* Copies a file of a tree. Returns: (transfer full): memory with its bytes; -1 on failure */
static int
copy_file(Vfs *tree, VfsId id, const char *shown, GError **error)
{
    g_autofree guint8 *chunk = g_malloc(COPY_CHUNK);
    guint64 at = 0;
    gssize n;

    auto_fd fd = new_memory(error);
    if (fd < 0)
        return -1;
    while ((n = vfs_read(tree, id, at, chunk, COPY_CHUNK)) > 0) {
        if (at > MFSROOT_SIZE_MAX || write(fd, chunk, (gsize)n) != n) {
            (void)fail_errno(shown, at > MFSROOT_SIZE_MAX ? EFBIG : ENOSPC, error);
            return -1;
        }
        at += (guint64)n;
    }
    if (n < 0) {
        (void)fail_errno(shown, (int)-n, error);
        return -1;
    }
    return autofd_steal(&fd);
}

/**
 * mfsroot_source_open_in:
 * @medium: (transfer none): a medium's tree
 * @path: its memory disk, compressed or not
 * @ret: (out): the disk's tree, to be cleared with mfsroot_source_clear()
 * @error: PXE_RUN_ERROR_MEDIUM
 **/
gboolean
mfsroot_source_open_in(Vfs *medium, const char *path, MfsrootSource *ret, GError **error)
{
    VfsId id;

    *ret = (MfsrootSource){ 0 };
    int r = vfs_walk(medium, path, &id);
    if (r < 0)
        return fail_errno(path, -r, error);
    auto_fd fd = copy_file(medium, id, path, error);
    return fd >= 0 && open_image(autofd_steal(&fd), path, ret, error);
}

static gboolean
open_medium(const char *path, MfsrootSource *ret, GError **error)
{
    g_autoptr(Vfs) medium = vfs_iso_new(path, error);
    if (medium == NULL)
        return FALSE;
    g_autoptr(Media) media = media_detect(medium, NULL, NULL);
    const char *disk = media->mfsroot;
    for (guint i = MEDIA_PROBE_MFSROOT; disk == NULL && media_probe_paths[i] != NULL; i++)
        disk = vfs_is_file(medium, media_probe_paths[i]) ? media_probe_paths[i] : NULL;
    if (disk == NULL) {
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_MEDIUM,
                    "'%s' holds no memory disk: name an image or a directory instead", path);
        return FALSE;
    }
    if (mfsroot_source_open_in(medium, disk, ret, error))
        return TRUE;
    g_prefix_error(error, "'%s': ", path);
    return FALSE;
}

/**
 * mfsroot_source_open:
 * @path: a directory, an image of a memory disk, or an ISO image
 * @ret: (out): its tree, to be cleared with mfsroot_source_clear()
 * @error: PXE_RUN_ERROR_MEDIUM
 *
 * Must be called before the program has threads.
 **/
gboolean
mfsroot_source_open(const char *path, MfsrootSource *ret, GError **error)
{
    char id[5];
    struct stat st;

    *ret = (MfsrootSource){ 0 };
    auto_fd fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0)
        return fail_errno(path, errno, error);
    if (S_ISDIR(st.st_mode)) {
        ret->tree = vfs_dir_new(path, error);
        return ret->tree != NULL;
    }
    if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode)) {
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_MEDIUM,
                    "cannot use '%s': it is neither a file nor a directory", path);
        return FALSE;
    }
    if (pread(fd, id, sizeof id, CD001_AT) == (gssize)sizeof id && memcmp(id, "CD001", 5) == 0)
        return open_medium(path, ret, error);
    return open_image(autofd_steal(&fd), path, ret, error);
}

/* Frees the tree; @self may be half-opened. */
void
mfsroot_source_clear(MfsrootSource *self)
{
    vfs_free(g_steal_pointer(&self->tree));
    mfsroot_options_clear(&self->like);
}
