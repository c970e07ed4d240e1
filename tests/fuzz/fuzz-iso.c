/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A damaged or hostile ISO image, from its volume descriptors (block 16) on; what is in front is
 * zeros. libisofs reads it in a process of its own, which may end in any way: we must get a tree or
 * an error. A fuzzer sees our half only.
 */
#include "base/autofd.h"
#include "base/error.h"
#include "images/iso-table.h"
#include "images/vfs-iso.h"
#include "tests/fuzz/fuzz-input.h"

#include <string.h>
#include <sys/mman.h>

#define SYSTEM_AREA ((gsize)16 * ISO_BLOCK)
#define VISITS_MAX  500
#define DEPTH_MAX   40

static int
image_of(const guint8 *bytes, gsize len)
{
    g_auto(FuzzPiece) image = fuzz_piece_new(SYSTEM_AREA + len);
    int fd = memfd_create("fuzz", MFD_CLOEXEC);

    g_assert_cmpint(fd, >=, 0);
    memset(image.bytes, 0, SYSTEM_AREA);
    if (len > 0)
        memcpy(image.bytes + SYSTEM_AREA, bytes, len);
    image.bytes[0] = 1; /* or it would be taken for an empty disk */
    g_assert_cmpint(write(fd, image.bytes, image.len), ==, (gssize)image.len);
    return fd;
}

static void
visit(Vfs *vfs, VfsId dir, guint depth, guint *left)
{
    VfsDirent entry = { .cookie = 0 };
    char bytes[ISO_BLOCK];
    VfsId parent;

    while (*left > 0 && vfs_readdir(vfs, dir, entry.cookie, &entry) == 1) {
        (*left)--;
        g_assert_cmpint(vfs_parent(vfs, entry.id, &parent), ==, 0);
        g_assert_cmpuint(parent, ==, dir);
        (void)vfs_read(vfs, entry.id, 0, bytes, sizeof bytes);
        (void)vfs_readlink(vfs, entry.id, bytes, sizeof bytes);
        if (depth < DEPTH_MAX)
            visit(vfs, entry.id, depth + 1, left);
    }
}

int
LLVMFuzzerTestOneInput(const guint8 *bytes, gsize len)
{
    static const char *const probes[] = { "/boot/pxeboot", "/boot/mfsroot.gz", NULL };
    g_autoptr(GError) error = NULL;
    guint left = VISITS_MAX;

    auto_fd fd = image_of(bytes, len);
    g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);
    IsoImageFile *image = iso_image_file_open(autofd_steal(&fd), path, probes, &error);
    if (image != NULL)
        (void)iso_image_file_is_short(image);
    g_autoptr(Vfs) vfs = image != NULL ? iso_image_file_to_vfs(image, &error) : NULL;
    if (vfs == NULL)
        g_assert_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_MEDIUM);
    else
        visit(vfs, vfs_root(vfs), 0, &left);
    return 0;
}
