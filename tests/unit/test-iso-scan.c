/* SPDX-License-Identifier: GPL-2.0-or-later */
/* images/iso-scan.c: the process that reads an image, and all the ways in which it can end. */
#include "base/autofd.h"
#include "images/iso-scan.h"
#include "images/iso-table.h"
#include "tests/lan/rows.h"
#include "tests/unit/support/iso-maker.h"
#include "tests/unit/support/told.h"

#include <dirent.h>
#include <errno.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

/* Its own memory is more than what is measured here. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif

static const char *const no_paths[] = { NULL };

static GByteArray *
make_sample(void)
{
    g_autoptr(TmpDir) dir = tmp_dir_new();

    tmp_dir_mkdir(dir, "tree/boot/kernel");
    tmp_dir_mkdir(dir, "tree/sub");
    g_autofree char *loader = tmp_dir_file(dir, "tree/boot/pxeboot", "loader", 6);
    g_autofree char *inner = tmp_dir_file(dir, "tree/sub/file", "file", 4);
    tmp_dir_symlink(dir, "tree/alias", "boot");
    g_autofree char *source = tmp_dir_path(dir, "tree");
    return iso_make_bytes(dir, source, "-R -V A_LABEL_OF_32_CHARACTERS_IN_ALL_");
}

/* A copy of an image that is made once. */
static GByteArray *
sample_image(void)
{
    static GByteArray *made;

    if (made == NULL)
        made = make_sample();
    GByteArray *copy = g_byte_array_sized_new(made->len);
    return g_byte_array_append(copy, made->data, made->len);
}

static int
memory_of(const void *bytes, gsize len)
{
    int fd = memfd_create("test", MFD_CLOEXEC);
    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(write(fd, bytes, len), ==, (gssize)len);
    return fd;
}

static guint
open_descriptors(void)
{
    guint n = 0;
    DIR *dir = opendir("/proc/self/fd");
    g_assert_nonnull(dir);
    while (readdir(dir) != NULL)
        n++;
    g_assert_cmpint(closedir(dir), ==, 0);
    return n;
}

static void
assert_no_child(void)
{
    g_assert_cmpint(waitpid(-1, NULL, WNOHANG), ==, -1);
    g_assert_cmpint(errno, ==, ECHILD);
}

