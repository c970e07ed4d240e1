/* SPDX-License-Identifier: GPL-2.0-or-later */
/* images/mfsroot.c, mfsroot-size.c, makefs.c: what goes in comes out, in the smallest image, too.
 */
#include "base/autofd.h"
#include "images/bsd-label.h"
#include "images/mfsroot-size.h"
#include "images/mfsroot.h"
#include "images/tree-walk.h"
#include "tests/lan/rows.h"
#include "tests/unit/support/told.h"
#include "tests/unit/support/tree-check.h"
#include "tests/unit/support/ufs-maker.h"
#include "tests/unit/support/vfs-made.h"

#include <fcntl.h>
#include <sys/stat.h>

#define MTIME 1204070400

static VfsAttr
attr_of(VfsType type, guint32 mode)
{
    return (VfsAttr){ .type = type, .mode = mode, .mtime_s = MTIME };
}

static VfsId
add_file(Vfs *tree, VfsId dir, const char *name, guint32 mode, guint64 size)
{
    VfsAttr attr = attr_of(VFS_REG, mode);
    attr.size = size;
    return vfs_made_add(tree, dir, name, attr, NULL);
}

static VfsId
add_dir(Vfs *tree, VfsId dir, const char *name)
{
    return vfs_made_add(tree, dir, name, attr_of(VFS_DIR, 0755), NULL);
}

static void
add_device(Vfs *tree, VfsId dir, const char *name, VfsType type, guint32 major, guint32 minor)
{
    VfsAttr attr = attr_of(type, 0640);
    attr.rdev_major = major;
    attr.rdev_minor = minor;
    (void)vfs_made_add(tree, dir, name, attr, NULL);
}

/* One of everything that a file system can have. */
static Vfs *
odd_tree(void)
{
    g_autofree char *name = g_strnfill(255, 'n');
    g_autofree char *target = g_strnfill(1000, 't');
    char bytes[VFS_NAME_MAX + 1];
    gsize n = 0;
    Vfs *tree = vfs_made_new(01755);
    VfsId dir = add_dir(tree, 0, "stand"), deep = dir;

    VfsId suid = add_file(tree, dir, "sysinstall", 06755, 123457);
    vfs_made_link(tree, dir, "sh", suid);
    vfs_made_link(tree, 0, "a link elsewhere", suid);
    (void)add_file(tree, 0, "empty", 0, 0);
    (void)add_file(tree, 0, name, 0600, 1);
    for (guint b = 1; b < 256 && n < VFS_NAME_MAX; b++) {
        if (b != '/' && b != 0x80)
            bytes[n++] = (char)b;
    }
    bytes[n] = '\0';
    (void)add_file(tree, 0, bytes, 0444, 5000);
    (void)add_file(tree, 0, "#comment", 0444, 1);
    (void)add_file(tree, 0, "*?[a]\\040", 0444, 1);
    (void)add_file(tree, 0, "-F", 0444, 1);
    (void)vfs_made_add(tree, 0, "short", attr_of(VFS_LNK, 0755), "a #\\b\n");
    VfsId link = vfs_made_add(tree, 0, "long", attr_of(VFS_LNK, 0777), target);
    vfs_made_link(tree, dir, "long too", link);
    add_device(tree, 0, "null", VFS_CHR, 2, 2);
    add_device(tree, 0, "da0", VFS_BLK, 255, 0xffff00ff);
    (void)vfs_made_add(tree, 0, "fifo", attr_of(VFS_FIFO, 0600), NULL);
    (void)vfs_made_add(tree, 0, "sock", attr_of(VFS_SOCK, 0600), NULL);
    for (guint i = 0; i < 20; i++)
        deep = add_dir(tree, deep, "deep");
    VfsAttr owned = attr_of(VFS_REG, 04711);
    owned.uid = 65534;
    owned.gid = 4294967294u;
    owned.size = 12 * 8192 + 1; /* the first that needs a block of addresses */
    (void)vfs_made_add(tree, deep, "owned", owned, NULL);
    return tree;
}

static Vfs *
read_image(int fd)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(ByteSource) source = byte_source_new_fd(dup(fd), &error);
    g_assert_no_error(error);
    Vfs *vfs = vfs_ufs_new(g_steal_pointer(&source), &error);
    g_assert_no_error(error);
    return vfs;
}

