/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which file system of a disk image is meant: the first that holds /boot, else the first that can
 * be read. A memstick has one, beside partitions with boot code and an EFI system partition.
 */
#include "base/error.h"
#include "images/disk-label.h"
#include "images/ufs-super.h"
#include "images/vfs-ufs.h"

static gboolean
has_boot(Vfs *vfs)
{
    VfsId id;
    return vfs_walk(vfs, "/boot", &id) == 0;
}

/* Opens what is in @slice. Returns: (nullable) (transfer full): its tree */
static Vfs *
open_slice(ByteSource *image, const DiskSlice *slice, GError **error)
{
    g_autoptr(ByteSource) part = byte_source_slice(image, slice->offset, slice->size);
    return ufs_super_is_there(part) ? vfs_ufs_new(g_steal_pointer(&part), error) : NULL;
}

/**
 * vfs_ufs_open_image:
 * @image: (transfer none): a file system, or a disk with slices or partitions
 * @shown_name: what the user calls the image
 * @ret_slice: (out) (transfer full) (optional): where the file system is, as FreeBSD calls it
 *   behind the disk's name: "p3", "s1a", "a"; "raw" for all of the image
 * @error: PXE_RUN_ERROR_MEDIUM when there is no UFS, or what is wrong with the first one
 *
 * Returns: (transfer full): the tree of the image's UFS
 **/
Vfs *
vfs_ufs_open_image(ByteSource *image, const char *shown_name, char **ret_slice, GError **error)
{
    g_autofree DiskLabel *label = g_new(DiskLabel, 1);
    g_autoptr(GError) first_error = NULL;
    g_autoptr(Vfs) found = NULL;
    guint found_at = 0;

    disk_label_read(image, label);
    for (guint i = 0; i < label->n; i++) {
        g_autoptr(Vfs) vfs =
            open_slice(image, &label->slices[i], first_error == NULL ? &first_error : NULL);
        gboolean better = vfs != NULL && has_boot(vfs);
        if (vfs != NULL && (found == NULL || better)) {
            g_clear_pointer(&found, vfs_free);
            found = g_steal_pointer(&vfs);
            found_at = i;
        }
        if (better)
            break;
    }
    if (found == NULL) {
        g_set_error(
            error, PXE_RUN_ERROR, PXE_RUN_ERROR_MEDIUM, "cannot use '%s': %s", shown_name,
            first_error != NULL
                ? first_error->message
                : "it is no ISO 9660 image, and neither it nor a FreeBSD partition in it is a UFS");
        return NULL;
    }
    if (ret_slice != NULL)
        *ret_slice = g_strdup(label->slices[found_at].name);
    return g_steal_pointer(&found);
}
