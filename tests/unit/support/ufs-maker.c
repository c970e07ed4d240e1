/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/support/ufs-maker.h"

#include "tests/unit/support/iso-maker.h"

#include <fcntl.h>
#include <string.h>

/* Returns: whether makefs is not installed; the test is then marked as skipped */
gboolean
ufs_maker_missing(void)
{
    g_autofree char *path = g_find_program_in_path("makefs");
    if (path == NULL)
        g_test_skip("makefs is not installed");
    return path == NULL;
}

/**
 * ufs_make:
 * @dir: where to put the image
 * @source: the directory whose contents become the root
 * @spec: (nullable): a file that describes further objects, as mtree(8) does
 * @options: words of makefs's, separated by one space
 *
 * Returns: (transfer full): the path of the image
 **/
char *
ufs_make(const TmpDir *dir, const char *source, const char *spec, const char *options)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_auto(GStrv) words = g_strsplit(options, " ", -1);
    char *path = tmp_dir_path(dir, "ufs.img");

    g_strv_builder_add_many(builder, "makefs", "-t", "ffs", NULL);
    g_strv_builder_addv(builder, (const char **)(guintptr)words);
    if (spec != NULL)
        g_strv_builder_add_many(builder, "-F", spec, NULL);
    g_strv_builder_add_many(builder, path, source, NULL);
    g_auto(GStrv) argv = g_strv_builder_end(builder);
    g_autofree char *out = run_program((const char *const *)argv);
    return path;
}

/* Returns: (transfer full): the bytes of a file */
ByteSource *
ufs_source(const char *path)
{
    g_autoptr(GError) error = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    g_assert_cmpint(fd, >=, 0);
    ByteSource *source = byte_source_new_fd(fd, &error);
    g_assert_no_error(error);
    return source;
}

/* Writes a little-endian number of @width bytes. */
void
le_put(GByteArray *image, gsize offset, guint width, guint64 value)
{
    g_assert_cmpuint(offset + width, <=, image->len);
    for (guint i = 0; i < width; i++)
        image->data[offset + i] = (guint8)(value >> 8 * i);
}

static guint
inode_size(const UfsSketch *self)
{
    return self->version == 1 ? 128 : 256;
}

static guint
address_size(const UfsSketch *self)
{
    return self->version == 1 ? 4 : 8;
}

/* Fragments from a group's beginning to its inodes. */
static guint32
inodes_at(const UfsSketch *self)
{
    return self->place / SKETCH_FRAG + 2 * SKETCH_FRAGS;
}

static void
draw_superblock(UfsSketch *self)
{
    gsize at = self->place;
    guint32 size = 2 * self->group_frags;

    le_put(self->image, at + SUPER_INODES_AT, 4, inodes_at(self));
    le_put(self->image, at + SUPER_GROUP_OFFSET, 4, self->group_offset);
    le_put(self->image, at + SUPER_GROUP_MASK, 4, self->group_mask);
    le_put(self->image, at + SUPER_OLD_SIZE, 4, self->version == 1 ? size : 0);
    le_put(self->image, at + SUPER_GROUPS, 4, 2);
    le_put(self->image, at + SUPER_BLOCK, 4, SKETCH_BLOCK);
    le_put(self->image, at + SUPER_FRAG, 4, SKETCH_FRAG);
    le_put(self->image, at + SUPER_FRAGS, 4, SKETCH_FRAGS);
    le_put(self->image, at + SUPER_POINTERS, 4, SKETCH_BLOCK / address_size(self));
    le_put(self->image, at + SUPER_INODES_PER_BLOCK, 4, SKETCH_BLOCK / inode_size(self));
    le_put(self->image, at + SUPER_GROUP_INODES, 4, SKETCH_GROUP);
    le_put(self->image, at + SUPER_GROUP_FRAGS, 4, self->group_frags);
    le_put(self->image, at + SUPER_PLACE, 8, self->place);
    le_put(self->image, at + SUPER_SIZE, 8, self->version == 1 ? 0 : size);
    le_put(self->image, at + SUPER_INLINE_LINK, 4, 15 * address_size(self));
    le_put(self->image, at + SUPER_INODE_FORMAT, 4, 2);
    le_put(self->image, at + SUPER_MAGIC, 4, self->version == 1 ? 0x011954 : 0x19540119);
}

/**
 * ufs_sketch_new:
 * @version: 1 or 2
 * @place: where to put the superblock
 *
 * Returns: (transfer full): a file system whose root directory is empty; UFS1 is as kernels before
 *   UFS2 left it, its second group staggered
 **/
