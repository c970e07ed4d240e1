/* SPDX-License-Identifier: GPL-2.0-or-later */
/* images/kernel-file.c: the version string wherever it lies, packed or not, and damaged files. */
#include "images/kernel-file.h"
#include "tests/lan/rows.h"

#include <zlib.h>

#define CHUNK   (128u << 10) /* as the file is read */
#define MARK    "@(#)"
#define VERSION "FreeBSD 10.2-RELEASE #0 r286666: Wed Aug 12 19:31:38 UTC 2015"

static GBytes *
pack(const void *bytes, gsize len)
{
    gsize cap = len + len / 1000 + 1000;
    guint8 *packed = g_malloc(cap);
    z_stream z = { .next_in = (guint8 *)(guintptr)bytes,
                   .avail_in = (guint)len,
                   .next_out = packed,
                   .avail_out = (guint)cap };

    g_assert_cmpint(deflateInit2(&z, 1, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), ==,
                    Z_OK);
    g_assert_cmpint(deflate(&z, Z_FINISH), ==, Z_STREAM_END);
    gsize packed_len = z.total_out;
    g_assert_cmpint(deflateEnd(&z), ==, Z_OK);
    return g_bytes_new_take(packed, packed_len);
}

static char *
version_of(const void *bytes, gsize len)
{
    g_autoptr(Vfs) vfs = vfs_mem_new();
    g_autoptr(GBytes) content = g_bytes_new_static(bytes, len);

    g_assert_cmpint(vfs_mem_add_file(vfs, "/kernel", content, 0555), ==, 0);
    return kernel_file_version(vfs, "/kernel");
}

static char *
packed_version_of(const void *bytes, gsize len)
{
    g_autoptr(GBytes) packed = pack(bytes, len);
    gsize packed_len;
    const void *data = g_bytes_get_data(packed, &packed_len);
    return version_of(data, packed_len);
}

typedef struct {
    const char *name;
    const char *bytes;
    gsize len;
    const char *version; /* (nullable) */
} VersionRow;

#define BYTES(text) text, sizeof text - 1
#define LONG_TEXT                                                                                  \
    "FreeBSD 10.2-RELEASE-and-a-word-that-goes-on-and-on-and-on-and-on-and-on-and-on-and-on-and-"  \
    "on-and-on-and-on-and-on-and-on-and-on"

static const VersionRow version_rows[] = {
    { "ended-by-a-newline", BYTES("elf" MARK VERSION "\n    root@build:/usr/obj\n\0more"),
      VERSION },
    { "ended-by-NUL", BYTES("elf" MARK VERSION "\0more"), VERSION },
    { "ended-by-the-file", BYTES("elf" MARK VERSION), VERSION },
    { "at-the-beginning", BYTES(MARK VERSION "\n"), VERSION },
    { "the-first-one-counts", BYTES(MARK VERSION "\n" MARK "FreeBSD 9.0-RELEASE\n"), VERSION },
    { "behind-half-a-mark", BYTES("@(#)FreeBS@(#)Free@@(#)FreeBSD 7.0\n"), "FreeBSD 7.0" },
    { "of-another-system", BYTES("@(#)NetBSD 5.0\n"), NULL },
    { "mark-without-a-space", BYTES("@(#)FreeBSD\n"), NULL },
    { "nothing-behind-the-mark", BYTES("@(#)FreeBSD "), "FreeBSD " },
    { "none", BYTES("\177ELF and nothing else"), NULL },
    { "empty", BYTES(""), NULL },
    { "half-a-mark-at-the-end", BYTES("xxxx@(#)FreeBSD"), NULL },
    { "head-of-a-gzip-file-alone", BYTES("\x1f\x8b"), NULL },
    { "gzip-head-and-nothing", BYTES("\x1f\x8b\x08\0\0\0\0\0\0\3"), NULL },
};

static void
test_version(gconstpointer data)
{
    const VersionRow *row = data;
    g_autofree char *plain = version_of(row->bytes, row->len);
    g_autofree char *packed = packed_version_of(row->bytes, row->len);

    g_assert_cmpstr(plain, ==, row->version);
    g_assert_cmpstr(packed, ==, row->version);
}

