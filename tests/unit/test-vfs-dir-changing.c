/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * images/vfs-dir.c, when the host's directory changes after a file in it was read: what is noticed
 * at once, and what when the descriptor of the file has come of age. Nothing outside is ever read.
 */
#include "images/dir-descriptors.h"
#include "tests/lan/rows.h"
#include "tests/unit/support/tmp-dir.h"
#include "tests/unit/support/tree-check.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

/* As many programs that serve the same directory. */
#define SERVERS 2

typedef struct {
    TmpDir *dir;
    gint64 now_us;
    Vfs *trees[SERVERS];
} Fixture;

static void
put(const TmpDir *dir, const char *name, const char *content)
{
    g_autofree char *path = tmp_dir_file(dir, name, content, -1);
}

static gint64
fixture_clock(gpointer data)
{
    return ((Fixture *)data)->now_us;
}

static Vfs *
fixture_open(Fixture *self)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = tmp_dir_path(self->dir, "tree");

    Vfs *tree = vfs_dir_new(path, &error);
    g_assert_no_error(error);
    vfs_dir_set_clock(tree, fixture_clock, self);
    return tree;
}

static struct timespec
changed_at(const Fixture *self, const char *name)
{
    g_autofree char *path = tmp_dir_path(self->dir, name);
    struct stat st;

    g_assert_cmpint(lstat(path, &st), ==, 0);
    return st.st_ctim;
}

/* Waits for the file system's clock, which in kernels before 6.13 is that of the timer: two changes
 * within one tick cannot be told apart. */
static void
fixture_await_tick(const Fixture *self)
{
    struct timespec before = changed_at(self, "tree/boot/loader"), now;

    do {
        tmp_dir_set_mtime(self->dir, "secret", 1000);
        now = changed_at(self, "secret");
    } while (now.tv_sec == before.tv_sec && now.tv_nsec == before.tv_nsec);
}

static void
fixture_init(Fixture *self)
{
    *self = (Fixture){ .dir = tmp_dir_new(), .now_us = 1 };
    tmp_dir_mkdir(self->dir, "tree/boot");
    tmp_dir_mkdir(self->dir, "tree/other");
    tmp_dir_mkdir(self->dir, "outside");
    put(self->dir, "secret", "secret");
    put(self->dir, "outside/loader", "secret");
    put(self->dir, "tree/boot/loader", "loader");
    put(self->dir, "tree/other/loader", "other");
    put(self->dir, "new", "new");
    for (gsize i = 0; i < SERVERS; i++)
        self->trees[i] = fixture_open(self);
    fixture_await_tick(self);
}

static void
fixture_clear(Fixture *self)
{
    for (gsize i = 0; i < SERVERS; i++)
        vfs_free(self->trees[i]);
    tmp_dir_free(self->dir);
}

/* ---- changes ---- */

static void
move(const Fixture *self, const char *from, const char *to)
{
    g_autofree char *old = tmp_dir_path(self->dir, from);
    g_autofree char *new = tmp_dir_path(self->dir, to);
    g_assert_cmpint(rename(old, new), ==, 0);
}

static void
link_also(const Fixture *self)
{
    g_autofree char *old = tmp_dir_path(self->dir, "tree/boot/loader");
    g_autofree char *new = tmp_dir_path(self->dir, "tree/also");
    g_assert_cmpint(link(old, new), ==, 0);
}

static void
replace(const Fixture *self)
{
    move(self, "new", "tree/boot/loader");
}

static void
replace_linked(const Fixture *self)
{
    link_also(self);
    replace(self);
}

static void
delete_it(const Fixture *self)
{
    g_autofree char *path = tmp_dir_path(self->dir, "tree/boot/loader");
    g_assert_cmpint(unlink(path), ==, 0);
}

static void
delete_linked(const Fixture *self)
{
    link_also(self);
    delete_it(self);
}

static void
delete_and_make(const Fixture *self)
{
    delete_it(self);
    put(self->dir, "tree/boot/loader", "again");
}

static void
move_away(const Fixture *self)
{
    move(self, "tree/boot/loader", "tree/moved");
}

static void
truncate_it(const Fixture *self)
{
    g_autofree char *path = tmp_dir_path(self->dir, "tree/boot/loader");
    g_assert_cmpint(truncate(path, 3), ==, 0);
}

static void
write_longer(const Fixture *self)
{
    put(self->dir, "tree/boot/loader", "a longer loader");
}

