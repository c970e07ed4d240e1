/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each type that is stepped over: as long as the RFCs have it, and bad when any of it is cut. */
#include "nfs/nfs-args.h"
#include "tests/lan/rows.h"

#define WORDS_MAX 16

typedef struct {
    const char *name;
    const char *shape;
    guint n_words;
    guint32 words[WORDS_MAX];
} Row;

static const Row rows[] = {
    { "nothing", "", 0, { 0 } },
    { "integers", "48", 3, { 1, 2, 3 } },
    { "empty-string", "o", 1, { 0 } },
    { "string-of-5", "o", 3, { 5, 0x61616161, 0x61000000 } },
    { "fhandle", "h", 8, { 1, 2, 3, 4, 5, 6, 7, 8 } },
    { "sattr", "s", 8, { 1, 2, 3, 4, 5, 6, 7, 8 } },
    { "sattr3-of-nothing", "a", 6, { 0, 0, 0, 0, 0, 0 } },
    { "sattr3-mode", "a", 7, { 1, 0644, 0, 0, 0, 0, 0 } },
    { "sattr3-size", "a", 8, { 0, 0, 0, 1, 0, 9, 0, 0 } },
    { "sattr3-server-times", "a", 6, { 0, 0, 0, 0, 1, 1 } },
    { "sattr3-client-times", "a", 10, { 0, 0, 0, 0, 2, 5, 6, 2, 7, 8 } },
    { "sattr3-all", "a", 15, { 1, 0644, 1, 0, 1, 0, 1, 0, 9, 2, 5, 6, 2, 7, 8 } },
    { "no-guard", "g", 1, { 0 } },
    { "guard", "g", 3, { 1, 5, 6 } },
    { "unchecked", "c", 7, { 0, 0, 0, 0, 0, 0, 0 } },
    { "guarded", "c", 8, { 1, 1, 0600, 0, 0, 0, 0, 0 } },
    { "exclusive", "c", 3, { 2, 5, 6 } },
    { "mknod-block-device", "m", 9, { 3, 0, 0, 0, 0, 0, 0, 8, 1 } },
    { "mknod-character-device", "m", 9, { 4, 0, 0, 0, 0, 0, 0, 8, 1 } },
    { "mknod-socket", "m", 7, { 6, 0, 0, 0, 0, 0, 0 } },
    { "mknod-fifo", "m", 7, { 7, 0, 0, 0, 0, 0, 0 } },
    { "mknod-file", "m", 1, { 1 } },
    { "several", "o4s", 11, { 3, 0x61616100, 7, 1, 2, 3, 4, 5, 6, 7, 8 } },
};

static void
test_row(gconstpointer data)
{
    const Row *row = data;
    guint8 bytes[WORDS_MAX * 4];

    for (guint i = 0; i < row->n_words; i++) {
        be32 word = be32_of(row->words[i]);
        memcpy(bytes + i * 4, word.b, 4);
    }
    for (gsize len = 0; len <= row->n_words * 4; len++) {
        g_autofree guint8 *exact = g_memdup2(bytes, MAX(len, 1)); /* NULL would be another case */
        Cursor args = cursor_of(exact, len);
        nfs_args_skip(&args, row->shape);
        g_assert_cmpint(cursor_ok(&args), ==, len == row->n_words * 4);
        g_assert_cmpuint(cursor_left(&args), ==, 0);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/nfs-args", rows, test_row);
    return g_test_run();
}
