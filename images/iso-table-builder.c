/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From libisofs's tree to the flat table, breadth first, so that the children of a directory become
 * neighbours. Runs in the scan process only.
 */
#include "images/iso-table-builder.h"

#include "images/iso-table.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

/* Last: it needs the types above and brings many names. */
#define LIBISOFS_WITHOUT_LIBBURN 1
#include <libisofs/libisofs.h>

typedef struct {
    GArray *nodes;    /* of IsoTableNode */
    GPtrArray *dirs;  /* of IsoDir, by node; NULL for what is no directory */
    GArray *sections; /* of IsoTableSection */
    GByteArray *names;
} TableBuilder;

static guint32
builder_name(TableBuilder *self, const char *name)
{
    guint32 offset = self->names->len;
    g_byte_array_append(self->names, (const guint8 *)name, (guint)strlen(name) + 1);
    return offset;
}

/* An empty section is none: the address of an empty file means nothing, and may be anything. */
static void
builder_section(TableBuilder *self, IsoTableNode *node, guint64 offset, guint64 size)
{
    IsoTableSection section = { offset, size };
    if (size == 0)
        return;
    if (node->n_sections++ == 0)
        node->first_section = self->sections->len;
    g_array_append_val(self->sections, section);
    node->size += size;
}

/* A file packed with zisofs is shown as it is stored: FreeBSD's cd9660 does not know zisofs. */
static void
builder_file(TableBuilder *self, IsoTableNode *node, IsoFile *file)
{
    struct iso_file_section *sections = NULL;
    int count = 0;

    if (iso_file_get_old_image_sections(file, &count, &sections, 0) == 1) {
        for (int i = 0; i < count; i++)
            builder_section(self, node, (guint64)sections[i].block * ISO_BLOCK, sections[i].size);
    }
    free(sections);
}

static void
builder_boot_catalog(TableBuilder *self, IsoTableNode *node, IsoImage *image)
{
    IsoBoot *catalog = NULL;
    uint32_t lba = 0;
    off_t size = 0;
    char *bytes = NULL;

    if (iso_image_get_bootcat(image, &catalog, &lba, &bytes, &size) == 1 && size > 0)
        builder_section(self, node, (guint64)lba * ISO_BLOCK, (guint64)size);
    free(bytes);
}

/*
 * Rock Ridge has two numbers of 32 bits, which libisofs joins: the halves of a dev_t, or (from
 * genisoimage) major and minor. Source: RRIP 4.1.2; FreeBSD's way to tell them apart
 * [sys/fs/cd9660/cd9660_rrip.c: cd9660_rrip_device]
 */
static void
builder_device(IsoTableNode *node, dev_t device)
{
    guint32 high = (guint32)(device >> 32), low = (guint32)device;

    node->rdev_major = high != 0 ? high : major(low);
    node->rdev_minor = high != 0 ? low : minor(low);
}

static VfsType
special_type(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFCHR:
        return VFS_CHR;
    case S_IFBLK:
        return VFS_BLK;
    case S_IFIFO:
        return VFS_FIFO;
    default:
        return VFS_SOCK;
    }
}

/* Appends a node for @iso, a child of node @parent. */
static void
builder_node(TableBuilder *self, IsoImage *image, IsoNode *iso, guint32 parent)
{
    const char *name = iso_node_get_name(iso);
    IsoTableNode node = {
        .mtime_s = iso_node_get_mtime(iso),
        .parent = parent,
        .name = builder_name(self, name != NULL ? name : ""),
        .target = ISO_TABLE_NONE,
        .uid = iso_node_get_uid(iso),
        .gid = iso_node_get_gid(iso),
        .nlink = 1,
        .mode = iso_node_get_permissions(iso) & 07777,
    };
    gpointer dir = NULL;

    switch (iso_node_get_type(iso)) {
    case LIBISO_DIR:
        node.type = VFS_DIR;
        node.nlink = 2;
        node.size = ISO_BLOCK;
        dir = iso;
        break;
    case LIBISO_FILE:
        node.type = VFS_REG;
        builder_file(self, &node, (IsoFile *)iso);
        break;
    case LIBISO_BOOT:
        node.type = VFS_REG;
        builder_boot_catalog(self, &node, image);
        break;
    case LIBISO_SYMLINK: {
        const char *target = iso_symlink_get_dest((IsoSymlink *)iso);
        node.type = VFS_LNK;
        node.target = builder_name(self, target);
        node.size = strlen(target);
        break;
    }
    case LIBISO_SPECIAL:
        node.type = (guint16)special_type(iso_node_get_mode(iso));
        builder_device(&node, iso_special_get_dev((IsoSpecial *)iso));
        break;
    }
    g_array_append_val(self->nodes, node);
    g_ptr_array_add(self->dirs, dir);
}

