/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/support/iso-maker.h"

#include <string.h>

/* Returns: whether xorriso is not installed; the test is then marked as skipped */
gboolean
iso_maker_missing(void)
{
    g_autofree char *path = g_find_program_in_path("xorriso");
    if (path == NULL)
        g_test_skip("xorriso is not installed");
    return path == NULL;
}

/* Returns: (transfer full): what the program wrote to its standard output; it must succeed */
char *
run_program(const char *const *argv)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *err = NULL;
    g_autofree char *out = NULL;
    g_auto(GStrv) env = g_environ_setenv(g_get_environ(), "LC_ALL", "C.UTF-8", TRUE);
    int status;

    if (!g_spawn_sync(NULL, (char **)(guintptr)argv, env, G_SPAWN_SEARCH_PATH, NULL, NULL, &out,
                      &err, &status, &error) ||
        !g_spawn_check_wait_status(status, &error))
        g_error("%s: %s\n%s", argv[0], error->message, err != NULL ? err : "");
    return g_steal_pointer(&out);
}

/**
 * iso_make:
 * @dir: where to put the image
 * @name: its name there
 * @source: the directory whose contents become the root
 * @options: options in the manner of mkisofs, separated by one space
 *
 * Returns: (transfer full): the path of the image
 **/
char *
iso_make(const TmpDir *dir, const char *name, const char *source, const char *options)
{
    static const char *const program[] = { "xorriso", "-as", "mkisofs", "-quiet", NULL };
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_auto(GStrv) words = g_strsplit(options, " ", -1);
    char *path = tmp_dir_path(dir, name);

    g_strv_builder_addv(builder, (const char **)(guintptr)program);
    for (char **word = words; *word != NULL; word++) {
        if (**word != '\0')
            g_strv_builder_add(builder, *word);
    }
    g_strv_builder_add_many(builder, "-o", path, source, NULL);
    g_auto(GStrv) argv = g_strv_builder_end(builder);
    g_autofree char *out = run_program((const char *const *)argv);
    return path;
}

/* Returns: (transfer full): the image itself, without the padding of 300 KiB at its end */
GByteArray *
iso_make_bytes(const TmpDir *dir, const char *source, const char *options)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *all = g_strconcat("-no-pad ", options, NULL);
    g_autofree char *path = iso_make(dir, "bytes.iso", source, all);
    char *bytes;
    gsize len;

    g_file_get_contents(path, &bytes, &len, &error);
    g_assert_no_error(error);
    return g_byte_array_new_take((guint8 *)bytes, len);
}

/* Returns: the number at @offset, which stands there in both byte orders */
guint32
iso_number(const GByteArray *image, gsize offset)
{
    const guint8 *p = image->data + offset;
    g_assert_cmpuint(offset + 8, <=, image->len);
    return p[0] | (guint32)p[1] << 8 | (guint32)p[2] << 16 | (guint32)p[3] << 24;
}

/* Overwrites a number that stands at @offset in both byte orders. */
void
iso_set_number(GByteArray *image, gsize offset, guint32 value)
{
    g_assert_cmpuint(offset + 8, <=, image->len);
    for (guint i = 0; i < 4; i++)
        image->data[offset + i] = image->data[offset + 7 - i] = (guint8)(value >> 8 * i);
}

/**
 * iso_record:
 * @image: an image
 * @identifier: what the primary tree calls an object in the root directory: "BOOT", "FILE.TXT;1"
 *
 * Returns: the offset of its directory record
 **/
gsize
iso_record(const GByteArray *image, const char *identifier)
{
    gsize at = (gsize)iso_number(image, ISO_PVD_ROOT + ISO_RECORD_EXTENT) * 2048;
    gsize len = strlen(identifier);

    for (; at + 33 + len < image->len && image->data[at] != 0; at += image->data[at]) {
        if (image->data[at + 32] == len && memcmp(image->data + at + 33, identifier, len) == 0)
            return at;
    }
    g_error("the image's root holds no %s", identifier);
}

/* Makes a directory in the root the root itself. */
void
iso_make_loop(GByteArray *image, const char *identifier)
{
    gsize record = iso_record(image, identifier);
    iso_set_number(image, record + ISO_RECORD_EXTENT,
                   iso_number(image, ISO_PVD_ROOT + ISO_RECORD_EXTENT));
}
