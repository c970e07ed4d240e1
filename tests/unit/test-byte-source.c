/* SPDX-License-Identifier: GPL-2.0-or-later */
/* images/byte-source.c: the same bytes from a file, from memory and from parts of parts. */
#include "images/byte-source.h"
#include "tests/lan/rows.h"
#include "tests/unit/support/told.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#define SIZE 10000

static ByteSource *
in_memory(void)
{
    g_autoptr(GBytes) bytes = row_pattern_bytes(SIZE, 1);
    return byte_source_new_bytes(bytes);
}

static int
memfd_of_pattern(void)
{
    g_autoptr(GBytes) bytes = row_pattern_bytes(SIZE, 1);
    int fd = memfd_create("bytes", MFD_CLOEXEC);
    g_assert_cmpint(write(fd, g_bytes_get_data(bytes, NULL), SIZE), ==, SIZE);
    return fd;
}

static ByteSource *
in_file(void)
{
    g_autoptr(GError) error = NULL;
    ByteSource *self = byte_source_new_fd(memfd_of_pattern(), &error);
    g_assert_no_error(error);
    return self;
}

/* The same bytes, with others around them that belong to nobody's part. */
static ByteSource *
in_slice(void)
{
    g_autofree guint8 *padded = g_malloc0(SIZE + 600);
    row_pattern(padded + 500, SIZE, 1);
    g_autoptr(GBytes) bytes = g_bytes_new(padded, SIZE + 600);
    g_autoptr(ByteSource) whole = byte_source_new_bytes(bytes);
    return byte_source_slice(whole, 500, SIZE);
}

static ByteSource *
in_slice_of_slice(void)
{
    g_autoptr(ByteSource) file = in_file();
    g_autoptr(ByteSource) all = byte_source_slice(file, 0, G_MAXUINT64);
    return byte_source_slice(all, 0, SIZE + 1);
}

typedef struct {
    const char *name;
    ByteSource *(*make)(void);
} KindRow;

static const KindRow kind_rows[] = {
    { "memory", in_memory },
    { "file", in_file },
    { "slice", in_slice },
    { "slice-of-slice", in_slice_of_slice },
};

typedef struct {
    guint64 offset;
    gsize n;
    int result;
} Read;

static const Read reads[] = {
    { 0, SIZE, 0 },
    { 0, 0, 0 },
    { SIZE, 0, 0 },
    { SIZE - 1, 1, 0 },
    { 1234, 1000, 0 },
    { 0, SIZE + 1, -EIO },
    { SIZE, 1, -EIO },
    { SIZE + 1, 0, -EIO },
    { 1, G_MAXSIZE, -EIO },
    { G_MAXUINT64, 1, -EIO },
    { G_MAXUINT64, G_MAXSIZE, -EIO },
    { G_MAXINT64, 1, -EIO },
};

static void
test_read(gconstpointer data)
{
    const KindRow *row = data;
    g_autoptr(ByteSource) self = row->make();
    g_autofree guint8 *wanted = g_malloc(SIZE);
    g_autofree guint8 *got = g_malloc(SIZE);

    row_pattern(wanted, SIZE, 1);
    g_assert_cmpuint(byte_source_size(self), ==, SIZE);
    for (gsize i = 0; i < G_N_ELEMENTS(reads); i++) {
        const Read *read = &reads[i];
        g_assert_cmpint(byte_source_read(self, read->offset, got, read->n), ==, read->result);
        if (read->result == 0)
            ROW_CMPMEM(got, read->n, wanted + read->offset, read->n);
    }
}

typedef struct {
    const char *name;
    guint64 offset, length, size;
} SliceRow;

static const SliceRow slice_rows[] = {
    { "all", 0, SIZE, SIZE },
    { "middle", 100, 200, 200 },
    { "to-the-end", 9000, 1000, 1000 },
    { "beyond-the-end", 9000, 1001, 1000 },
    { "without-end", 1, G_MAXUINT64, SIZE - 1 },
    { "empty", 5, 0, 0 },
    { "at-the-end", SIZE, 10, 0 },
    { "behind-the-end", SIZE + 1, 10, 0 },
    { "far-behind", G_MAXUINT64, G_MAXUINT64, 0 },
};

static void
test_slice(gconstpointer data)
{
    const SliceRow *row = data;
    ByteSource *whole = in_memory();
    g_autoptr(ByteSource) self = byte_source_slice(whole, row->offset, row->length);
    g_autofree guint8 *wanted = g_malloc(SIZE);
    guint8 byte;

    byte_source_unref(whole); /* the slice keeps it */
    row_pattern(wanted, SIZE, 1);
    g_assert_cmpuint(byte_source_size(self), ==, row->size);
    g_assert_cmpint(byte_source_read(self, row->size, &byte, 1), ==, -EIO);
    if (row->size == 0)
        return;
    g_assert_cmpint(byte_source_read(self, row->size - 1, &byte, 1), ==, 0);
    g_assert_cmpint(byte, ==, wanted[row->offset + row->size - 1]);
}

/* What has no size is refused, and closed. */
static void
test_pipe(void)
{
    g_autoptr(GError) error = NULL;
    int ends[2];

    g_assert_cmpint(pipe(ends), ==, 0);
    g_assert_null(byte_source_new_fd(ends[0], &error));
    assert_told(error, PXE_RUN_ERROR_MEDIUM, "cannot tell the size of the image");
    g_assert_cmpint(close(ends[0]), ==, -1);
    g_assert_cmpint(close(ends[1]), ==, 0);
}

/* The file shrinks while it is used. */
static void
test_cut_under_us(void)
{
    int fd = memfd_of_pattern();
    g_autoptr(GError) error = NULL;
    g_autoptr(ByteSource) self = byte_source_new_fd(fd, &error);
    guint8 bytes[100];

    g_assert_cmpint(ftruncate(fd, 5000), ==, 0);
    g_assert_cmpint(byte_source_read(self, 4900, bytes, 100), ==, 0);
    g_assert_cmpint(byte_source_read(self, 4901, bytes, 100), ==, -EIO);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/byte-source/read", kind_rows, test_read);
    ROWS_ADD("/byte-source/slice", slice_rows, test_slice);
    g_test_add_func("/byte-source/pipe", test_pipe);
    g_test_add_func("/byte-source/cut-under-us", test_cut_under_us);
    return g_test_run();
}
