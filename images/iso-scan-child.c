/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The scan process itself: reads the tree with libisofs and writes it out as a table. It trusts
 * nothing that it reads, and nobody trusts what it writes.
 */
#include "images/iso-scan-child.h"

#include "images/iso-scan.h"
#include "images/iso-table.h"
#include "images/vfs.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

/* Last: it needs the types above and brings many names. */
#define LIBISOFS_WITHOUT_LIBBURN 1
#include <libisofs/libisofs.h>

#define SCAN_MEMORY_MAX (4ull << 30) /* bytes of address space */
#define SCAN_CPU_MAX    60           /* seconds */

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

static void
builder_file(TableBuilder *self, IsoTableNode *node, IsoFile *file)
{
    struct iso_file_section *sections = NULL;
    int count = 0;

    if (iso_file_get_old_image_sections(file, &count, &sections, 0) == 1) {
        for (int i = 0; i < count; i++) {
            builder_section(self, node, (guint64)sections[i].block * ISO_BLOCK, sections[i].size);
        }
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
        node.type = special_type(iso_node_get_mode(iso));
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

static int
child_write_table(IsoImage *image, int table_fd)
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

/* Rock Ridge names are bytes and stay as they are; without Rock Ridge: Joliet. */
static int
child_read_opts(IsoReadOpts **ret)
{
    char utf8[] = "UTF-8";

    int r = iso_read_opts_new(ret, 0);
    if (r < 0)
        return r;
    iso_read_opts_set_no_aaip(*ret, 1);
    iso_read_opts_set_no_md5(*ret, 1);
    iso_read_opts_set_default_permissions(*ret, 0444, 0555);
    iso_read_opts_set_input_charset(*ret, "UTF-8");
    return iso_set_local_charset(utf8, 0) == 1 ? ISO_SUCCESS : (int)ISO_CHARSET_CONV_ERROR;
}

static gboolean
is_regular_file(IsoImageFilesystem *fs, const char *path)
{
    IsoFileSource *file = NULL;
    struct stat st = { .st_mode = 0 };

    if (fs->get_by_path(fs, path, &file) != 1)
        return FALSE;
    (void)iso_file_source_lstat(file, &st);
    iso_file_source_unref(file);
    return S_ISREG(st.st_mode);
}

static guint32
child_probe(IsoImageFilesystem *fs, const char *const *probe_paths)
{
    guint32 present = 0;

    for (guint i = 0; i < ISO_PROBES_MAX && probe_paths[i] != NULL; i++)
        present |= (is_regular_file(fs, probe_paths[i]) ? 1u : 0u) << i;
    return present;
}

/* What libisofs does to names that are in the directory records alone. */
enum {
    NAMES_STRIPPED = 1, /* of ";1" */
    NAMES_LOWER_CASE = 3
};

#define OWNER_OF_NOBODY ((uid_t)-3) /* shown as the owner where Rock Ridge names none */

static gboolean
has_rock_ridge(IsoImageFilesystem *fs)
{
    IsoFileSource *root = NULL;
    struct stat st = { .st_uid = OWNER_OF_NOBODY };

    if (fs->get_root(fs, &root) != 1)
        return FALSE;
    (void)iso_file_source_lstat(root, &st);
    iso_file_source_unref(root);
    return st.st_uid != OWNER_OF_NOBODY;
}

/*
 * Opens the image. An image with Rock Ridge can have names in the directory record alone: makefs,
 * which makes FreeBSD's media, does so where both would be the same, in capitals. Without Rock
 * Ridge there are only capitals, and we show lower case, as FreeBSD's cd9660 does. libisofs must
 * know in front and tells behind, but an owner given as the default tells, too.
 */
static int
child_open_names(IsoDataSource *src, IsoReadOpts *opts, IsoImageFilesystem **ret)
{
    iso_read_opts_set_ecma119_map(opts, NAMES_STRIPPED);
    iso_read_opts_set_default_uid(opts, OWNER_OF_NOBODY);
    int r = iso_image_filesystem_new(src, opts, 1, ret);
    iso_read_opts_set_default_uid(opts, 0);
    if (r < 0 || has_rock_ridge(*ret))
        return r;
    iso_filesystem_unref(*ret);
    iso_read_opts_set_ecma119_map(opts, NAMES_LOWER_CASE);
    return iso_image_filesystem_new(src, opts, 1, ret);
}

static int
child_open(IsoDataSource *src, IsoReadOpts *opts, const char *const *probe_paths, ScanReply *reply)
{
    IsoImageFilesystem *fs = NULL;

    int r = child_open_names(src, opts, &fs);
    if (r < 0)
        return r;
    const char *id = iso_image_fs_get_volume_id(fs);
    (void)g_strlcpy(reply->text, id != NULL ? id : "", sizeof reply->text);
    reply->present = child_probe(fs, probe_paths);
    iso_filesystem_unref(fs);
    return ISO_SUCCESS;
}

/*
 * libisofs goes on without what it cannot read: a directory with a block that is missing or makes
 * no sense comes out empty, and only a message tells. An object of a type that no Unix has is left
 * out in the same way, which does no harm; the cause of a message is the message behind it.
 */
static int
child_check_messages(ScanReply *reply)
{
    char least[] = "NOTE", severity[80];
    g_autofree char *text = g_malloc(ISO_MSGS_MESSAGE_LEN);
    gboolean left_out = FALSE;
    int code, image_id;

    while (iso_obtain_msgs(least, &code, &image_id, text, severity) == 1) {
        if (left_out && code != iso_error_get_code((int)ISO_BAD_ISO_FILETYPE))
            break;
        left_out = code == iso_error_get_code((int)ISO_FILE_CANT_ADD);
        if (left_out)
            (void)g_strlcpy(reply->text, text, sizeof reply->text);
    }
    return left_out ? (int)ISO_FILE_CANT_ADD : ISO_SUCCESS;
}

static void
child_reply(int fd, int status, ScanReply *reply)
{
    reply->status = status < 0 ? status : 0;
    if (status < 0 && status != (int)ISO_FILE_CANT_ADD)
        (void)g_strlcpy(reply->text, iso_error_to_msg(status), sizeof reply->text);
    (void)write_all(fd, reply, sizeof *reply);
}

static void
child_limits(void)
{
    struct rlimit cpu = { SCAN_CPU_MAX, SCAN_CPU_MAX };
    struct rlimit core = { 0, 0 };

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)setrlimit(RLIMIT_CPU, &cpu);
    (void)setrlimit(RLIMIT_CORE, &core);
#if !defined(__SANITIZE_ADDRESS__) /* whose shadow memory needs the room */
    struct rlimit memory = { SCAN_MEMORY_MAX, SCAN_MEMORY_MAX };
    (void)setrlimit(RLIMIT_AS, &memory);
#endif
}

/**
 * scan_child_main:
 * @image_fd: the image, open for reading
 * @probe_paths: see iso_scan_start()
 * @reply_fd: gets two ScanReply
 * @table_fd: empty memory, gets the IsoTable
 **/
void
scan_child_main(int image_fd, const char *const *probe_paths, int reply_fd, int table_fd)
{
    char path[32], note[] = "NOTE", never[] = "NEVER", no_prefix[] = "";
    ScanReply reply = { 0 };
    IsoDataSource *src = NULL;
    IsoReadOpts *opts = NULL;
    IsoImage *image = NULL;

    child_limits();
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", image_fd);
    int r = iso_init();
    if (r >= 0)
        r = iso_set_msgs_severities(note, never, no_prefix);
    if (r >= 0)
        r = iso_data_source_new_from_file(path, &src);
    if (r >= 0)
        r = child_read_opts(&opts);
    if (r >= 0)
        r = child_open(src, opts, probe_paths, &reply);
    child_reply(reply_fd, r, &reply);
    if (r < 0)
        _exit(1);

    r = iso_image_new(NULL, &image);
    if (r >= 0)
        r = iso_image_import(image, src, opts, NULL);
    if (r >= 0)
        r = child_check_messages(&reply);
    if (r >= 0)
        r = child_write_table(image, table_fd);
    child_reply(reply_fd, r, &reply);
    _exit(0);
}
