/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A UFS as a tree. Nothing of the image is trusted, and nothing is read before somebody asks.
 *
 * Theory of operation: a directory is read whole when one of its entries is asked for, and each of
 * its entries is looked at: there must be such an inode, and a directory's ".." must lead back here
 * and may be listed only once. Since a directory has one "..", and the way up from every directory
 * that was handed out ends at the root, what is handed out is a tree, whatever the image says: no
 * cycles, nothing reached by two ways. Only then does an object exist for the callers; its place,
 * the directory and position where it was seen first, is kept by inode number. The number of
 * inodes bounds that table, and the image's size bounds them.
 *
 * A directory that breaks a rule gives -EIO in all that is asked of it, and is told once in the
 * log; the rest of the tree can still be read.
 */
#include "images/vfs-ufs.h"

#include "base/error.h"
#include "base/log.h"
#include "images/ufs-dir.h"

#include <errno.h>
#include <sys/stat.h>

#define UFS_OPEN_DIRS 8 /* directories that are kept in memory */

/* Where an object was seen first. */
typedef struct {
    guint32 dir;      /* inode of the directory; 0: not seen */
    guint32 position; /* there */
} Place;

typedef struct {
    guint32 ino;  /* 0: nothing */
    guint64 used; /* tells the one that was not used for longest */
    UfsDir *dir;
} OpenDir;

typedef struct {
    Vfs vfs;
    UfsVolume *volume;
    Place *places; /* by inode */
    guint64 clock;
    OpenDir open_dirs[UFS_OPEN_DIRS];
    guint32 inode_of; /* whose inode @inode is; 0: nobody's */
    UfsInode inode;
    GuestNote damaged;
} VfsUfs;

static const gint8 types[16] = {
    [0] = -1,        [1] = VFS_FIFO, [2] = VFS_CHR, [3] = -1,  [4] = VFS_DIR,  [5] = -1,
    [6] = VFS_BLK,   [7] = -1,       [8] = VFS_REG, [9] = -1,  [10] = VFS_LNK, [11] = -1,
    [12] = VFS_SOCK, [13] = -1,      [14] = -1,     [15] = -1,
};

/* Returns: a VfsType; -1 for a whiteout or nonsense */
static int
inode_type(const UfsInode *inode)
{
    return types[inode->mode >> 12];
}

/* Returns: 0 with the inode of an object that was handed out, good until the next call; or -ESTALE
 */
static int
ufs_object(VfsUfs *self, VfsId id, const UfsInode **ret)
{
    if (id >= ufs_super_inodes(ufs_volume_super(self->volume)) || self->places[id].dir == 0)
        return -ESTALE;
    if (self->inode_of != id) {
        self->inode_of = 0;
        int r = ufs_volume_inode(self->volume, (guint32)id, &self->inode);
        if (r < 0)
            return r;
        self->inode_of = (guint32)id;
    }
    *ret = &self->inode;
    return 0;
}

/* Looks at an entry, and keeps its place. Returns: 0, or -EIO when the entry cannot be */
static int
ufs_see(VfsUfs *self, guint32 dir, const UfsDir *listing, guint position)
{
    guint32 ino = ufs_dir_entry(listing, position).ino;
    UfsInode inode;
    guint32 up;

    if (ufs_volume_inode(self->volume, ino, &inode) < 0 || inode_type(&inode) < 0)
        return -EIO;
    Place *place = &self->places[ino];
    if (inode_type(&inode) == VFS_DIR) {
        if (ufs_dir_parent(self->volume, &inode, &up) < 0 || up != dir)
            return -EIO;
        if (place->dir != 0 && (place->dir != dir || place->position != position))
            return -EIO;
    }
    if (place->dir == 0)
        *place = (Place){ dir, position };
    return 0;
}

static int
ufs_load(VfsUfs *self, guint32 ino, const UfsInode *inode, UfsDir **ret)
{
    g_autoptr(UfsDir) dir = NULL;

    int r = ufs_dir_load(self->volume, inode, &dir);
    for (guint i = 0; r == 0 && i < ufs_dir_size(dir); i++)
        r = ufs_see(self, ino, dir, i);
    if (r < 0) {
        guest_note(&self->damaged, G_LOG_DOMAIN, "the directory in inode %u cannot be read: %s",
                   ino, r == -EFBIG ? "it is too large" : "it is damaged");
        return -EIO;
    }
    *ret = g_steal_pointer(&dir);
    return 0;
}

