/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/support/tree-check.h"

#include "base/log.h"

#include <errno.h>
#include <string.h>

#define TREE_DEPTH_MAX 64
#define NO_SUCH_ID     ((VfsId)1 << 40)
#define UNTOUCHED      0x5a

static void
check_file(Vfs *vfs, VfsId id, const VfsAttr *attr)
{
    char link[8];
    guint8 byte = UNTOUCHED;
    VfsDirent entry;
    VfsId found;

    g_assert_cmpint(vfs_readlink(vfs, id, link, sizeof link), ==, -EINVAL);
    g_assert_cmpint(vfs_readdir(vfs, id, 0, &entry), ==, -ENOTDIR);
    g_assert_cmpint(vfs_readdir(vfs, id, 1, &entry), ==, -ENOTDIR);
    g_assert_cmpint(vfs_lookup(vfs, id, "x", &found), ==, -ENOTDIR);
    g_assert_cmpint(vfs_read(vfs, id, attr->size, &byte, 1), ==, 0);
    g_assert_cmpint(vfs_read(vfs, id, G_MAXINT64, &byte, 1), ==, 0);
    g_assert_cmpint(vfs_read(vfs, id, G_MAXUINT64, &byte, 1), ==, 0);
    g_assert_cmpint(byte, ==, UNTOUCHED);
    if (attr->size == 0)
        return;
    g_assert_cmpint(vfs_read(vfs, id, attr->size - 1, &byte, 1), ==, 1);
    g_assert_cmpint(vfs_read(vfs, id, 0, &byte, 1), ==, 1);
    guint8 two[2];
    g_assert_cmpint(vfs_read(vfs, id, attr->size - 1, two, 2), ==, 1);
}

static void
check_link(Vfs *vfs, VfsId id, const VfsAttr *attr)
{
    char target[VFS_PATH_MAX];
    guint8 byte;
    VfsDirent entry;

    gssize len = vfs_readlink(vfs, id, target, sizeof target);
    if (len == -ENAMETOOLONG)
        return;
    g_assert_cmpint(len, ==, (gssize)attr->size);
    g_assert_cmpint(vfs_readlink(vfs, id, target, (gsize)len), ==, len);
    if (len > 1)
        g_assert_cmpint(vfs_readlink(vfs, id, target, (gsize)len - 1), ==, -ENAMETOOLONG);
    g_assert_cmpint(vfs_read(vfs, id, 0, &byte, 1), ==, -EINVAL);
    g_assert_cmpint(vfs_readdir(vfs, id, 0, &entry), ==, -ENOTDIR);
}

/*
 * FreeBSD's fts(3), and so find(1), looks for so many sub-directories on NFS as the link count
 * tells and takes all further entries for files [lib/libc/gen/fts.c: fts_build, fts_ufslinks].
 */
static void
check_links(Vfs *vfs, VfsId dir)
{
    VfsDirent entry = { .cookie = 0 };
    guint32 directories = 0;
    VfsAttr attr;

    while (vfs_readdir(vfs, dir, entry.cookie, &entry) == 1) {
        g_assert_cmpint(vfs_getattr(vfs, entry.id, &attr), ==, 0);
        directories += attr.type == VFS_DIR;
    }
    g_assert_cmpint(vfs_getattr(vfs, dir, &attr), ==, 0);
    if (attr.nlink != 1) /* some of the host's file systems do not count */
        g_assert_cmpuint(attr.nlink, ==, 2 + directories);
}

static guint check_dir(Vfs *vfs, VfsId dir, guint depth);

