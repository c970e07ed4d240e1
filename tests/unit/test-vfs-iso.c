/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * images/vfs-iso.c and the scan behind it: trees that another program has put into an image, read
 * back whole.
 */
#include "base/log.h"
#include "images/vfs-iso.h"
#include "tests/lan/rows.h"
#include "tests/unit/support/iso-maker.h"
#include "tests/unit/support/tree-check.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#define MTIME 1204070400

/* What goes into the image: a file of `size` bytes, a directory (size -1), or a link. */
typedef struct {
    const char *path;
    guint32 mode;
    gint64 size;
    const char *target;
} Entry;

static const char name_255[] =
    "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
    "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
    "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn";
G_STATIC_ASSERT(sizeof name_255 == VFS_NAME_MAX + 1);

static const Entry entries[] = {
    { "empty", 0644, 0, NULL },
    { "one", 0644, 1, NULL },
    { "block-less", 0444, 2047, NULL },
    { "block", 0600, 2048, NULL },
    { "block-more", 0640, 2049, NULL },
    { "large", 0755, 300001, NULL },
    { "suid", 04755, 10, NULL },
    { "dir", 0755, -1, NULL },
    { "dir/closed", 0700, -1, NULL },
    { "dir/closed/file", 0400, 3, NULL },
    { "dir/sticky", 01777, -1, NULL },
    { "dir/empty", 0555, -1, NULL },
    /* deeper than the eight levels of ECMA-119 6.8.2.1 */
    { "1", 0755, -1, NULL },
    { "1/2", 0755, -1, NULL },
    { "1/2/3", 0755, -1, NULL },
    { "1/2/3/4", 0755, -1, NULL },
    { "1/2/3/4/5", 0755, -1, NULL },
    { "1/2/3/4/5/6", 0755, -1, NULL },
    { "1/2/3/4/5/6/7", 0755, -1, NULL },
    { "1/2/3/4/5/6/7/8", 0755, -1, NULL },
    { "1/2/3/4/5/6/7/8/9", 0755, -1, NULL },
    { "1/2/3/4/5/6/7/8/9/deep", 0644, 4, NULL },
    /* names */
    { "UPPER", 0644, 1, NULL },
    { "upper", 0644, 2, NULL },
    { "two.dots.in.it", 0644, 1, NULL },
    { ".hidden", 0644, 1, NULL },
    { "...", 0644, 1, NULL },
    { " ", 0644, 1, NULL },
    { "semi;1", 0644, 1, NULL },
    { "line\nbreak", 0644, 1, NULL },
    { "\033[2J", 0644, 1, NULL },
    { "back\\slash", 0644, 1, NULL },
    { "\xc3\xbc", 0644, 1, NULL },
    { "latin-\xfc", 0644, 1, NULL },
    { "kernel.symbols.gz.that.has.a.long.name", 0644, 1, NULL },
    { name_255, 0644, 1, NULL },
    /* links */
    { "relative", 0777, 0, "dir/closed" },
    { "absolute", 0777, 0, "/tmp/bsdinstall_etc/resolv.conf" },
    { "up", 0777, 0, "../../x" },
    { "dots", 0777, 0, "./a/./b/.." },
    { "root", 0777, 0, "/" },
    { "dir/odd-link", 0777, 0, "\xff x" },
};

static void
put_entry(const TmpDir *dir, const Entry *entry)
{
    g_autofree char *path = g_strconcat("tree/", entry->path, NULL);
    g_autofree char *full = tmp_dir_path(dir, path);

    if (entry->target != NULL) {
        tmp_dir_symlink(dir, path, entry->target);
    } else if (entry->size < 0) {
        tmp_dir_mkdir(dir, path);
    } else {
        g_autoptr(GBytes) bytes = row_pattern_bytes((gsize)entry->size, (guint32)entry->size);
        g_autofree char *file = tmp_dir_file(dir, path, g_bytes_get_data(bytes, NULL), entry->size);
        g_assert_cmpint(chmod(full, entry->mode), ==, 0);
    }
    tmp_dir_set_mtime(dir, path, MTIME);
}

/* The line of tree_dump() for an entry, with this owner. */
static char *
expected_line(const Entry *entry, const char *owner)
{
    g_autofree char *path = log_escape(entry->path, strlen(entry->path));

    if (entry->target != NULL) {
        g_autofree char *target = log_escape(entry->target, strlen(entry->target));
        return g_strdup_printf("/%s l %04o %s -> %s\n", path, entry->mode, owner, target);
    }
    if (entry->size < 0)
        return g_strdup_printf("/%s d %04o %s\n", path, entry->mode, owner);
    g_autoptr(GBytes) bytes = row_pattern_bytes((gsize)entry->size, (guint32)entry->size);
    g_autofree char *digest = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, bytes);
    return g_strdup_printf("/%s - %04o %s %d %s\n", path, entry->mode, owner, (int)entry->size,
                           digest);
}

