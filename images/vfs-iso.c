/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tree of an ISO 9660 image. The scan process (iso-scan.c) has put it into a flat table; here
 * the table is mapped and checked in full, since that process works on foreign bytes, and file
 * contents are read with pread() from the image, where the table says. The image is opened
 * read-only; nothing is extracted.
 */
#include "images/vfs-iso.h"

#include "base/autofd.h"
#include "base/error.h"
#include "base/log.h"
#include "images/iso-table.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

typedef struct {
    Vfs vfs;
    int fd; /* the image */
    void *map;
    gsize map_size;
    guint32 n_nodes, n_sections, names_size;
    const IsoTableNode *nodes;
    const IsoTableSection *sections;
    const char *names;
    guint64 total_bytes;
} VfsIso;

/* The node of an id that is known to be good. */
static const IsoTableNode *
iso_at(Vfs *vfs, VfsId id)
{
    const VfsIso *self = (VfsIso *)vfs;
    g_assert(id < self->n_nodes);
    return &self->nodes[id];
}

static const IsoTableNode *
iso_node(Vfs *vfs, VfsId id)
{
    return id < ((VfsIso *)vfs)->n_nodes ? iso_at(vfs, id) : NULL;
}

static const char *
iso_name_of(const VfsIso *self, guint32 id)
{
    return self->names + self->nodes[id].name;
}

static VfsId
iso_root(Vfs *vfs)
{
    (void)vfs;
    return 0;
}

static int
iso_parent(Vfs *vfs, VfsId id, VfsId *ret)
{
    const IsoTableNode *node = iso_node(vfs, id);
    if (node == NULL)
        return -ESTALE;
    *ret = node->parent;
    return 0;
}

static int
iso_name(Vfs *vfs, VfsId id, char *ret_name, gsize cap)
{
    if (iso_node(vfs, id) == NULL)
        return -ESTALE;
    const char *name = iso_name_of((VfsIso *)vfs, (guint32)id);
    return g_strlcpy(ret_name, name, cap) < cap ? 0 : -ENAMETOOLONG;
}

static int
iso_lookup(Vfs *vfs, VfsId dir, const char *name, VfsId *ret)
{
    const VfsIso *self = (VfsIso *)vfs;
    const IsoTableNode *node = iso_at(vfs, dir);
    guint32 low = node->first_child, high = low + node->n_children;

    while (low < high) {
        guint32 mid = low + (high - low) / 2;
        int order = strcmp(name, iso_name_of(self, mid));
        if (order == 0) {
            *ret = mid;
            return 0;
        }
        if (order < 0)
            high = mid;
        else
            low = mid + 1;
    }
    return -ENOENT;
}

static int
iso_getattr(Vfs *vfs, VfsId id, VfsAttr *ret)
{
    const IsoTableNode *node = iso_node(vfs, id);
    if (node == NULL)
        return -ESTALE;
    *ret = (VfsAttr){
        .type = (VfsType)node->type,
        .mode = node->mode & 07777,
        .nlink = node->nlink,
        .uid = node->uid,
        .gid = node->gid,
        .rdev_major = node->rdev_major,
        .rdev_minor = node->rdev_minor,
        .size = node->size,
        .mtime_s = node->mtime_s,
    };
    return 0;
}

static int
iso_readdir(Vfs *vfs, VfsId dir, guint64 cookie, VfsDirent *ret)
{
    const IsoTableNode *node = iso_node(vfs, dir);
    if (node == NULL)
        return -ESTALE;
    if (node->type != VFS_DIR)
        return -ENOTDIR;
    if (cookie >= node->n_children)
        return 0;
    guint32 child = node->first_child + (guint32)cookie;
    ret->id = child;
    ret->cookie = cookie + 1;
    (void)g_strlcpy(ret->name, iso_name_of((VfsIso *)vfs, child), sizeof ret->name);
    return 1;
}

static gssize
pread_full(int fd, guint8 *dst, gsize n, guint64 offset)
{
    gsize done = 0;
    while (done < n) {
        ssize_t got = pread(fd, dst + done, n - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0)
            return -EIO; /* the image was cut short under us */
        done += (gsize)got;
    }
    return (gssize)done;
}

static gssize
iso_read(Vfs *vfs, VfsId id, guint64 offset, void *dst, gsize n)
{
    const VfsIso *self = (VfsIso *)vfs;
    const IsoTableNode *node = iso_node(vfs, id);
    guint8 *out = dst;
    gsize done = 0;

    if (node == NULL)
        return -ESTALE;
    if (node->type != VFS_REG)
        return node->type == VFS_DIR ? -EISDIR : -EINVAL;
    for (guint32 i = 0; i < node->n_sections && done < n; i++) {
        const IsoTableSection *section = &self->sections[node->first_section + i];
        if (offset >= section->size) {
            offset -= section->size;
            continue;
        }
        gsize want = (gsize)MIN(n - done, section->size - offset);
        gssize got = pread_full(self->fd, out + done, want, section->offset + offset);
        if (got < 0)
            return got;
        done += want;
        offset = 0;
    }
    return (gssize)done;
}

static gssize
iso_readlink(Vfs *vfs, VfsId id, char *dst, gsize cap)
{
    const IsoTableNode *node = iso_node(vfs, id);
    if (node == NULL)
        return -ESTALE;
    if (node->type != VFS_LNK)
        return -EINVAL;
    const char *target = ((VfsIso *)vfs)->names + node->target;
    gsize len = strnlen(target, cap + 1);
    if (len > cap)
        return -ENAMETOOLONG;
    memcpy(dst, target, len);
    return (gssize)len;
}

static guint64
iso_total_bytes(Vfs *vfs)
{
    return ((VfsIso *)vfs)->total_bytes;
}

