/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * images/iso-image-file.c: every kind of file that is no good image ends in one clear sentence, or
 * in a tree; never in a crash of our process, and never in a wrong tree where bytes are missing.
 */
#include "base/autofd.h"
#include "images/image-file.h"
#include "images/vfs-iso.h"
#include "tests/lan/rows.h"
#include "tests/unit/support/iso-maker.h"
#include "tests/unit/support/told.h"
#include "tests/unit/support/tree-check.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static void
test_missing(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(vfs_iso_new("/none/image.iso", &error));
    assert_told(error, PXE_RUN_ERROR_MEDIUM, "cannot open '/none/image.iso': No such file");
}

static void
test_directory(void)
{
    g_autoptr(TmpDir) dir = tmp_dir_new();
    g_autoptr(GError) error = NULL;

    g_assert_null(vfs_iso_new(dir, &error));
    assert_told(error, PXE_RUN_ERROR_MEDIUM, "is a directory: use --root for a tree");
}

static void
test_unreadable(void)
{
    g_autoptr(TmpDir) dir = tmp_dir_new();
    g_autoptr(GError) error = NULL;
    g_autofree char *path = tmp_dir_file(dir, "image.iso", "x", 1);

    if (geteuid() == 0) {
        g_test_skip("root may read everything");
        return;
    }
    g_assert_cmpint(chmod(path, 0), ==, 0);
    g_assert_null(vfs_iso_new(path, &error));
    assert_told(error, PXE_RUN_ERROR_MEDIUM, "Permission denied");
}

/* Nobody has opened it for writing, and nobody is waited for. */
static void
test_fifo(void)
{
    g_autoptr(TmpDir) dir = tmp_dir_new();
    g_autofree char *path = tmp_dir_path(dir, "fifo");
    g_autoptr(GError) error = NULL;

    g_assert_cmpint(mkfifo(path, 0600), ==, 0);
    g_assert_null(vfs_iso_new(path, &error));
    assert_told(error, PXE_RUN_ERROR_MEDIUM, "is not a regular file");
}

static void
test_device(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(vfs_iso_new("/dev/null", &error));
    assert_told(error, PXE_RUN_ERROR_MEDIUM, "'/dev/null' is not a regular file");
}

/* ---- damaged images ---- */

static GByteArray *
make_sample(void)
{
    g_autoptr(TmpDir) dir = tmp_dir_new();
    g_autoptr(GBytes) kernel = row_pattern_bytes(9000, 3);

    tmp_dir_mkdir(dir, "tree/boot/kernel");
    tmp_dir_mkdir(dir, "tree/a/b/c");
    g_autofree char *loader = tmp_dir_file(dir, "tree/boot/pxeboot", "loader", 6);
    g_autofree char *file =
        tmp_dir_file(dir, "tree/boot/kernel/kernel", g_bytes_get_data(kernel, NULL), 9000);
    g_autofree char *inner = tmp_dir_file(dir, "tree/a/b/c/a-name-that-is-longer", "x", 1);
    tmp_dir_symlink(dir, "tree/link", "boot/kernel");
    g_autofree char *source = tmp_dir_path(dir, "tree");
    return iso_make_bytes(dir, source, "-R -J -V SAMPLE");
}

/* A copy of an image that is made once. */
static GByteArray *
sample_image(void)
{
    static GByteArray *made;

    if (made == NULL)
        made = make_sample();
    GByteArray *copy = g_byte_array_sized_new(made->len);
    return g_byte_array_append(copy, made->data, made->len);
}

/* An image as a file without a name. */
typedef struct {
    int fd;
    char path[40];
} MemoryImage;

static void
memory_image_init(MemoryImage *self, const guint8 *bytes, gsize len)
{
    self->fd = memfd_create("image", MFD_CLOEXEC);
    g_assert_cmpint(self->fd, >=, 0);
    g_assert_cmpint(pwrite(self->fd, bytes, len, 0), ==, (gssize)len);
    (void)g_snprintf(self->path, sizeof self->path, "/proc/self/fd/%d", self->fd);
}

static void
memory_image_clear(MemoryImage *self)
{
    autofd_clear(&self->fd);
}

/* The tree, or an error of the right kind. */
static Vfs *
open_damaged(const MemoryImage *image)
{
    g_autoptr(GError) error = NULL;
    Vfs *vfs = vfs_iso_new(image->path, &error);

    g_assert_cmpint(vfs == NULL, ==, error != NULL);
    if (error != NULL)
        assert_told(error, PXE_RUN_ERROR_MEDIUM, image->path);
    return vfs;
}