UfsSketch *
ufs_sketch_new(guint version, guint32 place)
{
    UfsSketch *self = g_new0(UfsSketch, 1);

    self->version = version;
    self->place = place;
    self->group_frags = inodes_at(self) + 24 * SKETCH_FRAGS;
    self->group_offset = version == 1 ? 16 : 0;
    self->group_mask = version == 1 ? 0xfffffffe : 0;
    self->next_frag = inodes_at(self) + SKETCH_GROUP / (SKETCH_BLOCK / 256) * SKETCH_FRAGS;
    self->image = g_byte_array_new();
    g_byte_array_set_size(self->image, 2 * self->group_frags * SKETCH_FRAG);
    memset(self->image->data, 0, self->image->len);
    draw_superblock(self);
    (void)ufs_sketch_dir(self, 2, 2);
    return self;
}

void
ufs_sketch_free(UfsSketch *self)
{
    g_byte_array_unref(self->image);
    g_free(self);
}

/* Returns: where in the image the inode is */
gsize
ufs_sketch_inode_at(const UfsSketch *self, guint32 ino)
{
    guint32 group = ino / SKETCH_GROUP;
    guint32 frag = group * self->group_frags + inodes_at(self) +
                   self->group_offset * (group & ~self->group_mask);
    return (gsize)frag * SKETCH_FRAG + ino % SKETCH_GROUP * inode_size(self);
}

/* Returns: the address of a block that nothing uses yet */
guint32
ufs_sketch_new_block(UfsSketch *self)
{
    guint32 frag = self->next_frag;
    self->next_frag += SKETCH_FRAGS;
    g_assert_cmpuint(self->next_frag, <=, self->group_frags);
    return frag;
}

void
ufs_sketch_inode(UfsSketch *self, guint32 ino, guint16 mode, guint16 nlink, guint64 size)
{
    gsize at = ufs_sketch_inode_at(self, ino);
    le_put(self->image, at, 2, mode);
    le_put(self->image, at + 2, 2, nlink);
    le_put(self->image, at + (self->version == 1 ? 8 : 16), 8, size);
    le_put(self->image, at + (self->version == 1 ? 104 : 24), 4, size > 0 ? 8 : 0);
}

/* Returns: where in the image the inode's address number @n is; from 12 on they are indirect */
gsize
ufs_sketch_address_at(const UfsSketch *self, guint32 ino, guint n)
{
    return ufs_sketch_inode_at(self, ino) + (self->version == 1 ? 40 : 112) +
           n * address_size(self);
}

void
ufs_sketch_set_address(UfsSketch *self, guint32 ino, guint n, guint64 frag)
{
    le_put(self->image, ufs_sketch_address_at(self, ino, n), address_size(self), frag);
}

/* Appends an entry to what is one chunk so far. Returns: where in the image it is */
static gsize
draw_entry(UfsSketch *self, gsize chunk, const char *name, guint32 ino)
{
    gsize at = chunk, len = strlen(name), used;

    for (;;) { /* the last entry reaches to the end of the chunk: cut it */
        guint8 *entry = self->image->data + at;
        gsize reclen = entry[4] | (gsize)entry[5] << 8;
        if (reclen == 0)
            break;
        used = (8 + entry[7] + 1u + 3) & ~(gsize)3;
        if (at + reclen == chunk + 512) {
            le_put(self->image, at + 4, 2, used);
            at += used;
            break;
        }
        at += reclen;
    }
    g_assert_cmpuint(at + 8 + len + 1, <=, chunk + 512);
    le_put(self->image, at, 4, ino);
    le_put(self->image, at + 4, 2, chunk + 512 - at);
    self->image->data[at + 7] = (guint8)len;
    memcpy(self->image->data + at + 8, name, len);
    return at;
}

/* Makes a directory of one chunk, without a name. Returns: where in the image its data are */
gsize
ufs_sketch_dir(UfsSketch *self, guint32 ino, guint32 parent)
{
    guint32 frag = ufs_sketch_new_block(self);
    gsize chunk = (gsize)frag * SKETCH_FRAG;

    ufs_sketch_inode(self, ino, 040755, 2, 512);
    ufs_sketch_set_address(self, ino, 0, frag);
    (void)draw_entry(self, chunk, ".", ino);
    (void)draw_entry(self, chunk, "..", parent);
    return chunk;
}

