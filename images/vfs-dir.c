/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A host directory as a tree (`--root DIR`).
 *
 * Theory of operation: every object that was seen has a node {parent, name}; it is reached anew for
 * each operation by openat2() from the directory's own descriptor with RESOLVE_BENEATH and
 * RESOLVE_NO_SYMLINKS, so that neither a symbolic link nor ".." can lead outside, whatever changes
 * under us. Links are only ever returned as text.
 *
 * Attributes and contents come from descriptors that are kept (dir-descriptors.h), one for each
 * object, so that size and contents are those of one file. getattr, which comes before each READ,
 * asks the descriptor whether anything has happened to the object, and then walks to it anew: a
 * file that was replaced, moved or deleted is noticed at once. What happens to a directory on the
 * way to it is noticed within DIR_DESCRIPTOR_AGE_US. All else walks each time.
 *
 * A directory's listing is kept, sorted, until somebody starts from cookie 0 again: no time stamp
 * tells for sure whether a directory has changed, since two changes can have the same.
 *
 * What belongs to the user who runs us is shown as root:wheel, as it would be on a server.
 */
#include "base/autofd.h"
#include "base/error.h"
#include "images/dir-descriptors.h"
#include "images/dir-nodes.h"
#include "images/vfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

typedef struct {
    Vfs vfs;
    int root_fd;
    uid_t uid;
    gid_t gid;
    DirNodes *nodes;
    DirDescriptors kept;
    VfsClock clock;
    gpointer clock_data;
} VfsDir;

/*
 * Opens the object @id, never through a symbolic link and never outside the tree.
 *
 * Returns: a descriptor; -ESTALE when the way to the object is gone, -ENOTDIR when a directory is
 *   asked for and the object is none, or another negative errno
 */
static int
dir_open_at(VfsDir *self, VfsId id, guint64 flags)
{
    char path[VFS_PATH_MAX];
    struct open_how how = {
        .flags = flags | O_CLOEXEC | O_NOFOLLOW,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    };
    const char *relative;

    int r = dir_nodes_path(self->nodes, id, path, &relative);
    if (r < 0)
        return r;
    int fd = (int)syscall(SYS_openat2, self->root_fd, relative, &how, sizeof how);
    if (fd >= 0)
        return fd;
    gboolean gone = errno == ENOENT || errno == ELOOP || /* a link is on the way now */
                    (errno == ENOTDIR && (flags & O_DIRECTORY) == 0);
    return gone ? -ESTALE : -errno;
}

/* Walks to @id and keeps a descriptor of it. @ret_st: its attributes */
static int
dir_find_anew(VfsDir *self, VfsId id, DirDescriptor **ret, struct stat *ret_st)
{
    gint64 now_us = self->clock(self->clock_data);

    auto_fd fd = dir_open_at(self, id, O_PATH);
    if (fd < 0)
        return fd;
    if (fstat(fd, ret_st) < 0)
        return -errno;
    *ret = dir_descriptors_put(&self->kept, id, autofd_steal(&fd), ret_st, now_us);
    return 0;
}

static int
dir_stat(VfsDir *self, VfsId id, struct stat *ret_st)
{
    DirDescriptor *kept = dir_descriptors_find(&self->kept, id, self->clock(self->clock_data));

    if (kept != NULL) {
        if (fstat(kept->fd, ret_st) == 0 && dir_descriptor_holds(kept, ret_st))
            return 0;
        dir_descriptor_close(kept);
    }
    return dir_find_anew(self, id, &kept, ret_st);
}

static VfsId
dir_root(Vfs *vfs)
{
    (void)vfs;
    return 0;
}

static int
dir_parent(Vfs *vfs, VfsId id, VfsId *ret)
{
    const DirNode *node = dir_nodes_get(((VfsDir *)vfs)->nodes, id);
    if (node == NULL)
        return -ESTALE;
    *ret = node->parent;
    return 0;
}

static int
dir_name(Vfs *vfs, VfsId id, char *ret_name, gsize cap)
{
    const DirNode *node = dir_nodes_get(((VfsDir *)vfs)->nodes, id);
    if (node == NULL)
        return -ESTALE;
    return g_strlcpy(ret_name, node->name, cap) < cap ? 0 : -ENAMETOOLONG;
}

