/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tree of an ISO 9660 image as one flat piece of shared memory: written by the scan process
 * (iso-scan.c), mapped and checked by the reader (vfs-iso.c). Same machine, same program: host byte
 * order. In this order: IsoTable, n_nodes × IsoTableNode, n_sections × IsoTableSection, names.
 */
#pragma once

#include "images/vfs.h"

#include <string.h>

#define ISO_BLOCK       2048u
#define ISO_NODES_MAX   (1u << 22)
#define ISO_TABLE_MAGIC 0x49534f54u /* "ISOT" */
#define ISO_TABLE_NONE  G_MAXUINT32

typedef struct {
    guint32 magic;
    guint32 n_nodes;
    guint32 n_sections;
    guint32 names_size; /* bytes, each name ended by NUL */
} IsoTable;

/* Node 0 is the root. The children of a directory are neighbours, sorted by name. */
typedef struct {
    guint64 size; /* bytes; of a link: length of its target */
    gint64 mtime_s;
    guint32 parent;
    guint32 first_child, n_children;
    guint32 first_section, n_sections;
    guint32 name;   /* offset in names */
    guint32 target; /* offset in names, or ISO_TABLE_NONE when it is no link */
    guint32 uid, gid;
    guint32 rdev_major, rdev_minor;
    guint32 nlink;
    guint16 mode; /* permission bits */
    guint16 type; /* VfsType */
} IsoTableNode;

/* A run of bytes in the image file; the sections of a file make up its contents, in order. */
typedef struct {
    guint64 offset; /* bytes */
    guint64 size;   /* bytes */
} IsoTableSection;

/* Returns: whether an object can have this name; images can hold others */
static inline gboolean
iso_table_name_ok(const char *name)
{
    gsize len = strnlen(name, VFS_NAME_MAX + 1);
    return len > 0 && len <= VFS_NAME_MAX && memchr(name, '/', len) == NULL &&
           !g_str_equal(name, ".") && !g_str_equal(name, "..");
}
