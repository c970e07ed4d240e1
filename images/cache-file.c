/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A directory of files, each named by a hash of all that it was made of. Used for the images that
 * mfsroot.c builds and for media that had to be unpacked.
 *
 * Theory of operation: a file gets its name when it is complete and on the disk, by a hard link,
 * which either is there or is not; what is there under that name is left alone, since it has the
 * same contents. A writer that is killed leaves nothing where the file system has files without
 * names (O_TMPFILE), and elsewhere a file that is locked for as long as its writer lives, so that
 * the next writer knows that it may remove it.
 *
 * Several processes need no more agreement than that. Files are removed, the one first that was not
 * used for longest, by their names only: who has one open reads on. Two that remove at the same
 * time remove the same files. When a file was last used is its modification time, since that of the
 * last access is not kept on many systems.
 *
 * Nothing is taken from, or put into, a directory that others could have written to, and no link is
 * followed in it: whoever has a cache writes what the guest boots.
 */
#include "images/cache-file.h"

#include "base/autofd.h"
#include "base/file-copy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#define CACHE_TEMPORARY   "new-" /* begins a name that nobody looks for; no key begins so */
#define CACHE_NAMES_TRIED 16

static gboolean
is_private(const struct stat *st)
{
    return st->st_uid == geteuid() && (st->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* Returns: (transfer full) (nullable): where the cache is */
static char *
cache_path(void)
{
    const char *base = g_getenv("XDG_CACHE_HOME");
    const char *home = g_getenv("HOME");

    /* A relative one is to be ignored: XDG Base Directory Specification 0.8. */
    if (base != NULL && g_path_is_absolute(base))
        return g_build_filename(base, "pxe-run", NULL);
    if (home == NULL || !g_path_is_absolute(home))
        return NULL;
    return g_build_filename(home, ".cache", "pxe-run", NULL);
}

/* Returns: (transfer full): the directory, which is ours alone; -1: there is none */
static int
cache_open_dir(gboolean make)
{
    g_autofree char *path = cache_path();
    struct stat st;

    if (path == NULL || (make && g_mkdir_with_parents(path, 0700) < 0))
        return -1;
    auto_fd dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (dir < 0 || fstat(dir, &st) < 0 || !is_private(&st))
        return -1;
    if ((st.st_mode & 077) != 0 && fchmod(dir, 0700) < 0)
        return -1;
    return autofd_steal(&dir);
}

/* Returns: (transfer full): a file of the cache for reading; -1: there is none to be trusted */
static int
cache_open_at(int dir, const char *name, struct stat *ret)
{
    auto_fd fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0 || fstat(fd, ret) < 0 || !S_ISREG(ret->st_mode) || !is_private(ret))
        return -1;
    return autofd_steal(&fd);
}

static gboolean
is_key(const char *name)
{
    gsize len = strlen(name);
    return len > 0 && len <= CACHE_KEY_MAX && g_ascii_isxdigit(name[0]) &&
           strchr(name, '/') == NULL;
}

/**
 * cache_file_open:
 * @key: what was given to cache_file_commit(): hexadecimal digits of a hash of everything that the
 *   contents depend on, a point, what kind of thing it is
 *
 * Returns: (transfer full): a descriptor of the file, for reading, at its beginning; -1 when it is
 *   not there
 **/
int
cache_file_open(const char *key)
{
    const struct timespec now[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_nsec = UTIME_NOW } };
    struct stat st;

    g_assert(is_key(key));
    auto_fd dir = cache_open_dir(FALSE);
    if (dir < 0)
        return -1;
    int fd = cache_open_at(dir, key, &st);
    if (fd >= 0)
        (void)futimens(fd, now); /* when it was last used; on a read-only file system, never */
    return fd;
}