static guint
check_entry(Vfs *vfs, VfsId dir, const VfsDirent *entry, guint depth)
{
    char name[VFS_NAME_MAX + 1], path[VFS_PATH_MAX];
    VfsId found, parent;
    VfsAttr attr;

    g_assert_cmpstr(entry->name, !=, "");
    g_assert_cmpint(vfs_lookup(vfs, dir, entry->name, &found), ==, 0);
    g_assert_cmpuint(found, ==, entry->id);
    g_assert_cmpint(vfs_getattr(vfs, entry->id, &attr), ==, 0);
    g_assert_cmpuint(attr.type, <, VFS_TYPE_COUNT);
    g_assert_cmpint(vfs_parent(vfs, entry->id, &parent), ==, 0);
    g_assert_cmpint(vfs->ops->name(vfs, entry->id, name, sizeof name), ==, 0);
    if (attr.type == VFS_DIR || attr.nlink <= 1) {
        g_assert_cmpuint(parent, ==, dir);
        g_assert_cmpstr(name, ==, entry->name);
    }
    /* A file with several names has one of them, which leads to it. */
    g_assert_cmpint(vfs_lookup(vfs, parent, name, &found), ==, 0);
    g_assert_cmpuint(found, ==, entry->id);
    g_assert_cmpint(vfs->ops->name(vfs, entry->id, name, strlen(name)), ==, -ENAMETOOLONG);
    g_assert_cmpuint(attr.mode & ~07777u, ==, 0);
    int r = vfs_path(vfs, entry->id, path, sizeof path);
    if (r == 0 && attr.type != VFS_LNK) {
        g_assert_cmpint(vfs_walk(vfs, path, &found), ==, 0);
        g_assert_cmpuint(found, ==, entry->id);
    }
    if (attr.type == VFS_REG)
        check_file(vfs, entry->id, &attr);
    else if (attr.type == VFS_LNK)
        check_link(vfs, entry->id, &attr);
    return attr.type == VFS_DIR ? 1 + check_dir(vfs, entry->id, depth + 1) : 1;
}

static guint
check_dir(Vfs *vfs, VfsId dir, guint depth)
{
    g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    VfsDirent entry = { .cookie = 0 }, again;
    guint nodes = 0;
    VfsId found;
    guint8 byte;
    guint64 cookie = 0;
    int r;

    check_links(vfs, dir);
    g_assert_cmpint(vfs_read(vfs, dir, 0, &byte, 1), ==, -EISDIR);
    g_assert_cmpint(vfs_readlink(vfs, dir, (char *)&byte, 1), ==, -EINVAL);
    g_assert_cmpint(vfs_lookup(vfs, dir, ".", &found), ==, 0);
    g_assert_cmpuint(found, ==, dir);
    g_assert_cmpint(vfs_lookup(vfs, dir, "", &found), ==, -EINVAL);
    g_assert_cmpint(vfs_lookup(vfs, dir, "a/b", &found), ==, -EINVAL);
    while ((r = vfs_readdir(vfs, dir, cookie, &entry)) == 1) {
        g_assert_cmpuint(entry.cookie, >, cookie);
        g_assert_cmpuint(entry.cookie, <, 1u << 31);
        g_assert_true(g_hash_table_add(names, g_strdup(entry.name)));
        nodes += depth < TREE_DEPTH_MAX ? check_entry(vfs, dir, &entry, depth) : 1;
        /* A cookie can be used again, after any other. */
        g_assert_cmpint(vfs_readdir(vfs, dir, cookie, &again), ==, 1);
        g_assert_cmpstr(again.name, ==, entry.name);
        g_assert_cmpuint(again.cookie, ==, entry.cookie);
        cookie = entry.cookie;
    }
    g_assert_cmpint(r, ==, 0);
    return nodes;
}

/**
 * tree_check:
 * @vfs: a tree that does not change
 *
 * Checks that all operations agree with each other, at every object, and that wrong ones are
 * refused.
 *
 * Returns: the number of objects below the root
 **/
guint
tree_check(Vfs *vfs)
{
    VfsId root = vfs_root(vfs), found;
    VfsDirent entry;
    VfsAttr attr;
    char text[8];

    g_assert_cmpint(vfs_parent(vfs, root, &found), ==, 0);
    g_assert_cmpuint(found, ==, root);
    g_assert_cmpint(vfs_lookup(vfs, root, "..", &found), ==, 0);
    g_assert_cmpuint(found, ==, root);
    g_assert_cmpint(vfs_getattr(vfs, root, &attr), ==, 0);
    g_assert_cmpint(attr.type, ==, VFS_DIR);
    g_assert_cmpint(vfs_getattr(vfs, NO_SUCH_ID, &attr), ==, -ESTALE);
    g_assert_cmpint(vfs_parent(vfs, NO_SUCH_ID, &found), ==, -ESTALE);
    g_assert_cmpint(vfs_lookup(vfs, NO_SUCH_ID, "x", &found), ==, -ESTALE);
    g_assert_cmpint(vfs_readdir(vfs, NO_SUCH_ID, 0, &entry), ==, -ESTALE);
    g_assert_cmpint(vfs_readdir(vfs, NO_SUCH_ID, 1, &entry), ==, -ESTALE);
    g_assert_cmpint(vfs_read(vfs, NO_SUCH_ID, 0, text, 1), ==, -ESTALE);
    g_assert_cmpint(vfs_readlink(vfs, NO_SUCH_ID, text, sizeof text), ==, -ESTALE);
    g_assert_cmpint(vfs_path(vfs, NO_SUCH_ID, text, sizeof text), ==, -ESTALE);
    g_assert_cmpint(vfs_open(vfs, NO_SUCH_ID), <, 0);
    return check_dir(vfs, root, 0);
}

