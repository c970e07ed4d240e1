/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * UFS images: made with makefs, a program that is not ours; or drawn in memory, field by field, so
 * that each field can be wrong.
 */
#pragma once

#include "images/vfs-ufs.h"
#include "tests/unit/support/tmp-dir.h"

gboolean ufs_maker_missing(void);
char *ufs_make(const TmpDir *dir, const char *source, const char *spec, const char *options);
ByteSource *ufs_source(const char *path);
void le_put(GByteArray *image, gsize offset, guint width, guint64 value);

/*
 * A file system of two cylinder groups, with 64 inodes each. Blocks of 4096 bytes, fragments of
 * 512; the data of group 0 only are used, from the first free block on.
 */
#define SKETCH_BLOCK 4096
#define SKETCH_FRAG  512
#define SKETCH_FRAGS 8
#define SKETCH_GROUP 64 /* inodes */

typedef struct {
    guint version;
    guint32 place; /* of the superblock, in bytes */
    guint32 group_frags;
    guint32 group_offset, group_mask;
    guint32 next_frag;
    GByteArray *image;
} UfsSketch;

UfsSketch *ufs_sketch_new(guint version, guint32 place);
void ufs_sketch_free(UfsSketch *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(UfsSketch, ufs_sketch_free)

gsize ufs_sketch_inode_at(const UfsSketch *self, guint32 ino);
guint32 ufs_sketch_new_block(UfsSketch *self);
void ufs_sketch_inode(UfsSketch *self, guint32 ino, guint16 mode, guint16 nlink, guint64 size);
gsize ufs_sketch_address_at(const UfsSketch *self, guint32 ino, guint n);
void ufs_sketch_set_address(UfsSketch *self, guint32 ino, guint n, guint64 frag);
gsize ufs_sketch_dir(UfsSketch *self, guint32 ino, guint32 parent);
gsize ufs_sketch_name(UfsSketch *self, guint32 dir, const char *name, guint32 ino);
void ufs_sketch_file(UfsSketch *self, guint32 ino, const void *bytes, gsize len);
void ufs_sketch_sample(UfsSketch *self);
ByteSource *ufs_sketch_source(const UfsSketch *self);

/* Where in a superblock, from its beginning. */
enum {
    SUPER_INODES_AT = 16,
    SUPER_GROUP_OFFSET = 24,
    SUPER_GROUP_MASK = 28,
    SUPER_OLD_SIZE = 36,
    SUPER_GROUPS = 44,
    SUPER_BLOCK = 48,
    SUPER_FRAG = 52,
    SUPER_FRAGS = 56,
    SUPER_POINTERS = 116,
    SUPER_INODES_PER_BLOCK = 120,
    SUPER_GROUP_INODES = 184,
    SUPER_GROUP_FRAGS = 188,
    SUPER_CLEAN = 209,
    SUPER_OLD_FLAGS = 211,
    SUPER_PLACE = 1000,
    SUPER_SIZE = 1080,
    SUPER_INLINE_LINK = 1320,
    SUPER_INODE_FORMAT = 1324,
    SUPER_MAGIC = 1372,
};
