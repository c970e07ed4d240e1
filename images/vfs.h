/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Vfs: a read-only file tree. The one interface between the trees that we can read (an ISO, a host
 * directory, files in memory, an overlay of them) and all that serves or inspects them.
 *
 * Objects are named by a VfsId, which stays the same for the whole run. Every operation answers 0
 * (or a length) on success and -errno on failure; nothing is written to an output on failure.
 */
#pragma once

#include <glib.h>
#include <sys/types.h>

typedef guint64 VfsId;

#define VFS_NAME_MAX    255  /* bytes in one name, as NAME_MAX */
#define VFS_PATH_MAX    4096 /* bytes in a path that vfs_walk() takes or vfs_path() makes */
#define VFS_SYMLINK_MAX 32   /* symbolic links followed in one vfs_walk() */

typedef enum {
    VFS_REG,
    VFS_DIR,
    VFS_LNK,
    VFS_CHR,
    VFS_BLK,
    VFS_FIFO,
    VFS_SOCK,
    VFS_TYPE_COUNT
} VfsType;

typedef struct {
    VfsType type;
    guint32 mode;  /* permission bits, 07777 */
    guint32 nlink; /* of a directory: 2 and its sub-directories, or 1 when not known */
    guint32 uid, gid;
    guint32 rdev_major, rdev_minor;
    guint64 size; /* bytes */
    gint64 mtime_s;
    guint32 mtime_ns;
} VfsAttr;

typedef struct {
    VfsId id;
    guint64 cookie; /* pass it to get the entry after this one; never 0, below 2^31 */
    char name[VFS_NAME_MAX + 1];
} VfsDirent;

typedef struct Vfs Vfs;

/*
 * All operations are required, but for `open`. Names are NUL-terminated, never "", "." or "..". The
 * directory of a lookup was found to be one before; all else that a guest can ask is for the
 * backend to refuse.
 */
typedef struct {
    const char *kind; /* for messages: "iso", "dir", … */
    VfsId (*root)(Vfs *self);
    int (*parent)(Vfs *self, VfsId id, VfsId *ret); /* the root is its own parent */
    int (*name)(Vfs *self, VfsId id, char *ret_name, gsize cap);
    int (*lookup)(Vfs *self, VfsId dir, const char *name, VfsId *ret);
    int (*getattr)(Vfs *self, VfsId id, VfsAttr *ret);
    int (*readdir)(Vfs *self, VfsId dir, guint64 cookie, VfsDirent *ret); /* 1; 0 at the end */
    gssize (*read)(Vfs *self, VfsId id, guint64 offset, void *dst, gsize n);
    gssize (*readlink)(Vfs *self, VfsId id, char *dst, gsize cap);
    /* A new descriptor from which the whole file can be read, where the host has such a file. */
    int (*open)(Vfs *self, VfsId id);
    guint64 (*total_bytes)(Vfs *self); /* size of all that the tree holds, for statfs */
    void (*free)(Vfs *self);
} VfsOps;

/* Backends embed this as their first member. */
struct Vfs {
    const VfsOps *ops;
};

/* Returns: monotonic time, microseconds */
typedef gint64 (*VfsClock)(gpointer data);

VfsId vfs_root(Vfs *self);
int vfs_parent(Vfs *self, VfsId id, VfsId *ret);
int vfs_lookup(Vfs *self, VfsId dir, const char *name, VfsId *ret);
int vfs_getattr(Vfs *self, VfsId id, VfsAttr *ret);
int vfs_readdir(Vfs *self, VfsId dir, guint64 cookie, VfsDirent *ret);
gssize vfs_read(Vfs *self, VfsId id, guint64 offset, void *dst, gsize n);
gssize vfs_readlink(Vfs *self, VfsId id, char *dst, gsize cap);
int vfs_open(Vfs *self, VfsId id);
guint64 vfs_total_bytes(Vfs *self);
void vfs_free(Vfs *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Vfs, vfs_free)

int vfs_walk(Vfs *self, const char *path, VfsId *ret);
int vfs_path(Vfs *self, VfsId id, char *dst, gsize cap);
gboolean vfs_is_directory(Vfs *self, VfsId id);
gboolean vfs_is_file(Vfs *self, const char *path);
int vfs_read_file(Vfs *self, const char *path, gsize max, GBytes **ret);

/* What one tree over another does besides hiding what has the same path. */
typedef struct OverlayRules OverlayRules;

OverlayRules *overlay_rules_new(void);
void overlay_rules_hide(OverlayRules *self, const char *path);
void overlay_rules_opaque(OverlayRules *self, const char *directory);
void overlay_rules_own_attr(OverlayRules *self, const char *directory);
void overlay_rules_free(OverlayRules *self);

/* The backends. Each takes over what it is given and is freed with vfs_free(). */
Vfs *vfs_mem_new(void);
int vfs_mem_add_file(Vfs *self, const char *path, GBytes *content, guint32 mode);
int vfs_mem_add_dir(Vfs *self, const char *path, guint32 mode);
int vfs_mem_add_symlink(Vfs *self, const char *path, const char *target);
int vfs_mem_add_ref(Vfs *self, const char *path, Vfs *source, VfsId id, guint32 mode);
int vfs_mem_add_special(Vfs *self, const char *path, VfsType type, guint32 mode);
void vfs_mem_own(Vfs *self, Vfs *source);
void vfs_mem_set_attr(Vfs *self, VfsId id, const VfsAttr *attr);
void vfs_mem_remove(Vfs *self, VfsId id);
Vfs *vfs_dir_new(const char *directory, GError **error);
void vfs_dir_set_clock(Vfs *self, VfsClock clock, gpointer data); /* for tests */
Vfs *vfs_overlay_new(Vfs *upper, Vfs *lower, OverlayRules *rules);
Vfs *vfs_replace_new(Vfs *tree, VfsId file, GBytes *content); /* borrows @tree */
