/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints the tree of an ISO image, or of the UFS in an image whose name ends with .img, as pxe-run
 * serves it, for programs that are not ours to be compared with; or a part of one file.
 *
 *   vfs-list IMAGE [sizes]              a line for each object; with `sizes`, no digests
 *   vfs-list IMAGE PATH OFFSET COUNT    these bytes of a file
 *
 * A line has these fields, with a tab between: path ("." is the root), type as in `ls -l`, mode in
 * octal, uid, gid, size in bytes, mtime in seconds since 1970, target of a link or "MAJOR,MINOR" of
 * a device or "-", SHA-256 of a file or "-". Odd bytes in names are written as \xNN.
 */
#include "base/error.h"
#include "base/log.h"
#include "images/vfs-iso.h"
#include "images/vfs-ufs.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static char *
digest(Vfs *vfs, VfsId id, guint64 size)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    guint8 bytes[10000]; /* divides no block size */

    for (guint64 at = 0; at < size;) {
        gssize n = vfs_read(vfs, id, at, bytes, sizeof bytes);
        if (n <= 0)
            g_error("read at %" G_GUINT64_FORMAT ": %" G_GSSIZE_FORMAT, at, n);
        g_checksum_update(sum, bytes, n);
        at += (guint64)n;
    }
    return g_strdup(g_checksum_get_string(sum));
}

static char *
detail(Vfs *vfs, VfsId id, const VfsAttr *attr)
{
    char target[VFS_PATH_MAX];

    if (attr->type == VFS_CHR || attr->type == VFS_BLK)
        return g_strdup_printf("%u,%u", attr->rdev_major, attr->rdev_minor);
    if (attr->type != VFS_LNK)
        return g_strdup("-");
    gssize len = vfs_readlink(vfs, id, target, sizeof target);
    if (len < 0)
        g_error("readlink: %" G_GSSIZE_FORMAT, len);
    return log_escape(target, (gsize)len);
}

static void
list_object(Vfs *vfs, VfsId id, const char *path, gboolean digests)
{
    static const char letters[VFS_TYPE_COUNT] = { '-', 'd', 'l', 'c', 'b', 'p', 's' };
    VfsDirent entry = { .cookie = 0 };
    VfsAttr attr;

    if (vfs_getattr(vfs, id, &attr) != 0)
        g_error("%s: getattr", path);
    g_autofree char *text = detail(vfs, id, &attr);
    g_autofree char *sum =
        attr.type == VFS_REG && digests ? digest(vfs, id, attr.size) : g_strdup("-");
    (void)printf("%s\t%c\t%04o\t%u\t%u\t%" G_GUINT64_FORMAT "\t%" G_GINT64_FORMAT "\t%s\t%s\n",
                 path, letters[attr.type], attr.mode, attr.uid, attr.gid, attr.size, attr.mtime_s,
                 text, sum);
    while (attr.type == VFS_DIR && vfs_readdir(vfs, id, entry.cookie, &entry) == 1) {
        g_autofree char *name = log_escape(entry.name, strlen(entry.name));
        g_autofree char *below = g_strconcat(path, "/", name, NULL);
        list_object(vfs, entry.id, below, digests);
    }
}

static gboolean
print_bytes(Vfs *vfs, const char *path, guint64 offset, gsize count)
{
    g_autofree guint8 *bytes = g_malloc(count);
    VfsId id;

    if (vfs_walk(vfs, path, &id) != 0)
        return FALSE;
    gssize n = vfs_read(vfs, id, offset, bytes, count);
    return n >= 0 && fwrite(bytes, 1, (gsize)n, stdout) == (gsize)n;
}

static Vfs *
open_image(const char *path, GError **error)
{
    if (!g_str_has_suffix(path, ".img"))
        return vfs_iso_new(path, error);
    g_autoptr(ByteSource) image = byte_source_new_fd(open(path, O_RDONLY | O_CLOEXEC), error);
    return image != NULL ? vfs_ufs_open_image(image, path, NULL, error) : NULL;
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Vfs) vfs = argc > 1 ? open_image(argv[1], &error) : NULL;

    if (vfs == NULL) {
        (void)fprintf(stderr, "vfs-list: %s\n", error != NULL ? error->message : "no image");
        return 1;
    }
    if (argc == 5)
        return print_bytes(vfs, argv[2], g_ascii_strtoull(argv[3], NULL, 10),
                           g_ascii_strtoull(argv[4], NULL, 10))
                   ? 0
                   : 1;
    list_object(vfs, vfs_root(vfs), ".", argc == 2);
    return fflush(stdout) == 0 ? 0 : 1;
}
