/* SPDX-License-Identifier: GPL-2.0-or-later */
/* images/dir-descriptors.c: how many are kept, which goes first, and for how long. */
#include "images/dir-descriptors.h"
#include "tests/lan/rows.h"

#include <errno.h>
#include <fcntl.h>

#define MAY_OPEN (DIR_DESCRIPTORS_MAX * DIR_DESCRIPTORS_PART)

static int
some_descriptor(void)
{
    int fd = open("/dev/null", O_PATH | O_CLOEXEC);
    g_assert_cmpint(fd, >=, 0);
    return fd;
}

static gboolean
is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

static DirDescriptor *
put(DirDescriptors *self, VfsId id, gint64 now_us)
{
    const struct stat st = { .st_nlink = 1, .st_ctim = { 1000, 5 } };
    return dir_descriptors_put(self, id, some_descriptor(), &st, now_us);
}

typedef struct {
    const char *name;
    guint64 may_open;
    guint kept;
} LimitRow;

static const LimitRow limit_rows[] = {
    { "none", 0, 1 },
    { "few", 16, 1 },
    { "some", 64, 4 },
    { "one-less-than-usual", 1023, 63 },
    { "as-usual", 1024, DIR_DESCRIPTORS_MAX },
    { "many", 1 << 20, DIR_DESCRIPTORS_MAX },
    { "without-limit", G_MAXUINT64, DIR_DESCRIPTORS_MAX },
};

static void
test_limit(gconstpointer data)
{
    const LimitRow *row = data;
    DirDescriptors kept;
    guint n = 0;

    dir_descriptors_init(&kept, row->may_open);
    for (VfsId id = 0; id < 3 * DIR_DESCRIPTORS_MAX; id++)
        (void)put(&kept, id, 0);
    for (VfsId id = 0; id < 3 * DIR_DESCRIPTORS_MAX; id++)
        n += dir_descriptors_find(&kept, id, 0) != NULL;
    g_assert_cmpuint(n, ==, row->kept);
    dir_descriptors_clear(&kept);
}

/* What was not asked for the longest goes, however long it has been there. */
static void
test_order(void)
{
    DirDescriptors kept;

    dir_descriptors_init(&kept, MAY_OPEN);
    int first = put(&kept, 0, 0)->fd, second = put(&kept, 1, 0)->fd;
    for (VfsId id = 2; id < DIR_DESCRIPTORS_MAX; id++)
        (void)put(&kept, id, 0);
    g_assert_nonnull(dir_descriptors_find(&kept, 0, 0));
    g_assert_cmpint(put(&kept, 1000, 0)->fd, !=, first);
    g_assert_null(dir_descriptors_find(&kept, 1, 0));
    g_assert_false(is_open(second));
    g_assert_cmpint(dir_descriptors_find(&kept, 0, 0)->fd, ==, first);
    g_assert_true(is_open(first));
    /* A slot that is free is taken before another's. */
    dir_descriptor_close(dir_descriptors_find(&kept, 1000, 0));
    g_assert_null(dir_descriptors_find(&kept, 1000, 0));
    (void)put(&kept, 1001, 0);
    for (VfsId id = 2; id < DIR_DESCRIPTORS_MAX; id++)
        g_assert_nonnull(dir_descriptors_find(&kept, id, 0));
    dir_descriptors_clear(&kept);
    g_assert_false(is_open(first));
}

/* Asking for it does not make it younger. */
static void
test_age(void)
{
    const gint64 start_us = 12345;
    DirDescriptors kept;

    dir_descriptors_init(&kept, MAY_OPEN);
    int fd = put(&kept, 7, start_us)->fd;
    for (gint64 age_us = 0; age_us < DIR_DESCRIPTOR_AGE_US; age_us += DIR_DESCRIPTOR_AGE_US / 10)
        g_assert_nonnull(dir_descriptors_find(&kept, 7, start_us + age_us));
    g_assert_nonnull(dir_descriptors_find(&kept, 7, start_us + DIR_DESCRIPTOR_AGE_US - 1));
    g_assert_null(dir_descriptors_find(&kept, 7, start_us + DIR_DESCRIPTOR_AGE_US));
    g_assert_false(is_open(fd));
    g_assert_null(dir_descriptors_find(&kept, 7, start_us));
}

typedef struct {
    const char *name;
    nlink_t links;
    struct timespec changed;
    gboolean holds;
} HoldsRow;

static const HoldsRow holds_rows[] = {
    { "as-it-was", 1, { 1000, 5 }, TRUE },
    { "deleted", 0, { 1000, 5 }, FALSE },
    { "changed", 1, { 1001, 5 }, FALSE },
    { "changed-in-the-same-second", 1, { 1000, 6 }, FALSE },
    { "clock-put-back", 1, { 999, 5 }, FALSE },
};

static void
test_holds(gconstpointer data)
{
    const HoldsRow *row = data;
    const struct stat st = { .st_nlink = row->links, .st_ctim = row->changed };
    DirDescriptors kept;

    dir_descriptors_init(&kept, MAY_OPEN);
    g_assert_cmpint(dir_descriptor_holds(put(&kept, 1, 0), &st), ==, row->holds);
    dir_descriptors_clear(&kept);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/dir-descriptors/limit", limit_rows, test_limit);
    g_test_add_func("/dir-descriptors/order", test_order);
    g_test_add_func("/dir-descriptors/age", test_age);
    ROWS_ADD("/dir-descriptors/holds", holds_rows, test_holds);
    return g_test_run();
}