static void
test_longest(void)
{
    g_autofree char *version = version_of(BYTES(MARK LONG_TEXT));
    g_assert_cmpuint(strlen(version), ==, 128);
    g_assert_true(g_str_has_prefix(LONG_TEXT, version));
}

/* At each place around the border between two pieces of the file. */
static void
test_chunk_border(void)
{
    g_autofree guint8 *bytes = g_malloc(3 * CHUNK);
    const gsize len = strlen(MARK VERSION "\n");

    for (gsize at = CHUNK - len - 80; at < CHUNK + 10; at++) {
        memset(bytes, '@', 3 * CHUNK);
        memcpy(bytes + at, MARK VERSION "\n", len);
        g_autofree char *plain = version_of(bytes, 3 * CHUNK);
        g_assert_cmpstr(plain, ==, VERSION);
        if (at % 7 != 0)
            continue;
        g_autofree char *packed = packed_version_of(bytes, 3 * CHUNK);
        g_assert_cmpstr(packed, ==, VERSION);
    }
}

/* At the end of a file that ends around such a border. */
static void
test_end_at_border(void)
{
    g_autofree guint8 *bytes = g_malloc(2 * CHUNK);
    const gsize len = strlen(MARK VERSION);

    for (gsize size = CHUNK - 3; size <= CHUNK + len + 3; size++) {
        memset(bytes, 0, size);
        memcpy(bytes + size - len, MARK VERSION, len);
        g_autofree char *version = version_of(bytes, size);
        g_assert_cmpstr(version, ==, VERSION);
    }
}

static void
test_third_chunk(void)
{
    g_autofree guint8 *bytes = g_malloc0(3 * CHUNK);

    memcpy(bytes + 2 * CHUNK + 1000, MARK VERSION "\n", strlen(MARK VERSION "\n"));
    g_autofree char *plain = version_of(bytes, 3 * CHUNK);
    g_autofree char *packed = packed_version_of(bytes, 3 * CHUNK);
    g_assert_cmpstr(plain, ==, VERSION);
    g_assert_cmpstr(packed, ==, VERSION);
}

/* A file that unpacks to more than a kernel can have is not read to its end. */
static void
test_bomb(void)
{
    const gsize len = (128u << 20) + 4096;
    g_autofree guint8 *bytes = g_malloc0(len);

    memcpy(bytes + len - 100, MARK VERSION "\n", strlen(MARK VERSION "\n"));
    g_autofree char *version = packed_version_of(bytes, len);
    g_assert_null(version);
}

/* A kernel of 4,000 bytes that do not pack well, with its version in the middle, packed. */
static GBytes *
packed_sample(void)
{
    RowRandom random = { 7 };
    guint8 bytes[4000];

    for (gsize i = 0; i < sizeof bytes; i++)
        bytes[i] = (guint8)row_random(&random);
    memcpy(bytes + 2000, MARK VERSION "\n", strlen(MARK VERSION "\n"));
    return pack(bytes, sizeof bytes);
}

/* Cut at each byte: the version, or none; what came in front of the cut is still good. */
static void
test_packed_prefix(void)
{
    g_autoptr(GBytes) packed = packed_sample();
    gsize len;
    const guint8 *bytes = g_bytes_get_data(packed, &len);
    gboolean found = FALSE;

    for (gsize n = 0; n < len; n++) {
        g_autofree guint8 *exact = g_memdup2(bytes, n);
        g_autofree char *version = version_of(exact, n);
        if (version != NULL && g_str_equal(version, VERSION))
            found = TRUE;
        else if (version != NULL)
            g_assert_true(g_str_has_prefix(VERSION, version));
        else
            g_assert_false(found);
    }
    g_assert_true(found);
}

/* A byte changed: zlib finds it out sooner or later, and we are none the worse. */
static void
test_packed_damage(void)
{
    g_autoptr(GBytes) packed = packed_sample();
    gsize len;
    const guint8 *good = g_bytes_get_data(packed, &len);

    for (gsize i = 0; i < len; i++) {
        g_autofree guint8 *bytes = g_memdup2(good, len);
        bytes[i] ^= (guint8)(1 << i % 8);
        g_autofree char *version = version_of(bytes, len);
        if (version != NULL)
            g_assert_cmpuint(strlen(version), <=, 128);
    }
}