static gint
compare_lines(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Makes the tree. Returns: (transfer full): its dump */
static char *
put_tree(const TmpDir *dir, const char *owner)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);

    for (gsize i = 0; i < G_N_ELEMENTS(entries); i++) {
        put_entry(dir, &entries[i]);
        g_ptr_array_add(lines, expected_line(&entries[i], owner));
    }
    for (gsize i = 0; i < G_N_ELEMENTS(entries); i++) {
        g_autofree char *full = g_build_filename(dir, "tree", entries[i].path, NULL);
        if (entries[i].target == NULL && entries[i].size < 0)
            g_assert_cmpint(chmod(full, entries[i].mode), ==, 0);
    }
    g_ptr_array_sort(lines, compare_lines);
    g_ptr_array_add(lines, NULL);
    return g_strjoinv("", (char **)lines->pdata);
}

static Vfs *
open_iso(const char *path)
{
    g_autoptr(GError) error = NULL;
    Vfs *vfs = vfs_iso_new(path, &error);
    g_assert_no_error(error);
    return vfs;
}

static void
assert_same_lines(const char *got, const char *expected)
{
    g_auto(GStrv) a = g_strsplit(got, "\n", -1);
    g_auto(GStrv) b = g_strsplit(expected, "\n", -1);

    for (guint i = 0; a[i] != NULL && b[i] != NULL; i++)
        g_assert_cmpstr(a[i], ==, b[i]);
    g_assert_cmpuint(g_strv_length(a), ==, g_strv_length(b));
}

/* Everything that xorriso can put into an image with Rock Ridge. */
static void
test_rock_ridge(void)
{
    g_autoptr(TmpDir) dir = tmp_dir_new();

    if (iso_maker_missing())
        return;
    tmp_dir_mkdir(dir, "tree");
    g_autofree char *expected = put_tree(dir, "1234:56789");
    g_autofree char *source = tmp_dir_path(dir, "tree");
    g_autofree char *iso = iso_make(dir, "rr.iso", source, "-R -J -V LABEL -uid 1234 -gid 56789");
    g_autoptr(Vfs) vfs = open_iso(iso);
    g_assert_cmpuint(tree_check(vfs), ==, G_N_ELEMENTS(entries));
    g_autofree char *dump = tree_dump(vfs);
    assert_same_lines(dump, expected);
    VfsAttr attr;
    g_assert_cmpint(vfs_getattr(vfs, tree_id(vfs, "/large"), &attr), ==, 0);
    g_assert_cmpint(attr.mtime_s, ==, MTIME);
    g_assert_cmpuint(vfs_total_bytes(vfs), >=, 300001);
    g_assert_cmpint(vfs_open(vfs, tree_id(vfs, "/one")), ==, -ENOTSUP);
    g_autofree char *names = tree_list(vfs, "/1/2/3/4/5/6/7/8/9");
    g_assert_cmpstr(names, ==, "deep");
}

/* -r: all belongs to root and may be read by all. */
static void
test_rational(void)
{
    g_autoptr(TmpDir) dir = tmp_dir_new();
    VfsAttr attr;

    if (iso_maker_missing())
        return;
    tmp_dir_mkdir(dir, "tree/bin");
    g_autofree char *file = tmp_dir_file(dir, "tree/bin/prog", "x", 1);
    g_assert_cmpint(chmod(file, 0700), ==, 0);
    g_autofree char *source = tmp_dir_path(dir, "tree");
    g_autofree char *iso = iso_make(dir, "r.iso", source, "-r");
    g_autoptr(Vfs) vfs = open_iso(iso);
    g_assert_cmpint(vfs_getattr(vfs, tree_id(vfs, "/bin/prog"), &attr), ==, 0);
    g_assert_cmpuint(attr.uid, ==, 0);
    g_assert_cmpuint(attr.gid, ==, 0);
    g_assert_cmphex(attr.mode, ==, 0555);
}

typedef struct {
    const char *name;
    const char *options;
    const char *names; /* in the root, as tree_list() has them */
    const char *file;
} PlainRow;