/* Makes a file with a temporary name, locked. Returns: whether it is there */
static gboolean
begin_named(CacheWriter *self)
{
    for (guint i = 0; i < CACHE_NAMES_TRIED; i++) {
        (void)g_snprintf(self->temporary, sizeof self->temporary, CACHE_TEMPORARY "%08x%08x",
                         g_random_int(), g_random_int());
        self->fd = openat(self->dir, self->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (self->fd >= 0 || errno != EEXIST)
            break;
    }
    if (self->fd < 0)
        self->temporary[0] = '\0';
    return self->fd >= 0 && flock(self->fd, LOCK_EX | LOCK_NB) == 0;
}

/**
 * cache_file_begin:
 * @ret: (out): an empty file, to be written to and then given to cache_file_commit(); to be cleared
 *   with cache_file_clear() in any case
 *
 * Returns: whether there is a cache to write to
 **/
gboolean
cache_file_begin(CacheWriter *ret)
{
    *ret = (CacheWriter){ .fd = -1, .dir = cache_open_dir(TRUE) };
    if (ret->dir < 0)
        return FALSE;
    ret->fd = openat(ret->dir, ".", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
    if (ret->fd >= 0 || begin_named(ret))
        return TRUE;
    cache_file_clear(ret);
    return FALSE;
}

/* What is in the cache. */
typedef struct {
    char *name;
    gint64 used_ns;
    guint64 size;
} CacheEntry;

static void
cache_entry_clear(gpointer data)
{
    g_free(((CacheEntry *)data)->name);
}

static int
compare_used(gconstpointer a, gconstpointer b)
{
    const CacheEntry *x = a, *y = b;
    return x->used_ns != y->used_ns ? (x->used_ns < y->used_ns ? -1 : 1) : strcmp(x->name, y->name);
}

/* Removes a temporary file whose writer was killed. */
static void
remove_left_over(int dir, const char *name)
{
    struct stat st;
    auto_fd fd = cache_open_at(dir, name, &st);

    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
        (void)unlinkat(dir, name, 0);
}

/* @name: in the directory. Adds it to @entries when it is a file of the cache's. */
static void
cache_look_at(int dir, const char *name, GArray *entries)
{
    struct stat st;

    if (g_str_has_prefix(name, CACHE_TEMPORARY)) {
        remove_left_over(dir, name);
        return;
    }
    if (!is_key(name) || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
        return;
    CacheEntry entry = {
        .name = g_strdup(name),
        .used_ns = (gint64)st.st_mtim.tv_sec * G_GINT64_CONSTANT(1000000000) + st.st_mtim.tv_nsec,
        .size = (guint64)st.st_size,
    };
    g_array_append_val(entries, entry);
}

/* Returns: (transfer full): the files of the cache, the one that was not used for longest first */
static GArray *
cache_list(int dir)
{
    GArray *entries = g_array_new(FALSE, FALSE, sizeof(CacheEntry));

    g_array_set_clear_func(entries, cache_entry_clear);
    int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* with a position of its own */
    DIR *listing = fd >= 0 ? fdopendir(fd) : NULL;
    if (listing == NULL) {
        if (fd >= 0)
            (void)close(fd);
        return entries;
    }
    for (const struct dirent *at; (at = readdir(listing)) != NULL;)
        cache_look_at(dir, at->d_name, entries);
    (void)closedir(listing);
    g_array_sort(entries, compare_used);
    return entries;
}

/* Removes files until the limits are kept, also with a file of @more bytes that is to come. */
static void
cache_make_room(int dir, guint64 more)
{
    g_autoptr(GArray) entries = cache_list(dir);
    guint n = entries->len + 1;
    guint64 total = more;

    for (guint i = 0; i < entries->len; i++)
        total += g_array_index(entries, CacheEntry, i).size;
    for (guint i = 0; i < entries->len && (total > CACHE_BYTES_MAX || n > CACHE_FILES_MAX); i++) {
        const CacheEntry *entry = &g_array_index(entries, CacheEntry, i);
        (void)unlinkat(dir, entry->name, 0);
        total -= entry->size;
        n--;
    }
}

/**
 * cache_file_commit:
 * @self: a file that is complete; it stays open
 * @key: its name, see cache_file_open()
 *
 * Keeps the file, and removes others that must make room for it. It is on the disk before it has
 * its name, so that not even a power failure leaves a part of it there.
 *
 * Returns: whether a file of this name is in the cache now
 **/
gboolean
cache_file_commit(CacheWriter *self, const char *key)
{
    struct stat st;
    char path[32];

    g_assert(is_key(key));
    if (self->fd < 0 || fstat(self->fd, &st) < 0 || (guint64)st.st_size > CACHE_BYTES_MAX ||
        fchmod(self->fd, 0400) < 0 || fdatasync(self->fd) < 0)
        return FALSE;
    cache_make_room(self->dir, (guint64)st.st_size);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", self->fd);
    return linkat(AT_FDCWD, path, self->dir, key, AT_SYMLINK_FOLLOW) == 0 || errno == EEXIST;
}

/**
 * cache_file_keep:
 * @key: see cache_file_open()
 * @fd: (transfer none): a file, which is copied from its beginning
 *
 * Keeps what was made elsewhere, if that can be.
 **/
void
cache_file_keep(const char *key, int fd)
{
    g_auto(CacheWriter) writer = { .fd = -1, .dir = -1 };

    if (cache_file_begin(&writer) && file_copy(fd, writer.fd))
        (void)cache_file_commit(&writer, key);
}

/* Closes the file, and removes it unless it was committed. */
void
cache_file_clear(CacheWriter *self)
{
    if (self->temporary[0] != '\0')
        (void)unlinkat(self->dir, self->temporary, 0);
    self->temporary[0] = '\0';
    autofd_clear(&self->fd);
    autofd_clear(&self->dir);
}
