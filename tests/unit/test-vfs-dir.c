/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * images/vfs-dir.c: nothing outside the directory is ever reached, whatever changes under us, and
 * what is no regular file is never read.
 */
#include "images/vfs.h"
#include "tests/lan/rows.h"
#include "tests/unit/support/tmp-dir.h"
#include "tests/unit/support/told.h"
#include "tests/unit/support/tree-check.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* A directory "tree" to show, and beside it a file "secret" that must never be seen. */
typedef struct {
    TmpDir *dir;
    Vfs *vfs;
} Fixture;

static void
put(const TmpDir *dir, const char *name, const char *content)
{
    g_autofree char *path = tmp_dir_file(dir, name, content, -1);
}

static void
fixture_set_up(Fixture *self, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    (void)data;
    self->dir = tmp_dir_new();
    tmp_dir_mkdir(self->dir, "tree/boot/kernel");
    tmp_dir_mkdir(self->dir, "outside");
    put(self->dir, "secret", "secret");
    put(self->dir, "outside/secret", "secret");
    put(self->dir, "tree/boot/loader", "loader");
    put(self->dir, "tree/boot/kernel/kernel", "kernel");
    g_autofree char *path = tmp_dir_path(self->dir, "tree");
    self->vfs = vfs_dir_new(path, &error);
    g_assert_no_error(error);
}

static void
fixture_tear_down(Fixture *self, gconstpointer data)
{
    (void)data;
    vfs_free(self->vfs);
    tmp_dir_free(self->dir);
}

/* Replaces @name by what @from was. */
static void
move(const Fixture *self, const char *from, const char *name)
{
    g_autofree char *old = tmp_dir_path(self->dir, from);
    g_autofree char *new = tmp_dir_path(self->dir, name);
    g_assert_cmpint(rename(old, new), ==, 0);
}

static void
test_tree(Fixture *self, gconstpointer data)
{
    char path[VFS_PATH_MAX];

    (void)data;
    tmp_dir_symlink(self->dir, "tree/link", "boot/loader");
    put(self->dir, "tree/empty", "");
    g_assert_cmpuint(tree_check(self->vfs), ==, 6);
    g_autofree char *loader = tree_text(self->vfs, "/link");
    g_assert_cmpstr(loader, ==, "loader");
    g_assert_cmpint(vfs_path(self->vfs, tree_id(self->vfs, "/link"), path, sizeof path), ==, 0);
    g_assert_cmpstr(path, ==, "/boot/loader");
    g_assert_cmpuint(vfs_total_bytes(self->vfs), >, 0);
}

/* Sorted by bytes, whatever order the host has. */
static void
test_order(Fixture *self, gconstpointer data)
{
    (void)data;
    put(self->dir, "tree/b", "");
    put(self->dir, "tree/\xff", "");
    put(self->dir, "tree/B", "");
    put(self->dir, "tree/a", "");
    g_autofree char *names = tree_list(self->vfs, "/");
    g_assert_cmpstr(names, ==, "B a b boot \xff");
}

static void
test_odd_names(Fixture *self, gconstpointer data)
{
    static const char *const names[] = {
        " ",  "a b", "new\nline", "\033[2J", "\xff\xfe", "\xc3\xbc",
        "\\", "*?[", "...",       "-rf",     ".hidden",  "%s%n",
    };
    g_autofree char *longest = g_strnfill(VFS_NAME_MAX, 'n');

    (void)data;
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_strconcat("tree/", names[i], NULL);
        put(self->dir, path, names[i]);
    }
    g_autofree char *path = g_strconcat("tree/", longest, NULL);
    put(self->dir, path, "");
    g_assert_cmpuint(tree_check(self->vfs), ==, 4 + G_N_ELEMENTS(names) + 1);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *content = tree_text(self->vfs, names[i]);
        g_assert_cmpstr(content, ==, names[i]);
    }
}

