/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attributes word by word, status numbers, names in arguments, "." and "..". */
#include "nfs/nfs-attr.h"
#include "tests/lan/nfs-rig.h"

#include <errno.h>

/* ---- attributes ---- */

typedef struct {
    const char *name;
    VfsAttr attr;
    guint32 type2, mode2, type3; /* mode2: with the bits of the type */
    guint32 size2, blocks2, rdev2;
    guint64 used3;
    guint32 mtime; /* seconds */
} AttrRow;

static const AttrRow attr_rows[] = {
    { "file",
      { VFS_REG, 0444, 1, 10, 20, 0, 0, 430, 1199145600, 500000123 },
      1,
      0100444,
      1,
      430,
      1,
      0,
      512,
      1199145600 },
    { "directory",
      { VFS_DIR, 0755, 5, 0, 0, 0, 0, 2048, 1, 0 },
      2,
      040755,
      2,
      2048,
      4,
      0,
      2048,
      1 },
    { "block-device", { VFS_BLK, 0600, 1, 0, 0, 8, 1, 0, 1, 0 }, 3, 060600, 3, 0, 0, 0x801, 0, 1 },
    { "character-device",
      { VFS_CHR, 0666, 1, 0, 0, 1, 3, 0, 1, 0 },
      4,
      020666,
      4,
      0,
      0,
      0x103,
      0,
      1 },
    { "link", { VFS_LNK, 0777, 1, 0, 0, 0, 0, 14, 1, 0 }, 5, 0120777, 5, 14, 1, 0, 512, 1 },
    { "socket", { VFS_SOCK, 0755, 1, 0, 0, 0, 0, 0, 1, 0 }, 6, 0140755, 6, 0, 0, 0, 0, 1 },
    { "fifo", { VFS_FIFO, 0644, 1, 0, 0, 0, 0, 0, 1, 0 }, 8, 010644, 7, 0, 0, 0, 0, 1 },
    { "setuid", { VFS_REG, 04755, 1, 0, 0, 0, 0, 512, 1, 0 }, 1, 0104755, 1, 512, 1, 0, 512, 1 },
    { "4-gib",
      { VFS_REG, 0444, 1, 0, 0, 0, 0, G_GUINT64_CONSTANT(0x100000000), 1, 0 },
      1,
      0100444,
      1,
      0xffffffff,
      0x800000,
      0,
      G_GUINT64_CONSTANT(0x100000000),
      1 },
    { "before-1970", { VFS_REG, 0444, 1, 0, 0, 0, 0, 0, -1, 0 }, 1, 0100444, 1, 0, 0, 0, 0, 0 },
    { "after-2106",
      { VFS_REG, 0444, 1, 0, 0, 0, 0, 0, G_GINT64_CONSTANT(0x200000000), 0 },
      1,
      0100444,
      1,
      0,
      0,
      0,
      0,
      0xffffffff },
};

#define ID 40

static void
check_times(Cursor *c, const AttrRow *row, guint32 unit_ns)
{
    for (int i = 0; i < 3; i++) {
        g_assert_cmpuint(cursor_be32(c), ==, row->mtime);
        g_assert_cmpuint(cursor_be32(c), ==, row->attr.mtime_ns / unit_ns);
    }
    nfs_rig_done(c);
}

/* RFC 1094 §2.3.5: 17 words. */
static void
test_fattr2_row(gconstpointer data)
{
    const AttrRow *row = data;
    guint8 memory[256];
    Buf out = buf_of(memory, sizeof memory, 0);

    nfs2_put_fattr(&out, ID, &row->attr);
    Cursor c = cursor_of(buf_data(&out), buf_len(&out));
    g_assert_cmpuint(cursor_left(&c), ==, 17 * 4);
    g_assert_cmpuint(cursor_be32(&c), ==, row->type2);
    g_assert_cmphex(cursor_be32(&c), ==, row->mode2);
    g_assert_cmpuint(cursor_be32(&c), ==, row->attr.nlink);
    g_assert_cmpuint(cursor_be32(&c), ==, row->attr.uid);
    g_assert_cmpuint(cursor_be32(&c), ==, row->attr.gid);
    g_assert_cmpuint(cursor_be32(&c), ==, row->size2);
    g_assert_cmpuint(cursor_be32(&c), ==, 4096);
    g_assert_cmphex(cursor_be32(&c), ==, row->rdev2);
    g_assert_cmpuint(cursor_be32(&c), ==, row->blocks2);
    g_assert_cmphex(cursor_be32(&c), ==, NFS_FSID);
    g_assert_cmpuint(cursor_be32(&c), ==, nfs2_fileid(ID));
    check_times(&c, row, 1000);
}

