/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "images/firmware-files.h"

#include "base/error.h"

/* Where distributions put them: Debian first, then Fedora, Arch, openSUSE. */
#define FIRMWARE_PATH                                                                              \
    "/usr/lib/ipxe/qemu:/usr/lib/ipxe:/usr/lib/ISOLINUX:/usr/lib/syslinux/modules/bios:"           \
    "/usr/share/qemu:/usr/share/ipxe:/usr/share/ipxe/x86_64:/usr/share/syslinux:"                  \
    "/usr/lib/syslinux/bios:/usr/local/share/qemu"

/**
 * firmware_find:
 * @name: name of a file
 * @search_path: (nullable): directories separated by ':' to look in instead of the usual ones
 * @package: the Debian package that has it, for the error
 * @error: PXE_RUN_ERROR_HOST
 *
 * Returns: (transfer full): its path
 **/
char *
firmware_find(const char *name, const char *search_path, const char *package, GError **error)
{
    g_auto(GStrv) dirs = g_strsplit(search_path != NULL ? search_path : FIRMWARE_PATH, ":", -1);

    for (char **dir = dirs; *dir != NULL; dir++) {
        g_autofree char *path = g_build_filename(*dir, name, NULL);
        if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
            return g_steal_pointer(&path);
    }
    g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_HOST,
                "cannot find %s%s%s: install the Debian package %s", name,
                search_path != NULL ? " in " : "", search_path != NULL ? search_path : "", package);
    return NULL;
}

/**
 * firmware_read:
 * @name: name of a file
 * @search_path: (nullable): see firmware_find()
 * @package: the Debian package that has it, for the error
 * @error: PXE_RUN_ERROR_HOST
 *
 * Returns: (transfer full): the contents of the file that firmware_find() finds
 **/
GBytes *
firmware_read(const char *name, const char *search_path, const char *package, GError **error)
{
    g_autofree char *path = firmware_find(name, search_path, package, error);
    g_autoptr(GError) why = NULL;
    char *bytes;
    gsize len;

    if (path == NULL)
        return NULL;
    if (!g_file_get_contents(path, &bytes, &len, &why)) {
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_HOST, "cannot read %s (%s)", name,
                    why->message);
        return NULL;
    }
    return g_bytes_new_take(bytes, len);
}