/* What belongs to us is shown as root's; what does not, as it is. */
static void
test_owner(Fixture *self, gconstpointer data)
{
    VfsAttr attr;

    (void)data;
    g_assert_cmpint(vfs_getattr(self->vfs, tree_id(self->vfs, "/boot/loader"), &attr), ==, 0);
    g_assert_cmpuint(attr.uid, ==, 0);
    g_assert_cmpuint(attr.gid, ==, 0);
    g_autofree char *path = tmp_dir_path(self->dir, "tree/boot/loader");
    g_assert_cmpint(chmod(path, 04551), ==, 0);
    if (chown(path, 1234, 5678) != 0) {
        g_test_skip("only root can give a file away");
        return;
    }
    g_assert_cmpint(chmod(path, 04551), ==, 0); /* chown takes the set-user-id bit away */
    g_assert_cmpint(vfs_getattr(self->vfs, tree_id(self->vfs, "/boot/loader"), &attr), ==, 0);
    g_assert_cmpuint(attr.uid, ==, 1234);
    g_assert_cmpuint(attr.gid, ==, 5678);
    g_assert_cmphex(attr.mode, ==, 04551);
}

typedef struct {
    const char *name;
    const char *target; /* of /link */
    const char *path;   /* that is tried */
    int error;
} EscapeRow;

static const EscapeRow escape_rows[] = {
    { "relative-link", "../secret", "/link", -ENOENT },
    { "relative-link-far", "../../../../../../etc/hostname", "/link", -ENOENT },
    { "absolute-link", "/etc/hostname", "/link", -ENOENT },
    { "link-to-a-directory-outside", "../outside", "/link/secret", -ENOENT },
    { "link-to-the-host's-root", "/", "/link/etc/hostname", -ENOENT },
    { "proc-self-root", "/proc/self/root", "/link/etc/hostname", -ENOENT },
    { "proc-self-fd", "/proc/self/fd/0", "/link", -ENOENT },
    { "dot-dot", "boot", "/../secret", -ENOENT },
    { "dot-dot-far", "boot", "/boot/../../../secret", -ENOENT },
    { "dot-dot-behind-a-link", "boot/kernel", "/link/../../../secret", -ENOENT },
    { "inside-for-comparison", "boot/../boot/loader", "/link", 0 },
};

static void
test_escape(gconstpointer data)
{
    const EscapeRow *row = data;
    Fixture fixture;
    VfsId id;

    fixture_set_up(&fixture, NULL);
    tmp_dir_symlink(fixture.dir, "tree/link", row->target);
    g_assert_cmpint(vfs_walk(fixture.vfs, row->path, &id), ==, row->error);
    /* The link itself is text. */
    char target[64];
    g_assert_cmpint(vfs_lookup(fixture.vfs, vfs_root(fixture.vfs), "link", &id), ==, 0);
    gssize len = vfs_readlink(fixture.vfs, id, target, sizeof target);
    g_assert_cmpint(len, ==, (gssize)strlen(row->target));
    g_assert_cmpint(vfs_read(fixture.vfs, id, 0, target, 1), ==, -EINVAL);
    g_assert_cmpint(vfs_open(fixture.vfs, id), ==, -EINVAL);
    VfsDirent entry;
    g_assert_cmpint(vfs_readdir(fixture.vfs, id, 0, &entry), ==, -ENOTDIR);
    g_assert_cmpint(vfs_lookup(fixture.vfs, id, "secret", &id), ==, -ENOTDIR);
    fixture_tear_down(&fixture, NULL);
}

static gint64
much_later(gpointer data)
{
    (void)data;
    return g_get_monotonic_time() + G_TIME_SPAN_HOUR;
}

/* A directory that we know turns into a link to the outside between two requests. How soon that is
 * noticed tells test-vfs-dir-changing.c. */
