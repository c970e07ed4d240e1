/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Used where a program must see files: by mfsroot.c for makefs, and by `pxe-run mfsroot --extract`.
 * What an ordinary user cannot make, owners, devices and the set-user-ID bit, is told by an mtree
 * file; makefs takes it from there.
 *
 * Theory of operation: each directory is reached from the first one with openat2(), which follows
 * no symbolic link, and everything is made anew in it. A tree that names something twice ends in an
 * error, and nothing is ever written through what the tree brought.
 */
#include "images/tree-unpack.h"

#include "base/autofd.h"
#include "base/error.h"
#include "images/tree-walk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define UNPACK_CHUNK    (256u << 10)
#define UNPACK_HOLE_MIN 4096 /* so many zeros need not be written */
#define UNPACK_TELL_US  33000

static const guint8 zeros[UNPACK_HOLE_MIN];

typedef struct {
    int root;
    int dir;        /* where @dir_path leads; -1: not open */
    char *dir_path; /* (nullable) */
    const TreeUnpackOptions *options;
    guint64 done, size; /* bytes of files: so far, and of the whole tree */
    gint64 told_us;     /* when the caller was told, monotonic */
    GString *mtree;
    GPtrArray *dirs; /* (element-type UnpackDir): whose mode and time are set at the end */
    guint8 *chunk;
} Unpack;

typedef struct {
    char *path;
    VfsAttr attr;
} UnpackDir;

static void
unpack_dir_free(gpointer data)
{
    UnpackDir *self = data;
    g_free(self->path);
    g_free(self);
}

static gboolean
unpack_fail(const TreeEntry *entry, GError **error)
{
    int code = errno;
    g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_HOST, "cannot unpack '%s': %s", entry->path,
                code == EEXIST ? "its directory has another of this name" : g_strerror(code));
    return FALSE;
}

static int
open_beneath(int root, const char *path)
{
    struct open_how how = {
        .flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    };
    return (int)syscall(SYS_openat2, root, path, &how, sizeof how);
}

/* Returns: the directory that @entry is in, borrowed; -1 with errno */
static int
unpack_parent(Unpack *self, const TreeEntry *entry)
{
    gsize len = (gsize)(entry->name - entry->path) - 1;

    if (self->dir >= 0 && strncmp(self->dir_path, entry->path, len) == 0 &&
        self->dir_path[len] == '\0')
        return self->dir;
    autofd_clear(&self->dir);
    g_free(self->dir_path);
    self->dir_path = g_strndup(entry->path, len);
    self->dir = open_beneath(self->root, self->dir_path);
    return self->dir;
}

/* Writes @n bytes, but leaves out pieces of zeros. Returns: 0, or -1 with errno */
static int
write_sparse(int fd, const guint8 *bytes, gsize n, guint64 offset)
{
    while (n > 0) {
        gsize piece = MIN(n, UNPACK_HOLE_MIN);
        if (memcmp(bytes, zeros, piece) != 0) {
            while (piece < n && memcmp(bytes + piece, zeros, MIN(n - piece, sizeof zeros)) != 0)
                piece += MIN(n - piece, sizeof zeros);
            ssize_t done = pwrite(fd, bytes, piece, (off_t)offset);
            if (done < 0 && errno == EINTR)
                continue;
            if (done <= 0)
                return -1;
            piece = (gsize)done;
        }
        bytes += piece;
        offset += piece;
        n -= piece;
    }
    return 0;
}

/* Counts bytes. Returns: FALSE when the caller wants no more */
static gboolean
unpack_count(Unpack *self, gsize n)
{
    const TreeUnpackOptions *options = self->options;
    gint64 now_us = g_get_monotonic_time();

    self->done += n;
    if (options->func == NULL || now_us - self->told_us < UNPACK_TELL_US)
        return TRUE;
    self->told_us = now_us;
    return options->func(MIN(self->done, self->size), self->size, options->data);
}

