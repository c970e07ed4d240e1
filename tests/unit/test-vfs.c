/* SPDX-License-Identifier: GPL-2.0-or-later */
/* images/vfs.c: walking, and the limits of names, paths and links, on trees in memory. */
#include "images/vfs.h"
#include "tests/lan/rows.h"
#include "tests/unit/support/tree-check.h"

#include <errno.h>

static void
add_file(Vfs *vfs, const char *path, const char *content)
{
    g_autoptr(GBytes) bytes = g_bytes_new(content, strlen(content));
    g_assert_cmpint(vfs_mem_add_file(vfs, path, bytes, 0644), ==, 0);
}

static const struct {
    const char *path, *target;
} links[] = {
    { "/abs", "/dir/file" },
    { "/dir/rel", "file" },
    { "/dir/up", "../other" },
    { "/dir/sub/up2", "../../other" },
    { "/todir", "dir" },
    { "/todir-slash", "dir/" },
    { "/outside", "/../../etc/passwd" },
    { "/outside-rel", "../../dir/file" },
    { "/dangling", "nowhere/x" },
    { "/empty-target", "" },
    { "/self", "self" },
    { "/ping", "pong" },
    { "/pong", "ping" },
    { "/into-self", "into-self/x" },
    { "/root", "/" },
    { "/dots", "." },
    { "/via-file", "other/x" },
    { "/to-abs", "todir/rel" },
};

static Vfs *
sample_tree(void)
{
    Vfs *vfs = vfs_mem_new();

    add_file(vfs, "/dir/file", "in dir");
    add_file(vfs, "/dir/sub/deep", "deep");
    add_file(vfs, "/other", "other");
    for (gsize i = 0; i < G_N_ELEMENTS(links); i++)
        g_assert_cmpint(vfs_mem_add_symlink(vfs, links[i].path, links[i].target), ==, 0);
    return vfs;
}

typedef struct {
    const char *name;
    const char *path;
    const char *leads_to; /* as vfs_path() has it; NULL on an error */
    int error;
} WalkRow;

static const WalkRow walk_rows[] = {
    { "root", "/", "/", 0 },
    { "nothing-is-the-root", "", "/", 0 },
    { "file", "/dir/file", "/dir/file", 0 },
    { "without-leading-slash", "dir/file", "/dir/file", 0 },
    { "double-slashes", "//dir///file", "/dir/file", 0 },
    { "trailing-slash-on-a-directory", "/dir/sub/", "/dir/sub", 0 },
    { "dot", "/./dir/./file", "/dir/file", 0 },
    { "dot-dot", "/dir/sub/../file", "/dir/file", 0 },
    { "dot-dot-above-the-root", "/../../../dir", "/dir", 0 },
    { "missing", "/none", NULL, -ENOENT },
    { "below-what-is-missing", "/none/x", NULL, -ENOENT },
    { "below-a-file", "/other/x", NULL, -ENOTDIR },
    { "dot-dot-of-a-file", "/other/..", NULL, -ENOTDIR },
    { "dot-of-a-file", "/other/.", NULL, -ENOTDIR },
    { "absolute-link", "/abs", "/dir/file", 0 },
    { "relative-link", "/dir/rel", "/dir/file", 0 },
    { "link-up", "/dir/up", "/other", 0 },
    { "link-up-twice", "/dir/sub/up2", "/other", 0 },
    { "link-to-a-directory", "/todir", "/dir", 0 },
    { "through-a-link", "/todir/sub/deep", "/dir/sub/deep", 0 },
    { "through-a-link-with-a-slash", "/todir-slash/file", "/dir/file", 0 },
    { "dot-dot-behind-a-link-is-of-its-target", "/todir/sub/../../other", "/other", 0 },
    { "link-to-a-link", "/to-abs", "/dir/file", 0 },
    { "absolute-link-above-the-root", "/outside", NULL, -ENOENT },
    { "relative-link-above-the-root", "/outside-rel", "/dir/file", 0 },
    { "link-to-the-root", "/root/root/dir", "/dir", 0 },
    { "link-to-dot", "/dots/dots/dots/other", "/other", 0 },
    { "dangling", "/dangling", NULL, -ENOENT },
    { "empty-link", "/empty-target", NULL, -ENOENT },
    { "link-through-a-file", "/via-file", NULL, -ENOTDIR },
    { "link-to-itself", "/self", NULL, -ELOOP },
    { "links-to-each-other", "/ping", NULL, -ELOOP },
    { "loop-with-more-behind", "/ping/x/y", NULL, -ELOOP },
    { "link-into-itself", "/into-self", NULL, -ELOOP },
};