typedef struct {
    const char *name;
    const char *head;
    const char *arch; /* (nullable) */
} ArchRow;

static const ArchRow arch_rows[] = {
    { "i386", "\177ELF\1\1\1\11\0\0\0\0\0\0\0\0\2\0\3\0", "i386" },
    { "amd64", "\177ELF\2\1\1\11\0\0\0\0\0\0\0\0\2\0\76\0", "amd64" },
    { "arm64", "\177ELF\2\1\1\11\0\0\0\0\0\0\0\0\2\0\267\0", "arm64" },
    { "sparc64-is-big-endian", "\177ELF\2\2\1\11\0\0\0\0\0\0\0\0\0\2\0\53", NULL },
    { "big-endian-with-our-number", "\177ELF\2\2\1\11\0\0\0\0\0\0\0\0\2\0\3\0", NULL },
    { "high-byte-counts", "\177ELF\1\1\1\11\0\0\0\0\0\0\0\0\2\0\3\1", NULL },
    { "unknown-machine", "\177ELF\1\1\1\11\0\0\0\0\0\0\0\0\2\0\10\0", NULL },
    { "no-elf", "\177ELG\1\1\1\11\0\0\0\0\0\0\0\0\2\0\3\0", NULL },
};

static const char *
arch_of(GBytes *content)
{
    g_autoptr(Vfs) vfs = vfs_mem_new();

    g_assert_cmpint(vfs_mem_add_file(vfs, "/kernel", content, 0555), ==, 0);
    return kernel_file_arch(vfs, "/kernel");
}

static void
test_arch(gconstpointer data)
{
    const ArchRow *row = data;
    g_autoptr(GBytes) plain = g_bytes_new(row->head, 20);
    g_autoptr(GBytes) packed = pack(row->head, 20);

    g_assert_cmpstr(arch_of(plain), ==, row->arch);
    g_assert_cmpstr(arch_of(packed), ==, row->arch);
    for (gsize len = 0; len < 20; len++) {
        g_autoptr(GBytes) prefix = g_bytes_new(row->head, len);
        g_assert_null(arch_of(prefix));
    }
}

typedef struct {
    const char *name;
    const char *path;
    gboolean there;
} PathRow;

static const PathRow path_rows[] = {
    { "missing", "/none", FALSE },
    { "directory", "/boot", FALSE },
    { "link-to-it", "/link", TRUE },
    { "dangling-link", "/dangling", FALSE },
};

static void
test_path(gconstpointer data)
{
    const PathRow *row = data;
    g_autoptr(Vfs) vfs = vfs_mem_new();
    g_autoptr(GBytes) content =
        g_bytes_new_static(BYTES("\177ELF\1\1\1\11\0\0\0\0\0\0\0\0\2\0\3\0" MARK VERSION "\n"));

    g_assert_cmpint(vfs_mem_add_file(vfs, "/boot/kernel", content, 0555), ==, 0);
    g_assert_cmpint(vfs_mem_add_symlink(vfs, "/link", "boot/kernel"), ==, 0);
    g_assert_cmpint(vfs_mem_add_symlink(vfs, "/dangling", "none"), ==, 0);
    g_autofree char *version = kernel_file_version(vfs, row->path);
    g_assert_cmpstr(version, ==, row->there ? VERSION : NULL);
    g_assert_cmpstr(kernel_file_arch(vfs, row->path), ==, row->there ? "i386" : NULL);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/kernel-file/version", version_rows, test_version);
    g_test_add_func("/kernel-file/longest", test_longest);
    g_test_add_func("/kernel-file/chunk-border", test_chunk_border);
    g_test_add_func("/kernel-file/end-at-border", test_end_at_border);
    g_test_add_func("/kernel-file/third-chunk", test_third_chunk);
    g_test_add_func("/kernel-file/bomb", test_bomb);
    g_test_add_func("/kernel-file/packed-prefix", test_packed_prefix);
    g_test_add_func("/kernel-file/packed-damage", test_packed_damage);
    ROWS_ADD("/kernel-file/arch", arch_rows, test_arch);
    ROWS_ADD("/kernel-file/path", path_rows, test_path);
    return g_test_run();
}