/* Returns: 0 with the directory @id, good until the next call; or -ESTALE, -ENOTDIR, -EIO */
static int
ufs_open_dir(VfsUfs *self, VfsId id, const UfsDir **ret)
{
    OpenDir *slot = &self->open_dirs[0];
    const UfsInode *inode;
    UfsDir *dir;

    for (guint i = 0; i < UFS_OPEN_DIRS; i++) {
        OpenDir *other = &self->open_dirs[i];
        if (other->ino == id && other->dir != NULL) {
            other->used = ++self->clock;
            *ret = other->dir;
            return 0;
        }
        if (other->used < slot->used)
            slot = other;
    }
    int r = ufs_object(self, id, &inode);
    if (r < 0)
        return r;
    if (inode_type(inode) != VFS_DIR)
        return -ENOTDIR;
    if ((r = ufs_load(self, (guint32)id, inode, &dir)) < 0)
        return r;
    ufs_dir_free(slot->dir);
    *slot = (OpenDir){ (guint32)id, ++self->clock, dir };
    *ret = dir;
    return 0;
}

static VfsId
ufs_root(Vfs *vfs)
{
    (void)vfs;
    return UFS_ROOT;
}

static int
ufs_parent(Vfs *vfs, VfsId id, VfsId *ret)
{
    VfsUfs *self = (VfsUfs *)vfs;
    const UfsInode *inode;

    int r = ufs_object(self, id, &inode);
    if (r == 0)
        *ret = self->places[id].dir;
    return r;
}

static int
ufs_name(Vfs *vfs, VfsId id, char *ret_name, gsize cap)
{
    VfsUfs *self = (VfsUfs *)vfs;
    const UfsInode *inode;
    const UfsDir *dir;

    int r = ufs_object(self, id, &inode);
    if (r < 0)
        return r;
    if (id == UFS_ROOT)
        return cap > 0 ? (*ret_name = '\0') : -ENAMETOOLONG;
    const Place *place = &self->places[id];
    if ((r = ufs_open_dir(self, place->dir, &dir)) < 0)
        return r;
    const char *name = ufs_dir_entry(dir, place->position).name;
    return g_strlcpy(ret_name, name, cap) < cap ? 0 : -ENAMETOOLONG;
}

static int
ufs_lookup(Vfs *vfs, VfsId id, const char *name, VfsId *ret)
{
    const UfsDir *dir;
    guint position;

    int r = ufs_open_dir((VfsUfs *)vfs, id, &dir);
    if (r < 0)
        return r;
    if (!ufs_dir_find(dir, name, &position))
        return -ENOENT;
    *ret = ufs_dir_entry(dir, position).ino;
    return 0;
}

/*
 * The number of a device: FreeBSD 12 made it of 64 bits, with the lower 32 as they had been before.
 *
 * Source: FreeBSD sys/sys/types.h: major, minor
 */
static void
attr_set_device(VfsAttr *attr, guint64 number)
{
    attr->rdev_major = (guint32)(number >> 32 & 0xffffff00) | (guint32)(number >> 8 & 0xff);
    attr->rdev_minor = (guint32)(number >> 24 & 0xff00) | (guint32)(number & 0xffff00ff);
}

static int
ufs_getattr(Vfs *vfs, VfsId id, VfsAttr *ret)
{
    const UfsInode *inode;

    int r = ufs_object((VfsUfs *)vfs, id, &inode);
    if (r < 0)
        return r;
    *ret = (VfsAttr){
        .type = (VfsType)inode_type(inode),
        .mode = inode->mode & 07777,
        .nlink = inode->nlink,
        .uid = inode->uid,
        .gid = inode->gid,
        .size = inode->size,
        .mtime_s = inode->mtime_s,
        .mtime_ns = inode->mtime_ns,
    };
    if (ret->type == VFS_CHR || ret->type == VFS_BLK)
        attr_set_device(ret, inode->direct[0]);
    return 0;
}

