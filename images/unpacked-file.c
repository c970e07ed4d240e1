/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Called by image-file.c. What is unpacked is never beside the original and has no name while it is
 * incomplete: a run that is killed leaves nothing.
 */
#include "images/unpacked-file.h"

#include "base/autofd.h"
#include "base/error.h"
#include "images/cache-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * What the file is called in the cache. A hash of its bytes would take as long as to unpack it; who
 * it is and when it was last changed takes none. The time of change cannot be set by anybody, so
 * that a file with other contents and the old times is another file, too.
 */
static char *
cache_key(int fd)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return NULL;
    g_autofree char *identity =
        g_strdup_printf("%ju %ju %jd %jd.%09ld %jd.%09ld", (uintmax_t)st.st_dev,
                        (uintmax_t)st.st_ino, (intmax_t)st.st_size, (intmax_t)st.st_mtim.tv_sec,
                        st.st_mtim.tv_nsec, (intmax_t)st.st_ctim.tv_sec, st.st_ctim.tv_nsec);
    g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, identity, -1);
    return g_strconcat(hash, ".image", NULL);
}

static const char *
temporary_dir(void)
{
    const char *dir = g_getenv("TMPDIR");
    return dir != NULL && *dir != '\0' ? dir : "/var/tmp";
}

/* A file without a name: on disk, or where the file system has no such files, in memory. */
static int
open_nameless(const char *name, GError **error)
{
    const char *dir = temporary_dir();
    int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR))
        fd = memfd_create("image", MFD_CLOEXEC);
    if (fd < 0)
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_HOST,
                    "cannot unpack '%s': no file can be made in %s (TMPDIR): %s", name, dir,
                    g_strerror(errno));
    return fd;
}

/* Unpacks into a file that has no name. Returns: it, or -1 */
static int
unpack_aside(
    const Decoder *decoder, const char *name, int packed_fd, UnpackOptions *options, GError **error)
{
    g_autofree char *place = g_strdup_printf("in %s (TMPDIR)", temporary_dir());
    auto_fd fd = open_nameless(name, error);

    options->place = place;
    return fd >= 0 && unpack_file(decoder, name, packed_fd, fd, options, error) ? autofd_steal(&fd)
                                                                                : -1;
}

/**
 * unpacked_file_open:
 * @decoder: the format of the file
 * @name: what to call it in messages
 * @packed_fd: (transfer none): the file
 * @wish: whether to use the cache, and who is told how far it is
 * @error: see unpack_file(); PXE_RUN_ERROR_HOST when no file can be made
 *
 * Returns: (transfer full): a descriptor of the file with what was packed, or -1
 **/
int
unpacked_file_open(
    const Decoder *decoder, const char *name, int packed_fd, const UnpackWish *wish, GError **error)
{
    UnpackOptions options = {
        .size_max = UNPACK_SIZE_MAX,
        .memory_max = UNPACK_MEMORY_MAX,
        .place = "in the cache (make room there, or use --no-cache)",
        .func = wish->func,
        .data = wish->data,
    };
    g_autofree char *key = wish->no_cache ? NULL : cache_key(packed_fd);
    g_auto(CacheWriter) writer = { .fd = -1, .dir = -1 };

    int kept = key != NULL ? cache_file_open(key) : -1;
    if (kept >= 0)
        return kept;
    if (key == NULL || !cache_file_begin(&writer))
        return unpack_aside(decoder, name, packed_fd, &options, error);
    if (!unpack_file(decoder, name, packed_fd, writer.fd, &options, error))
        return -1;
    (void)cache_file_commit(&writer, key); /* else it is unpacked anew the next time */
    return autofd_steal(&writer.fd);
}
