/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of an ISO's tree, which comes from a process that works on foreign bytes: a byte that
 * says whether the header's sizes are made right, then the table.
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

/* Gives the names what the nodes and sections leave, so that the sizes add up. */
static void
mend(FuzzPiece *table)
{
    IsoTable header;

    if (table->len <= sizeof header)
        return;
    memcpy(&header, table->bytes, sizeof header);
    header.magic = ISO_TABLE_MAGIC;
    gsize rest = table->len - sizeof header;
    header.n_nodes = (guint32)MIN(header.n_nodes, rest / sizeof(IsoTableNode));
    rest -= header.n_nodes * sizeof(IsoTableNode);
    header.n_sections = (guint32)MIN(header.n_sections, rest / sizeof(IsoTableSection));
    rest -= header.n_sections * sizeof(IsoTableSection);
    header.names_size = (guint32)rest;
    memcpy(table->bytes, &header, sizeof header);
    table->bytes[table->len - 1] = '\0';
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

    gboolean mended = cursor_u8(&input) % 8 != 0;
    g_auto(FuzzPiece) table = fuzz_piece_copy(input.at, cursor_left(&input));
    if (mended)
        mend(&table);
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
