/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * images/vfs-ufs.c: trees that makefs, a program that is not ours, has put into an image, read back
 * whole.
 */
#include "tests/lan/rows.h"
#include "tests/unit/support/disk-maker.h"
#include "tests/unit/support/tree-check.h"
#include "tests/unit/support/ufs-maker.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MTIME 1204070400

static Vfs *
open_ufs(const char *path)
{
    g_autoptr(GError) error = NULL;
    Vfs *vfs = vfs_ufs_new(ufs_source(path), &error);
    g_assert_no_error(error);
    return vfs;
}

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

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/vfs-ufs/made", make_rows, test_made);
    g_test_add_func("/vfs-ufs/mfsroot", test_mfsroot);
    g_test_add_func("/vfs-ufs/many", test_many);
    return g_test_run();
}