/* Gives @ino a name in a directory of one chunk. Returns: where in the image the entry is */
gsize
ufs_sketch_name(UfsSketch *self, guint32 dir, const char *name, guint32 ino)
{
    gsize address = ufs_sketch_address_at(self, dir, 0);
    guint32 frag = self->image->data[address] | (guint32)self->image->data[address + 1] << 8;
    return draw_entry(self, (gsize)frag * SKETCH_FRAG, name, ino);
}

/* Makes a file of one block at most, without a name. */
void
ufs_sketch_file(UfsSketch *self, guint32 ino, const void *bytes, gsize len)
{
    guint32 frag = ufs_sketch_new_block(self);

    g_assert_cmpuint(len, <=, SKETCH_BLOCK);
    ufs_sketch_inode(self, ino, 0100644, 1, len);
    ufs_sketch_set_address(self, ino, 0, frag);
    memcpy(self->image->data + (gsize)frag * SKETCH_FRAG, bytes, len);
}

/*
 * A tree with one object of each kind:
 *   3 /boot, 4 /boot/loader and /boot/loader.old, 65 /boot/dir (in the second group), 66 a file in
 *   it, 5 /short and 6 /long (links), 7 /null (a device), 8 /map (a file with all levels)
 */
void
ufs_sketch_sample(UfsSketch *self)
{
    guint64 frag = ufs_sketch_new_block(self);
    gsize link = ufs_sketch_address_at(self, 5, 0);
    guint last = SKETCH_BLOCK / address_size(self) - 1;

    (void)ufs_sketch_dir(self, 3, 2);
    (void)ufs_sketch_name(self, 2, "boot", 3);
    ufs_sketch_file(self, 4, "loader", 6);
    (void)ufs_sketch_name(self, 3, "loader", 4);
    (void)ufs_sketch_name(self, 3, "loader.old", 4);
    le_put(self->image, ufs_sketch_inode_at(self, 4) + 2, 2, 2);
    (void)ufs_sketch_dir(self, 65, 3);
    (void)ufs_sketch_name(self, 3, "dir", 65);
    ufs_sketch_file(self, 66, "deep", 4);
    (void)ufs_sketch_name(self, 65, "deep", 66);
    le_put(self->image, ufs_sketch_inode_at(self, 2) + 2, 2, 3);
    le_put(self->image, ufs_sketch_inode_at(self, 3) + 2, 2, 3);
    ufs_sketch_inode(self, 5, 0120777, 1, 6);
    le_put(self->image, ufs_sketch_inode_at(self, 5) + (self->version == 1 ? 104 : 24), 4, 0);
    memcpy(self->image->data + link, "target", 6);
    (void)ufs_sketch_name(self, 2, "short", 5);
    ufs_sketch_file(self, 6,
                    "long/long/long/long/long/long/long/long/long/long/long/long/long/long/"
                    "long/long/long/long/long/long/long/long/long/long/long/long/long",
                    134);
    le_put(self->image, ufs_sketch_inode_at(self, 6), 2, 0120777);
    (void)ufs_sketch_name(self, 2, "long", 6);
    ufs_sketch_inode(self, 7, 020666, 1, 0);
    ufs_sketch_set_address(self, 7, 0, 0x0d12ff02);
    (void)ufs_sketch_name(self, 2, "null", 7);
    /* The first and the last block of each level are the same block, all between are holes. */
    ufs_sketch_inode(self, 8, 0100444, 1, (guint64)(12 + last + 1) * SKETCH_BLOCK);
    memcpy(self->image->data + frag * SKETCH_FRAG, "data", 4);
    ufs_sketch_set_address(self, 8, 0, frag);
    ufs_sketch_set_address(self, 8, 11, frag);
    for (guint n = 12; n < 15; n++) {
        guint64 below = frag;
        frag = ufs_sketch_new_block(self);
        le_put(self->image, frag * SKETCH_FRAG, address_size(self), below);
        le_put(self->image, frag * SKETCH_FRAG + last * address_size(self), address_size(self),
               below);
        ufs_sketch_set_address(self, 8, n, frag);
    }
    (void)ufs_sketch_name(self, 2, "map", 8);
}

/* Returns: (transfer full): a copy of the image as it is now */
ByteSource *
ufs_sketch_source(const UfsSketch *self)
{
    g_autoptr(GBytes) bytes = g_bytes_new(self->image->data, self->image->len);
    return byte_source_new_bytes(bytes);
}
