/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "launcher/unpack-target.h"

#include "base/error.h"
#include "launcher/output-file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static int
target_fail(const char *doing, const char *path, GError **error)
{
    g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_HOST, "cannot %s '%s': %s", doing, path,
                g_strerror(errno));
    return -1;
}

/**
 * unpack_target_open:
 * @path: a directory that is empty, or is not there yet and is made
 * @error: PXE_RUN_ERROR_USAGE when there is something in it, PXE_RUN_ERROR_HOST
 *
 * Returns: (transfer full): it; -1 on failure
 **/
int
unpack_target_open(const char *path, GError **error)
{
    if (mkdir(path, 0777) < 0 && errno != EEXIST)
        return target_fail("make", path, error);
    GDir *listing = g_dir_open(path, 0, NULL);
    if (listing == NULL)
        return target_fail("unpack into", path, error);
    gboolean empty = g_dir_read_name(listing) == NULL;
    g_dir_close(listing);
    if (!empty) {
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_USAGE,
                    "'%s' is not empty: name a directory that is, or is not there yet", path);
        return -1;
    }
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 ? fd : target_fail("unpack into", path, error);
}

/**
 * unpack_target_write_mtree:
 * @directory: what was unpacked into
 * @mtree: the owners and all else that a user cannot set
 * @error: PXE_RUN_ERROR_HOST
 *
 * Writes them beside the directory: DIR.mtree.
 **/
gboolean
unpack_target_write_mtree(const char *directory, const GString *mtree, GError **error)
{
    gsize len = strlen(directory);

    while (len > 1 && directory[len - 1] == '/')
        len--;
    g_autofree char *path = g_strdup_printf("%.*s.mtree", (int)len, directory);
    return output_file_write_text(path, mtree->str, mtree->len, error);
}
