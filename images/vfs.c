/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The checked front end of every tree: it validates arguments once, so that backends need not, and
 * walks paths inside the tree. A symbolic link is resolved against the tree's own root and can
 * never lead out of it, whatever the backend is.
 */
#include "images/vfs.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Returns: the root directory of the tree */
VfsId
vfs_root(Vfs *self)
{
    return self->ops->root(self);
}

/* The directory that holds @id; the root is its own parent. Returns: 0 or -ESTALE */
int
vfs_parent(Vfs *self, VfsId id, VfsId *ret)
{
    return self->ops->parent(self, id, ret);
}

/**
 * vfs_lookup:
 * @self: a tree
 * @dir: a directory
 * @name: one name, in any bytes but '/' and NUL; "." and ".." are understood
 * @ret: (out): the object
 *
 * Returns: 0, or -ENOENT, -ENOTDIR, -ENAMETOOLONG, -EINVAL, -EIO, -ESTALE
 **/
int
vfs_lookup(Vfs *self, VfsId dir, const char *name, VfsId *ret)
{
    VfsAttr attr;

    int r = self->ops->getattr(self, dir, &attr);
    if (r < 0)
        return r;
    if (attr.type != VFS_DIR)
        return -ENOTDIR;
    if (strlen(name) > VFS_NAME_MAX)
        return -ENAMETOOLONG;
    if (*name == '\0' || strchr(name, '/') != NULL)
        return -EINVAL;
    if (g_str_equal(name, ".")) {
        *ret = dir;
        return 0;
    }
    if (g_str_equal(name, ".."))
        return self->ops->parent(self, dir, ret);
    return self->ops->lookup(self, dir, name, ret);
}

/* The attributes of @id. Returns: 0, or -ESTALE, -EIO */
int
vfs_getattr(Vfs *self, VfsId id, VfsAttr *ret)
{
    return self->ops->getattr(self, id, ret);
}

/**
 * vfs_readdir:
 * @self: a tree
 * @dir: a directory
 * @cookie: 0 for the first entry, else the cookie of the entry before
 * @ret: (out): the next entry; "." and ".." are not among them
 *
 * Returns: 1, 0 behind the last entry, or -ENOTDIR, -EIO, -ESTALE
 **/
int
vfs_readdir(Vfs *self, VfsId dir, guint64 cookie, VfsDirent *ret)
{
    return self->ops->readdir(self, dir, cookie, ret);
}

/**
 * vfs_read:
 * @self: a tree
 * @id: a regular file
 * @offset: bytes from its beginning
 * @dst: (out): the bytes
 * @n: how many are wanted
 *
 * Returns: how many were read, less than @n only at the end of the file and 0 behind it;
 *   or -EISDIR, -EINVAL (not a regular file), -EIO, -ESTALE
 **/
gssize
vfs_read(Vfs *self, VfsId id, guint64 offset, void *dst, gsize n)
{
    return self->ops->read(self, id, offset, dst, n);
}

/**
 * vfs_readlink:
 * @self: a tree
 * @id: a symbolic link
 * @dst: (out): its target, not NUL-terminated
 * @cap: room at @dst
 *
 * Returns: the target's length, or -EINVAL (not a link), -ENAMETOOLONG (does not fit), -ESTALE
 **/
gssize
vfs_readlink(Vfs *self, VfsId id, char *dst, gsize cap)
{
    return self->ops->readlink(self, id, dst, cap);
}

/**
 * vfs_open:
 * @self: a tree
 * @id: a regular file
 *
 * Returns: (transfer full): a descriptor that reads the file from its first byte to its last, or
 *   -ENOTSUP when the tree keeps its bytes otherwise, or another -errno
 **/
int
vfs_open(Vfs *self, VfsId id)
{
    return self->ops->open != NULL ? self->ops->open(self, id) : -ENOTSUP;
}

/* Returns: bytes that all files of the tree have together, about; for statfs */
guint64
vfs_total_bytes(Vfs *self)
{
    return self->ops->total_bytes(self);
}

/**
 * vfs_free:
 * @self: (nullable) (transfer full): a tree
 **/
void
vfs_free(Vfs *self)
{
    if (self != NULL)
        self->ops->free(self);
}

/* The part of @path up to the next '/', into @name; steps @path behind it. */
static int
path_next(const char **path, char name[VFS_NAME_MAX + 1])
{
    *path += strspn(*path, "/");
    gsize len = strcspn(*path, "/");
    if (len > VFS_NAME_MAX)
        return -ENAMETOOLONG;
    memcpy(name, *path, len);
    name[len] = '\0';
    *path += len;
    return 0;
}

