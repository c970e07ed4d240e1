/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Replays inputs through a fuzz target, in place of libFuzzer: `fuzz-NAME FILE-OR-DIRECTORY…`.
 * Each input is a test of its own in the output (TAP); the last "# " line names the one that
 * crashed.
 */
#include "tests/fuzz/fuzz-input.h"

#include <stdio.h>
#include <string.h>

static gint
compare_paths(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Appends @path, or the files in it when it is a directory. */
static gboolean
add_inputs(GPtrArray *paths, const char *path)
{
    g_autoptr(GError) error = NULL;

    if (!g_file_test(path, G_FILE_TEST_IS_DIR)) {
        g_ptr_array_add(paths, g_strdup(path));
        return TRUE;
    }
    g_autoptr(GDir) dir = g_dir_open(path, 0, &error);
    if (dir == NULL) {
        (void)printf("Bail out! %s\n", error->message);
        return FALSE;
    }
    for (const char *name; (name = g_dir_read_name(dir)) != NULL;)
        g_ptr_array_add(paths, g_build_filename(path, name, NULL));
    return TRUE;
}

static gboolean
replay(guint number, const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *bytes = NULL;
    gsize len;

    (void)printf("# %s\n", path);
    (void)fflush(stdout);
    if (!g_file_get_contents(path, &bytes, &len, &error)) {
        (void)printf("not ok %u - %s\n", number, error->message);
        return FALSE;
    }
    g_auto(FuzzPiece) input = fuzz_piece_copy(bytes, len);
    (void)LLVMFuzzerTestOneInput(input.bytes, input.len);
    g_autofree char *name = g_path_get_basename(path);
    (void)printf("ok %u - %s\n", number, name);
    return TRUE;
}

int
main(int argc, char **argv)
{
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
    gboolean good = TRUE;

    (void)LLVMFuzzerInitialize(&argc, &argv);
    for (int i = 1; i < argc; i++) {
        if (!add_inputs(paths, argv[i]))
            return 1;
    }
    if (paths->len == 0) {
        (void)printf("Bail out! no inputs\n");
        return 1;
    }
    g_ptr_array_sort(paths, compare_paths);
    (void)printf("1..%u\n", paths->len);
    for (guint i = 0; i < paths->len; i++)
        good = replay(i + 1, g_ptr_array_index(paths, i)) && good;
    return good ? 0 : 1;
}