static int
ufs_readdir(Vfs *vfs, VfsId id, guint64 cookie, VfsDirent *ret)
{
    const UfsDir *dir;

    int r = ufs_open_dir((VfsUfs *)vfs, id, &dir);
    if (r < 0)
        return r;
    if (cookie >= ufs_dir_size(dir))
        return 0;
    UfsDirEntry entry = ufs_dir_entry(dir, (guint)cookie);
    ret->id = entry.ino;
    ret->cookie = cookie + 1;
    (void)g_strlcpy(ret->name, entry.name, sizeof ret->name);
    return 1;
}

static gssize
ufs_read(Vfs *vfs, VfsId id, guint64 offset, void *dst, gsize n)
{
    VfsUfs *self = (VfsUfs *)vfs;
    const UfsInode *inode;

    int r = ufs_object(self, id, &inode);
    if (r < 0)
        return r;
    if (inode_type(inode) != VFS_REG)
        return inode_type(inode) == VFS_DIR ? -EISDIR : -EINVAL;
    return ufs_volume_read(self->volume, inode, offset, dst, n);
}

static gssize
ufs_readlink(Vfs *vfs, VfsId id, char *dst, gsize cap)
{
    VfsUfs *self = (VfsUfs *)vfs;
    const UfsInode *inode;

    int r = ufs_object(self, id, &inode);
    if (r < 0)
        return r;
    return inode_type(inode) == VFS_LNK ? ufs_volume_readlink(self->volume, inode, dst, cap)
                                        : -EINVAL;
}

static guint64
ufs_total_bytes(Vfs *vfs)
{
    const UfsSuper *super = ufs_volume_super(((VfsUfs *)vfs)->volume);
    return super->n_frags * super->frag;
}

static void
ufs_free(Vfs *vfs)
{
    VfsUfs *self = (VfsUfs *)vfs;
    for (guint i = 0; i < UFS_OPEN_DIRS; i++)
        ufs_dir_free(self->open_dirs[i].dir);
    g_free(self->places);
    ufs_volume_free(self->volume);
    g_free(self);
}

static const VfsOps vfs_ufs_ops = {
    .kind = "ufs",
    .root = ufs_root,
    .parent = ufs_parent,
    .name = ufs_name,
    .lookup = ufs_lookup,
    .getattr = ufs_getattr,
    .readdir = ufs_readdir,
    .read = ufs_read,
    .readlink = ufs_readlink,
    .total_bytes = ufs_total_bytes,
    .free = ufs_free,
};

/* The root is where everything else is; without it there is no tree. */
static gboolean
ufs_check_root(VfsUfs *self)
{
    const UfsDir *dir;
    UfsInode root;
    guint32 up;

    if (ufs_volume_inode(self->volume, UFS_ROOT, &root) < 0 || inode_type(&root) != VFS_DIR ||
        ufs_dir_parent(self->volume, &root, &up) < 0 || up != UFS_ROOT)
        return FALSE;
    self->places[UFS_ROOT] = (Place){ UFS_ROOT, G_MAXUINT32 };
    return ufs_open_dir(self, UFS_ROOT, &dir) == 0;
}

/**
 * vfs_ufs_new:
 * @source: (transfer full): the bytes of a UFS, from its first one on
 * @error: PXE_RUN_ERROR_MEDIUM with what is wrong with it, to be put behind the image's name
 *
 * Returns: (transfer full): its tree
 **/
Vfs *
vfs_ufs_new(ByteSource *source, GError **error)
{
    UfsVolume *volume = ufs_volume_new(source, error);
    if (volume == NULL)
        return NULL;
    VfsUfs *self = g_new0(VfsUfs, 1);
    g_autoptr(Vfs) vfs = &self->vfs;
    self->vfs.ops = &vfs_ufs_ops;
    self->volume = volume;
    /* Zero pages, most of which are never touched. */
    self->places = g_new0(Place, ufs_super_inodes(ufs_volume_super(volume)));
    if (!ufs_check_root(self)) {
        g_set_error_literal(error, PXE_RUN_ERROR, PXE_RUN_ERROR_MEDIUM,
                            "its UFS is damaged: the root directory cannot be read");
        return NULL;
    }
    return g_steal_pointer(&vfs);
}

/* @vfs: a tree of this kind. Returns: 1 or 2 */
guint
vfs_ufs_version(Vfs *vfs)
{
    return ufs_volume_super(((VfsUfs *)vfs)->volume)->version;
}
