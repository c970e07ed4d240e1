/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files behind TFTP: which are opened, which copied, how many are kept, and what is refused. */
#include "slirp-config/tftp-files.h"
#include "tests/lan/rows.h"
#include "tests/unit/support/tmp-dir.h"

#include <errno.h>
#include <unistd.h>

typedef struct {
    Vfs vfs;
    guint64 size;      /* of every file */
    guint64 available; /* bytes that can be read, then there are no more */
    int error;         /* of reading, negative */
} FakeTree;

static VfsId
fake_root(Vfs *vfs)
{
    (void)vfs;
    return 0;
}

static int
fake_lookup(Vfs *vfs, VfsId dir, const char *name, VfsId *ret)
{
    (void)vfs, (void)dir;
    *ret = (VfsId)(guchar)name[0];
    return 0;
}

static int
fake_getattr(Vfs *vfs, VfsId id, VfsAttr *ret)
{
    *ret = (VfsAttr){ .type = id == 0 ? VFS_DIR : VFS_REG, .size = ((FakeTree *)vfs)->size };
    return 0;
}

static gssize
fake_read(Vfs *vfs, VfsId id, guint64 offset, void *dst, gsize n)
{
    const FakeTree *self = (FakeTree *)vfs;
    if (self->error != 0)
        return self->error;
    n = offset < self->available ? MIN(n, (gsize)(self->available - offset)) : 0;
    memset(dst, (int)id, n);
    return (gssize)n;
}

static void
fake_free(Vfs *vfs)
{
    (void)vfs;
}

static const VfsOps fake_ops = {
    .kind = "fake",
    .root = fake_root,
    .lookup = fake_lookup,
    .getattr = fake_getattr,
    .read = fake_read,
    .free = fake_free,
};

typedef struct {
    const char *name;
    guint64 size, available;
    int error;
    int want; /* negative: what opening answers; else it works */
} CopyRow;

static const CopyRow copy_rows[] = {
    { "good", 70000, 70000, 0, 0 },
    { "empty", 0, 0, 0, 0 },
    { "too-large", (guint64)TFTP_COPY_MAX + 1, 0, -EIO, -EFBIG },
    { "read-error", 100, 0, -EIO, -EIO },
    { "ends-early", 100000, 70000, 0, -EIO },
};

/* Returns: the descriptor of @name, or -errno */
static int
open_file(TftpFiles *files, const char *name)
{
    TftpFile file = { .fd = -1 };
    int r = tftp_files_open(files, name, &file);
    return r < 0 ? r : file.fd;
}

static void
test_copy_row(gconstpointer data)
{
    const CopyRow *row = data;
    FakeTree tree = { { &fake_ops }, row->size, row->available, row->error };
    g_autoptr(TftpFiles) files = tftp_files_new();

    tftp_files_set_tree(files, &tree.vfs);
    int fd = open_file(files, "x");
    if (row->want < 0)
        g_assert_cmpint(fd, ==, row->want);
    else
        g_assert_cmpint(lseek(fd, 0, SEEK_END), ==, (off_t)row->size);
}

static void
test_no_tree(void)
{
    g_autoptr(TftpFiles) files = tftp_files_new();
    g_assert_cmpint(open_file(files, "x"), ==, -ENOENT);
}

static void
test_no_file(void)
{
    FakeTree tree = { { &fake_ops }, 1, 1, 0 };
    g_autoptr(TftpFiles) files = tftp_files_new();

    tftp_files_set_tree(files, &tree.vfs);
    g_assert_cmpint(open_file(files, "/"), ==, -EACCES);
}

static guint
open_descriptors(void)
{
    g_autoptr(GDir) dir = g_dir_open("/proc/self/fd", 0, NULL);
    guint n = 0;
    while (g_dir_read_name(dir) != NULL)
        n++;
    return n;
}

/* Ten files one after the other, twice: the right bytes each time, and no more copies than four. */
static void
test_copies_kept(void)
{
    FakeTree tree = { { &fake_ops }, 70000, 70000, 0 };
    guint before = open_descriptors();
    {
        g_autoptr(TftpFiles) files = tftp_files_new();
        tftp_files_set_tree(files, &tree.vfs);
        for (int i = 0; i < 20; i++) {
            const char name[] = { (char)('a' + i % 10), '\0' };
            char ends[2];
            int fd = open_file(files, name);
            g_assert_cmpint(pread(fd, &ends[0], 1, 0), ==, 1);
            g_assert_cmpint(pread(fd, &ends[1], 1, 69999), ==, 1);
            g_assert_cmpint(pread(fd, ends, 1, 70000), ==, 0);
            g_assert_true(ends[0] == name[0] && ends[1] == name[0]);
            g_assert_cmpuint(open_descriptors(), <=, before + TFTP_COPIES_MAX);
        }
        g_assert_cmpuint(open_descriptors(), ==, before + TFTP_COPIES_MAX);
        tree.error = -EIO; /* a kept copy needs no reading */
        g_assert_cmpint(open_file(files, "j"), >=, 0);
    }
    g_assert_cmpuint(open_descriptors(), ==, before);
}