static void
test_directory_swapped(Fixture *self, gconstpointer data)
{
    VfsId boot = tree_id(self->vfs, "/boot"), found;
    VfsId file = tree_id(self->vfs, "/boot/loader");
    VfsDirent entry;
    VfsAttr attr;
    char byte;

    (void)data;
    put(self->dir, "outside/loader", "secret");
    move(self, "tree/boot", "tree/moved");
    tmp_dir_symlink(self->dir, "tree/boot", "../outside");
    vfs_dir_set_clock(self->vfs, much_later, NULL);
    g_assert_cmpint(vfs_getattr(self->vfs, file, &attr), ==, -ESTALE);
    g_assert_cmpint(vfs_read(self->vfs, file, 0, &byte, 1), ==, -ESTALE);
    g_assert_cmpint(vfs_open(self->vfs, file), ==, -ESTALE);
    g_assert_cmpint(vfs_readlink(self->vfs, file, &byte, 1), ==, -ESTALE);
    g_assert_cmpint(vfs_lookup(self->vfs, boot, "secret", &found), ==, -ENOTDIR);
    g_assert_cmpint(vfs_readdir(self->vfs, boot, 0, &entry), ==, -ENOTDIR);
    g_assert_cmpint(vfs_getattr(self->vfs, boot, &attr), ==, 0);
    g_assert_cmpint(attr.type, ==, VFS_LNK);
    g_assert_cmpint(vfs_walk(self->vfs, "/boot/secret", &found), ==, -ENOENT);
}

/* The whole directory is moved away: what we hold is the directory, not its name. */
static void
test_root_moved(Fixture *self, gconstpointer data)
{
    (void)data;
    move(self, "tree", "moved");
    tmp_dir_symlink(self->dir, "tree", "outside");
    g_autofree char *names = tree_list(self->vfs, "/");
    g_assert_cmpstr(names, ==, "boot");
}

static void
test_removed(Fixture *self, gconstpointer data)
{
    VfsId file = tree_id(self->vfs, "/boot/loader"), kernel = tree_id(self->vfs, "/boot/kernel");
    g_autofree char *path = tmp_dir_path(self->dir, "tree/boot/loader");
    VfsAttr attr;
    char byte;

    (void)data;
    g_assert_cmpint(unlink(path), ==, 0);
    g_assert_cmpint(vfs_getattr(self->vfs, file, &attr), ==, -ESTALE);
    g_assert_cmpint(vfs_read(self->vfs, file, 0, &byte, 1), ==, -ESTALE);
    g_assert_cmpint(vfs_open(self->vfs, file), ==, -ESTALE);
    move(self, "tree/boot", "gone");
    vfs_dir_set_clock(self->vfs, much_later, NULL);
    g_assert_cmpint(vfs_getattr(self->vfs, kernel, &attr), ==, -ESTALE);
    /* The same name again is the same object again. */
    move(self, "gone", "tree/boot");
    put(self->dir, "tree/boot/loader", "again");
    g_assert_cmpuint(tree_id(self->vfs, "/boot/loader"), ==, file);
    g_assert_cmpint(vfs_getattr(self->vfs, kernel, &attr), ==, 0);
}

/* `install` and most editors write a new file and rename it over the old one. */
static void
test_replaced(Fixture *self, gconstpointer data)
{
    (void)data;
    g_autofree char *before = tree_text(self->vfs, "/boot/loader");
    put(self->dir, "new", "a longer loader");
    move(self, "new", "tree/boot/loader");
    VfsId id = tree_id(self->vfs, "/boot/loader");
    VfsAttr attr;
    char bytes[32];
    g_assert_cmpint(vfs_getattr(self->vfs, id, &attr), ==, 0);
    g_assert_cmpuint(attr.size, ==, 15);
    gssize n = vfs_read(self->vfs, id, 0, bytes, sizeof bytes);
    ROW_CMPMEM(bytes, (gsize)n, "a longer loader", 15);
}