static const PlainRow plain_rows[] = {
    { "iso-9660-alone-is-shown-in-lower-case", "--norock", "boot readme.txt right_th.txt",
      "/boot/pxeboot" },
    { "joliet-keeps-names", "--norock -J", "Right the \xc3\xbc.txt boot readme.txt",
      "/Right the \xc3\xbc.txt" },
    { "rock-ridge-wins-over-joliet", "-R -J", "Right the \xc3\xbc.txt boot readme.txt",
      "/boot/pxeboot" },
};

/* Without Rock Ridge there are no modes: files are 0444, directories 0555. */
static void
test_plain(gconstpointer data)
{
    const PlainRow *row = data;
    g_autoptr(TmpDir) dir = tmp_dir_new();

    if (iso_maker_missing())
        return;
    tmp_dir_mkdir(dir, "tree/boot");
    g_autofree char *boot = tmp_dir_file(dir, "tree/boot/pxeboot", "content", 7);
    g_autofree char *readme = tmp_dir_file(dir, "tree/readme.txt", "content", 7);
    g_autofree char *umlaut = tmp_dir_file(dir, "tree/Right the \xc3\xbc.txt", "content", 7);
    g_autofree char *source = tmp_dir_path(dir, "tree");
    g_autofree char *iso = iso_make(dir, "plain.iso", source, row->options);
    g_autoptr(Vfs) vfs = open_iso(iso);
    g_assert_cmpuint(tree_check(vfs), ==, 4);
    g_autofree char *names = tree_list(vfs, "/");
    g_assert_cmpstr(names, ==, row->names);
    g_autofree char *content = tree_text(vfs, row->file);
    g_assert_cmpstr(content, ==, "content");
    VfsAttr file, directory;
    g_assert_cmpint(vfs_getattr(vfs, tree_id(vfs, row->file), &file), ==, 0);
    g_assert_cmpint(vfs_getattr(vfs, tree_id(vfs, "/boot"), &directory), ==, 0);
    if (strstr(row->options, "--norock") != NULL) {
        g_assert_cmphex(file.mode, ==, 0444);
        g_assert_cmphex(directory.mode, ==, 0555);
    }
}

/* What a boot CD has besides: a catalog that is a file, too. */
static void
test_el_torito(void)
{
    g_autoptr(TmpDir) dir = tmp_dir_new();
    VfsAttr attr;

    if (iso_maker_missing())
        return;
    tmp_dir_mkdir(dir, "tree/boot");
    g_autoptr(GBytes) boot = row_pattern_bytes(1200, 1);
    g_autofree char *file =
        tmp_dir_file(dir, "tree/boot/cdboot", g_bytes_get_data(boot, NULL), 1200);
    g_autofree char *source = tmp_dir_path(dir, "tree");
    g_autofree char *iso =
        iso_make(dir, "boot.iso", source, "-R -c boot/boot.cat -b boot/cdboot -no-emul-boot");
    g_autoptr(Vfs) vfs = open_iso(iso);
    (void)tree_check(vfs);
    g_assert_cmpint(vfs_getattr(vfs, tree_id(vfs, "/boot/boot.cat"), &attr), ==, 0);
    g_assert_cmpint(attr.type, ==, VFS_REG);
    g_assert_cmpuint(attr.size, ==, 2048);
    g_autoptr(GBytes) read = NULL;
    g_assert_cmpint(vfs_read_file(vfs, "/boot/cdboot", 1200, &read), ==, 0);
    g_assert_true(g_bytes_equal(read, boot));
}

/* The image shrinks while it is used: its files cannot be read any more, which is no end of file.
 */
static void
test_cut_under_us(void)
{
    g_autoptr(TmpDir) dir = tmp_dir_new();
    guint8 byte;

    if (iso_maker_missing())
        return;
    tmp_dir_mkdir(dir, "tree");
    g_autofree char *file = tmp_dir_file(dir, "tree/file", "content", 7);
    g_autofree char *source = tmp_dir_path(dir, "tree");
    g_autofree char *iso = iso_make(dir, "cut.iso", source, "-R");
    g_autoptr(Vfs) vfs = open_iso(iso);
    g_autofree char *content = tree_text(vfs, "/file");
    g_assert_cmpstr(content, ==, "content");
    g_assert_cmpint(truncate(iso, 40000), ==, 0);
    g_assert_cmpint(vfs_read(vfs, tree_id(vfs, "/file"), 0, &byte, 1), ==, -EIO);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vfs-iso/rock-ridge", test_rock_ridge);
    g_test_add_func("/vfs-iso/rational", test_rational);
    ROWS_ADD("/vfs-iso/plain", plain_rows, test_plain);
    g_test_add_func("/vfs-iso/el-torito", test_el_torito);
    g_test_add_func("/vfs-iso/cut-under-us", test_cut_under_us);
    return g_test_run();
}