/* Cut at every 512 bytes and around each block: an error, or the tree that was put in. */
static void
test_every_prefix(void)
{
    MemoryImage memory;
    guint trees = 0;

    if (iso_maker_missing())
        return;
    g_autoptr(GByteArray) image = sample_image();
    memory_image_init(&memory, image->data, image->len);
    g_autoptr(Vfs) whole = open_damaged(&memory);
    g_assert_nonnull(whole);
    g_autofree char *expected = tree_dump(whole);
    for (gsize len = image->len; len-- > 0;) {
        if (len % 512 != 0 && (len + 1) % 2048 != 0 && len % 2048 != 1)
            continue;
        g_assert_cmpint(ftruncate(memory.fd, (off_t)len), ==, 0);
        g_autoptr(Vfs) vfs = open_damaged(&memory);
        if (vfs == NULL)
            continue;
        trees++;
        g_autofree char *dump = tree_dump(vfs);
        g_assert_cmpstr(dump, ==, expected);
    }
    g_assert_cmpuint(trees, <, image->len / 512 / 4); /* most of the image matters */
    memory_image_clear(&memory);
}

/* A directory that cannot be read is no empty one: it is named, as text for a terminal. */
static void
test_unreadable_directory(void)
{
    g_autoptr(GError) error = NULL;
    MemoryImage memory;

    if (iso_maker_missing())
        return;
    g_autoptr(GByteArray) image = sample_image();
    gsize record = iso_record(image, "A");
    iso_set_number(image, record + ISO_RECORD_EXTENT, image->len / 2048 + 1);
    guint8 *name = memmem(image->data + record, 120, "NM\6\1\0a", 6);
    g_assert_nonnull(name);
    name[5] = 7;
    memory_image_init(&memory, image->data, image->len);
    g_assert_null(vfs_iso_new(memory.path, &error));
    assert_told(error, PXE_RUN_ERROR_MEDIUM, "the image cannot be read");
    assert_told(error, PXE_RUN_ERROR_MEDIUM, "(Can't open dir /\\x07)");
    memory_image_clear(&memory);
}

