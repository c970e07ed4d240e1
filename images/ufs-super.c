/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds the superblock of a UFS1 or UFS2 and takes from it the few numbers that a reader needs,
 * each checked against the others. Shifts and masks that the superblock has besides are computed
 * from the sizes instead. Whether the file system was unmounted cleanly does not matter here:
 * nothing is written.
 *
 * Source: FreeBSD sys/ufs/ffs/fs.h: struct fs, SBLOCKSEARCH, cgstart, ino_to_fsba;
 *   sys/ufs/ffs/ffs_subr.c: readsuper; sys/ufs/ffs/ffs_vfsops.c: ffs_oldfscompat_read
 */
#include "images/ufs-super.h"

#include "base/cursor.h"
#include "base/error.h"

#define SUPER_SIZE 1376 /* struct fs */

#define UFS1_MAGIC 0x00011954
#define UFS2_MAGIC 0x19540119

#define UFS1_AT 8192 /* SBLOCK_UFS1; a superblock of UFS1 behind it is a copy */

#define FLAGS_UPDATED 0x80 /* in fs_old_flags: a kernel that knows UFS2 has written it */
#define INODES_OF_44  2    /* FS_44INODEFMT; before it, ids and names were kept otherwise */

/* Where FreeBSD looks, in its order. */
static const guint32 super_places[] = { 65536, UFS1_AT, 0, 262144 };

/* Where in struct fs the numbers are. */
enum {
    AT_INODES_AT = 16,
    AT_GROUP_OFFSET = 24,
    AT_GROUP_MASK = 28,
    AT_OLD_SIZE = 36,
    AT_GROUPS = 44,
    AT_BLOCK = 48,
    AT_FRAG = 52,
    AT_FRAGS = 56,
    AT_POINTERS = 116,
    AT_INODES_PER_BLOCK = 120,
    AT_GROUP_INODES = 184,
    AT_GROUP_FRAGS = 188,
    AT_OLD_FLAGS = 211,
    AT_PLACE = 1000,
    AT_SIZE = 1080,
    AT_INLINE_LINK = 1320,
    AT_INODE_FORMAT = 1324,
    AT_MAGIC = 1372,
};

static guint32
super_u32(const guint8 *super, gsize offset)
{
    Cursor at = cursor_of(super, SUPER_SIZE);
    cursor_skip(&at, offset);
    return cursor_le32(&at);
}

static guint64
super_u64(const guint8 *super, gsize offset)
{
    return super_u32(super, offset) | (guint64)super_u32(super, offset + 4) << 32;
}

/* Returns: whether @super, read from @place, is a superblock, and in which byte order */
static gboolean
super_is_one(const guint8 *super, guint32 place, gboolean *ret_big_endian)
{
    guint32 magic = super_u32(super, AT_MAGIC), swapped = GUINT32_SWAP_LE_BE(magic);

    *ret_big_endian = swapped == UFS1_MAGIC || swapped == UFS2_MAGIC;
    if (magic == UFS1_MAGIC || swapped == UFS1_MAGIC)
        return place <= UFS1_AT;
    if (magic == UFS2_MAGIC)
        return super_u64(super, AT_PLACE) == place;
    return *ret_big_endian;
}

/* Returns: whether there is a superblock, into @super */
static gboolean
super_find(const ByteSource *source, guint8 super[SUPER_SIZE], gboolean *ret_big_endian)
{
    for (gsize i = 0; i < G_N_ELEMENTS(super_places); i++) {
        if (byte_source_read(source, super_places[i], super, SUPER_SIZE) == 0 &&
            super_is_one(super, super_places[i], ret_big_endian))
            return TRUE;
    }
    return FALSE;
}

static gboolean
is_power_of_2(guint32 n)
{
    return n != 0 && (n & (n - 1)) == 0;
}

static void
super_take(const guint8 *super, UfsSuper *ret)
{
    gboolean ufs1 = super_u32(super, AT_MAGIC) == UFS1_MAGIC;
    gboolean old = ufs1 && (super[AT_OLD_FLAGS] & FLAGS_UPDATED) == 0;

    *ret = (UfsSuper){
        .version = ufs1 ? 1 : 2,
        .block = super_u32(super, AT_BLOCK),
        .frag = super_u32(super, AT_FRAG),
        .frags = super_u32(super, AT_FRAGS),
        .inode_size = ufs1 ? 128 : 256,
        .inodes_per_block = super_u32(super, AT_INODES_PER_BLOCK),
        .pointer_size = ufs1 ? 4 : 8,
        .pointers = super_u32(super, AT_POINTERS),
        .groups = super_u32(super, AT_GROUPS),
        .group_inodes = super_u32(super, AT_GROUP_INODES),
        .group_frags = super_u32(super, AT_GROUP_FRAGS),
        .inodes_at = super_u32(super, AT_INODES_AT),
        .group_offset = ufs1 ? super_u32(super, AT_GROUP_OFFSET) : 0,
        .group_mask = ufs1 ? super_u32(super, AT_GROUP_MASK) : 0,
        .inline_link = super_u32(super, AT_INLINE_LINK),
        .n_frags = old ? super_u32(super, AT_OLD_SIZE) : super_u64(super, AT_SIZE),
    };
}

