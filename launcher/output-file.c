/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes a file as a whole or not at all: it gets its name when it is complete. Where the file
 * system has no files without names, and where the name is a device's or a pipe's, it is written in
 * place.
 */
#include "launcher/output-file.h"

#include "base/autofd.h"
#include "base/error.h"
#include "base/file-copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* Gives the file in @fd the name @path, in place of what had it. Returns: 0, or -1 with errno */
static int
name_file(int fd, const char *path)
{
    g_autofree char *temporary = g_strdup_printf("%s.%08x", path, g_random_int());
    char self[32];

    (void)snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
    if (linkat(AT_FDCWD, self, AT_FDCWD, temporary, AT_SYMLINK_FOLLOW) < 0)
        return -1;
    if (rename(temporary, path) == 0)
        return 0;
    int code = errno;
    (void)unlink(temporary);
    errno = code;
    return -1;
}

static int
write_in_place(const char *path, int fd)
{
    auto_fd file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

    if (file < 0 || !file_copy(fd, file))
        return -1;
    return close(autofd_steal(&file));
}

/* @path: no symbolic link. Returns: 0, or -1 with errno */
static int
write_whole(const char *path, int fd)
{
    g_autofree char *directory = g_path_get_dirname(path);
    struct stat st;

    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
        return write_in_place(path, fd);
    auto_fd file = open(directory, O_RDWR | O_TMPFILE | O_CLOEXEC, 0666);
    if (file < 0)
        return write_in_place(path, fd);
    return file_copy(fd, file) ? name_file(file, path) : -1;
}

/**
 * output_file_write:
 * @path: where to; "-" is standard output
 * @fd: (transfer none): what, from its beginning
 * @error: PXE_RUN_ERROR_HOST
 **/
gboolean
output_file_write(const char *path, int fd, GError **error)
{
    if (g_str_equal(path, "-")) {
        if (file_copy(fd, STDOUT_FILENO))
            return TRUE;
    } else {
        char *real = realpath(path, NULL); /* a link stays one, and what it leads to is replaced */
        int r = write_whole(real != NULL ? real : path, fd);
        free(real);
        if (r == 0)
            return TRUE;
    }
    g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_HOST, "cannot write '%s': %s", path,
                g_strerror(errno));
    return FALSE;
}

/**
 * output_file_write_text:
 * @path: where to; "-" is standard output
 * @text: what
 * @len: bytes of it
 * @error: PXE_RUN_ERROR_HOST
 **/
gboolean
output_file_write_text(const char *path, const char *text, gsize len, GError **error)
{
    auto_fd memory = memfd_create("text", MFD_CLOEXEC);

    if (memory >= 0 && write(memory, text, len) == (gssize)len)
        return output_file_write(path, memory, error);
    g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_HOST, "no memory for '%s': %s", path,
                g_strerror(errno));
    return FALSE;
}
