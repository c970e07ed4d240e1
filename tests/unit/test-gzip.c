/* SPDX-License-Identifier: GPL-2.0-or-later */
/* images/gzip.c: zlib's own reader gets the same out, and the same always comes out. */
#include "base/autofd.h"
#include "images/gzip.h"
#include "tests/lan/rows.h"
#include "tests/unit/support/told.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <zlib.h>

#define LARGE ((3u << 20) + 77)

static int
memory_of(const void *bytes, gsize len)
{
    int fd = memfd_create("test", MFD_CLOEXEC);
    g_assert_cmpint(write(fd, bytes, len), ==, (gssize)len);
    return fd;
}

static guint8 *
contents(int fd, gsize *ret_len)
{
    struct stat st;

    g_assert_cmpint(fstat(fd, &st), ==, 0);
    *ret_len = (gsize)st.st_size;
    guint8 *bytes = g_malloc(*ret_len + 1);
    g_assert_cmpint(pread(fd, bytes, *ret_len, 0), ==, st.st_size);
    return bytes;
}

/* Text, noise and zeros, longer than any window and part. */
static guint8 *
sample(gsize len)
{
    guint8 *bytes = g_malloc0(len + 1);
    RowRandom random = { 5 };

    for (gsize i = 0; i < len; i++) {
        if (i >> 17 & 1)
            bytes[i] = (guint8)row_random(&random);
        else if (i >> 16 & 1)
            bytes[i] = (guint8) "/boot/kernel/"[(i + (i >> 9)) % 13];
    }
    return bytes;
}

static int
deflated(const guint8 *bytes, gsize len)
{
    g_autoptr(GError) error = NULL;
    auto_fd source = memory_of(bytes, len);

    int target = gzip_deflate(source, &error);
    g_assert_no_error(error);
    return target;
}

static void
test_same_out(void)
{
    static const gsize lens[] = { 0, 1, 1000, 512u << 10, (512u << 10) + 1, LARGE };
    g_autofree guint8 *bytes = sample(LARGE);
    g_autofree guint8 *by_zlib = g_malloc(LARGE + 1);

    for (gsize i = 0; i < G_N_ELEMENTS(lens); i++) {
        gsize len;
        auto_fd packed = deflated(bytes, lens[i]);
        auto_fd again = deflated(bytes, lens[i]);
        g_autofree guint8 *first = contents(packed, &len);
        gsize again_len;
        g_autofree guint8 *second = contents(again, &again_len);
        ROW_CMPMEM(first, len, second, again_len); /* whichever thread did what */
        g_assert_cmpint(lseek(packed, 0, SEEK_SET), ==, 0);
        gzFile file = gzdopen(dup(packed), "rb");
        g_assert_cmpint(gzread(file, by_zlib, LARGE + 1), ==, (int)lens[i]);
        g_assert_cmpint(gzclose(file), ==, Z_OK);
        ROW_CMPMEM(by_zlib, lens[i], bytes, lens[i]);
    }
}

/* The largest input is a hole, which costs nothing until somebody reads it: one more is refused. */
static void
test_too_large(void)
{
    g_autoptr(GError) error = NULL;
    auto_fd source = memfd_create("large", MFD_CLOEXEC);

    g_assert_cmpint(ftruncate(source, (off_t)GZIP_SIZE_MAX + 1), ==, 0);
    g_assert_cmpint(gzip_deflate(source, &error), ==, -1);
    assert_told(error, PXE_RUN_ERROR_HOST, "too large");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/gzip/same-out", test_same_out);
    g_test_add_func("/gzip/too-large", test_too_large);
    return g_test_run();
}