static void
test_walk(gconstpointer data)
{
    const WalkRow *row = data;
    g_autoptr(Vfs) vfs = sample_tree();
    const VfsId untouched = 12345;
    char path[VFS_PATH_MAX];
    VfsId id = untouched;

    g_assert_cmpint(vfs_walk(vfs, row->path, &id), ==, row->error);
    if (row->error != 0) {
        g_assert_cmpuint(id, ==, untouched);
        return;
    }
    g_assert_cmpint(vfs_path(vfs, id, path, sizeof path), ==, 0);
    g_assert_cmpstr(path, ==, row->leads_to);
}

/* l1 → l2 → … → file: so many are followed, and not one more. */
static void
test_link_chain(void)
{
    g_autoptr(Vfs) vfs = vfs_mem_new();
    VfsId id;

    add_file(vfs, "/l0", "end");
    for (guint i = 1; i <= VFS_SYMLINK_MAX + 1; i++) {
        g_autofree char *path = g_strdup_printf("/l%u", i);
        g_autofree char *target = g_strdup_printf("l%u", i - 1);
        g_assert_cmpint(vfs_mem_add_symlink(vfs, path, target), ==, 0);
    }
    g_autofree char *last = g_strdup_printf("/l%u", VFS_SYMLINK_MAX);
    g_autofree char *more = g_strdup_printf("/l%u", VFS_SYMLINK_MAX + 1);
    g_assert_cmpint(vfs_walk(vfs, last, &id), ==, 0);
    g_assert_cmpint(vfs_walk(vfs, more, &id), ==, -ELOOP);
}

typedef struct {
    const char *name;
    gsize link, rest; /* bytes in a link's target, and in the path behind the link */
    int error;
} SpliceRow;

/* "target/rest" must fit VFS_PATH_MAX with its NUL. */
static const SpliceRow splice_rows[] = {
    { "longest-target", VFS_PATH_MAX - 2, 0, 0 },
    { "one-byte-too-long", VFS_PATH_MAX - 1, 0, -ENAMETOOLONG },
    { "as-long-as-the-buffer", VFS_PATH_MAX, 0, -ENAMETOOLONG },
    { "longer-than-the-buffer", VFS_PATH_MAX + 1, 0, -ENAMETOOLONG },
    { "with-a-rest-that-fits", VFS_PATH_MAX - 102, 100, 0 },
    { "with-a-rest-that-does-not", VFS_PATH_MAX - 101, 100, -ENAMETOOLONG },
};

static void
test_splice(gconstpointer data)
{
    const SpliceRow *row = data;
    g_autoptr(Vfs) vfs = vfs_mem_new();
    g_autofree char *target = g_strnfill(row->link, '/');
    g_autofree char *rest = g_strnfill(row->rest, '/');
    g_autofree char *path = g_strconcat("/link", rest, NULL);
    VfsId id;

    g_assert_cmpint(vfs_mem_add_symlink(vfs, "/link", target), ==, 0);
    g_assert_cmpint(vfs_walk(vfs, path, &id), ==, row->error);
}

typedef struct {
    const char *name;
    gsize len;
    int error;
} LengthRow;

static const LengthRow name_rows[] = {
    { "1", 1, 0 },
    { "255", VFS_NAME_MAX, 0 },
    { "256", VFS_NAME_MAX + 1, -ENAMETOOLONG },
    { "4000", 4000, -ENAMETOOLONG },
};

static void
test_name_length(gconstpointer data)
{
    const LengthRow *row = data;
    g_autoptr(Vfs) vfs = vfs_mem_new();
    g_autofree char *name = g_strnfill(row->len, 'n');
    g_autofree char *below = g_strconcat("/", name, "/..", NULL);
    VfsId id;

    if (row->error == 0)
        g_assert_cmpint(vfs_mem_add_dir(vfs, name, 0755), ==, 0);
    g_assert_cmpint(vfs_lookup(vfs, vfs_root(vfs), name, &id), ==, row->error);
    g_assert_cmpint(vfs_walk(vfs, name, &id), ==, row->error);
    g_assert_cmpint(vfs_walk(vfs, below, &id), ==, row->error);
}

static const LengthRow path_rows[] = {
    { "longest", VFS_PATH_MAX - 1, 0 },
    { "one-byte-too-long", VFS_PATH_MAX, -ENAMETOOLONG },
    { "much-too-long", 100000, -ENAMETOOLONG },
};

static void
test_path_length(gconstpointer data)
{
    const LengthRow *row = data;
    g_autoptr(Vfs) vfs = vfs_mem_new();
    g_autofree char *path = g_strnfill(row->len, '/');
    VfsId id;

    g_assert_cmpint(vfs_walk(vfs, path, &id), ==, row->error);
}

typedef struct {
    const char *name;
    gsize cap;
    int error;
} CapRow;