static int
build(Vfs *tree, const MfsrootOptions *options)
{
    g_autoptr(GError) error = NULL;
    int fd = mfsroot_build(tree, options, &error);
    g_assert_no_error(error);
    return fd;
}

/* @tree: (transfer full): is written, read, and compared; and so is the smallest image of it */
static void
check_round_trip(Vfs *made, guint version)
{
    g_autoptr(Vfs) tree = made;
    MfsrootOptions options = { .ufs_version = version };
    MfsrootLayout layout = { version, 8192, 1024 };
    MfsrootNeed need;
    struct stat st;

    g_autofree char *before = tree_dump(tree);
    auto_fd fd = build(tree, &options);
    g_autoptr(Vfs) back = read_image(fd);
    g_autofree char *after = tree_dump(back);
    g_assert_cmpstr(after, ==, before);
    g_assert_true(mfsroot_need(tree, &layout, &need, NULL));
    options.size = mfsroot_need_bytes(&need, &layout, need.inodes);
    auto_fd least = build(tree, &options);
    g_autoptr(Vfs) least_back = read_image(least);
    g_autofree char *least_after = tree_dump(least_back);
    g_assert_cmpstr(least_after, ==, before);
    g_assert_cmpint(fstat(fd, &st), ==, 0);
    g_assert_cmpint(st.st_size, >=, (gint64)options.size + MFSROOT_FREE_MIN);
}

static void
test_odd(gconstpointer data)
{
    check_round_trip(odd_tree(), GPOINTER_TO_UINT(data));
}

static void
test_many(gconstpointer data)
{
    Vfs *tree = vfs_made_new(0755);
    char name[16];

    for (guint d = 0; d < 20; d++) {
        (void)g_snprintf(name, sizeof name, "d%u", d);
        VfsId dir = add_dir(tree, 0, name);
        for (guint i = 0; i < 500; i++) {
            (void)g_snprintf(name, sizeof name, "%u", i);
            (void)add_file(tree, dir, name, 0644, i % 7 * 100);
        }
    }
    check_round_trip(tree, GPOINTER_TO_UINT(data));
}

/* Zeros take no room on their way, but makefs writes them all. */
static void
test_sparse(gconstpointer data)
{
    Vfs *tree = vfs_made_new(0755);
    VfsId file = add_file(tree, 0, "sparse", 0644, 101u << 20);

    vfs_made_set_holes(tree, file, 1u << 20);
    check_round_trip(tree, GPOINTER_TO_UINT(data));
}

/* Trees by chance: each fits into the image that is said to be the smallest. */
static void
test_random(gconstpointer data)
{
    RowRandom random = { 77 };
    char name[VFS_NAME_MAX + 1];

    for (guint round = 0; round < 8; round++) {
        Vfs *tree = vfs_made_new(0755);
        VfsId dirs[8] = { 0 };
        for (guint i = 0; i < 10u << row_random_below(&random, 6); i++) {
            gsize len = 10 + row_random_below(&random, i % 9 == 0 ? 240 : 20);
            memset(name, 'x', len);
            (void)g_snprintf(name + len - 9, 10, "%09u", i);
            VfsId dir = dirs[row_random_below(&random, G_N_ELEMENTS(dirs))];
            if (row_random_below(&random, 8) == 0)
                dirs[row_random_below(&random, G_N_ELEMENTS(dirs))] = add_dir(tree, dir, name);
            else
                (void)add_file(tree, dir, name, 0644,
                               row_random_below(&random, 1u << row_random_below(&random, 19)));
        }
        check_round_trip(tree, GPOINTER_TO_UINT(data));
    }
}

/* The same tree gives the same bytes, whatever of makefs's memory happens to be in it. */
static void
test_reproducible(gconstpointer data)
{
    MfsrootOptions options = { .ufs_version = GPOINTER_TO_UINT(data), .size = 8u << 20 };
    g_autofree guint8 *bytes[2] = { g_malloc(options.size), g_malloc(options.size) };
    g_autofree guint8 *second = NULL;

    for (guint i = 0; i < 2; i++) {
        g_autoptr(Vfs) tree = odd_tree();
        g_setenv("MALLOC_PERTURB_", i == 0 ? "85" : "170", TRUE);
        auto_fd fd = build(tree, &options);
        g_assert_cmpint(pread(fd, bytes[i], options.size, 0), ==, (gssize)options.size);
    }
    second = bytes[1];
    g_unsetenv("MALLOC_PERTURB_");
    ROW_CMPMEM(bytes[0], options.size, bytes[1], options.size);
}

