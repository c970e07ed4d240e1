/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * images/iso-table.h as vfs-iso.c reads it: the table comes from a process that works on foreign
 * bytes, so each number in it may be anything.
 */
#include "images/iso-table.h"
#include "images/vfs-iso.h"
#include "tests/lan/rows.h"
#include "tests/unit/support/told.h"
#include "tests/unit/support/tree-check.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

#define IMAGE_SIZE 8192

/* One of each: /dir/in, /file in two sections, /link. */
typedef struct {
    IsoTable head;
    IsoTableNode nodes[5];
    IsoTableSection sections[2];
    char names[40];
} Table;

enum {
    ROOT,
    DIRECTORY,
    FILE_NODE,
    LINK_NODE,
    INNER
};

static const Table good = {
    .head = { ISO_TABLE_MAGIC, 5, 2, sizeof good.names },
    .nodes = {
        [ROOT] = { .type = VFS_DIR, .mode = 0755, .nlink = 3, .first_child = 1, .n_children = 3,
                   .target = ISO_TABLE_NONE, .size = 2048 },
        [DIRECTORY] = { .type = VFS_DIR, .mode = 0700, .nlink = 2, .name = 1, .first_child = 4,
                        .n_children = 1, .target = ISO_TABLE_NONE, .size = 2048 },
        [FILE_NODE] = { .type = VFS_REG, .mode = 0644, .nlink = 1, .name = 5, .first_section = 0,
                        .n_sections = 2, .size = 2058, .target = ISO_TABLE_NONE },
        [LINK_NODE] = { .type = VFS_LNK, .mode = 0777, .nlink = 1, .name = 10, .target = 15,
                        .size = 6 },
        [INNER] = { .type = VFS_REG, .mode = 0444, .nlink = 1, .name = 22, .parent = DIRECTORY,
                    .target = ISO_TABLE_NONE },
    },
    .sections = { { 4096, 2048 }, { 2048, 10 } },
    .names = "\0dir\0file\0link\0dir/in\0in\0",
};
G_STATIC_ASSERT(sizeof(Table) ==
                sizeof(IsoTable) + 5 * sizeof(IsoTableNode) + 2 * sizeof(IsoTableSection) + 40);

static int
memory_of(const void *bytes, gsize len)
{
    int fd = memfd_create("test", MFD_CLOEXEC);
    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(write(fd, bytes, len), ==, (gssize)len);
    return fd;
}

/* The tree that a table of @len bytes makes, over an image that holds a pattern. */
static Vfs *
tree_of(const void *table, gsize len, GError **error)
{
    guint8 image[IMAGE_SIZE];
    int image_fd, table_fd = memory_of(table, len);

    row_pattern(image, sizeof image, 0);
    image_fd = memory_of(image, sizeof image);
    Vfs *vfs = vfs_iso_new_from_table(image_fd, IMAGE_SIZE, table_fd, error);
    g_assert_cmpint(close(table_fd), ==, 0);
    if (vfs == NULL) /* it took the descriptor over, and must have closed it */
        g_assert_cmpint(fcntl(image_fd, F_GETFD), ==, -1);
    return vfs;
}

static void
test_good(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Vfs) vfs = tree_of(&good, sizeof good, &error);
    guint8 image[IMAGE_SIZE];

    g_assert_no_error(error);
    g_assert_cmpuint(tree_check(vfs), ==, 4);
    g_autofree char *names = tree_list(vfs, "/");
    g_assert_cmpstr(names, ==, "dir file link");
    g_assert_cmpuint(tree_id(vfs, "/link"), ==, tree_id(vfs, "/dir/in"));
    g_assert_cmpuint(vfs_total_bytes(vfs), ==, 2058);
    /* The sections in their order, which is not that of the image. */
    g_autoptr(GBytes) bytes = NULL;
    row_pattern(image, sizeof image, 0);
    g_assert_cmpint(vfs_read_file(vfs, "/file", 3000, &bytes), ==, 0);
    const guint8 *read = g_bytes_get_data(bytes, NULL);
    ROW_CMPMEM(read, 2048, image + 4096, 2048);
    ROW_CMPMEM(read + 2048, 10, image + 2048, 10);
}

typedef struct {
    const char *name;
    gsize offset, width; /* of the number in the table */
    guint64 value;
} NumberRow;

#define NUMBER(member, number)  offsetof(Table, member), sizeof((Table *)NULL)->member, (number)
#define NODE(i, member, number) NUMBER(nodes[i].member, number)