static void
swap_with_link(const Fixture *self)
{
    tmp_dir_symlink(self->dir, "link", "../../secret");
    move(self, "link", "tree/boot/loader");
}

static void
swap_with_directory(const Fixture *self)
{
    delete_it(self);
    move(self, "outside", "tree/boot/loader");
}

static void
move_directory_outside(const Fixture *self)
{
    move(self, "tree/boot", "moved");
}

static void
move_directory_inside(const Fixture *self)
{
    move(self, "tree/boot", "tree/moved");
}

static void
swap_directory_with_link(const Fixture *self)
{
    move(self, "tree/boot", "tree/moved");
    tmp_dir_symlink(self->dir, "tree/boot", "../outside");
}

static void
replace_directory(const Fixture *self)
{
    move(self, "tree/boot", "moved");
    move(self, "tree/other", "tree/boot");
}

static void
rebuild_directory(const Fixture *self)
{
    g_autofree char *path = tmp_dir_path(self->dir, "tree/boot");

    delete_it(self);
    g_assert_cmpint(rmdir(path), ==, 0);
    move(self, "tree/other", "tree/boot");
}

/* ---- what is seen ---- */

typedef struct {
    const char *text; /* of the file; NULL: it cannot be read */
    int attr_error, read_error;
} Seen;

typedef struct {
    const char *name;
    void (*change)(const Fixture *self);
    Seen soon, later;
} ChangeRow;

#define SEEN(text)                                                                                 \
    {                                                                                              \
        (text), 0, 0                                                                               \
    }
#define STALE                                                                                      \
    {                                                                                              \
        NULL, -ESTALE, -ESTALE                                                                     \
    }
#define OTHER_KIND(error)                                                                          \
    {                                                                                              \
        NULL, 0, (error)                                                                           \
    }

static const ChangeRow change_rows[] = {
    { "replaced", replace, SEEN("new"), SEEN("new") },
    { "replaced-linked-elsewhere", replace_linked, SEEN("new"), SEEN("new") },
    { "deleted", delete_it, STALE, STALE },
    { "deleted-linked-elsewhere", delete_linked, STALE, STALE },
    { "deleted-and-made-again", delete_and_make, SEEN("again"), SEEN("again") },
    { "moved", move_away, STALE, STALE },
    { "truncated", truncate_it, SEEN("loa"), SEEN("loa") },
    { "written-to", write_longer, SEEN("a longer loader"), SEEN("a longer loader") },
    { "link-instead", swap_with_link, OTHER_KIND(-EINVAL), OTHER_KIND(-EINVAL) },
    { "directory-instead", swap_with_directory, OTHER_KIND(-EISDIR), OTHER_KIND(-EISDIR) },
    { "directory-rebuilt", rebuild_directory, SEEN("other"), SEEN("other") },
    /* The file itself has not changed. */
    { "directory-moved-outside", move_directory_outside, SEEN("loader"), STALE },
    { "directory-moved-inside", move_directory_inside, SEEN("loader"), STALE },
    { "link-instead-of-directory", swap_directory_with_link, SEEN("loader"), STALE },
    { "directory-replaced", replace_directory, SEEN("loader"), SEEN("other") },
};

static void
check_seen(Vfs *tree, VfsId file, const Seen *want)
{
    VfsAttr attr;
    char bytes[32];

    g_assert_cmpint(vfs_getattr(tree, file, &attr), ==, want->attr_error);
    gssize n = vfs_read(tree, file, 0, bytes, sizeof bytes);
    if (want->text == NULL) {
        g_assert_cmpint(n, ==, want->read_error);
        return;
    }
    g_assert_cmpint(n, >=, 0);
    ROW_CMPMEM(bytes, (gsize)n, want->text, strlen(want->text));
    g_assert_cmpuint(attr.size, ==, (gsize)n);
}

static void
test_change(gconstpointer data)
{
    static const Seen before = SEEN("loader");
    const ChangeRow *row = data;
    Fixture fixture;

    fixture_init(&fixture);
    VfsId file = tree_id(fixture.trees[0], "/boot/loader");
    for (gsize i = 0; i < SERVERS; i++) {
        g_assert_cmpuint(tree_id(fixture.trees[i], "/boot/loader"), ==, file);
        check_seen(fixture.trees[i], file, &before);
    }
    row->change(&fixture);
    fixture.now_us += DIR_DESCRIPTOR_AGE_US - 1;
    for (gsize i = 0; i < SERVERS; i++)
        check_seen(fixture.trees[i], file, &row->soon);
    fixture.now_us += 1;
    for (gsize i = 0; i < SERVERS; i++)
        check_seen(fixture.trees[i], file, &row->later);
    fixture_clear(&fixture);
}