/* As FreeBSD 7.0's: it keeps what it was made with, label and all, and grows. */
static void
test_like(void)
{
    MfsrootOptions made = {
        .ufs_version = 1,
        .size = 4320u << 10,
        .block = 4096,
        .frag = 512,
        .bytes_per_inode = 8000,
        .label = TRUE,
    };
    g_auto(MfsrootOptions) like = { 0 };
    guint8 label[BSD_LABEL_SIZE];
    g_autoptr(Vfs) tree = odd_tree();

    auto_fd fd = build(tree, &made);
    g_autoptr(ByteSource) image = byte_source_new_fd(dup(fd), NULL);
    mfsroot_options_like(image, &like);
    g_assert_cmpuint(like.ufs_version, ==, 1);
    g_assert_cmpuint(like.block, ==, 4096);
    g_assert_cmpuint(like.frag, ==, 512);
    g_assert_cmpuint(like.bytes_per_inode, <=, 8000);
    g_assert_cmpuint(like.bytes_per_inode, >, 7000);
    g_assert_cmpuint(like.minfree, ==, 0);
    g_assert_false(like.optimize_time);
    g_assert_true(like.label);

    g_autoptr(Vfs) read = read_image(fd);
    VfsId id = tree_id(read, "/stand/sysinstall");
    g_assert_cmpuint(id, !=, 0);
    like.size = 6u << 20;
    auto_fd grown = build(read, &like);
    g_autoptr(Vfs) back = read_image(grown);
    g_autofree char *before = tree_dump(tree), *after = tree_dump(back);
    g_assert_cmpstr(after, ==, before);
    g_assert_cmpint(pread(grown, label, sizeof label, BSD_LABEL_AT), ==, (gssize)sizeof label);
    g_assert_true(bsd_label_is_there(label));
    g_assert_cmpuint(label[60] | (guint)label[61] << 8, ==, (6u << 20) / 512);
}

/* So many names in one directory and not one more. */
static void
test_dir_entries_max(void)
{
    const MfsrootLayout layout = { 1, 8192, 1024 };
    g_autoptr(Vfs) tree = vfs_made_new(0755);
    g_autoptr(GError) error = NULL;
    MfsrootNeed need;
    char name[16];

    for (guint i = 0; i < MFSROOT_DIR_ENTRIES_MAX; i++) {
        (void)g_snprintf(name, sizeof name, "%x", i);
        (void)add_file(tree, 0, name, 0644, 0);
    }
    g_assert_true(mfsroot_need(tree, &layout, &need, &error));
    (void)add_file(tree, 0, "more", 0644, 0);
    g_assert_false(mfsroot_need(tree, &layout, &need, &error));
    assert_told(error, PXE_RUN_ERROR_USAGE, "the directory of './more' has more than");
}

typedef struct {
    const char *name;
    void (*spoil)(Vfs *tree, MfsrootOptions *options);
    PxeRunError code;
    const char *told;
} BadRow;

static void
spoil_small(Vfs *tree, MfsrootOptions *options)
{
    (void)add_file(tree, 0, "large", 0644, 5u << 20);
    options->size = 4u << 20;
}

static void
spoil_large(Vfs *tree, MfsrootOptions *options)
{
    (void)options;
    (void)add_file(tree, 0, "large", 0644, MFSROOT_SIZE_MAX);
}

/* Sizes that would not fit into any number, added up. */
static void
spoil_huge(Vfs *tree, MfsrootOptions *options)
{
    (void)options;
    (void)add_file(tree, 0, "huge", 0644, G_MAXINT64);
    (void)add_file(tree, 0, "too", 0644, G_MAXINT64);
}

static void
spoil_device(Vfs *tree, MfsrootOptions *options)
{
    options->ufs_version = 1;
    add_device(tree, 0, "odd", VFS_CHR, 256, 0);
}