/* Puts a link's target in front of what is left of the path: "target/rest", in @path. */
static int
path_splice_link(Vfs *self, VfsId link, char path[VFS_PATH_MAX], const char *rest)
{
    char joined[VFS_PATH_MAX];

    gssize len = vfs_readlink(self, link, joined, sizeof joined);
    if (len < 0)
        return (int)len;
    if (len == 0)
        return -ENOENT;
    gsize rest_len = strlen(rest);
    if ((gsize)len + 1 + rest_len + 1 > sizeof joined)
        return -ENAMETOOLONG;
    joined[len] = '/';
    memcpy(joined + len + 1, rest, rest_len + 1);
    memcpy(path, joined, (gsize)len + 1 + rest_len + 1);
    return 0;
}

/**
 * vfs_walk:
 * @self: a tree
 * @path: a path from the tree's root, with or without '/' in front; repeated '/' count as one
 * @ret: (out): what it leads to, symbolic links followed
 *
 * Returns: 0, or -ENOENT, -ENOTDIR, -ELOOP, -ENAMETOOLONG or what the tree answers
 **/
int
vfs_walk(Vfs *self, const char *path, VfsId *ret)
{
    char buffer[VFS_PATH_MAX];
    char name[VFS_NAME_MAX + 1];
    VfsId at = vfs_root(self);
    guint links = 0;

    if (g_strlcpy(buffer, path, sizeof buffer) >= sizeof buffer)
        return -ENAMETOOLONG;
    const char *rest = buffer;
    for (;;) {
        VfsId next;
        VfsAttr attr;
        int r = path_next(&rest, name);
        if (r < 0)
            return r;
        if (*name == '\0')
            break;
        if ((r = vfs_lookup(self, at, name, &next)) < 0 || (r = vfs_getattr(self, next, &attr)) < 0)
            return r;
        if (attr.type != VFS_LNK) {
            at = next;
            continue;
        }
        if (++links > VFS_SYMLINK_MAX)
            return -ELOOP;
        if ((r = path_splice_link(self, next, buffer, rest)) < 0)
            return r;
        if (*buffer == '/')
            at = vfs_root(self);
        rest = buffer;
    }
    *ret = at;
    return 0;
}

/**
 * vfs_path:
 * @self: a tree
 * @id: an object
 * @dst: (out): its path, from '/', NUL-terminated; for messages
 * @cap: room at @dst
 *
 * Returns: 0, or -ENAMETOOLONG, -ESTALE
 **/
int
vfs_path(Vfs *self, VfsId id, char *dst, gsize cap)
{
    char name[VFS_NAME_MAX + 1];
    gsize start = cap;

    if (cap < 2)
        return -ENAMETOOLONG;
    dst[--start] = '\0';
    while (id != vfs_root(self)) {
        int r = self->ops->name(self, id, name, sizeof name);
        if (r < 0 || (r = vfs_parent(self, id, &id)) < 0)
            return r;
        gsize len = strlen(name);
        if (len + 1 > start)
            return -ENAMETOOLONG;
        start -= len;
        memcpy(dst + start, name, len);
        dst[--start] = '/';
    }
    if (dst[start] == '\0')
        dst[--start] = '/';
    memmove(dst, dst + start, cap - start);
    return 0;
}

/* Returns: whether @id is a directory */
gboolean
vfs_is_directory(Vfs *self, VfsId id)
{
    VfsAttr attr;

    return vfs_getattr(self, id, &attr) == 0 && attr.type == VFS_DIR;
}

/* Returns: whether @path leads to a regular file */
gboolean
vfs_is_file(Vfs *self, const char *path)
{
    VfsId id;
    VfsAttr attr;

    return vfs_walk(self, path, &id) == 0 && vfs_getattr(self, id, &attr) == 0 &&
           attr.type == VFS_REG;
}

/**
 * vfs_read_file:
 * @self: a tree
 * @path: of a regular file
 * @max: the largest size that is acceptable, in bytes
 * @ret: (out) (transfer full): the contents
 *
 * Returns: 0, or -EFBIG when the file is larger than @max, -EIO when it ends early, or what
 *   vfs_walk() and vfs_read() answer
 **/
int
vfs_read_file(Vfs *self, const char *path, gsize max, GBytes **ret)
{
    VfsId id;
    VfsAttr attr;

    int r = vfs_walk(self, path, &id);
    if (r < 0 || (r = vfs_getattr(self, id, &attr)) < 0)
        return r;
    if (attr.type != VFS_REG)
        return attr.type == VFS_DIR ? -EISDIR : -EINVAL;
    if (attr.size > max)
        return -EFBIG;
    g_autofree guint8 *bytes = g_malloc((gsize)attr.size + 1);
    gssize n = vfs_read(self, id, 0, bytes, (gsize)attr.size);
    if (n < 0)
        return (int)n;
    if ((guint64)n != attr.size)
        return -EIO;
    bytes[n] = '\0'; /* behind the contents, for those who read it as text */
    *ret = g_bytes_new_take(g_steal_pointer(&bytes), (gsize)n);
    return 0;
}