static void
test_listing_changes(Fixture *self, gconstpointer data)
{
    VfsId root = vfs_root(self->vfs);
    VfsDirent entry;

    (void)data;
    put(self->dir, "tree/c", "");
    put(self->dir, "tree/d", "");
    tmp_dir_set_mtime(self->dir, "tree", 1000);
    g_assert_cmpint(vfs_readdir(self->vfs, root, 0, &entry), ==, 1);
    g_assert_cmpstr(entry.name, ==, "boot");
    /* In the middle of a listing: it goes on as it began, a name that is gone included. */
    put(self->dir, "tree/a", "");
    move(self, "tree/d", "tree/e");
    tmp_dir_set_mtime(self->dir, "tree", 2000);
    g_assert_cmpint(vfs_readdir(self->vfs, root, entry.cookie, &entry), ==, 1);
    g_assert_cmpstr(entry.name, ==, "c");
    g_assert_cmpint(vfs_readdir(self->vfs, root, entry.cookie, &entry), ==, 1);
    g_assert_cmpstr(entry.name, ==, "d");
    g_assert_cmpint(vfs_readdir(self->vfs, root, entry.cookie, &entry), ==, 0);
    g_autofree char *names = tree_list(self->vfs, "/");
    g_assert_cmpstr(names, ==, "a boot c e");
    /* A cookie from the longer listing, after it has become shorter: the end, not a failure. */
    g_assert_cmpint(vfs_readdir(self->vfs, root, 100, &entry), ==, 0);
    g_assert_cmpint(vfs_readdir(self->vfs, root, G_MAXUINT64, &entry), ==, 0);
}

/* Two changes within one tick of the file system's clock. */
static void
test_listing_same_mtime(Fixture *self, gconstpointer data)
{
    (void)data;
    tmp_dir_set_mtime(self->dir, "tree", 1000);
    g_autofree char *before = tree_list(self->vfs, "/");
    put(self->dir, "tree/new", "");
    tmp_dir_set_mtime(self->dir, "tree", 1000);
    g_autofree char *after = tree_list(self->vfs, "/");
    g_assert_cmpstr(after, ==, "boot new");
}

static void
test_many_entries(Fixture *self, gconstpointer data)
{
    char name[32];
    VfsDirent entry = { .cookie = 0 };
    guint n = 0;

    (void)data;
    tmp_dir_mkdir(self->dir, "tree/many");
    g_autofree char *file = tmp_dir_path(self->dir, "secret");
    for (guint i = 0; i < 5000; i++) {
        (void)g_snprintf(name, sizeof name, "tree/many/%05u", i);
        g_autofree char *path = tmp_dir_path(self->dir, name);
        g_assert_cmpint(link(file, path), ==, 0);
    }
    VfsId dir = tree_id(self->vfs, "/many");
    while (vfs_readdir(self->vfs, dir, entry.cookie, &entry) == 1) {
        (void)g_snprintf(name, sizeof name, "%05u", n++);
        g_assert_cmpstr(entry.name, ==, name);
    }
    g_assert_cmpuint(n, ==, 5000);
}

typedef struct {
    const char *name;
    mode_t type;
    VfsType shown;
    guint32 major, minor;
} SpecialRow;

static const SpecialRow special_rows[] = {
    { "fifo", S_IFIFO, VFS_FIFO, 0, 0 },
    { "socket", S_IFSOCK, VFS_SOCK, 0, 0 },
    { "character-device", S_IFCHR, VFS_CHR, 1, 3 }, /* the null device, had it been opened */
    { "block-device", S_IFBLK, VFS_BLK, 1, 250 },
};

/* Neither opened nor waited for. */
static void
test_special(gconstpointer data)
{
    const SpecialRow *row = data;
    Fixture fixture;
    VfsAttr attr;
    char byte;

    fixture_set_up(&fixture, NULL);
    g_autofree char *path = tmp_dir_path(fixture.dir, "tree/special");
    if (mknod(path, row->type | 0666, (dev_t)(row->major << 8 | row->minor)) != 0) {
        g_test_skip("only root makes devices");
        fixture_tear_down(&fixture, NULL);
        return;
    }
    VfsId id = tree_id(fixture.vfs, "/special");
    g_assert_cmpint(vfs_getattr(fixture.vfs, id, &attr), ==, 0);
    g_assert_cmpint(attr.type, ==, row->shown);
    g_assert_cmpuint(attr.rdev_major, ==, row->major);
    g_assert_cmpuint(attr.rdev_minor, ==, row->minor);
    g_assert_cmpint(vfs_readlink(fixture.vfs, id, &byte, 1), ==, -EINVAL);
    g_assert_false(vfs_is_file(fixture.vfs, "/special"));
    g_assert_cmpint(vfs_open(fixture.vfs, id), ==, -EINVAL);
    g_assert_cmpint(vfs_read(fixture.vfs, id, 0, &byte, 1), ==, -EINVAL);
    fixture_tear_down(&fixture, NULL);
}