static void
test_probe(void)
{
    static const char *const paths[] = {
        "/boot/pxeboot", "/boot/none", "/boot", "/alias/pxeboot",  "/sub/file",
        "/none/none",    "/alias",     "/",     "/boot/pxeboot/x", NULL,
    };
    g_autoptr(GError) error = NULL;
    g_autofree char *label = NULL;
    guint32 present = 0;

    if (iso_maker_missing())
        return;
    g_autoptr(GByteArray) image = sample_image();
    auto_fd fd = memory_of(image->data, image->len);
    g_autoptr(IsoScan) scan = iso_scan_start(fd, paths, &error);
    g_assert_no_error(error);
    g_assert_true(iso_scan_wait_opened(scan, &label, &present, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(label, ==, "A_LABEL_OF_32_CHARACTERS_IN_ALL_");
    g_assert_cmphex(present, ==, 1 << 0 | 1 << 4); /* files, no directory and no link */
}

/* Any bytes: it goes to a terminal, and into JSON. */
static void
test_label_escaped(void)
{
    g_autofree char *label = NULL;
    guint32 present;

    if (iso_maker_missing())
        return;
    g_autoptr(GByteArray) image = sample_image();
    memset(image->data + ISO_PVD_LABEL, ' ', 32);
    memcpy(image->data + ISO_PVD_LABEL, "\033[2J\"\xff", 6);
    auto_fd fd = memory_of(image->data, image->len);
    g_autoptr(IsoScan) scan = iso_scan_start(fd, no_paths, NULL);
    g_assert_true(iso_scan_wait_opened(scan, &label, &present, NULL));
    g_assert_cmpstr(label, ==, "\\x1b[2J\"\\xff");
}

/* More paths than there are bits: those behind the last one are not looked for. */
static void
test_most_probes(void)
{
    const char *paths[ISO_PROBES_MAX + 3];
    g_autofree char *label = NULL;
    guint32 present = 0;

    if (iso_maker_missing())
        return;
    for (guint i = 0; i < ISO_PROBES_MAX + 2; i++)
        paths[i] = i % 2 == 0 ? "/boot/pxeboot" : "/none";
    paths[ISO_PROBES_MAX + 2] = NULL;
    g_autoptr(GByteArray) image = sample_image();
    auto_fd fd = memory_of(image->data, image->len);
    g_autoptr(IsoScan) scan = iso_scan_start(fd, paths, NULL);
    g_assert_true(iso_scan_wait_opened(scan, &label, &present, NULL));
    g_assert_cmphex(present, ==, 0x55555555);
}

static void
test_table(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *label = NULL;
    guint32 present;
    IsoTable head;

    if (iso_maker_missing())
        return;
    g_autoptr(GByteArray) image = sample_image();
    auto_fd fd = memory_of(image->data, image->len);
    g_autoptr(IsoScan) scan = iso_scan_start(fd, no_paths, &error);
    g_assert_true(iso_scan_wait_opened(scan, &label, &present, &error));
    auto_fd table = iso_scan_wait_table(scan, &error);
    g_assert_no_error(error);
    g_assert_cmpint(pread(table, &head, sizeof head, 0), ==, sizeof head);
    g_assert_cmphex(head.magic, ==, ISO_TABLE_MAGIC);
    g_assert_cmpuint(head.n_nodes, ==, 7);
    g_assert_cmpuint(head.n_sections, ==, 2);
    /* A child that goes on cannot change what will be checked. */
    g_assert_cmpint(ftruncate(table, 0), ==, -1);
    g_assert_cmpint(pwrite(table, &head, sizeof head, 0), ==, -1);
    g_assert_cmpint(errno, ==, EPERM);
}

typedef struct {
    const char *name;
    guint steps; /* 1: opened, 2: and the table */
} EndRow;

static const EndRow end_rows[] = {
    { "before-the-first-answer", 0 },
    { "before-the-table", 1 },
    { "when-all-is-done", 2 },
};

/* Whenever it is given up: no process and no descriptor stays. */
static void
test_end(gconstpointer data)
{
    const EndRow *row = data;
    g_autofree char *label = NULL;
    guint32 present;

    if (iso_maker_missing())
        return;
    g_autoptr(GByteArray) image = sample_image();
    auto_fd fd = memory_of(image->data, image->len);
    guint before = open_descriptors();
    IsoScan *scan = iso_scan_start(fd, no_paths, NULL);
    if (row->steps >= 1)
        g_assert_true(iso_scan_wait_opened(scan, &label, &present, NULL));
    if (row->steps >= 2) {
        auto_fd table = iso_scan_wait_table(scan, NULL);
        g_assert_cmpint(table, >=, 0);
    }
    iso_scan_free(scan);
    assert_no_child();
    g_assert_cmpuint(open_descriptors(), ==, before);
}

typedef struct {
    const char *name;
    gsize len; /* zeros */
} NothingRow;

static const NothingRow nothing_rows[] = {
    { "empty", 0 },
    { "one-byte", 1 },
    { "up-to-the-descriptors", 32768 },
    { "one-block-there", 34816 },
    { "zeros", 1 << 20 },
};

static void
test_nothing(gconstpointer data)
{
    const NothingRow *row = data;
    g_autofree guint8 *zeros = g_malloc0(row->len + 1);
    g_autoptr(GError) error = NULL;
    char *label = NULL;
    guint32 present = 77;
    auto_fd fd = memory_of(zeros, row->len);
    g_autoptr(IsoScan) scan = iso_scan_start(fd, no_paths, &error);

    g_assert_false(iso_scan_wait_opened(scan, &label, &present, &error));
    assert_told(error, PXE_RUN_ERROR_MEDIUM, "image");
    g_assert_null(label);
    g_assert_cmpuint(present, ==, 77);
}

/* The caller can give a scan up at any time. */
static void
test_loop_given_up(void)
{
    g_autofree char *label = NULL;
    guint32 present;

    if (iso_maker_missing())
        return;
    g_autoptr(GByteArray) image = sample_image();
    iso_make_loop(image, "SUB");
    auto_fd fd = memory_of(image->data, image->len);
    gint64 start_us = g_get_monotonic_time();
    IsoScan *scan = iso_scan_start(fd, no_paths, NULL);
    g_assert_true(iso_scan_wait_opened(scan, &label, &present, NULL));
    iso_scan_free(scan);
    assert_no_child();
    g_assert_cmpint(g_get_monotonic_time() - start_us, <, G_USEC_PER_SEC);
}

/* Up to the next block, which records do not cross. */
static void
pad_block(GByteArray *image)
{
    static const guint8 zeros[2048];
    g_byte_array_append(image, zeros, (2048 - image->len % 2048) % 2048);
}

/* Gives the image a root with @n more empty files, whose records stand in the wrong order. */
static void
make_backwards(GByteArray *image, guint n)
{
    static const guint8 record[33] = { 42, [28] = 1, [31] = 1, [32] = 8 };
    const gsize old = (gsize)iso_number(image, ISO_PVD_ROOT + ISO_RECORD_EXTENT) * 2048;
    gsize old_end = old;
    char name[9];

    while (image->data[old_end] != 0)
        old_end += image->data[old_end];
    pad_block(image);
    gsize start = image->len;
    g_byte_array_set_size(image, image->len + (guint)(old_end - old));
    memcpy(image->data + start, image->data + old, old_end - old);
    for (guint i = n; i > 0; i--) {
        (void)g_snprintf(name, sizeof name, "%08u", i);
        if (image->len % 2048 + record[0] > 2048)
            pad_block(image);
        g_byte_array_append(image, record, sizeof record);
        g_byte_array_append(image, (const guint8 *)name, sizeof name);
    }
    pad_block(image);
    const gsize records[] = { ISO_PVD_ROOT, start, start + image->data[start] };
    for (gsize i = 0; i < G_N_ELEMENTS(records); i++) {
        iso_set_number(image, records[i] + ISO_RECORD_EXTENT, (guint32)(start / 2048));
        iso_set_number(image, records[i] + ISO_RECORD_SIZE, (guint32)(image->len - start));
    }
    g_byte_array_set_size(image, image->len + 2048); /* libisofs looks at the block behind, too */
    iso_set_number(image, ISO_PVD_BLOCKS, image->len / 2048);
}

/* libisofs compares each name with all that come before it: what takes too long is ended. The limit
 * is the user's own here, since that of a scan is longer than a test should take. */
static void
test_too_long(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *label = NULL;
    struct rlimit before, limit;
    guint32 present;

    if (iso_maker_missing())
        return;
    g_autoptr(GByteArray) image = sample_image();
    make_backwards(image, 60000);
    auto_fd fd = memory_of(image->data, image->len);
    g_assert_cmpint(getrlimit(RLIMIT_CPU, &before), ==, 0);
    limit = (struct rlimit){ MIN(before.rlim_cur, 2), before.rlim_max };
    g_assert_cmpint(setrlimit(RLIMIT_CPU, &limit), ==, 0);
    g_autoptr(IsoScan) scan = iso_scan_start(fd, no_paths, NULL);
    g_assert_cmpint(setrlimit(RLIMIT_CPU, &before), ==, 0);
    g_assert_true(iso_scan_wait_opened(scan, &label, &present, NULL));
    g_assert_cmpint(iso_scan_wait_table(scan, &error), ==, -1);
    assert_told(error, PXE_RUN_ERROR_MEDIUM, "the image's tree is damaged");
    assert_no_child();
}

typedef struct {
    const char *name;
    const char *directories[3]; /* that contain the root */
    gsize hole;                 /* bytes behind the image, so that it has room for objects */
    guint n_files;              /* more of them, which libisofs meets before the directories */
} LoopRow;

static const LoopRow loop_rows[] = {
    { "itself", { "SUB" }, 0 },
    { "itself-in-a-large-image", { "SUB" }, (gsize)1 << 30 },
    { "two-ways-in-a-large-image", { "SUB", "BOOT" }, (gsize)1 << 30 },
    { "behind-many-files", { "SUB" }, (gsize)1 << 30, 3000 },
};

/* A directory that contains itself is endless: the end comes at once, and is told. */
static void
test_loop(gconstpointer data)
{
    const LoopRow *row = data;
    g_autoptr(GError) error = NULL;
    g_autofree char *label = NULL;
    struct rusage usage;
    guint32 present;

    if (iso_maker_missing())
        return;
    g_autoptr(GByteArray) image = sample_image();
    if (row->n_files > 0)
        make_backwards(image, row->n_files);
    for (const char *const *name = row->directories; *name != NULL; name++)
        iso_make_loop(image, *name);
    auto_fd fd = memory_of(image->data, image->len);
    g_assert_cmpint(ftruncate(fd, (off_t)(image->len + row->hole)), ==, 0);
    IsoScan *scan = iso_scan_start(fd, no_paths, NULL);
    g_assert_true(iso_scan_wait_opened(scan, &label, &present, NULL));
    g_assert_cmpint(iso_scan_wait_table(scan, &error), ==, -1);
    assert_told(error, PXE_RUN_ERROR_MEDIUM, "(its directories have no end)");
    iso_scan_free(scan);
    g_assert_cmpint(getrusage(RUSAGE_CHILDREN, &usage), ==, 0);
#if !defined(SANITIZED)
    g_assert_cmpint(usage.ru_maxrss, <, 128 << 10); /* KiB */
#endif
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/iso-scan/probe", test_probe);
    g_test_add_func("/iso-scan/label-escaped", test_label_escaped);
    g_test_add_func("/iso-scan/most-probes", test_most_probes);
    g_test_add_func("/iso-scan/table", test_table);
    ROWS_ADD("/iso-scan/end", end_rows, test_end);
    ROWS_ADD("/iso-scan/nothing", nothing_rows, test_nothing);
    g_test_add_func("/iso-scan/loop-given-up", test_loop_given_up);
    ROWS_ADD("/iso-scan/loop", loop_rows, test_loop); /* these look at the largest child so far */
    g_test_add_func("/iso-scan/too-long", test_too_long);
    return g_test_run();
}