static int
dir_lookup(Vfs *vfs, VfsId dir, const char *name, VfsId *ret)
{
    VfsDir *self = (VfsDir *)vfs;
    struct stat st;

    auto_fd fd = dir_open_at(self, dir, O_PATH | O_DIRECTORY);
    if (fd < 0)
        return fd;
    if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    return dir_nodes_intern(self->nodes, dir, name, ret);
}

static VfsType
dir_type(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFDIR:
        return VFS_DIR;
    case S_IFLNK:
        return VFS_LNK;
    case S_IFCHR:
        return VFS_CHR;
    case S_IFBLK:
        return VFS_BLK;
    case S_IFIFO:
        return VFS_FIFO;
    case S_IFSOCK:
        return VFS_SOCK;
    default:
        return VFS_REG;
    }
}

static int
dir_getattr(Vfs *vfs, VfsId id, VfsAttr *ret)
{
    VfsDir *self = (VfsDir *)vfs;
    struct stat st;

    int r = dir_stat(self, id, &st);
    if (r < 0)
        return r;
    *ret = (VfsAttr){
        .type = dir_type(st.st_mode),
        .mode = st.st_mode & 07777,
        .nlink = (guint32)st.st_nlink,
        .uid = st.st_uid == self->uid ? 0 : st.st_uid,
        .gid = st.st_gid == self->gid ? 0 : st.st_gid,
        .rdev_major = major(st.st_rdev),
        .rdev_minor = minor(st.st_rdev),
        .size = (guint64)st.st_size,
        .mtime_s = st.st_mtim.tv_sec,
        .mtime_ns = (guint32)st.st_mtim.tv_nsec,
    };
    return 0;
}

/* Makes the listing of @dir anew. */
static int
dir_list(VfsDir *self, VfsId dir)
{
    auto_fd fd = dir_open_at(self, dir, O_RDONLY | O_DIRECTORY);
    if (fd < 0)
        return fd;
    DIR *stream = fdopendir(fd);
    if (stream == NULL)
        return -errno;
    (void)autofd_steal(&fd);
    int r = dir_nodes_list(self->nodes, dir, stream);
    (void)closedir(stream);
    return r;
}

static int
dir_readdir(Vfs *vfs, VfsId dir, guint64 cookie, VfsDirent *ret)
{
    VfsDir *self = (VfsDir *)vfs;
    const DirNode *node = dir_nodes_get(self->nodes, dir);

    if (node == NULL)
        return -ESTALE;
    int r = cookie == 0 || node->listing == NULL ? dir_list(self, dir) : 0;
    if (r < 0)
        return r;
    if (cookie >= node->listing->len)
        return 0;
    ret->id = g_array_index(node->listing, VfsId, cookie);
    ret->cookie = cookie + 1;
    (void)g_strlcpy(ret->name, dir_nodes_get(self->nodes, ret->id)->name, sizeof ret->name);
    return 1;
}

/*
 * Opens a regular file for reading, of which @found is a descriptor (O_PATH). All else is refused
 * without being opened, which could wait (a FIFO), fail in other ways (a socket) or do something (a
 * device).
 */
static int
dir_open_found(int found)
{
    char path[32];
    struct stat st;

    if (fstat(found, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode))
        return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
    (void)g_snprintf(path, sizeof path, "/proc/self/fd/%d", found);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd >= 0 ? fd : -errno;
}

static int
dir_open(Vfs *vfs, VfsId id)
{
    auto_fd found = dir_open_at((VfsDir *)vfs, id, O_PATH);
    return found >= 0 ? dir_open_found(found) : found;
}

/* Less than @n only at the end of the file: a network's file system may give it in pieces. */
static gssize
dir_pread(int fd, guint8 *dst, gsize n, guint64 offset)
{
    gsize done = 0;

    if (n > G_MAXINT64 || offset > G_MAXINT64 - n)
        return 0; /* behind the end of all that pread() can read */
    while (done < n) {
        ssize_t got = pread(fd, dst + done, n - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0)
            break;
        done += (gsize)got;
    }
    return (gssize)done;
}