/* An object of a type that no Unix has is left out, and costs nothing else. */
static void
test_unknown_type(void)
{
    g_autoptr(GError) error = NULL;
    MemoryImage memory;

    if (iso_maker_missing())
        return;
    g_autoptr(GByteArray) image = sample_image();
    guint8 *px = memmem(image->data + iso_record(image, "LINK.;1"), 250, "PX", 2);
    g_assert_nonnull(px);
    iso_set_number(image, (gsize)(px - image->data) + 4, 0030777);
    memory_image_init(&memory, image->data, image->len);
    g_autoptr(Vfs) vfs = vfs_iso_new(memory.path, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(tree_check(vfs), ==, 8);
    g_autofree char *names = tree_list(vfs, "/");
    g_assert_cmpstr(names, ==, "a boot");
    memory_image_clear(&memory);
}

/* Goes through all of a tree that may be anything, but not for ever. */
static void
walk_all(Vfs *vfs, VfsId dir, guint *budget)
{
    VfsDirent entry = { .cookie = 0 };
    guint8 bytes[4096];
    char text[VFS_PATH_MAX];
    VfsAttr attr;
    VfsId found;

    while (*budget > 0 && vfs_readdir(vfs, dir, entry.cookie, &entry) == 1) {
        (*budget)--;
        g_assert_cmpint(vfs_getattr(vfs, entry.id, &attr), ==, 0);
        g_assert_cmpint(vfs_lookup(vfs, dir, entry.name, &found), <=, 0);
        if (vfs_path(vfs, entry.id, text, sizeof text) == 0)
            (void)vfs_walk(vfs, text, &found);
        (void)vfs_readlink(vfs, entry.id, text, sizeof text);
        (void)vfs_read(vfs, entry.id, 0, bytes, sizeof bytes);
        (void)vfs_read(vfs, entry.id, attr.size - 1, bytes, sizeof bytes);
        if (attr.type == VFS_DIR)
            walk_all(vfs, entry.id, budget);
    }
}

typedef struct {
    const char *name;
    guint32 seed;
    guint flips; /* bytes that are changed in each image */
    guint images;
    gsize from, to; /* where; 0: the end */
} FlipRow;

/* The first 16 blocks mean nothing to a reader; descriptors and tree follow. */
static const FlipRow flip_rows[] = {
    { "one-byte-in-the-descriptors", 0x1001, 1, 60, 16 * 2048, 19 * 2048 },
    { "one-byte-in-the-tree", 0x1002, 1, 200, 19 * 2048, 0 },
    { "eight-bytes-anywhere", 0x1003, 8, 100, 0, 0 },
    { "many-bytes-in-the-tree", 0x1006, 40, 40, 19 * 2048, 0 },
};

static void
test_flip(gconstpointer data)
{
    const FlipRow *row = data;
    RowRandom random = { row->seed };

    if (iso_maker_missing())
        return;
    g_autoptr(GByteArray) image = sample_image();
    gsize end = row->to != 0 ? row->to : image->len;
    for (guint i = 0; i < row->images; i++) {
        g_autofree guint8 *bytes = g_memdup2(image->data, image->len);
        MemoryImage memory;
        guint budget = 100000;
        for (guint n = 0; n < row->flips; n++) {
            gsize at = row->from + row_random_below(&random, (guint32)(end - row->from));
            bytes[at] = (guint8)row_random(&random);
        }
        memory_image_init(&memory, bytes, image->len);
        g_autoptr(Vfs) vfs = open_damaged(&memory);
        if (vfs != NULL)
            walk_all(vfs, vfs_root(vfs), &budget);
        memory_image_clear(&memory);
    }
}

typedef struct {
    const char *name;
    gsize offset;
    guint32 value;
    const char *part; /* of the message; NULL when it is a tree all the same */
} PatchRow;

static const PatchRow patch_rows[] = {
    { "root-behind-the-image", ISO_PVD_ROOT + ISO_RECORD_EXTENT, 100000, "damaged or cut short" },
    { "root-at-the-largest-block", ISO_PVD_ROOT + ISO_RECORD_EXTENT, G_MAXUINT32, "damaged" },
    { "root-of-no-size", ISO_PVD_ROOT + ISO_RECORD_SIZE, 0, NULL },
    { "volume-of-no-size", ISO_PVD_BLOCKS, 0, "damaged" },
};

static void
test_patch(gconstpointer data)
{
    const PatchRow *row = data;
    MemoryImage memory;

    if (iso_maker_missing())
        return;
    g_autoptr(GByteArray) image = sample_image();
    iso_set_number(image, row->offset, row->value);
    memory_image_init(&memory, image->data, image->len);
    g_autoptr(GError) error = NULL;
    g_autoptr(Vfs) vfs = vfs_iso_new(memory.path, &error);
    memory_image_clear(&memory);
    if (row->part != NULL)
        assert_told(error, PXE_RUN_ERROR_MEDIUM, row->part);
    else
        g_assert_no_error(error);
}

/* The tree is whole, but a file's last byte is missing: it is named. */
static void
test_cut_file(void)
{
    g_autoptr(GError) error = NULL;
    MemoryImage memory;

    if (iso_maker_missing())
        return;
    g_autoptr(GByteArray) image = sample_image();
    memory_image_init(&memory, image->data, image->len);
    g_assert_cmpint(ftruncate(memory.fd, (off_t)image->len - 2048), ==, 0);
    g_autoptr(Vfs) vfs = vfs_iso_new(memory.path, &error);
    g_assert_null(vfs);
    assert_told(error, PXE_RUN_ERROR_MEDIUM, "the image is cut short: /");
    assert_told(error, PXE_RUN_ERROR_MEDIUM, "download it again");
    memory_image_clear(&memory);
}

/* ---- the two steps ---- */

static void
test_steps(void)
{
    static const char *const paths[] = { "/boot/pxeboot", "/boot/none", "/boot/kernel/kernel",
                                         NULL };
    g_autoptr(GError) error = NULL;
    MemoryImage memory;

    if (iso_maker_missing())
        return;
    g_autoptr(GByteArray) image = sample_image();
    memory_image_init(&memory, image->data, image->len);
    IsoImageFile *file =
        iso_image_file_open(image_file_open_fd(memory.path, NULL), memory.path, paths, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(iso_image_file_volume_id(file), ==, "SAMPLE");
    g_assert_cmphex(iso_image_file_present(file), ==, 1 << 0 | 1 << 2);
    g_assert_false(iso_image_file_is_short(file));
    g_autoptr(Vfs) vfs = iso_image_file_to_vfs(file, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(tree_check(vfs), ==, 9);
    /* It is known to be short as soon as it is opened. */
    g_assert_cmpint(ftruncate(memory.fd, (off_t)image->len - 1), ==, 0);
    g_autoptr(IsoImageFile) again =
        iso_image_file_open(image_file_open_fd(memory.path, NULL), memory.path, paths, &error);
    g_assert_no_error(error);
    g_assert_true(iso_image_file_is_short(again));
    memory_image_clear(&memory);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/iso-image-file/missing", test_missing);
    g_test_add_func("/iso-image-file/directory", test_directory);
    g_test_add_func("/iso-image-file/unreadable", test_unreadable);
    g_test_add_func("/iso-image-file/fifo", test_fifo);
    g_test_add_func("/iso-image-file/device", test_device);
    g_test_add_func("/iso-image-file/every-prefix", test_every_prefix);
    g_test_add_func("/iso-image-file/unreadable-directory", test_unreadable_directory);
    g_test_add_func("/iso-image-file/unknown-type", test_unknown_type);
    ROWS_ADD("/iso-image-file/flip", flip_rows, test_flip);
    ROWS_ADD("/iso-image-file/patch", patch_rows, test_patch);
    g_test_add_func("/iso-image-file/cut-file", test_cut_file);
    g_test_add_func("/iso-image-file/steps", test_steps);
    return g_test_run();
}
