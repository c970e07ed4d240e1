/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of an ISO's tree, which comes from a process that works on foreign bytes. An input
 * describes it: numbers of nodes and of sections, a byte each; how much the header's three numbers
 * are off, and how much is missing at the end, a byte each; the nodes, the sections; the names are
 * the rest. Nodes are told field by field, so that an input stays good when the table changes.
 */
#include "base/autofd.h"
#include "base/error.h"
#include "images/iso-table.h"
#include "images/vfs-iso.h"
#include "tests/fuzz/fuzz-input.h"

#include <string.h>
#include <sys/mman.h>

#define IMAGE_SIZE 8192
#define VISITS_MAX 2000 /* a hostile table can show the same directory many times */
#define DEPTH_MAX  40

static int
memory_of(const FuzzPiece *bytes)
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(write(fd, bytes->bytes, bytes->len), ==, (gssize)bytes->len);
    return fd;
}

/* A number of 16 bits, of which the largest stand for the largest of 32. */
static guint32
number(Cursor *input)
{
    guint16 word = cursor_be16(input);
    return word < 0xfff0 ? word : G_MAXUINT32 - (0xffffu - word);
}

static IsoTableNode
node_of(Cursor *input)
{
    IsoTableNode node = { .type = cursor_u8(input) };

    node.parent = number(input);
    node.first_child = number(input);
    node.n_children = number(input);
    node.first_section = number(input);
    node.n_sections = number(input);
    node.name = number(input);
    node.target = number(input);
    node.mode = cursor_be16(input);
    node.size = cursor_be32(input);
    return node;
}

static IsoTableSection
section_of(Cursor *input)
{
    guint64 offset = cursor_be32(input);
    guint64 size = cursor_be32(input);
    /* Of the largest offsets, ones that are near the largest of 64 bits. */
    return (IsoTableSection){ offset < 0xfffff000u ? offset : offset | ~(guint64)G_MAXUINT32,
                              size };
}

/* -128 to 127, as a number to add */
static guint32
difference(Cursor *input)
{
    gint32 byte = (gint8)cursor_u8(input);
    return (guint32)byte;
}

static FuzzPiece
table_of(Cursor *input)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    IsoTable header = { .magic = ISO_TABLE_MAGIC };

    guint n_nodes = cursor_u8(input), n_sections = cursor_u8(input);
    header.n_nodes = n_nodes + difference(input);
    header.n_sections = n_sections + difference(input);
    header.names_size = difference(input);
    guint8 missing = cursor_u8(input);
    g_byte_array_append(bytes, (const guint8 *)&header, sizeof header);
    for (guint i = 0; i < n_nodes && cursor_left(input) > 0; i++) {
        IsoTableNode node = node_of(input);
        g_byte_array_append(bytes, (const guint8 *)&node, sizeof node);
    }
    for (guint i = 0; i < n_sections && cursor_left(input) > 0; i++) {
        IsoTableSection section = section_of(input);
        g_byte_array_append(bytes, (const guint8 *)&section, sizeof section);
    }
    header.names_size += (guint32)cursor_left(input);
    memcpy(bytes->data, &header, sizeof header);
    g_byte_array_append(bytes, input->at, (guint)cursor_left(input));
    return fuzz_piece_copy(bytes->data, bytes->len - MIN(missing, bytes->len));
}

static void
visit_bytes(Vfs *vfs, VfsId id, const VfsAttr *attr)
{
    char bytes[512];
    int r;

    gssize n = vfs_read(vfs, id, attr->size / 2, bytes, sizeof bytes);
    g_assert_cmpint(n, <=, (gssize)sizeof bytes);
    g_assert_true(attr->type == VFS_REG || n < 0);
    n = vfs_read(vfs, id, G_MAXUINT64, bytes, sizeof bytes);
    g_assert_cmpint(n, <=, 0);
    n = vfs_readlink(vfs, id, bytes, sizeof bytes);
    g_assert_true((attr->type == VFS_LNK && n <= (gssize)sizeof bytes) || n < 0);
    g_assert_cmpint((r = vfs_open(vfs, id)), <, 0);
}

static void
visit(Vfs *vfs, VfsId dir, guint depth, guint *left)
{
    VfsDirent entry = { .cookie = 0 };
    char path[VFS_PATH_MAX];
    VfsAttr attr;
    VfsId found;

    while (*left > 0 && vfs_readdir(vfs, dir, entry.cookie, &entry) == 1) {
        (*left)--;
        g_assert_cmpint(vfs_getattr(vfs, entry.id, &attr), ==, 0);
        g_assert_cmpuint(attr.type, <, VFS_TYPE_COUNT);
        g_assert_cmpint(vfs_parent(vfs, entry.id, &found), ==, 0);
        if (vfs_path(vfs, entry.id, path, sizeof path) == 0)
            (void)vfs_walk(vfs, path, &found);
        (void)vfs_lookup(vfs, dir, entry.name, &found);
        visit_bytes(vfs, entry.id, &attr);
        if (attr.type == VFS_DIR && depth < DEPTH_MAX)
            visit(vfs, entry.id, depth + 1, left);
    }
}

int
LLVMFuzzerTestOneInput(const guint8 *bytes, gsize len)
{
    Cursor input = cursor_of(bytes, len);
    g_autoptr(GError) error = NULL;
    g_auto(FuzzPiece) image = fuzz_piece_new(IMAGE_SIZE);
    guint left = VISITS_MAX;

    g_auto(FuzzPiece) table = table_of(&input);
    memset(image.bytes, 'i', image.len);
    auto_fd table_fd = memory_of(&table);
    g_autoptr(Vfs) vfs = vfs_iso_new_from_table(memory_of(&image), IMAGE_SIZE, table_fd, &error);
    if (vfs == NULL) {
        g_assert_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_MEDIUM);
        return 0;
    }
    visit(vfs, vfs_root(vfs), 0, &left);
    g_assert_cmpint(vfs_getattr(vfs, (VfsId)1 << 32, &(VfsAttr){ 0 }), <, 0);
    return 0;
}