/* As an ordinary user; root may read all. */
static void
test_unreadable(Fixture *self, gconstpointer data)
{
    VfsDirent entry;
    VfsAttr attr;
    char byte;

    (void)data;
    if (geteuid() == 0) {
        g_test_skip("root may read everything");
        return;
    }
    g_autofree char *file = tmp_dir_path(self->dir, "tree/boot/loader");
    g_autofree char *dir = tmp_dir_path(self->dir, "tree/boot/kernel");
    VfsId kernel = tree_id(self->vfs, "/boot/kernel/kernel");
    g_assert_cmpint(chmod(file, 0), ==, 0);
    g_assert_cmpint(chmod(dir, 0), ==, 0);
    VfsId id = tree_id(self->vfs, "/boot/loader");
    g_assert_cmpint(vfs_getattr(self->vfs, id, &attr), ==, 0);
    g_assert_cmphex(attr.mode, ==, 0);
    g_assert_cmpint(vfs_read(self->vfs, id, 0, &byte, 1), ==, -EACCES);
    g_assert_cmpint(vfs_open(self->vfs, id), ==, -EACCES);
    id = tree_id(self->vfs, "/boot/kernel");
    g_assert_cmpint(vfs_readdir(self->vfs, id, 0, &entry), ==, -EACCES);
    g_assert_cmpint(vfs_lookup(self->vfs, id, "kernel", &id), ==, -EACCES);
    vfs_dir_set_clock(self->vfs, much_later, NULL);
    g_assert_cmpint(vfs_getattr(self->vfs, kernel, &attr), ==, -EACCES);
}

typedef struct {
    const char *name;
    const char *path; /* in the fixture's directory */
    const char *part; /* of the message */
} OpenRow;

static const OpenRow open_rows[] = {
    { "missing", "none", "No such file" },
    { "file", "secret", "Not a directory" },
    { "below-a-file", "secret/x", "Not a directory" },
};

static void
test_open(gconstpointer data)
{
    const OpenRow *row = data;
    g_autoptr(GError) error = NULL;
    Fixture fixture;

    fixture_set_up(&fixture, NULL);
    g_autofree char *path = tmp_dir_path(fixture.dir, row->path);
    g_autofree char *quoted = g_strdup_printf("'%s'", path);
    g_assert_null(vfs_dir_new(path, &error));
    assert_told(error, PXE_RUN_ERROR_MEDIUM, row->part);
    assert_told(error, PXE_RUN_ERROR_MEDIUM, quoted);
    fixture_tear_down(&fixture, NULL);
}

#define ADD(name, func)                                                                            \
    g_test_add("/vfs-dir/" name, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("tree", test_tree);
    ADD("order", test_order);
    ADD("odd-names", test_odd_names);
    ADD("owner", test_owner);
    ROWS_ADD("/vfs-dir/escape", escape_rows, test_escape);
    ADD("directory-swapped", test_directory_swapped);
    ADD("root-moved", test_root_moved);
    ADD("removed", test_removed);
    ADD("replaced", test_replaced);
    ADD("listing-changes", test_listing_changes);
    ADD("listing-same-mtime", test_listing_same_mtime);
    ADD("many-entries", test_many_entries);
    ROWS_ADD("/vfs-dir/special", special_rows, test_special);
    ADD("unreadable", test_unreadable);
    ROWS_ADD("/vfs-dir/open", open_rows, test_open);
    return g_test_run();
}