static const NumberRow bad_rows[] = {
    { "magic", NUMBER(head.magic, ISO_TABLE_MAGIC ^ 1) },
    { "no-nodes", NUMBER(head.n_nodes, 0) },
    { "one-node-less", NUMBER(head.n_nodes, 4) },
    { "one-node-more", NUMBER(head.n_nodes, 6) },
    { "most-nodes", NUMBER(head.n_nodes, G_MAXUINT32) },
    { "one-section-less", NUMBER(head.n_sections, 1) },
    { "most-sections", NUMBER(head.n_sections, G_MAXUINT32) },
    { "no-names", NUMBER(head.names_size, 0) },
    { "names-one-byte-more", NUMBER(head.names_size, 41) },
    { "most-names", NUMBER(head.names_size, G_MAXUINT32) },
    { "last-name-without-end", NUMBER(names[39], 'x') },
    { "root-is-a-file", NODE(ROOT, type, VFS_REG) },
    { "type-of-a-file", NODE(FILE_NODE, type, VFS_TYPE_COUNT) },
    { "largest-type", NODE(FILE_NODE, type, G_MAXUINT16) },
    { "name-behind-the-names", NODE(FILE_NODE, name, 40) },
    { "largest-name", NODE(FILE_NODE, name, G_MAXUINT32) },
    { "own-parent", NODE(DIRECTORY, parent, DIRECTORY) },
    { "parent-is-a-later-node", NODE(DIRECTORY, parent, INNER) },
    { "largest-parent", NODE(INNER, parent, G_MAXUINT32) },
    { "own-child", NODE(DIRECTORY, first_child, DIRECTORY) },
    { "child-is-the-root", NODE(DIRECTORY, first_child, ROOT) },
    { "first-child-behind-the-nodes", NODE(DIRECTORY, first_child, 5) },
    { "one-child-too-many", NODE(DIRECTORY, n_children, 2) },
    { "most-children", NODE(DIRECTORY, n_children, G_MAXUINT32) },
    { "children-wrap", NODE(ROOT, n_children, G_MAXUINT32) },
    { "children-of-a-file", NODE(FILE_NODE, n_children, 1) },
    { "first-section-behind-the-sections", NODE(FILE_NODE, first_section, 2) },
    { "one-section-too-many", NODE(FILE_NODE, n_sections, 3) },
    { "most-sections-of-a-file", NODE(FILE_NODE, n_sections, G_MAXUINT32) },
    { "target-behind-the-names", NODE(LINK_NODE, target, 40) },
    { "link-without-target", NODE(LINK_NODE, target, ISO_TABLE_NONE) },
    { "target-of-a-file", NODE(FILE_NODE, target, 0) },
    { "file-turned-into-a-link", NODE(FILE_NODE, type, VFS_LNK) },
    { "section-behind-the-image", NUMBER(sections[0].offset, IMAGE_SIZE + 1) },
    { "section-longer-than-the-image", NUMBER(sections[0].size, IMAGE_SIZE - 4095) },
    { "largest-section-offset", NUMBER(sections[1].offset, G_MAXUINT64) },
    { "largest-section-size", NUMBER(sections[1].size, G_MAXUINT64) },
    { "empty-name", NUMBER(names[5], 0) },
    { "slash-in-a-name", NUMBER(names[6], '/') },
    { "dot", offsetof(Table, names) + 5, 2, '.' },
    { "dot-dot", offsetof(Table, names) + 5, 3, '.' << 8 | '.' },
};

static void
test_bad(gconstpointer data)
{
    const NumberRow *row = data;
    g_autoptr(GError) error = NULL;
    Table table = good;

    memcpy((guint8 *)&table + row->offset, &row->value, row->width);
    g_autoptr(Vfs) vfs = tree_of(&table, sizeof table, &error);
    g_assert_null(vfs);
    assert_told(error, PXE_RUN_ERROR_MEDIUM, "the image is ");
}

/* What is odd, but does no harm: the tree is usable and all ways through it end. */
static const NumberRow harmless_rows[] = {
    { "children-of-two-directories", NODE(ROOT, n_children, 4) },
    { "no-children", NODE(ROOT, n_children, 0) },
    { "parent-is-a-file", NODE(INNER, parent, FILE_NODE) },
    { "size-says-more", NODE(FILE_NODE, size, 1 << 20) },
    { "size-says-most", NODE(FILE_NODE, size, G_MAXUINT64) },
    { "size-says-less", NODE(FILE_NODE, size, 1) },
    { "section-at-the-end", NUMBER(sections[0].offset, IMAGE_SIZE - 2048) },
    { "empty-section", NUMBER(sections[0].size, 0) },
    { "not-sorted", NUMBER(names[1], 'z') },
    { "doubled-name", NODE(LINK_NODE, name, 5) },
};

static guint
walk_all(Vfs *vfs, VfsId dir)
{
    VfsDirent entry = { .cookie = 0 };
    guint8 bytes[64];
    char path[256];
    VfsAttr attr;
    VfsId found;
    guint n = 0;

    for (; vfs_readdir(vfs, dir, entry.cookie, &entry) == 1; n++) {
        g_assert_cmpint(vfs_getattr(vfs, entry.id, &attr), ==, 0);
        (void)vfs_path(vfs, entry.id, path, sizeof path);
        (void)vfs_walk(vfs, path, &found);
        (void)vfs_read(vfs, entry.id, 2040, bytes, sizeof bytes);
        (void)vfs_readlink(vfs, entry.id, path, sizeof path);
        if (attr.type == VFS_DIR)
            n += walk_all(vfs, entry.id);
    }
    return n;
}

