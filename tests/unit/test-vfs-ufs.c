/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * images/vfs-ufs.c: trees that makefs has put into an image, read back whole; and trees that are
 * none.
 */
#include "base/log.h"
#include "tests/lan/rows.h"
#include "tests/unit/support/disk-maker.h"
#include "tests/unit/support/told.h"
#include "tests/unit/support/tree-check.h"
#include "tests/unit/support/ufs-maker.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MTIME 1204070400

static Vfs *
open_sketch(const UfsSketch *sketch, GError **error)
{
    return vfs_ufs_new(ufs_sketch_source(sketch), error);
}

static Vfs *
open_ufs(const char *path)
{
    g_autoptr(GError) error = NULL;
    Vfs *vfs = vfs_ufs_new(ufs_source(path), &error);
    g_assert_no_error(error);
    return vfs;
}

/* ---- what makefs makes ---- */

/* Objects that only root could make, and those of others: mtree(8)'s words. */
static const char spec[] =
    "#mtree\n"
    ". type=dir mode=0755 uid=0 gid=0\n"
    "./dev type=dir mode=0555 uid=0 gid=0\n"
    "./dev/null type=char mode=0666 uid=0 gid=0 device=freebsd,13,2\n"
    "./dev/ad0s1a type=block mode=0640 uid=0 gid=5 device=freebsd,116,65538\n"
    "./fifo type=fifo mode=0600 uid=4294967294 gid=65533\n"
    "./setuid type=file mode=06755 uid=1001 gid=1002\n";

static const char spec_dump[] = "/dev d 0555 0:0\n"
                                "/dev/ad0s1a b 0640 0:5 116,65538\n"
                                "/dev/null c 0666 0:0 13,2\n"
                                "/fifo p 0600 4294967294:65533\n";

static const gsize sizes[] = { 0,     1,     511,   512,   513,    4096,
                               16384, 49152, 49153, 98304, 300001, 1500000 };

static void
put_files(const TmpDir *dir)
{
    for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autoptr(GBytes) bytes = row_pattern_bytes(sizes[i], (guint32)i);
        g_autofree char *name = g_strdup_printf("tree/size-%" G_GSIZE_FORMAT, sizes[i]);
        g_autofree char *file =
            tmp_dir_file(dir, name, g_bytes_get_data(bytes, NULL), (gssize)sizes[i]);
        g_assert_cmpint(chmod(file, 0444), ==, 0);
    }
    g_autofree char *setuid = tmp_dir_file(dir, "tree/setuid", "x", 1);
    g_autofree char *odd = tmp_dir_file(dir, "tree/\xff \n\033[2J", "odd", 3);
    g_assert_cmpint(chmod(odd, 0644), ==, 0);
}

/* Links of every length about those that fit into an inode of UFS1 and of UFS2. */
static void
put_links(const TmpDir *dir)
{
    for (gsize len = 1; len<1000; len += len> 55 && len < 125 ? 1 : 27) {
        g_autofree char *target = g_strnfill(len, (char)('a' + len % 26));
        g_autofree char *name = g_strdup_printf("tree/links/%03" G_GSIZE_FORMAT, len);
        tmp_dir_symlink(dir, name, target);
    }
}

static void
put_names(const TmpDir *dir)
{
    char name[VFS_NAME_MAX + 1] = { 0 };

    for (gsize len = 1; len <= VFS_NAME_MAX; len++) {
        name[len - 1] = (char)('a' + len % 26);
        g_autofree char *path = g_strconcat("tree/names/", name, NULL);
        g_autofree char *file = tmp_dir_file(dir, path, name, -1);
        g_assert_cmpint(chmod(file, 0644), ==, 0);
    }
}

/* The dump of the host's directory, without owners, and with what the specification adds. */
static char *
wanted_dump(const char *source)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Vfs) vfs = vfs_dir_new(source, &error);

    g_assert_no_error(error);
    return tree_dump(vfs);
}

/* A line's owners are cut out: the host's are not known beforehand. */
static char *
without_owners(const char *dump)
{
    g_autoptr(GRegex) owners = g_regex_new(" \\d+:\\d+", 0, 0, NULL);
    return g_regex_replace_literal(owners, dump, -1, 0, "", 0, NULL);
}