static gboolean
super_sizes_ok(const UfsSuper *self)
{
    return is_power_of_2(self->block) && self->block >= UFS_BLOCK_MIN &&
           self->block <= UFS_BLOCK_MAX && is_power_of_2(self->frag) &&
           self->frag >= UFS_FRAG_MIN && self->frag <= self->block &&
           self->frags == self->block / self->frag && self->frags <= UFS_FRAGS_MAX &&
           self->inodes_per_block == self->block / self->inode_size &&
           self->pointers == self->block / self->pointer_size;
}

/* Groups must be large enough for their inodes, and all of them together make the whole. */
static gboolean
super_groups_ok(const UfsSuper *self)
{
    guint64 all = (guint64)self->groups * self->group_frags;
    guint64 inode_frags = (guint64)self->group_inodes / self->inodes_per_block * self->frags;

    return self->groups > 0 && self->group_frags > 0 && self->group_frags <= G_MAXINT32 &&
           self->group_inodes > 0 && self->group_inodes % self->inodes_per_block == 0 &&
           self->inodes_at > 0 && self->inodes_at < self->group_frags &&
           inode_frags <= self->group_frags - self->inodes_at &&
           self->group_offset < self->group_frags && self->n_frags <= all &&
           self->n_frags > all - self->group_frags;
}

static gboolean
super_refuse(GError **error, const char *reason)
{
    g_set_error_literal(error, PXE_RUN_ERROR, PXE_RUN_ERROR_MEDIUM, reason);
    return FALSE;
}

/* Returns: whether @source has a superblock where a file system's should be, good or bad */
gboolean
ufs_super_is_there(const ByteSource *source)
{
    guint8 super[SUPER_SIZE];
    gboolean big_endian;
    return super_find(source, super, &big_endian);
}

/**
 * ufs_super_read:
 * @source: an image of a file system
 * @ret: (out): what its superblock says, checked
 * @error: PXE_RUN_ERROR_MEDIUM with why there is no file system that can be read
 *
 * Returns: whether there is one
 **/
gboolean
ufs_super_read(const ByteSource *source, UfsSuper *ret, GError **error)
{
    guint8 bytes[SUPER_SIZE];
    gboolean big_endian;
    UfsSuper super;

    if (!super_find(source, bytes, &big_endian))
        return super_refuse(error, "it holds no UFS file system");
    if (big_endian)
        return super_refuse(error, "its UFS is big-endian, of a sparc64 or powerpc; only "
                                   "little-endian ones can be read");
    super_take(bytes, &super);
    if (super.version == 1 && (gint32)super_u32(bytes, AT_INODE_FORMAT) < INODES_OF_44)
        return super_refuse(error, "its UFS is of the format before 4.4BSD, which cannot be read");
    if (!super_sizes_ok(&super) || !super_groups_ok(&super))
        return super_refuse(error, "its UFS is damaged: the superblock makes no sense");
    if ((guint64)super.groups * super.group_inodes > UFS_INODES_MAX) {
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_MEDIUM,
                    "its UFS has room for more than %u files, which is too much here",
                    UFS_INODES_MAX);
        return FALSE;
    }
    if (super.n_frags > byte_source_size(source) / super.frag) {
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_MEDIUM,
                    "it is cut short: its UFS has %" G_GUINT64_FORMAT
                    " bytes, of which only %" G_GUINT64_FORMAT " are there (download it again)",
                    super.n_frags * super.frag, byte_source_size(source));
        return FALSE;
    }
    *ret = super;
    return TRUE;
}

/* Returns: how many inodes there are, used or not; they are numbered from 0 */
guint32
ufs_super_inodes(const UfsSuper *self)
{
    return self->groups * self->group_inodes;
}

/**
 * ufs_super_find_inode:
 * @self: a superblock
 * @ino: number of an inode
 * @ret_frag: (out): address of the block that has it
 * @ret_at: (out): where in the block it begins, in bytes
 *
 * Returns: whether there is such an inode
 **/
gboolean
ufs_super_find_inode(const UfsSuper *self, guint32 ino, guint64 *ret_frag, guint *ret_at)
{
    guint32 group = ino / self->group_inodes, index = ino % self->group_inodes;

    if (ino >= ufs_super_inodes(self))
        return FALSE;
    *ret_frag = (guint64)group * self->group_frags +
                (guint64)self->group_offset * (group & ~self->group_mask) + self->inodes_at +
                (guint64)(index / self->inodes_per_block) * self->frags;
    *ret_at = index % self->inodes_per_block * self->inode_size;
    return TRUE;
}
