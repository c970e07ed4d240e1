/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The only place that knows how libisofs writes. Its output is made to depend on the files alone.
 */
#include "images/iso-writer.h"

#include "base/autofd.h"
#include "base/error.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

/* Last: it needs the types above and brings many names. */
#define LIBISOFS_WITHOUT_LIBBURN 1
#include <libisofs/libisofs.h>

/* All times in the image: 2008-02-27, when FreeBSD 7.0 was released. */
#define ISO_WRITER_TIME ((time_t)1204070400)
#define ISO_WRITER_UUID "2008022700000000"

static int
add_file(IsoImage *image, const IsoWriterFile *file)
{
    IsoStream *stream = NULL;
    IsoFile *node = NULL;
    gsize len;
    const void *bytes = g_bytes_get_data(file->content, &len);
    void *copy = malloc(len + 1); /* libisofs frees it */

    if (copy == NULL)
        return (int)ISO_OUT_OF_MEM;
    memcpy(copy, bytes, len);
    int r = iso_memory_stream_new(copy, len, &stream);
    if (r < 0) {
        free(copy);
        return r;
    }
    r = iso_tree_add_new_file(iso_image_get_root(image), file->name, stream, &node);
    if (r < 0) {
        iso_stream_unref(stream);
        return r;
    }
    iso_node_set_permissions((IsoNode *)node, 0444);
    return r;
}

static int
set_boot_image(IsoImage *image, const char *boot_image)
{
    ElToritoBootImage *boot = NULL;

    int r = iso_image_set_boot_image(image, boot_image, ELTORITO_NO_EMUL, "/boot.cat", &boot);
    if (r < 0)
        return r;
    el_torito_set_load_size(boot, 4);
    return el_torito_set_isolinux_options(boot, 1, 0); /* 1: with a boot info table */
}

static int
write_options(IsoWriteOpts **ret)
{
    char uuid[] = ISO_WRITER_UUID;
    IsoWriteOpts *opts;

    int r = iso_write_opts_new(&opts, 0);
    if (r < 0)
        return r;
    iso_write_opts_set_rockridge(opts, 1);
    iso_write_opts_set_iso_level(opts, 2);
    iso_write_opts_set_always_gmt(opts, 1);
    iso_write_opts_set_replace_timestamps(opts, 2);
    iso_write_opts_set_default_timestamp(opts, ISO_WRITER_TIME);
    iso_write_opts_set_replace_mode(opts, 0, 0, 1, 1); /* uid and gid: 0 */
    r = iso_write_opts_set_pvd_times(opts, ISO_WRITER_TIME, ISO_WRITER_TIME, 0, 0, uuid);
    *ret = opts;
    return r;
}

/* Runs the writer until all is in @fd. @ret_errno: set to the reason when @fd takes no more. */
static int
write_image(IsoImage *image, IsoWriteOpts *opts, int fd, int *ret_errno)
{
    struct burn_source *source = NULL;
    unsigned char chunk[64 * 1024];

    int r = iso_image_create_burn_source(image, opts, &source);
    if (r < 0)
        return r;
    /* A read that asks for more than is left gets nothing. */
    for (off_t left = source->get_size(source); r >= 0 && left > 0;) {
        int n = (int)MIN(left, (off_t)sizeof chunk);
        if (source->read_xt(source, chunk, n) != n)
            r = (int)ISO_FILE_READ_ERROR;
        else if (*ret_errno == 0 && write(fd, chunk, (gsize)n) != n)
            *ret_errno = errno != 0 ? errno : ENOSPC;
        left -= n;
    }
    source->free_data(source);
    free(source);
    return r;
}

static int
fill_image(IsoImage *image, const IsoWriterFile *files, const char *boot_image)
{
    int r = ISO_SUCCESS;

    for (; files->name != NULL && r >= 0; files++)
        r = add_file(image, files);
    return r < 0 ? r : set_boot_image(image, boot_image);
}

/**
 * iso_writer_build:
 * @volume_id: the volume identifier
 * @files: what goes into the root directory
 * @boot_image: path of the one that El Torito starts, an isolinux.bin
 * @error: PXE_RUN_ERROR_HOST when memory is short; PXE_RUN_ERROR_INTERNAL when libisofs fails
 *
 * Returns: (transfer full): a descriptor of the image, in memory, at its end; -1 on failure
 **/
int
iso_writer_build(const char *volume_id,
                 const IsoWriterFile *files,
                 const char *boot_image,
                 GError **error)
{
    IsoImage *image = NULL;
    IsoWriteOpts *opts = NULL;
    int write_errno = 0;

    auto_fd fd = memfd_create("ipxe.iso", MFD_CLOEXEC);
    if (fd < 0) {
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_HOST, "no memory for the iPXE ISO: %s",
                    g_strerror(errno));
        return -1;
    }
    int r = iso_init();
    if (r >= 0)
        r = iso_image_new(volume_id, &image);
    if (r >= 0)
        r = fill_image(image, files, boot_image);
    if (r >= 0)
        r = write_options(&opts);
    if (r >= 0)
        r = write_image(image, opts, fd, &write_errno);
    iso_write_opts_free(opts);
    if (image != NULL)
        iso_image_unref(image);
    if (write_errno != 0) {
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_HOST, "no memory for the iPXE ISO: %s",
                    g_strerror(write_errno));
        return -1;
    }
    if (r < 0) {
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_INTERNAL,
                    "libisofs cannot write the iPXE ISO: %s", iso_error_to_msg(r));
        return -1;
    }
    return autofd_steal(&fd);
}