static const CapRow cap_rows[] = {
    /* of "/dir/file": 9 bytes and NUL */
    { "nothing", 0, -ENAMETOOLONG },
    { "one", 1, -ENAMETOOLONG },
    { "a-slash", 2, -ENAMETOOLONG },
    { "the-name-alone", 5, -ENAMETOOLONG },
    { "no-room-for-NUL", 9, -ENAMETOOLONG },
    { "exact", 10, 0 },
    { "larger", 11, 0 },
};

static void
test_path_cap(gconstpointer data)
{
    const CapRow *row = data;
    g_autoptr(Vfs) vfs = sample_tree();
    g_autofree char *path = g_malloc(row->cap + 1);

    memset(path, '#', row->cap + 1);
    g_assert_cmpint(vfs_path(vfs, tree_id(vfs, "/dir/file"), path, row->cap), ==, row->error);
    if (row->error == 0)
        g_assert_cmpstr(path, ==, "/dir/file");
    g_assert_cmpint(path[row->cap], ==, '#');
}

/* A tree deeper than a path can say. */
static void
test_path_deep(void)
{
    g_autoptr(Vfs) lower = vfs_mem_new();
    g_autofree char *name = g_strnfill(VFS_NAME_MAX, 'd');
    g_autoptr(GString) path = g_string_new(NULL);
    char buffer[VFS_PATH_MAX];

    while (path->len + VFS_NAME_MAX + 1 < VFS_PATH_MAX)
        g_string_append_printf(path, "/%s", name);
    g_assert_cmpint(vfs_mem_add_dir(lower, path->str, 0755), ==, 0);
    g_assert_cmpint(vfs_path(lower, tree_id(lower, path->str), buffer, sizeof buffer), ==, 0);
    g_assert_cmpstr(buffer, ==, path->str);
    g_assert_cmpint(vfs_path(lower, tree_id(lower, path->str), buffer, path->len), ==,
                    -ENAMETOOLONG);
}

typedef struct {
    const char *name;
    const char *path;
    gsize max;
    int error;
} ReadRow;

static const ReadRow read_rows[] = {
    /* "/dir/file" has 6 bytes */
    { "exact", "/dir/file", 6, 0 },
    { "larger", "/dir/file", 100, 0 },
    { "one-less", "/dir/file", 5, -EFBIG },
    { "nothing", "/dir/file", 0, -EFBIG },
    { "no-limit", "/dir/file", G_MAXSIZE, 0 },
    { "through-a-link", "/abs", 6, 0 },
    { "directory", "/dir", 6, -EISDIR },
    { "missing", "/none", 6, -ENOENT },
    { "loop", "/self", 6, -ELOOP },
};

static void
test_read_file(gconstpointer data)
{
    const ReadRow *row = data;
    g_autoptr(Vfs) vfs = sample_tree();
    g_autoptr(GBytes) bytes = NULL;

    g_assert_cmpint(vfs_read_file(vfs, row->path, row->max, &bytes), ==, row->error);
    g_assert_cmpint(vfs_is_file(vfs, row->path), ==, row->error == 0 || row->error == -EFBIG);
    if (row->error != 0) {
        g_assert_null(bytes);
        return;
    }
    gsize len;
    const char *text = g_bytes_get_data(bytes, &len);
    ROW_CMPMEM(text, len, "in dir", 6);
    g_assert_cmpint(text[len], ==, '\0'); /* for those who read it as text */
}

/* A tree whose file is shorter than its attributes say: its bytes are damaged, not empty. */
static gssize
read_half(Vfs *vfs, VfsId id, guint64 offset, void *dst, gsize n)
{
    (void)vfs;
    (void)id;
    (void)offset;
    memset(dst, 'x', n / 2);
    return (gssize)(n / 2);
}

static void
test_file_ends_early(void)
{
    g_autoptr(Vfs) vfs = sample_tree();
    g_autoptr(GBytes) bytes = NULL;
    const VfsOps *good = vfs->ops;
    VfsOps ops = *good;

    ops.read = read_half;
    vfs->ops = &ops;
    g_assert_cmpint(vfs_read_file(vfs, "/dir/file", 100, &bytes), ==, -EIO);
    g_assert_null(bytes);
    vfs->ops = good;
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/vfs/walk", walk_rows, test_walk);
    g_test_add_func("/vfs/link-chain", test_link_chain);
    ROWS_ADD("/vfs/splice", splice_rows, test_splice);
    ROWS_ADD("/vfs/name-length", name_rows, test_name_length);
    ROWS_ADD("/vfs/path-length", path_rows, test_path_length);
    ROWS_ADD("/vfs/path-cap", cap_rows, test_path_cap);
    g_test_add_func("/vfs/path-deep", test_path_deep);
    ROWS_ADD("/vfs/read-file", read_rows, test_read_file);
    g_test_add_func("/vfs/file-ends-early", test_file_ends_early);
    return g_test_run();
}