/* Returns: 0, or -1 with errno */
static int
copy_contents(Unpack *self, Vfs *tree, const TreeEntry *entry, int fd)
{
    for (guint64 at = 0; at < entry->attr.size;) {
        gsize n = (gsize)MIN(entry->attr.size - at, UNPACK_CHUNK);
        gssize got = vfs_read(tree, entry->id, at, self->chunk, n);
        if (got <= 0) {
            errno = got < 0 ? (int)-got : EIO; /* it became shorter under us */
            return -1;
        }
        if (write_sparse(fd, self->chunk, (gsize)got, at) < 0)
            return -1;
        if (!unpack_count(self, (gsize)got)) {
            errno = ECANCELED;
            return -1;
        }
        at += (guint64)got;
    }
    return ftruncate(fd, (off_t)entry->attr.size);
}

static int
set_times(int dir, const char *name, const VfsAttr *attr, int flags)
{
    struct timespec times[2];

    times[0].tv_sec = times[1].tv_sec = attr->mtime_s;
    times[0].tv_nsec = times[1].tv_nsec = (long)MIN(attr->mtime_ns, 999999999u);
    return utimensat(dir, name, times, flags);
}

static gboolean
unpack_regular(Unpack *self, Vfs *tree, const TreeEntry *entry, int dir, GError **error)
{
    if (entry->attr.size > TREE_UNPACK_BYTES_MAX - self->done) {
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_MEDIUM,
                    "cannot unpack '%s': with it the tree has more than %llu GiB", entry->path,
                    TREE_UNPACK_BYTES_MAX >> 30);
        return FALSE;
    }
    auto_fd fd =
        openat(dir, entry->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (fd < 0 || copy_contents(self, tree, entry, fd) < 0)
        return unpack_fail(entry, error);
    if (self->options->mode == TREE_UNPACK_PERMISSIONS &&
        (fchmod(fd, entry->attr.mode & 0777) < 0 ||
         set_times(dir, entry->name, &entry->attr, AT_SYMLINK_NOFOLLOW) < 0))
        return unpack_fail(entry, error);
    return TRUE;
}

static gboolean
unpack_link(Unpack *self, const TreeEntry *entry, const char *target, int dir, GError **error)
{
    if (symlinkat(target, dir, entry->name) < 0)
        return unpack_fail(entry, error);
    if (self->options->mode == TREE_UNPACK_PERMISSIONS)
        (void)set_times(dir, entry->name, &entry->attr, AT_SYMLINK_NOFOLLOW);
    return TRUE;
}

/* Another name of a file that was unpacked. */
static gboolean
unpack_hard_link(Unpack *self, const TreeEntry *entry, int dir, GError **error)
{
    const char *slash = strrchr(entry->first, '/');
    g_autofree char *first_dir = g_strndup(entry->first, (gsize)(slash - entry->first));
    auto_fd from = open_beneath(self->root, first_dir);

    if (from < 0 || linkat(from, slash + 1, dir, entry->name, 0) < 0)
        return unpack_fail(entry, error);
    return TRUE;
}

static gboolean
unpack_directory(Unpack *self, const TreeEntry *entry, int dir, GError **error)
{
    if (dir >= 0 && mkdirat(dir, entry->name, 0700) < 0)
        return unpack_fail(entry, error);
    if (self->options->mode == TREE_UNPACK_PERMISSIONS) {
        UnpackDir *later = g_new0(UnpackDir, 1);
        later->path = g_strdup(entry->path);
        later->attr = entry->attr;
        g_ptr_array_add(self->dirs, later);
    }
    return TRUE;
}

/* Returns: (transfer full) (nullable): the number of a device, as whoever reads the mtree wants it:
 * makefs as it is in the file system, people in two parts */
