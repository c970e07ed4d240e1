/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A damaged or hostile UFS. The image is drawn anew for each input, and then changed by it:
 *
 *   byte 0        bit 0: UFS2, else UFS1; bits 1 and 2: where in a disk it is, see disks[]
 *   then, each    a word of 16 bits, big-endian, that chooses a place, and a byte for it; see
 *                 place_of()
 *
 * Whatever the image says, what is handed out is a tree: each object is in the directory that it
 * names as its parent, no directory is handed out twice, a name that is listed is found again, and
 * there is an end to it.
 */
#include "base/error.h"
#include "tests/fuzz/fuzz-input.h"
#include "tests/unit/support/disk-maker.h"
#include "tests/unit/support/ufs-maker.h"

#include <string.h>

#define PATCHES_MAX 256
#define VISITS_MAX  1000
#define FIRST       64 /* sectors in front of the file system, where there is a partition table */

typedef void (*DiskFunc)(GByteArray *disk, guint32 sectors);

static void
disk_labelled(GByteArray *disk, guint32 sectors)
{
    disk_put_label(disk, 0, 0, FIRST, sectors);
    disk_put_label(disk, 0, 2, 0, FIRST + sectors);
}

static void
disk_sliced(GByteArray *disk, guint32 sectors)
{
    disk_put_mbr(disk, 1, DISK_FREEBSD, 8, FIRST + sectors - 8);
    disk_put_label(disk, 8, 0, FIRST - 8, sectors);
}

static void
disk_gpt(GByteArray *disk, guint32 sectors)
{
    disk_put_mbr(disk, 1, DISK_PROTECTIVE, 1, FIRST + sectors - 1);
    disk_put_gpt(disk, 2, DISK_FREEBSD_UFS, FIRST, FIRST + sectors - 1);
}

static const DiskFunc disks[] = { NULL, disk_labelled, disk_sliced, disk_gpt };

/*
 * Where in the image a patch goes. Most of the image is empty, so the word counts only through what
 * matters: the first 2 KiB of the disk, the superblock, the inodes in use, their directories and
 * blocks of addresses.
 */
static gsize
place_of(const UfsSketch *sketch, gsize front, guint word)
{
    gsize inodes = ufs_sketch_inode_at(sketch, 0), size = sketch->version == 1 ? 128 : 256;
    gsize data = inodes + 4 * SKETCH_BLOCK;
    guint block = word >> 9 & 31;

    if (word < 2048)
        return word;
    if (word < 2048 + 1376)
        return front + sketch->place + word - 2048;
    if (word < 16384)
        return front + inodes + (word - 3424) % (16 * size);
    if (word < 32768) /* the beginning of each block */
        return front + data + (gsize)block * SKETCH_BLOCK % (16 * SKETCH_BLOCK) + (word & 511);
    return front + ufs_sketch_inode_at(sketch, SKETCH_GROUP) + word % (4 * size);
}

static GByteArray *
disk_of(Cursor *input)
{
    guint kind = cursor_u8(input), version = 1 + (kind & 1);
    g_autoptr(UfsSketch) sketch = ufs_sketch_new(version, version == 1 ? 8192 : 0);
    GByteArray *disk = g_byte_array_new();
    DiskFunc put = disks[kind >> 1 & 3];
    gsize front = put != NULL ? FIRST * DISK_SECTOR : 0;

    ufs_sketch_sample(sketch);
    g_byte_array_set_size(disk, (guint)front);
    if (front > 0)
        memset(disk->data, 0, front);
    g_byte_array_append(disk, sketch->image->data, sketch->image->len);
    if (put != NULL)
        put(disk, sketch->image->len / DISK_SECTOR);
    for (guint i = 0; i < PATCHES_MAX && cursor_left(input) >= 3; i++) {
        gsize at = place_of(sketch, front, cursor_be16(input));
        guint8 value = cursor_u8(input);
        if (at < disk->len)
            disk->data[at] = value;
    }
    return disk;
}

static void
visit_object(Vfs *vfs, VfsId id, VfsId dir)
{
    g_autofree guint8 *bytes = g_malloc(SKETCH_BLOCK + 1);
    char path[VFS_PATH_MAX], name[VFS_NAME_MAX + 1];
    VfsId parent, found;
    VfsAttr attr;

    g_assert_cmpint(vfs_getattr(vfs, id, &attr), ==, 0);
    g_assert_cmpint(vfs_parent(vfs, id, &parent), ==, 0);
    if (attr.type == VFS_DIR)
        g_assert_cmpuint(parent, ==, dir);
    int r = vfs->ops->name(vfs, id, name, sizeof name);
    if (r == 0) {
        g_assert_cmpint(vfs_lookup(vfs, parent, name, &found), ==, 0);
        g_assert_cmpuint(found, ==, id);
    }
    (void)vfs_path(vfs, id, path, sizeof path);
    for (guint i = 0; i < 48; i++) {
        guint64 at = i < 16 ? (guint64)i * SKETCH_BLOCK - (i > 0) : (guint64)1 << i;
        gssize n = vfs_read(vfs, id, at, bytes, SKETCH_BLOCK + 1);
        g_assert_cmpint(n, <=, SKETCH_BLOCK + 1);
        if (n >= 0)
            g_assert_cmpuint((guint64)n, ==,
                             at < attr.size ? MIN(SKETCH_BLOCK + 1, attr.size - at) : 0);
    }
    gssize len = vfs_readlink(vfs, id, path, sizeof path);
    if (len >= 0)
        g_assert_cmpuint((guint64)len, ==, attr.size);
}

static void
visit(Vfs *vfs, VfsId dir, GHashTable *seen, guint *left)
{
    VfsDirent entry = { .cookie = 0 };
    guint64 cookie = 0;
    VfsAttr attr;
    VfsId found;

    while (*left > 0 && vfs_readdir(vfs, dir, cookie, &entry) == 1) {
        (*left)--;
        g_assert_cmpuint(entry.cookie, >, cookie);
        cookie = entry.cookie;
        g_assert_cmpint(vfs_lookup(vfs, dir, entry.name, &found), ==, 0);
        g_assert_cmpuint(found, ==, entry.id);
        visit_object(vfs, entry.id, dir);
        g_assert_cmpint(vfs_getattr(vfs, entry.id, &attr), ==, 0);
        if (attr.type != VFS_DIR)
            continue;
        g_assert_true(g_hash_table_add(seen, GUINT_TO_POINTER((guint)entry.id)));
        visit(vfs, entry.id, seen, left);
    }
}

int
LLVMFuzzerTestOneInput(const guint8 *bytes, gsize len)
{
    Cursor input = cursor_of(bytes, len);
    g_autoptr(GByteArray) disk = disk_of(&input);
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    g_auto(FuzzPiece) piece = fuzz_piece_copy(disk->data, disk->len);
    g_autoptr(GBytes) image = g_bytes_new_static(piece.bytes, piece.len);
    g_autoptr(ByteSource) source = byte_source_new_bytes(image);
    g_autofree char *slice = NULL;
    g_autoptr(GError) error = NULL;
    guint left = VISITS_MAX;

    g_autoptr(Vfs) vfs = vfs_ufs_open_image(source, "x.img", &slice, &error);
    if (vfs == NULL) {
        g_assert_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_MEDIUM);
        return 0;
    }
    g_assert_nonnull(slice);
    (void)g_hash_table_add(seen, GUINT_TO_POINTER((guint)vfs_root(vfs)));
    visit(vfs, vfs_root(vfs), seen, &left);
    return 0;
}
