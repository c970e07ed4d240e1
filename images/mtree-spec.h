/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mtree(5): owners, modes and kinds of files as text, as mtree(8), makefs(8) and bsdtar(1) have it.
 */
#pragma once

#include "images/vfs.h"

#define MTREE_SIZE_MAX    (16u << 20) /* bytes of a file */
#define MTREE_ENTRIES_MAX (1u << 16)
#define MTREE_DEPTH_MAX   64 /* directories inside one another, in the relative form */

/* One path of the file. */
typedef struct {
    char *path; /* relative, without "./" in front; "" is the top directory */
    gboolean has_type, has_mode, has_uid, has_gid, has_time, has_device;
    VfsType type;
    guint32 mode; /* 07777 */
    guint32 uid, gid;
    guint32 rdev_major, rdev_minor;
    gint64 mtime_s;
    guint32 mtime_ns;
    char *link; /* (nullable): target of a symbolic link */
} MtreeEntry;

typedef struct MtreeSpec MtreeSpec;

MtreeSpec *mtree_spec_parse(const char *name, const char *text, gsize len, GError **error);
guint mtree_spec_count(const MtreeSpec *self);
const MtreeEntry *mtree_spec_get(const MtreeSpec *self, guint index);
const MtreeEntry *mtree_spec_find(const MtreeSpec *self, const char *path);
void mtree_spec_free(MtreeSpec *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MtreeSpec, mtree_spec_free)

/* mtree-keyword.c: the words behind a name. */
extern const char *const mtree_type_names[VFS_TYPE_COUNT]; /* "file", "dir": of the keyword type */
const char *mtree_keyword_apply(const char *word, MtreeEntry *entry);
const char *mtree_keyword_forget(const char *word, MtreeEntry *entry);
char *mtree_unvis(const char *text);