static void
test_harmless(gconstpointer data)
{
    const NumberRow *row = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = NULL;
    Table table = good;

    memcpy((guint8 *)&table + row->offset, &row->value, row->width);
    g_autoptr(Vfs) vfs = tree_of(&table, sizeof table, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(walk_all(vfs, vfs_root(vfs)), <=, 5);
    int r = vfs_read_file(vfs, "/file", 1 << 21, &bytes);
    if (g_str_equal(row->name, "size-says-more") || g_str_equal(row->name, "empty-section"))
        g_assert_cmpint(r, ==, -EIO);
    if (g_str_equal(row->name, "size-says-most"))
        g_assert_cmpint(r, ==, -EFBIG);
}

/* Where an empty file lies means nothing: libarchive's writer puts it far behind the image. */
static void
test_empty_file_behind_the_image(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = NULL;
    Table table = good;

    table.nodes[FILE_NODE].size = 0;
    table.sections[0] = table.sections[1] = (IsoTableSection){ G_MAXUINT32 * 2048ull, 0 };
    g_autoptr(Vfs) vfs = tree_of(&table, sizeof table, &error);
    g_assert_no_error(error);
    g_assert_cmpint(vfs_read_file(vfs, "/file", 100, &bytes), ==, 0);
    g_assert_cmpuint(g_bytes_get_size(bytes), ==, 0);
}

static void
test_every_prefix(void)
{
    for (gsize len = 0; len < sizeof good; len++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(tree_of(&good, len, &error));
        assert_told(error, PXE_RUN_ERROR_MEDIUM, "makes no sense");
    }
}

static void
test_one_byte_more(void)
{
    g_autoptr(GError) error = NULL;
    guint8 longer[sizeof good + 1] = { 0 };

    memcpy(longer, &good, sizeof good);
    g_assert_null(tree_of(longer, sizeof longer, &error));
    assert_told(error, PXE_RUN_ERROR_MEDIUM, "makes no sense");
}

typedef struct {
    const char *name;
    gsize len;
    gboolean fine;
} LengthRow;

static const LengthRow length_rows[] = {
    { "255-bytes", VFS_NAME_MAX, TRUE },
    { "256-bytes", VFS_NAME_MAX + 1, FALSE },
};

static void
test_name_length(gconstpointer data)
{
    const LengthRow *row = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(GByteArray) table = g_byte_array_new();
    Table start = good;

    start.head.names_size += (guint32)row->len + 1;
    start.nodes[INNER].name = sizeof good.names;
    g_byte_array_append(table, (const guint8 *)&start, sizeof start);
    g_autofree char *name = g_strnfill(row->len, 'n');
    g_byte_array_append(table, (const guint8 *)name, (guint)row->len + 1);
    g_autoptr(Vfs) vfs = tree_of(table->data, table->len, &error);
    g_assert_cmpint(vfs != NULL, ==, row->fine);
    if (row->fine)
        g_assert_cmpuint(tree_check(vfs), ==, 4);
    else
        assert_told(error, PXE_RUN_ERROR_MEDIUM, "makes no sense");
}

/* An image that ends too soon: what, where, what to do. */
static void
test_cut_short(void)
{
    g_autoptr(GError) error = NULL;
    Table table = good;

    table.sections[1].offset = 100000;
    g_assert_null(tree_of(&table, sizeof table, &error));
    assert_told(error, PXE_RUN_ERROR_MEDIUM, "cut short: /file ends at byte 100010");
    assert_told(error, PXE_RUN_ERROR_MEDIUM, "has only 8192 (download it again)");
}

/* The name is foreign text, and the message goes to a terminal. */
static void
test_cut_short_escaped(void)
{
    g_autoptr(GError) error = NULL;
    Table table = good;

    table.sections[1].offset = 100000;
    memcpy(table.names + 5, "\033[2J", 4);
    g_assert_null(tree_of(&table, sizeof table, &error));
    assert_told(error, PXE_RUN_ERROR_MEDIUM, "cut short: /\\x1b[2J ends at");
}

static void
test_mode(void)
{
    g_autoptr(GError) error = NULL;
    Table table = good;
    VfsAttr attr;

    table.nodes[FILE_NODE].mode = G_MAXUINT16;
    g_autoptr(Vfs) vfs = tree_of(&table, sizeof table, &error);
    g_assert_no_error(error);
    g_assert_cmpint(vfs_getattr(vfs, tree_id(vfs, "/file"), &attr), ==, 0);
    g_assert_cmphex(attr.mode, ==, 07777);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/iso-table/good", test_good);
    ROWS_ADD("/iso-table/bad", bad_rows, test_bad);
    ROWS_ADD("/iso-table/harmless", harmless_rows, test_harmless);
    g_test_add_func("/iso-table/empty-file-behind-the-image", test_empty_file_behind_the_image);
    g_test_add_func("/iso-table/every-prefix", test_every_prefix);
    g_test_add_func("/iso-table/one-byte-more", test_one_byte_more);
    ROWS_ADD("/iso-table/name-length", length_rows, test_name_length);
    g_test_add_func("/iso-table/cut-short", test_cut_short);
    g_test_add_func("/iso-table/cut-short-escaped", test_cut_short_escaped);
    g_test_add_func("/iso-table/mode", test_mode);
    return g_test_run();
}