/* A copy is lost when four others were made after it; a file of the host never is. */
static void
test_keeps(void)
{
    FakeTree tree = { { &fake_ops }, 10, 10, 0 };
    g_autoptr(TftpFiles) files = tftp_files_new();
    const TftpFile opened = { 3, 'z', FALSE };
    TftpFile copies[TFTP_COPIES_MAX + 1];

    tftp_files_set_tree(files, &tree.vfs);
    for (int i = 0; i <= TFTP_COPIES_MAX; i++) {
        const char name[] = { (char)('a' + i), '\0' };
        if (i > 0)
            g_assert_true(tftp_files_keeps(files, &copies[0]));
        g_assert_cmpint(tftp_files_open(files, name, &copies[i]), ==, 0);
        g_assert_true(copies[i].copied);
    }
    for (int i = 0; i <= TFTP_COPIES_MAX; i++)
        g_assert_cmpint(tftp_files_keeps(files, &copies[i]), ==, i > 0);
    g_assert_true(tftp_files_keeps(files, &opened));
    tree.error = -EIO; /* one that fails has taken a place nevertheless */
    g_assert_cmpint(open_file(files, "y"), ==, -EIO);
    g_assert_false(tftp_files_keeps(files, &copies[1]));
}

/* A file of the host needs no more descriptors than for the first time, however often it is asked
 * for. The tree keeps some, of what was looked at last. */
static void
test_directory(void)
{
    g_autoptr(TmpDir) dir = tmp_dir_new();
    g_autofree char *path = tmp_dir_path(dir, "root");

    tmp_dir_mkdir(dir, "root");
    g_free(tmp_dir_file(dir, "root/file", "contents", -1));
    guint before = open_descriptors();
    {
        g_autoptr(TftpFiles) files = tftp_files_new();
        g_autoptr(Vfs) vfs = vfs_dir_new(path, NULL);
        tftp_files_set_tree(files, vfs);
        g_assert_cmpint(open_file(files, "file"), >=, 0);
        guint first = open_descriptors();
        for (int i = 0; i < 50; i++) {
            char bytes[9] = "";
            int fd = open_file(files, "file");
            g_assert_cmpint(pread(fd, bytes, sizeof bytes, 0), ==, 8);
            g_assert_cmpstr(bytes, ==, "contents");
        }
        g_assert_cmpuint(open_descriptors(), ==, first);
        g_assert_cmpint(open_file(files, "missing"), ==, -ENOENT);
        g_assert_cmpuint(open_descriptors(), ==, first - 1);
    }
    g_assert_cmpuint(open_descriptors(), ==, before);
}

/* Around 4 GiB, where the position in libslirp's file wraps; a sparse file takes no room. */
static void
test_size(void)
{
    g_autoptr(TmpDir) dir = tmp_dir_new();
    g_autofree char *root = tmp_dir_path(dir, "root"), *path = tmp_dir_path(dir, "root/file");
    g_autoptr(TftpFiles) files = tftp_files_new();

    tmp_dir_mkdir(dir, "root");
    g_free(tmp_dir_file(dir, "root/file", "", 0));
    g_autoptr(Vfs) vfs = vfs_dir_new(root, NULL);
    tftp_files_set_tree(files, vfs);
    g_assert_cmpint(truncate(path, G_MAXUINT32), ==, 0);
    g_assert_cmpint(open_file(files, "file"), >=, 0);
    g_assert_cmpint(truncate(path, (off_t)G_MAXUINT32 + 1), ==, 0);
    g_assert_cmpint(open_file(files, "file"), ==, -EFBIG);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/tftp-files/copy", copy_rows, test_copy_row);
    g_test_add_func("/tftp-files/no-tree", test_no_tree);
    g_test_add_func("/tftp-files/no-file", test_no_file);
    g_test_add_func("/tftp-files/copies-kept", test_copies_kept);
    g_test_add_func("/tftp-files/keeps", test_keeps);
    g_test_add_func("/tftp-files/directory", test_directory);
    g_test_add_func("/tftp-files/size", test_size);
    return g_test_run();
}