static char *
file_digest(Vfs *vfs, VfsId id, guint64 size)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    guint8 bytes[10000]; /* divides no block size */
    gssize n;

    for (guint64 at = 0; at < size; at += (guint64)n) {
        n = vfs_read(vfs, id, at, bytes, sizeof bytes);
        g_assert_cmpint(n, >, 0);
        g_checksum_update(sum, bytes, n);
    }
    return g_strdup(g_checksum_get_string(sum));
}

static char *
dump_line(Vfs *vfs, const VfsDirent *entry, const VfsAttr *attr, const char *path)
{
    static const char letters[VFS_TYPE_COUNT] = { '-', 'd', 'l', 'c', 'b', 'p', 's' };
    g_autofree char *name = log_escape(entry->name, strlen(entry->name));
    g_autofree char *rest = NULL;
    char target[VFS_PATH_MAX];

    if (attr->type == VFS_REG) {
        g_autofree char *digest = file_digest(vfs, entry->id, attr->size);
        rest = g_strdup_printf(" %" G_GUINT64_FORMAT " %s", attr->size, digest);
    } else if (attr->type == VFS_LNK) {
        gssize len = vfs_readlink(vfs, entry->id, target, sizeof target);
        g_assert_cmpint(len, >=, 0);
        g_autofree char *escaped = log_escape(target, (gsize)len);
        rest = g_strdup_printf(" -> %s", escaped);
    } else if (attr->type == VFS_CHR || attr->type == VFS_BLK) {
        rest = g_strdup_printf(" %u,%u", attr->rdev_major, attr->rdev_minor);
    }
    return g_strdup_printf("%s/%s %c %04o %u:%u%s\n", path, name, letters[attr->type], attr->mode,
                           attr->uid, attr->gid, rest != NULL ? rest : "");
}

static void
dump_dir(Vfs *vfs, VfsId dir, const char *path, GPtrArray *lines)
{
    VfsDirent entry = { .cookie = 0 };
    VfsAttr attr;

    while (vfs_readdir(vfs, dir, entry.cookie, &entry) == 1) {
        g_assert_cmpint(vfs_getattr(vfs, entry.id, &attr), ==, 0);
        g_ptr_array_add(lines, dump_line(vfs, &entry, &attr, path));
        if (attr.type == VFS_DIR) {
            g_autofree char *name = log_escape(entry.name, strlen(entry.name));
            g_autofree char *below = g_strconcat(path, "/", name, NULL);
            dump_dir(vfs, entry.id, below, lines);
        }
    }
}

static gint
compare_lines(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/**
 * tree_dump:
 * @vfs: a tree
 *
 * Returns: (transfer full): a sorted line for each object: path, type, mode, owner, and size and
 *   SHA-256 of a file, target of a link, numbers of a device
 **/
char *
tree_dump(Vfs *vfs)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);

    dump_dir(vfs, vfs_root(vfs), "", lines);
    g_ptr_array_sort(lines, compare_lines);
    g_ptr_array_add(lines, NULL);
    return g_strjoinv("", (char **)lines->pdata);
}

/* Returns: (transfer full): the names in @directory, in the order of readdir, a space between */
char *
tree_list(Vfs *vfs, const char *directory)
{
    g_autoptr(GString) names = g_string_new(NULL);
    VfsDirent entry = { .cookie = 0 };
    VfsId dir = tree_id(vfs, directory);
    int r;

    while ((r = vfs_readdir(vfs, dir, entry.cookie, &entry)) == 1)
        g_string_append_printf(names, "%s%s", names->len > 0 ? " " : "", entry.name);
    g_assert_cmpint(r, ==, 0);
    return g_string_free(g_steal_pointer(&names), FALSE);
}

/* Returns: (transfer full): the contents of a file, as text */
char *
tree_text(Vfs *vfs, const char *path)
{
    g_autoptr(GBytes) bytes = NULL;
    g_assert_cmpint(vfs_read_file(vfs, path, 1 << 20, &bytes), ==, 0);
    return g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
}

VfsId
tree_id(Vfs *vfs, const char *path)
{
    VfsId id;
    g_assert_cmpint(vfs_walk(vfs, path, &id), ==, 0);
    return id;
}