static char *
unpack_device(const Unpack *self, const VfsAttr *attr)
{
    if (attr->type != VFS_CHR && attr->type != VFS_BLK)
        return NULL;
    return self->options->mode == TREE_UNPACK_CONTENTS
               ? g_strdup_printf("0x%" G_GINT64_MODIFIER "x", tree_device(attr))
               : g_strdup_printf("freebsd,%u,%u", attr->rdev_major, attr->rdev_minor);
}

static gboolean
unpack_entry(Vfs *tree, const TreeEntry *entry, gpointer data, GError **error)
{
    Unpack *self = data;
    char target[VFS_PATH_MAX];
    gboolean is_link = entry->attr.type == VFS_LNK;
    gboolean is_root = entry->name == entry->path;

    if (is_link && !tree_read_link(tree, entry, target, sizeof target, error))
        return FALSE;
    g_autofree char *device = unpack_device(self, &entry->attr);
    tree_add_mtree_line(self->mtree, entry, device, is_link ? target : NULL);
    int dir = is_root ? -1 : unpack_parent(self, entry);
    if (dir < 0 && !is_root)
        return unpack_fail(entry, error);
    if (entry->attr.type == VFS_DIR)
        return unpack_directory(self, entry, dir, error);
    if (entry->attr.type != VFS_REG && !is_link)
        return TRUE; /* a line is all there is of it */
    if (entry->first != NULL)
        return unpack_hard_link(self, entry, dir, error);
    return is_link ? unpack_link(self, entry, target, dir, error)
                   : unpack_regular(self, tree, entry, dir, error);
}

/* Those inside come behind those that they are in, and must be done first. */
static gboolean
unpack_finish_directories(Unpack *self, GError **error)
{
    for (guint i = self->dirs->len; i-- > 0;) {
        const UnpackDir *dir = g_ptr_array_index(self->dirs, i);
        auto_fd fd = open_beneath(self->root, dir->path);
        if (fd < 0 || fchmod(fd, dir->attr.mode & 0777) < 0 ||
            set_times(fd, ".", &dir->attr, 0) < 0) {
            g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_HOST, "cannot unpack '%s': %s",
                        dir->path, g_strerror(errno));
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean
unpack_add_size(Vfs *tree G_GNUC_UNUSED,
                const TreeEntry *entry,
                gpointer data,
                GError **error G_GNUC_UNUSED)
{
    guint64 *size = data;

    if (entry->attr.type == VFS_REG && entry->first == NULL)
        *size += MIN(entry->attr.size, TREE_UNPACK_BYTES_MAX);
    return TRUE;
}

/**
 * tree_unpack:
 * @tree: (transfer none): a tree
 * @dir_fd: (transfer none): an empty directory
 * @options: what of the attributes is set, and who is told how far it is
 * @ret_mtree: gets an mtree file, a line for each name, with all attributes
 * @error: PXE_RUN_ERROR_MEDIUM when the tree cannot be read, PXE_RUN_ERROR_HOST when a file cannot
 *   be written, or it was stopped; what was unpacked stays
 **/
gboolean
tree_unpack(
    Vfs *tree, int dir_fd, const TreeUnpackOptions *options, GString *ret_mtree, GError **error)
{
    Unpack self = {
        .root = dir_fd,
        .dir = -1,
        .options = options,
        .told_us = g_get_monotonic_time(),
        .mtree = ret_mtree,
        .dirs = g_ptr_array_new_with_free_func(unpack_dir_free),
        .chunk = g_malloc(UNPACK_CHUNK),
    };

    g_string_append(ret_mtree, "#mtree\n");
    gboolean ok = (options->func == NULL || tree_walk(tree, unpack_add_size, &self.size, error)) &&
                  tree_walk(tree, unpack_entry, &self, error) &&
                  unpack_finish_directories(&self, error);
    autofd_clear(&self.dir);
    g_free(self.dir_path);
    g_ptr_array_unref(self.dirs);
    g_free(self.chunk);
    return ok;
}