static gint
compare_lines(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
assert_same_tree(const char *got, const char *wanted, const char *added)
{
    g_autofree char *all = g_strconcat(wanted, added, NULL);
    g_autofree char *a_text = without_owners(got), *b_text = without_owners(all);
    g_auto(GStrv) a = g_strsplit(a_text, "\n", -1), b = g_strsplit(b_text, "\n", -1);

    qsort(a, g_strv_length(a), sizeof *a, compare_lines);
    qsort(b, g_strv_length(b), sizeof *b, compare_lines);
    for (guint i = 0; a[i] != NULL && b[i] != NULL; i++)
        g_assert_cmpstr(a[i], ==, b[i]);
    g_assert_cmpuint(g_strv_length(a), ==, g_strv_length(b));
}

typedef struct {
    const char *name;
    const char *options; /* of makefs */
} MakeRow;

static const MakeRow make_rows[] = {
    { "ufs1", "-o version=1" },
    { "ufs2", "-o version=2" },
    { "ufs1-4k-512", "-o version=1,bsize=4096,fsize=512" },
    { "ufs1-8k-1k", "-o version=1,bsize=8192,fsize=1024" },
    { "ufs2-4k-4k", "-b 40% -o version=2,bsize=4096,fsize=4096" },
    { "ufs2-16k-2k", "-o version=2,bsize=16384,fsize=2048" },
    { "ufs2-32k-4k", "-b 40% -o version=2,bsize=32768,fsize=4096" },
    { "ufs2-64k-8k", "-b 60% -o version=2,bsize=65536,fsize=8192" },
    { "ufs1-many-groups", "-b 40% -o version=1,bsize=4096,fsize=512,maxbpcg=200,density=2048" },
    { "ufs2-many-inodes", "-s 48m -o version=2,density=1024" },
};

static void
test_made(gconstpointer data)
{
    const MakeRow *row = data;
    g_autoptr(TmpDir) dir = tmp_dir_new();
    VfsAttr attr;

    if (ufs_maker_missing())
        return;
    tmp_dir_mkdir(dir, "tree/links");
    tmp_dir_mkdir(dir, "tree/names");
    tmp_dir_mkdir(dir, "tree/1/2/3/4/5/6/7/8/9/10/11/12");
    put_files(dir);
    put_links(dir);
    put_names(dir);
    tmp_dir_set_mtime(dir, "tree/size-1", MTIME);
    g_autofree char *source = tmp_dir_path(dir, "tree");
    g_autofree char *wanted = wanted_dump(source);
    g_autofree char *spec_file = tmp_dir_file(dir, "spec", spec, -1);
    g_autofree char *image = ufs_make(dir, source, spec_file, row->options);
    g_autoptr(Vfs) vfs = open_ufs(image);
    (void)tree_check(vfs);
    g_autofree char *got = tree_dump(vfs);
    for (const char *line = spec_dump; *line != '\0'; line = strchr(line, '\n') + 1) {
        g_autofree char *one = g_strndup(line, (gsize)(strchr(line, '\n') + 1 - line));
        g_assert_nonnull(strstr(got, one));
    }
    g_assert_nonnull(strstr(got, "/setuid - 6755 1001:1002 1 "));
    char *mode = strstr(wanted, "/setuid - 0644");
    g_assert_nonnull(mode);
    memcpy(mode, "/setuid - 6755", 14);
    assert_same_tree(got, wanted, spec_dump);
    g_assert_cmpint(vfs_getattr(vfs, tree_id(vfs, "/size-1"), &attr), ==, 0);
    g_assert_cmpint(attr.mtime_s, ==, MTIME);
    g_assert_cmpuint(vfs_total_bytes(vfs), >, 2000000);
    g_assert_cmpint(vfs_open(vfs, tree_id(vfs, "/size-1")), ==, -ENOTSUP);
}

/*
 * FreeBSD 7.0's mfsroot: a UFS1 of 4320 kB, with a disklabel at byte 512.
 *
 * Source: FreeBSD 7.0 release/scripts/doFS.sh, release/Makefile
 */
static void
test_mfsroot(void)
{
    g_autoptr(TmpDir) dir = tmp_dir_new();
    g_autoptr(GError) error = NULL;
    g_autofree char *contents = NULL, *slice = NULL;
    gsize len;

    if (ufs_maker_missing())
        return;
    tmp_dir_mkdir(dir, "tree/boot");
    tmp_dir_mkdir(dir, "tree/stand");
    g_autoptr(GBytes) bytes = row_pattern_bytes(2500000, 7);
    g_autofree char *init =
        tmp_dir_file(dir, "tree/stand/sysinstall", g_bytes_get_data(bytes, NULL), 2500000);
    g_autofree char *other = tmp_dir_path(dir, "tree/stand/init");
    g_assert_cmpint(link(init, other), ==, 0);
    g_autofree char *source = tmp_dir_path(dir, "tree");
    g_autofree char *path = ufs_make(
        dir, source, NULL, "-s 4320k -o version=1,density=8000,minfree=0,optimization=space");
    g_assert_true(g_file_get_contents(path, &contents, &len, NULL));
    g_assert_cmpuint(len, ==, 4320 * 1024);
    g_autoptr(GByteArray) disk = g_byte_array_new();
    g_byte_array_append(disk, (const guint8 *)contents, (guint)len);
    disk_put_label(disk, 0, 0, 0, (guint32)len / 512);
    disk_put_label(disk, 0, 2, 0, (guint32)len / 512);
    g_autoptr(GBytes) labelled = g_bytes_new(disk->data, disk->len);
    g_autoptr(ByteSource) image = byte_source_new_bytes(labelled);
    g_autoptr(Vfs) vfs = vfs_ufs_open_image(image, "mfsroot", &slice, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(slice, ==, "raw");
    g_assert_cmpuint(tree_check(vfs), ==, 4);
    g_assert_cmpuint(tree_id(vfs, "/stand/init"), ==, tree_id(vfs, "/stand/sysinstall"));
    g_autoptr(GBytes) got = NULL;
    g_assert_cmpint(vfs_read_file(vfs, "/stand/init", 1 << 22, &got), ==, 0);
    g_assert_true(g_bytes_equal(got, bytes));
}

/* 10,000 files in one directory, in both orders. */
static void
test_many(void)
{
    g_autoptr(TmpDir) dir = tmp_dir_new();
    g_autoptr(GString) text = g_string_new("#mtree\n. type=dir mode=0755 uid=0 gid=0\n"
                                           "./many type=dir mode=0755 uid=0 gid=0\n");
    VfsDirent entry = { .cookie = 0 };
    guint n = 0;

    if (ufs_maker_missing())
        return;
    tmp_dir_mkdir(dir, "tree");
    for (guint i = 0; i < 10000; i++)
        g_string_append_printf(text, "./many/file-%u type=file mode=0644 uid=0 gid=0\n", i);
    g_autofree char *many_spec = tmp_dir_file(dir, "spec", text->str, -1);
    g_autofree char *source = tmp_dir_path(dir, "tree");
    g_autofree char *image = ufs_make(dir, source, many_spec, "-s 32m -o version=2,density=2048");
    g_autoptr(Vfs) vfs = open_ufs(image);
    VfsId many = tree_id(vfs, "/many");
    for (guint i = 10000; i > 0; i--) {
        g_autofree char *name = g_strdup_printf("file-%u", i - 1);
        VfsId found;
        g_assert_cmpint(vfs_lookup(vfs, many, name, &found), ==, 0);
    }
    while (vfs_readdir(vfs, many, entry.cookie, &entry) == 1)
        n++;
    g_assert_cmpuint(n, ==, 10000);
    g_assert_cmpuint(tree_check(vfs), ==, 10001);
}

/* A file of more than 4 GiB, nearly all of it a hole. */
static void
test_large(void)
{
    g_autoptr(UfsSketch) sketch = ufs_sketch_new(2, 0);
    const guint64 size = ((guint64)5 << 30) + 7;
    guint8 bytes[1024], zeros[1024] = { 0 };
    VfsAttr attr;

    ufs_sketch_sample(sketch);
    le_put(sketch->image, ufs_sketch_inode_at(sketch, 8) + 16, 8, size);
    g_autoptr(Vfs) vfs = open_sketch(sketch, NULL);
    (void)tree_check(vfs);
    VfsId map = tree_id(vfs, "/map");
    g_assert_cmpint(vfs_getattr(vfs, map, &attr), ==, 0);
    g_assert_cmpuint(attr.size, ==, size);
    g_assert_cmpint(vfs_read(vfs, map, (guint64)4 << 30, bytes, 1024), ==, 1024);
    ROW_CMPMEM(bytes, 1024, zeros, 1024);
    g_assert_cmpint(vfs_read(vfs, map, size - 7, bytes, 1024), ==, 7);
}

/* ---- trees that are drawn ---- */

static void
test_sample(void)
{
    for (guint version = 1; version <= 2; version++) {
        g_autoptr(UfsSketch) sketch = ufs_sketch_new(version, version == 1 ? 8192 : 65536);
        char path[VFS_PATH_MAX];
        VfsAttr attr;
        ufs_sketch_sample(sketch);
        g_autoptr(Vfs) vfs = open_sketch(sketch, NULL);
        g_assert_cmpuint(tree_check(vfs), ==, 9);
        g_autofree char *text = tree_text(vfs, "/boot/dir/deep");
        g_assert_cmpstr(text, ==, "deep");
        g_assert_cmpint(vfs_getattr(vfs, tree_id(vfs, "/null"), &attr), ==, 0);
        g_assert_cmpuint(attr.rdev_major, ==, 0xff);
        g_assert_cmphex(attr.rdev_minor, ==, 0x0d120002);
        /* Two names of one file, of which the first is its own. */
        g_assert_cmpuint(tree_id(vfs, "/boot/loader.old"), ==, tree_id(vfs, "/boot/loader"));
        g_assert_cmpint(vfs_getattr(vfs, tree_id(vfs, "/boot/loader"), &attr), ==, 0);
        g_assert_cmpuint(attr.nlink, ==, 2);
        g_assert_cmpint(vfs_path(vfs, tree_id(vfs, "/boot/loader.old"), path, sizeof path), ==, 0);
        g_assert_cmpstr(path, ==, "/boot/loader");
    }
}

/* FreeBSD 12 and later have 64 bits: the upper halves of both numbers are in the upper word. */
static void
test_wide_device(void)
{
    g_autoptr(UfsSketch) sketch = ufs_sketch_new(2, 0);
    VfsAttr attr;

    ufs_sketch_sample(sketch);
    ufs_sketch_set_address(sketch, 7, 0, 0x1234567889abcdef);
    g_autoptr(Vfs) vfs = open_sketch(sketch, NULL);
    g_assert_cmpint(vfs_getattr(vfs, tree_id(vfs, "/null"), &attr), ==, 0);
    g_assert_cmphex(attr.rdev_major, ==, 0x123456cd);
    g_assert_cmphex(attr.rdev_minor, ==, 0x89ab78ef);
}

/* An object exists once it was listed, or looked up; an inode as such does not. */
static void
test_handed_out(void)
{
    g_autoptr(UfsSketch) sketch = ufs_sketch_new(1, 8192);
    VfsAttr attr;

    ufs_sketch_sample(sketch);
    ufs_sketch_file(sketch, 9, "orphan", 6);
    g_autoptr(Vfs) vfs = open_sketch(sketch, NULL);
    g_assert_cmpint(vfs_getattr(vfs, 4, &attr), ==, -ESTALE);
    (void)tree_check(vfs);
    g_assert_cmpint(vfs_getattr(vfs, 4, &attr), ==, 0);
    static const VfsId others[] = { 0, 1, 9, 10, 127, 128, G_MAXUINT32, G_MAXUINT64 };
    for (gsize i = 0; i < G_N_ELEMENTS(others); i++)
        g_assert_cmpint(vfs_getattr(vfs, others[i], &attr), ==, -ESTALE);
}

static void
draw_good(UfsSketch *sketch)
{
    (void)sketch;
}

static void
draw_cycle(UfsSketch *sketch)
{
    (void)ufs_sketch_name(sketch, 65, "up", 3);
}

static void
draw_root_in_root(UfsSketch *sketch)
{
    (void)ufs_sketch_name(sketch, 2, "self", 2);
}

static void
draw_root_below(UfsSketch *sketch)
{
    (void)ufs_sketch_name(sketch, 65, "top", 2);
}

static void
draw_self(UfsSketch *sketch)
{
    (void)ufs_sketch_name(sketch, 65, "self", 65);
}

static void
draw_two_names(UfsSketch *sketch)
{
    (void)ufs_sketch_name(sketch, 3, "dir2", 65);
}

static void
draw_two_places(UfsSketch *sketch)
{
    (void)ufs_sketch_name(sketch, 2, "dir2", 65);
}

static void
draw_wrong_up(UfsSketch *sketch)
{
    (void)ufs_sketch_dir(sketch, 10, 65);
    (void)ufs_sketch_name(sketch, 3, "wrong", 10);
}

/* A file that is a directory in its inode. */
static void
draw_file_as_dir(UfsSketch *sketch)
{
    le_put(sketch->image, ufs_sketch_inode_at(sketch, 66), 2, 040755);
}

static void
draw_dir_as_file(UfsSketch *sketch)
{
    le_put(sketch->image, ufs_sketch_inode_at(sketch, 65), 2, 0100644);
}

static void
draw_free_inode(UfsSketch *sketch)
{
    (void)ufs_sketch_name(sketch, 65, "free", 100);
}

static void
draw_no_inode(UfsSketch *sketch)
{
    (void)ufs_sketch_name(sketch, 65, "none", 4000000);
}

static void
draw_whiteout_inode(UfsSketch *sketch)
{
    le_put(sketch->image, ufs_sketch_inode_at(sketch, 66), 2, 0160000);
}

static void
draw_wrong_type(UfsSketch *sketch)
{
    le_put(sketch->image, ufs_sketch_inode_at(sketch, 66), 2, 0170644);
}

static void
draw_huge_file(UfsSketch *sketch)
{
    le_put(sketch->image, ufs_sketch_inode_at(sketch, 66) + 16, 8, G_MAXUINT64);
}

static void
draw_hole(UfsSketch *sketch)
{
    ufs_sketch_set_address(sketch, 65, 0, 0);
}

static void
draw_huge_dir(UfsSketch *sketch)
{
    le_put(sketch->image, ufs_sketch_inode_at(sketch, 65) + 16, 8, (guint64)1 << 30);
}

static void
draw_dir_outside(UfsSketch *sketch)
{
    ufs_sketch_set_address(sketch, 65, 0, 1u << 30);
}

typedef struct {
    const char *name;
    void (*draw)(UfsSketch *sketch);
    const char *damaged; /* the directory that cannot be read */
    const char *good;    /* one that can */
} TreeRow;

static const TreeRow tree_rows[] = {
    { "good", draw_good, NULL, "/boot/dir" },
    { "cycle", draw_cycle, "/boot/dir", "/boot" },
    { "root-below-itself", draw_root_below, "/boot/dir", "/boot" },
    { "directory-in-itself", draw_self, "/boot/dir", "/boot" },
    { "directory-with-two-names", draw_two_names, "/boot", "/" },
    { "way-up-lies", draw_wrong_up, "/boot", "/" },
    { "file-is-a-directory", draw_file_as_dir, "/boot/dir", "/boot" },
    { "directory-is-a-file", draw_dir_as_file, NULL, "/boot" },
    { "free-inode", draw_free_inode, "/boot/dir", "/boot" },
    { "no-such-inode", draw_no_inode, "/boot/dir", "/boot" },
    { "whiteout", draw_whiteout_inode, "/boot/dir", "/boot" },
    { "wrong-type", draw_wrong_type, "/boot/dir", "/boot" },
    { "file-of-2^64-bytes", draw_huge_file, "/boot/dir", "/boot" },
    { "directory-is-a-hole", draw_hole, "/boot", "/" },
    { "directory-of-1-gib", draw_huge_dir, "/boot/dir", "/boot" },
    { "directory-outside", draw_dir_outside, "/boot", "/" },
};

static void
test_tree(gconstpointer data)
{
    const TreeRow *row = data;
    g_autoptr(UfsSketch) sketch = ufs_sketch_new(2, 0);
    VfsDirent entry = { .cookie = 0 };
    VfsId found;

    ufs_sketch_sample(sketch);
    row->draw(sketch);
    g_autoptr(Vfs) vfs = open_sketch(sketch, NULL);
    for (guint again = 0; again < 2 && row->damaged != NULL; again++) {
        VfsId dir = tree_id(vfs, row->damaged);
        g_assert_cmpint(vfs_readdir(vfs, dir, 0, &entry), ==, -EIO);
        g_assert_cmpint(vfs_readdir(vfs, dir, 1, &entry), ==, -EIO);
        g_assert_cmpint(vfs_lookup(vfs, dir, "deep", &found), ==, -EIO);
        g_assert_cmpint(vfs_lookup(vfs, dir, "..", &found), ==, 0);
    }
    g_autofree char *names = tree_list(vfs, row->good);
    g_assert_cmpstr(names, !=, "");
    if (row->damaged == NULL)
        (void)tree_check(vfs);
}

static const TreeRow root_rows[] = {
    { "root-in-root", draw_root_in_root, "/", NULL },
    { "directory-in-two-places", draw_two_places, "/", NULL },
};

static void
test_root(gconstpointer data)
{
    const TreeRow *row = data;
    g_autoptr(UfsSketch) sketch = ufs_sketch_new(2, 0);
    g_autoptr(GError) error = NULL;

    ufs_sketch_sample(sketch);
    row->draw(sketch);
    g_assert_null(open_sketch(sketch, &error));
    assert_told(error, PXE_RUN_ERROR_MEDIUM, "the root directory cannot be read");
}

/* Reads all that can be reached; there is an end to it. */
static guint
visit(Vfs *vfs, VfsId dir)
{
    VfsDirent entry = { .cookie = 0 };
    char bytes[VFS_PATH_MAX];
    guint n = 1;

    while (vfs_readdir(vfs, dir, entry.cookie, &entry) == 1) {
        VfsAttr attr;
        g_assert_cmpint(vfs_path(vfs, entry.id, bytes, sizeof bytes), ==, 0);
        (void)vfs_getattr(vfs, entry.id, &attr);
        (void)vfs_read(vfs, entry.id, 0, bytes, sizeof bytes);
        (void)vfs_read(vfs, entry.id, (guint64)1 << 31, bytes, sizeof bytes);
        (void)vfs_readlink(vfs, entry.id, bytes, sizeof bytes);
        n += visit(vfs, entry.id);
    }
    return n;
}

/* Every byte of what makes the tree has other values, one at a time. */
static void
test_every_byte(void)
{
    static const guint8 values[] = { 0x00, 0x01, 0x7f, 0x80, 0xff };

    for (guint version = 1; version <= 2; version++) {
        g_autoptr(UfsSketch) sketch = ufs_sketch_new(version, version == 1 ? 8192 : 0);
        ufs_sketch_sample(sketch);
        gsize first = ufs_sketch_inode_at(sketch, 2);
        gsize last = (gsize)sketch->next_frag * SKETCH_FRAG;
        for (gsize at = first; at < last; at++) {
            guint8 before = sketch->image->data[at];
            if (before == 0 && at % 16 != 0) /* most is empty */
                continue;
            sketch->image->data[at] = values[at % G_N_ELEMENTS(values)];
            g_autoptr(Vfs) vfs = open_sketch(sketch, NULL);
            if (vfs != NULL)
                g_assert_cmpuint(visit(vfs, vfs_root(vfs)), <=, 100);
            sketch->image->data[at] = before;
        }
    }
}

/* More directories are used in turn than are kept in memory. */
static void
test_turns(void)
{
    g_autoptr(UfsSketch) sketch = ufs_sketch_new(2, 0);
    g_autoptr(GRand) random = g_rand_new_with_seed(1);

    for (guint i = 0; i < 12; i++) {
        g_autofree char *name = g_strdup_printf("dir-%u", i);
        (void)ufs_sketch_dir(sketch, 10 + i, 2);
        (void)ufs_sketch_name(sketch, 2, name, 10 + i);
        ufs_sketch_inode(sketch, 30 + i, 0100000 | (guint16)i, 1, 0);
        (void)ufs_sketch_name(sketch, 10 + i, name, 30 + i);
    }
    g_autoptr(Vfs) vfs = open_sketch(sketch, NULL);
    for (guint turn = 0; turn < 200; turn++) {
        guint i = (guint)g_rand_int_range(random, 0, 12);
        g_autofree char *path = g_strdup_printf("/dir-%u/dir-%u", i, i);
        g_assert_cmpuint(tree_id(vfs, path), ==, 30 + i);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/vfs-ufs/made", make_rows, test_made);
    g_test_add_func("/vfs-ufs/mfsroot", test_mfsroot);
    g_test_add_func("/vfs-ufs/many", test_many);
    g_test_add_func("/vfs-ufs/large", test_large);
    g_test_add_func("/vfs-ufs/sample", test_sample);
    g_test_add_func("/vfs-ufs/wide-device", test_wide_device);
    g_test_add_func("/vfs-ufs/handed-out", test_handed_out);
    ROWS_ADD("/vfs-ufs/tree", tree_rows, test_tree);
    ROWS_ADD("/vfs-ufs/root", root_rows, test_root);
    g_test_add_func("/vfs-ufs/every-byte", test_every_byte);
    g_test_add_func("/vfs-ufs/turns", test_turns);
    return g_test_run();
}