static void
spoil_twice(Vfs *tree, MfsrootOptions *options)
{
    (void)options;
    (void)vfs_made_add(tree, 0, "twice", attr_of(VFS_LNK, 0755), "/tmp");
    (void)add_dir(tree, 0, "twice");
}

static void
spoil_depth(Vfs *tree, MfsrootOptions *options)
{
    VfsId dir = 0;
    (void)options;
    for (guint i = 0; i < TREE_DEPTH_MAX; i++)
        dir = add_dir(tree, dir, "d");
    (void)add_dir(tree, dir, "d");
}

static void
spoil_target(Vfs *tree, MfsrootOptions *options)
{
    (void)options;
    (void)vfs_made_add(tree, 0, "nowhere", attr_of(VFS_LNK, 0755), "");
}

static const BadRow bad_rows[] = {
    { "small", spoil_small, PXE_RUN_ERROR_USAGE,
      "an image of 4 MiB does not hold the tree: it needs at least 5192 KiB" },
    { "large", spoil_large, PXE_RUN_ERROR_USAGE, "more than a memory disk can have" },
    { "huge", spoil_huge, PXE_RUN_ERROR_USAGE, "'./huge' is larger than a memory disk can be" },
    { "device", spoil_device, PXE_RUN_ERROR_USAGE, "device './odd' (256, 0): write UFS2" },
    { "twice", spoil_twice, PXE_RUN_ERROR_HOST, "'./twice': its directory has another" },
    { "depth", spoil_depth, PXE_RUN_ERROR_MEDIUM, "its directories are too deep" },
    { "target", spoil_target, PXE_RUN_ERROR_MEDIUM, "'./nowhere' in the tree: there is none" },
};

static void
test_bad(gconstpointer data)
{
    const BadRow *row = data;
    MfsrootOptions options = { 0 };
    g_autoptr(GError) error = NULL;
    g_autoptr(Vfs) tree = vfs_made_new(0755);

    row->spoil(tree, &options);
    g_assert_cmpint(mfsroot_build(tree, &options, &error), ==, -1);
    assert_told(error, row->code, row->told);
}

static void
test_no_makefs(void)
{
    g_autofree char *path = g_strdup(g_getenv("PATH"));
    MfsrootOptions options = { 0 };
    g_autoptr(GError) error = NULL;
    g_autoptr(Vfs) tree = vfs_made_new(0755);

    g_setenv("PATH", "/nonexistent", TRUE);
    g_assert_cmpint(mfsroot_build(tree, &options, &error), ==, -1);
    g_setenv("PATH", path, TRUE);
    assert_told(error, PXE_RUN_ERROR_HOST, "install the package makefs");
}

/* What makefs says of itself reaches the user. */
static void
test_makefs_fails(void)
{
    MfsrootOptions options = { .block = 8192, .frag = 512 };
    g_autoptr(GError) error = NULL;
    g_autoptr(Vfs) tree = vfs_made_new(0755);

    g_assert_cmpint(mfsroot_build(tree, &options, &error), ==, -1); /* 16 fragments in a block */
    assert_told(error, PXE_RUN_ERROR_HOST, "makefs cannot write the image: ");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mfsroot/no-makefs", test_no_makefs);
    if (ufs_maker_missing())
        return g_test_run();
    for (guint v = 1; v <= 2; v++) {
        static const struct {
            const char *name;
            GTestDataFunc func;
        } tests[] = {
            { "odd", test_odd },
            { "many", test_many },
            { "sparse", test_sparse },
            { "random", test_random },
            { "reproducible", test_reproducible },
        };
        for (gsize i = 0; i < G_N_ELEMENTS(tests); i++) {
            g_autofree char *path = g_strdup_printf("/mfsroot/ufs%u/%s", v, tests[i].name);
            g_test_add_data_func(path, GUINT_TO_POINTER(v), tests[i].func);
        }
    }
    g_test_add_func("/mfsroot/dir-entries-max", test_dir_entries_max);
    g_test_add_func("/mfsroot/like", test_like);
    g_test_add_func("/mfsroot/makefs-fails", test_makefs_fails);
    ROWS_ADD("/mfsroot/bad", bad_rows, test_bad);
    return g_test_run();
}
