/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/support/tmp-dir.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TmpDir *
tmp_dir_new(void)
{
    g_autoptr(GError) error = NULL;
    char *path = g_dir_make_tmp("pxe-run-test-XXXXXX", &error);
    g_assert_no_error(error);
    return path;
}

static int
open_up(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)ftw;
    if (type == FTW_DNR || (type == FTW_D && (st->st_mode & 0700) != 0700))
        (void)chmod(path, 0700);
    return 0;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void
tmp_dir_free(TmpDir *self)
{
    (void)nftw(self, open_up, 16, FTW_PHYS);
    if (nftw(self, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
        g_error("cannot remove %s: %s", self, g_strerror(errno));
    g_free(self);
}

/* Returns: (transfer full): the path of @name in the directory */
char *
tmp_dir_path(const TmpDir *self, const char *name)
{
    return g_build_filename(self, name, NULL);
}

/**
 * tmp_dir_file:
 * @self: the directory
 * @name: of the file, relative to it
 * @bytes: its contents
 * @len: how many; -1 when @bytes is a string
 *
 * Returns: (transfer full): its path
 **/
char *
tmp_dir_file(const TmpDir *self, const char *name, const void *bytes, gssize len)
{
    char *path = tmp_dir_path(self, name);
    gsize size = len >= 0 ? (gsize)len : strlen(bytes);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(write(fd, bytes, size), ==, (gssize)size);
    g_assert_cmpint(close(fd), ==, 0);
    return path;
}

void
tmp_dir_mkdir(const TmpDir *self, const char *name)
{
    g_autofree char *path = tmp_dir_path(self, name);
    g_assert_cmpint(g_mkdir_with_parents(path, 0755), ==, 0);
}

void
tmp_dir_symlink(const TmpDir *self, const char *name, const char *target)
{
    g_autofree char *path = tmp_dir_path(self, name);
    g_assert_cmpint(symlink(target, path), ==, 0);
}

/* Returns: how many names there are in @directory, but for "." and ".." */
guint
tmp_dir_count_names(const char *directory)
{
    GDir *dir = g_dir_open(directory, 0, NULL);
    guint n = 0;

    while (g_dir_read_name(dir) != NULL)
        n++;
    g_dir_close(dir);
    return n;
}

/* So that a test needs not wait until the clock has gone on. */
void
tmp_dir_set_mtime(const TmpDir *self, const char *name, gint64 mtime_s)
{
    g_autofree char *path = tmp_dir_path(self, name);
    const struct timespec times[2] = { { .tv_sec = mtime_s }, { .tv_sec = mtime_s } };
    g_assert_cmpint(utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW), ==, 0);
}