static void
iso_free(Vfs *vfs)
{
    VfsIso *self = (VfsIso *)vfs;
    if (self->map != NULL)
        (void)munmap(self->map, self->map_size);
    autofd_clear(&self->fd);
    g_free(self);
}

static const VfsOps vfs_iso_ops = {
    .kind = "iso",
    .root = iso_root,
    .parent = iso_parent,
    .name = iso_name,
    .lookup = iso_lookup,
    .getattr = iso_getattr,
    .readdir = iso_readdir,
    .read = iso_read,
    .readlink = iso_readlink,
    .total_bytes = iso_total_bytes,
    .free = iso_free,
};

static gboolean
range_ok(guint32 first, guint32 n, guint32 limit)
{
    return n == 0 || (first < limit && n <= limit - first);
}

static gboolean
iso_check_node(const VfsIso *self, guint32 i)
{
    const IsoTableNode *node = &self->nodes[i];
    return node->type < VFS_TYPE_COUNT && node->name < self->names_size &&
           (i == 0 || (iso_table_name_ok(iso_name_of(self, i)) && node->parent < i)) &&
           range_ok(node->first_section, node->n_sections, self->n_sections) &&
           range_ok(node->first_child, node->n_children, self->n_nodes) &&
           (node->n_children == 0 || (node->type == VFS_DIR && node->first_child > i)) &&
           (node->type == VFS_LNK) == (node->target < self->names_size);
}

/* Maps the table and checks that every index in it is good. */
static gboolean
iso_map_table(VfsIso *self, int table_fd)
{
    struct stat st;

    if (fstat(table_fd, &st) < 0 || (guint64)st.st_size < sizeof(IsoTable))
        return FALSE;
    self->map_size = (gsize)st.st_size;
    void *map = mmap(NULL, self->map_size, PROT_READ, MAP_PRIVATE, table_fd, 0);
    if (map == MAP_FAILED)
        return FALSE;
    self->map = map;
    const IsoTable *table = map;
    guint64 nodes_at = sizeof *table;
    guint64 sections_at = nodes_at + (guint64)table->n_nodes * sizeof(IsoTableNode);
    guint64 names_at = sections_at + (guint64)table->n_sections * sizeof(IsoTableSection);
    const char *bytes = map;
    if (table->magic != ISO_TABLE_MAGIC || table->n_nodes == 0 || table->names_size == 0 ||
        names_at + table->names_size != self->map_size || bytes[self->map_size - 1] != '\0')
        return FALSE;
    self->n_nodes = table->n_nodes;
    self->n_sections = table->n_sections;
    self->names_size = table->names_size;
    self->nodes = (const IsoTableNode *)(const void *)(bytes + nodes_at);
    self->sections = (const IsoTableSection *)(const void *)(bytes + sections_at);
    self->names = bytes + names_at;
    if (self->nodes[0].type != VFS_DIR)
        return FALSE;
    for (guint32 i = 0; i < self->n_nodes; i++) {
        if (!iso_check_node(self, i))
            return FALSE;
        if (self->nodes[i].type == VFS_REG)
            self->total_bytes += self->nodes[i].size;
    }
    return TRUE;
}

/* The path of a node, for a message on a terminal: names are foreign text. */
static char *
iso_shown_path(VfsIso *self, guint32 id)
{
    char path[VFS_PATH_MAX];
    return vfs_path(&self->vfs, id, path, sizeof path) == 0 ? log_escape(path, strlen(path))
                                                            : g_strdup("a file");
}

/* Returns: the file to which section @section belongs; the root when it is nobody's */
static guint32
iso_file_of_section(const VfsIso *self, guint32 section)
{
    guint32 file = self->n_nodes - 1;
    while (file > 0 && (self->nodes[file].first_section > section ||
                        section - self->nodes[file].first_section >= self->nodes[file].n_sections))
        file--;
    return file;
}

/* Refuses an image that ends before the last byte of its files. */
static gboolean
iso_check_extents(VfsIso *self, guint64 image_size, GError **error)
{
    for (guint32 i = 0; i < self->n_sections; i++) {
        const IsoTableSection *section = &self->sections[i];
        if (section->size == 0 ||
            (section->offset <= image_size && section->size <= image_size - section->offset))
            continue;
        g_autofree char *path = iso_shown_path(self, iso_file_of_section(self, i));
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_MEDIUM,
                    "the image is cut short: %s ends at byte %" G_GUINT64_FORMAT
                    ", the image has only %" G_GUINT64_FORMAT " (download it again)",
                    path, section->offset + section->size, image_size);
        return FALSE;
    }
    return TRUE;
}

/**
 * vfs_iso_new_from_table:
 * @image_fd: (transfer full): the image, open for reading
 * @image_size: its size in bytes
 * @table_fd: (transfer none): the finished IsoTable
 * @error: PXE_RUN_ERROR_MEDIUM when the table makes no sense or the image is cut short
 *
 * Returns: (transfer full): the tree
 **/
Vfs *
vfs_iso_new_from_table(int image_fd, guint64 image_size, int table_fd, GError **error)
{
    VfsIso *iso = g_new0(VfsIso, 1);
    g_autoptr(Vfs) vfs = &iso->vfs;

    iso->vfs.ops = &vfs_iso_ops;
    iso->fd = image_fd;
    if (!iso_map_table(iso, table_fd)) {
        g_set_error_literal(error, PXE_RUN_ERROR, PXE_RUN_ERROR_MEDIUM,
                            "the image is damaged: its directory tree makes no sense");
        return NULL;
    }
    if (!iso_check_extents(iso, image_size, error))
        return NULL;
    return g_steal_pointer(&vfs);
}