static gint
compare_iso_names(gconstpointer a, gconstpointer b)
{
    const IsoNode *const *x = a, *const *y = b;
    return strcmp(iso_node_get_name(*x), iso_node_get_name(*y));
}

/* Appends the children of the directory at @index, as neighbours and sorted. */
static int
builder_children(TableBuilder *self, IsoImage *image, guint32 index)
{
    g_autoptr(GPtrArray) children = g_ptr_array_new();
    IsoDirIter *iter = NULL;
    IsoNode *child;

    int r = iso_dir_get_children(g_ptr_array_index(self->dirs, index), &iter);
    if (r < 0)
        return r;
    while (iso_dir_iter_next(iter, &child) == 1) {
        const char *name = iso_node_get_name(child);
        if (name != NULL && iso_table_name_ok(name))
            g_ptr_array_add(children, child);
    }
    iso_dir_iter_free(iter);
    if (self->nodes->len + children->len > ISO_NODES_MAX)
        return (int)ISO_OUT_OF_MEM;
    g_ptr_array_sort(children, compare_iso_names);

    guint32 first = self->nodes->len, directories = 0;
    for (guint i = 0; i < children->len; i++) {
        IsoNode *node = g_ptr_array_index(children, i);
        directories += iso_node_get_type(node) == LIBISO_DIR;
        builder_node(self, image, node, index);
    }
    IsoTableNode *dir = &g_array_index(self->nodes, IsoTableNode, index);
    dir->first_child = first;
    dir->n_children = children->len;
    dir->nlink += directories;
    return ISO_SUCCESS;
}

static gboolean
write_all(int fd, const void *bytes, gsize len)
{
    const guint8 *p = bytes;
    while (len > 0) {
        ssize_t n = write(fd, p, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return FALSE;
        p += n;
        len -= (gsize)n;
    }
    return TRUE;
}

/**
 * iso_table_build:
 * @image: an image that was read
 * @table_fd: empty memory, gets the IsoTable
 *
 * Returns: ISO_SUCCESS, or a negative libisofs code
 **/
int
iso_table_build(struct Iso_Image *image, int table_fd)
{
    TableBuilder builder = {
        .nodes = g_array_new(FALSE, FALSE, sizeof(IsoTableNode)),
        .dirs = g_ptr_array_new(),
        .sections = g_array_new(FALSE, FALSE, sizeof(IsoTableSection)),
        .names = g_byte_array_new(),
    };

    builder_node(&builder, image, (IsoNode *)iso_image_get_root(image), 0);
    for (guint32 i = 0; i < builder.nodes->len; i++) {
        int r = g_ptr_array_index(builder.dirs, i) != NULL ? builder_children(&builder, image, i)
                                                           : ISO_SUCCESS;
        if (r < 0)
            return r;
    }
    IsoTable header = {
        .magic = ISO_TABLE_MAGIC,
        .n_nodes = builder.nodes->len,
        .n_sections = builder.sections->len,
        .names_size = builder.names->len,
    };
    if (!write_all(table_fd, &header, sizeof header) ||
        !write_all(table_fd, builder.nodes->data, builder.nodes->len * sizeof(IsoTableNode)) ||
        !write_all(table_fd, builder.sections->data,
                   builder.sections->len * sizeof(IsoTableSection)) ||
        !write_all(table_fd, builder.names->data, builder.names->len))
        return (int)ISO_OUT_OF_MEM;
    return ISO_SUCCESS;
}