/* RFC 1813 §2.6: 21 words. */
static void
test_fattr3_row(gconstpointer data)
{
    const AttrRow *row = data;
    guint8 memory[256];
    Buf out = buf_of(memory, sizeof memory, 0);

    nfs3_put_fattr(&out, ID, &row->attr);
    Cursor c = cursor_of(buf_data(&out), buf_len(&out));
    g_assert_cmpuint(cursor_left(&c), ==, 21 * 4);
    g_assert_cmpuint(cursor_be32(&c), ==, row->type3);
    g_assert_cmphex(cursor_be32(&c), ==, row->attr.mode);
    g_assert_cmpuint(cursor_be32(&c), ==, row->attr.nlink);
    g_assert_cmpuint(cursor_be32(&c), ==, row->attr.uid);
    g_assert_cmpuint(cursor_be32(&c), ==, row->attr.gid);
    g_assert_cmpuint(cursor_be64(&c), ==, row->attr.size);
    g_assert_cmpuint(cursor_be64(&c), ==, row->used3);
    g_assert_cmpuint(cursor_be32(&c), ==, row->attr.rdev_major);
    g_assert_cmpuint(cursor_be32(&c), ==, row->attr.rdev_minor);
    g_assert_cmphex(cursor_be64(&c), ==, NFS_FSID);
    g_assert_cmpuint(cursor_be64(&c), ==, nfs3_fileid(ID));
    check_times(&c, row, 1);
}

typedef struct {
    const char *name;
    VfsId id;
    guint64 fileid3;
    guint32 fileid2;
} FileidRow;

/* FreeBSD takes an entry with number 0 for a deleted one. */
static const FileidRow fileid_rows[] = {
    { "first", 0, 2, 2 },
    { "second", 1, 3, 3 },
    { "largest-of-32-bits", 0xfffffffd, 0xffffffff, 0xffffffff },
    { "first-beyond", 0xfffffffe, G_GUINT64_CONSTANT(0x100000000), 0x80000001 },
    { "low-half-empty", G_GUINT64_CONSTANT(0x7fffffffe), G_GUINT64_CONSTANT(0x800000000),
      0x80000008 },
    { "halves-the-same", G_GUINT64_CONSTANT(0x7700000075), G_GUINT64_CONSTANT(0x7700000077),
      0x80000000 },
    { "largest-but-two", G_MAXUINT64 - 2, G_MAXUINT64, 0x80000000 },
    { "largest-but-one", G_MAXUINT64 - 1, G_MAXUINT64 - 1, 0x80000001 },
    { "largest", G_MAXUINT64, G_MAXUINT64, 0x80000000 },
};

static void
test_fileid_row(gconstpointer data)
{
    const FileidRow *row = data;
    g_assert_cmphex(nfs3_fileid(row->id), ==, row->fileid3);
    g_assert_cmphex(nfs2_fileid(row->id), ==, row->fileid2);
}

static void
test_post_op_attr(void)
{
    guint8 memory[256];
    Buf out = buf_of(memory, sizeof memory, 0);
    g_autoptr(Vfs) vfs = nfs_rig_tree();

    nfs3_put_post_op_attr(vfs, &out, 0);
    g_assert_cmpuint(buf_len(&out), ==, 4 + 84);
    nfs3_put_post_op_attr(vfs, &out, 0x77777777);
    Cursor c = cursor_of(memory + 88, buf_len(&out) - 88);
    g_assert_cmpuint(cursor_be32(&c), ==, 0);
    nfs_rig_done(&c);
}

/* ---- status ---- */

typedef struct {
    const char *name;
    int r;
    guint v2, v3;
} StatusRow;

static const StatusRow status_rows[] = {
    { "ok", 0, 0, 0 },
    { "perm", -EPERM, 1, 1 },
    { "noent", -ENOENT, 2, 2 },
    { "io", -EIO, 5, 5 },
    { "acces", -EACCES, 13, 13 },
    { "notdir", -ENOTDIR, 20, 20 },
    { "isdir", -EISDIR, 21, 21 },
    { "inval", -EINVAL, 5, 22 },
    { "rofs", -EROFS, 30, 30 },
    { "nametoolong", -ENAMETOOLONG, 63, 63 },
    { "stale", -ESTALE, 70, 70 },
    { "badhandle", -EBADF, 70, 10001 },
    { "loop", -ELOOP, 5, 5 },
    { "nospc", -ENOSPC, 5, 10006 },
    { "nomem", -ENOMEM, 5, 10006 },
    { "anything-else", -EMLINK, 5, 5 },
    { "beyond-errno", -100000, 5, 5 },
};