/* Whoever opens a file walks to it, and whoever looks a name up, whatever is kept. */
static void
test_open_walks(void)
{
    Fixture fixture;
    char byte;
    VfsId found;

    fixture_init(&fixture);
    Vfs *tree = fixture.trees[0];
    VfsId boot = tree_id(tree, "/boot"), file = tree_id(tree, "/boot/loader");
    g_assert_cmpint(vfs_read(tree, file, 0, &byte, 1), ==, 1);
    swap_directory_with_link(&fixture);
    g_assert_cmpint(vfs_open(tree, file), ==, -ESTALE);
    g_assert_cmpint(vfs_readlink(tree, file, &byte, 1), ==, -ESTALE);
    g_assert_cmpint(vfs_lookup(tree, boot, "loader", &found), ==, -ENOTDIR);
    fixture_clear(&fixture);
}

/* What may not be read any more is not read, although it is open. */
static void
test_unreadable(void)
{
    Fixture fixture;
    VfsAttr attr;
    char byte;

    fixture_init(&fixture);
    Vfs *tree = fixture.trees[0];
    VfsId file = tree_id(tree, "/boot/loader");
    g_autofree char *path = tmp_dir_path(fixture.dir, "tree/boot/loader");
    g_assert_cmpint(vfs_read(tree, file, 0, &byte, 1), ==, 1);
    g_assert_cmpint(chmod(path, 0), ==, 0);
    g_assert_cmpint(vfs_getattr(tree, file, &attr), ==, 0);
    g_assert_cmphex(attr.mode, ==, 0);
    g_assert_cmpint(vfs_read(tree, file, 0, &byte, 1), ==, geteuid() == 0 ? 1 : -EACCES);
    fixture_clear(&fixture);
}

/* ---- how many ---- */

/* Descriptors that this process has of the tree. */
static guint
count_descriptors(const Fixture *self)
{
    g_autofree char *tree = tmp_dir_path(self->dir, "tree");
    GDir *dir = g_dir_open("/proc/self/fd", 0, NULL);
    const char *name;
    guint n = 0;

    while ((name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename("/proc/self/fd", name, NULL);
        g_autofree char *target = g_file_read_link(path, NULL);
        n += target != NULL && g_str_has_prefix(target, tree);
    }
    g_dir_close(dir);
    return n;
}

typedef struct {
    const char *name;
    rlim_t may_open; /* 0: as many as the test was given */
    guint kept;
} LimitRow;

static const LimitRow limit_rows[] = {
    { "maximum", 1024, DIR_DESCRIPTORS_MAX },
    { "few-allowed", 64, 4 },
};

/* More files than descriptors are kept: each is still read as itself, each time. */
static void
test_limit(gconstpointer data)
{
    const LimitRow *row = data;
    struct rlimit before, limit;
    Fixture fixture;
    char name[32], bytes[32];

    g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &before), ==, 0);
    limit = (struct rlimit){ row->may_open, before.rlim_max };
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &limit), ==, 0);
    fixture_init(&fixture);
    for (guint i = 0; i < 2 * DIR_DESCRIPTORS_MAX; i++) {
        (void)g_snprintf(name, sizeof name, "tree/f%03u", i);
        put(fixture.dir, name, name);
    }
    guint others = count_descriptors(&fixture);
    for (guint i = 0; i < 4 * DIR_DESCRIPTORS_MAX; i++) {
        (void)g_snprintf(name, sizeof name, "tree/f%03u", i % (2 * DIR_DESCRIPTORS_MAX));
        VfsId file = tree_id(fixture.trees[0], name + 5);
        gssize n = vfs_read(fixture.trees[0], file, 0, bytes, sizeof bytes);
        ROW_CMPMEM(bytes, (gsize)n, name, strlen(name));
    }
    g_assert_cmpuint(count_descriptors(&fixture), ==, others + row->kept);
    fixture_clear(&fixture);
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &before), ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/vfs-dir-changing/change", change_rows, test_change);
    g_test_add_func("/vfs-dir-changing/open-walks", test_open_walks);
    g_test_add_func("/vfs-dir-changing/unreadable", test_unreadable);
    ROWS_ADD("/vfs-dir-changing/limit", limit_rows, test_limit);
    return g_test_run();
}