static gssize
dir_read(Vfs *vfs, VfsId id, guint64 offset, void *dst, gsize n)
{
    VfsDir *self = (VfsDir *)vfs;
    DirDescriptor *kept = dir_descriptors_find(&self->kept, id, self->clock(self->clock_data));
    struct stat st;

    int r = kept == NULL ? dir_find_anew(self, id, &kept, &st) : 0;
    if (r < 0)
        return r;
    if (!kept->readable) {
        int fd = dir_open_found(kept->fd);
        if (fd < 0)
            return fd;
        autofd_clear(&kept->fd);
        kept->fd = fd;
        kept->readable = TRUE;
    }
    return dir_pread(kept->fd, dst, n, offset);
}

static gssize
dir_readlink(Vfs *vfs, VfsId id, char *dst, gsize cap)
{
    char target[VFS_PATH_MAX]; /* readlinkat() cuts off without a word */

    auto_fd fd = dir_open_at((VfsDir *)vfs, id, O_PATH);
    if (fd < 0)
        return fd;
    gssize len = readlinkat(fd, "", target, sizeof target);
    if (len < 0)
        return errno == ENOENT ? -EINVAL : -errno; /* ENOENT: not a link */
    if ((gsize)len > cap || (gsize)len == sizeof target)
        return -ENAMETOOLONG;
    memcpy(dst, target, (gsize)len);
    return len;
}

static guint64
dir_total_bytes(Vfs *vfs)
{
    struct statvfs st;
    if (fstatvfs(((VfsDir *)vfs)->root_fd, &st) < 0)
        return 0;
    return (guint64)st.f_frsize * (st.f_blocks - st.f_bfree);
}

static void
dir_free(Vfs *vfs)
{
    VfsDir *self = (VfsDir *)vfs;
    dir_descriptors_clear(&self->kept);
    autofd_clear(&self->root_fd);
    dir_nodes_free(self->nodes);
    g_free(self);
}

static const VfsOps vfs_dir_ops = {
    .kind = "dir",
    .root = dir_root,
    .parent = dir_parent,
    .name = dir_name,
    .lookup = dir_lookup,
    .getattr = dir_getattr,
    .readdir = dir_readdir,
    .read = dir_read,
    .readlink = dir_readlink,
    .open = dir_open,
    .total_bytes = dir_total_bytes,
    .free = dir_free,
};

static gint64
dir_monotonic_clock(gpointer data)
{
    (void)data;
    return g_get_monotonic_time();
}

/**
 * vfs_dir_new:
 * @directory: a path on the host
 * @error: PXE_RUN_ERROR_MEDIUM when it cannot be opened as a directory
 *
 * Returns: (transfer full): the directory as a tree
 **/
Vfs *
vfs_dir_new(const char *directory, GError **error)
{
    struct rlimit files = { .rlim_cur = 0 };

    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_MEDIUM, "cannot open directory '%s': %s",
                    directory, g_strerror(errno));
        return NULL;
    }
    VfsDir *self = g_new0(VfsDir, 1);
    self->vfs.ops = &vfs_dir_ops;
    self->root_fd = fd;
    self->uid = geteuid();
    self->gid = getegid();
    self->nodes = dir_nodes_new();
    (void)getrlimit(RLIMIT_NOFILE, &files);
    dir_descriptors_init(&self->kept, files.rlim_cur);
    vfs_dir_set_clock(&self->vfs, dir_monotonic_clock, NULL);
    return &self->vfs;
}

/**
 * vfs_dir_set_clock:
 * @vfs: a tree of vfs_dir_new()
 * @clock: tells the time from now on
 * @data: for @clock
 **/
void
vfs_dir_set_clock(Vfs *vfs, VfsClock clock, gpointer data)
{
    VfsDir *self = (VfsDir *)vfs;

    g_assert(vfs->ops == &vfs_dir_ops);
    self->clock = clock;
    self->clock_data = data;
}