static void
test_status_row(gconstpointer data)
{
    const StatusRow *row = data;
    g_assert_cmpuint(nfs2_stat(row->r), ==, row->v2);
    g_assert_cmpuint(nfs3_stat(row->r), ==, row->v3);
}

/* ---- names ---- */

typedef struct {
    const char *name;
    gsize len;
    char fill;
    int result;
} NameRow;

static const NameRow name_rows[] = {
    { "one", 1, 'a', 0 },
    { "255", 255, 'a', 0 },
    { "256", 256, 'a', -ENAMETOOLONG },
    { "1000", 1000, 'a', -ENAMETOOLONG },
    { "empty", 0, 'a', -EINVAL },
    { "slash", 1, '/', -EINVAL },
    { "nul", 3, '\0', -EINVAL },
    { "dot", 1, '.', 0 },
    { "dots", 2, '.', 0 },
    { "high-bytes", 10, '\xff', 0 },
};

static void
test_name_row(gconstpointer data)
{
    const NameRow *row = data;
    guint8 memory[1100], fill[1000];
    char name[VFS_NAME_MAX + 1] = "untouched";
    Buf args = buf_of(memory, sizeof memory, 0);

    memset(fill, row->fill, sizeof fill);
    nfs_rig_put_opaque(&args, fill, row->len);
    for (gsize len = 0; len < buf_len(&args); len++) {
        g_autofree guint8 *prefix = g_memdup2(memory, len);
        Cursor cut = cursor_of(prefix, len);
        g_assert_cmpint(nfs_name_get(&cut, name), <, 0);
        g_assert_false(cursor_ok(&cut));
    }
    Cursor c = cursor_of(memory, buf_len(&args));
    g_assert_cmpint(nfs_name_get(&c, name), ==, row->result);
    nfs_rig_done(&c);
    g_assert_cmpuint(strlen(name), ==, row->result == 0 ? row->len : strlen("untouched"));
}

/* ---- directories ---- */

static void
test_dir_next(void)
{
    g_autoptr(Vfs) vfs = nfs_rig_tree();
    VfsDirent entry = { .cookie = 0 };
    g_autoptr(GString) names = g_string_new(NULL);
    VfsId boot, kernel;

    g_assert_cmpint(vfs_walk(vfs, "/boot", &boot), ==, 0);
    g_assert_cmpint(vfs_walk(vfs, "/boot/kernel", &kernel), ==, 0);
    for (guint64 last = 0; nfs_dir_next(vfs, boot, entry.cookie, &entry) == 1;) {
        g_assert_cmpuint(entry.cookie, >, last);
        last = entry.cookie;
        g_string_append_printf(names, "%s=%s ", entry.name,
                               entry.id == boot            ? "boot"
                               : entry.id == vfs_root(vfs) ? "root"
                               : entry.id == kernel        ? "kernel"
                                                           : "?");
    }
    g_assert_cmpstr(names->str, ==, ".=boot ..=root loader.rc=? kernel=kernel ");
    g_assert_cmpint(nfs_dir_next(vfs, boot, 5, &entry), ==, 0);
    g_assert_cmpint(nfs_dir_next(vfs, boot, G_MAXUINT64, &entry), ==, 0);
    /* The root is its own parent. */
    g_assert_cmpint(nfs_dir_next(vfs, vfs_root(vfs), 1, &entry), ==, 1);
    g_assert_cmpuint(entry.id, ==, vfs_root(vfs));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/nfs-attr/fattr2", attr_rows, test_fattr2_row);
    ROWS_ADD("/nfs-attr/fattr3", attr_rows, test_fattr3_row);
    ROWS_ADD("/nfs-attr/fileid", fileid_rows, test_fileid_row);
    g_test_add_func("/nfs-attr/post-op-attr", test_post_op_attr);
    ROWS_ADD("/nfs-attr/status", status_rows, test_status_row);
    ROWS_ADD("/nfs-attr/name", name_rows, test_name_row);
    g_test_add_func("/nfs-attr/dir-next", test_dir_next);
    return g_test_run();
}
