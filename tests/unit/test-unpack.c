/* SPDX-License-Identifier: GPL-2.0-or-later */
/* images/unpack.c and the decoders: what is packed comes out, and nothing else ever does. */
#include "base/autofd.h"
#include "images/unpack.h"
#include "tests/lan/rows.h"
#include "tests/unit/support/packer.h"
#include "tests/unit/support/told.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE 300000 /* bytes that are packed */

static int
memory_file(const void *bytes, gsize len)
{
    int fd = memfd_create("test", MFD_CLOEXEC);
    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(write(fd, bytes, len), ==, (gssize)len);
    return fd;
}

static UnpackOptions
usual_options(void)
{
    return (UnpackOptions){ .size_max = 1 << 20,
                            .memory_max = UNPACK_MEMORY_MAX,
                            .place = "in memory" };
}

/* Unpacks into @target, or else into memory. Returns: the bytes, or NULL and an error */
static GByteArray *
unpack_bytes(const GByteArray *packed, const UnpackOptions *options, int target, GError **error)
{
    const Decoder *decoder = unpack_decoder(packed->data, packed->len);
    auto_fd source = memory_file(packed->data, packed->len);
    auto_fd memory = memory_file("", 0);
    struct stat st;

    g_assert_nonnull(decoder);
    if (!unpack_file(decoder, "the.iso", source, target >= 0 ? target : memory, options, error))
        return NULL;
    g_assert_cmpint(fstat(memory, &st), ==, 0);
    GByteArray *out = g_byte_array_new();
    g_byte_array_set_size(out, (guint)st.st_size);
    g_assert_cmpint(pread(memory, out->data, out->len, 0), ==, st.st_size);
    return out;
}

/* Half of it is of zeros. */
static const guint8 *
piece(void)
{
    static guint8 bytes[PIECE];

    for (gsize i = 0; i < PIECE; i++)
        bytes[i] = i / 50000 % 2 == 0 ? (guint8)(i * 7 + i / 251) : 0;
    return bytes;
}

static const PackXz plain = { 1, 0 }, blocks = { 1, 40000 };

static void
make_xz(GByteArray *out)
{
    pack_xz(out, piece(), PIECE, &plain);
}

static void
make_xz_blocks(GByteArray *out)
{
    pack_xz(out, piece(), PIECE, &blocks);
}

/* With the padding between streams that the format allows: fours of zeros. */
static void
make_xz_streams(GByteArray *out)
{
    static const guint8 padding[8];

    pack_xz(out, piece(), 100001, &plain);
    g_byte_array_append(out, padding, 8);
    pack_xz(out, piece() + 100001, PIECE - 100001, &blocks);
    g_byte_array_append(out, padding, 4);
}

static void
make_gzip(GByteArray *out)
{
    pack_gzip(out, piece(), PIECE);
}

static void
make_gzip_members(GByteArray *out)
{
    static const guint8 padding[700];

    pack_gzip(out, piece(), 1);
    pack_gzip(out, piece(), 0);
    pack_gzip(out, piece() + 1, PIECE - 1);
    g_byte_array_append(out, padding, sizeof padding);
}

typedef struct {
    const char *name;
    void (*make)(GByteArray *out);
} PackRow;

static const PackRow pack_rows[] = {
    { "xz", make_xz },     { "xz-in-blocks", make_xz_blocks },    { "xz-streams", make_xz_streams },
    { "gzip", make_gzip }, { "gzip-members", make_gzip_members },
};

static void
test_unpack(gconstpointer data)
{
    const PackRow *row = data;
    const UnpackOptions options = usual_options();
    g_autoptr(GByteArray) packed = g_byte_array_new();
    g_autoptr(GError) error = NULL;

    row->make(packed);
    g_autoptr(GByteArray) out = unpack_bytes(packed, &options, -1, &error);
    g_assert_no_error(error);
    ROW_CMPMEM(out->data, out->len, piece(), PIECE);
}

/* Zeros are not written. */
static void
test_holes(void)
{
    const UnpackOptions options = usual_options();
    g_autofree guint8 *zeros = g_malloc0(1 << 20);
    g_autoptr(GByteArray) packed = g_byte_array_new();
    auto_fd target = memory_file("", 0);
    struct stat st;

    zeros[500000] = 1;
    pack_gzip(packed, zeros, 1 << 20);
    g_autoptr(GByteArray) nothing = unpack_bytes(packed, &options, target, NULL);
    g_assert_nonnull(nothing);
    g_assert_cmpint(fstat(target, &st), ==, 0);
    g_assert_cmpint(st.st_size, ==, 1 << 20);
    g_assert_cmpint(st.st_blocks, <=, 16); /* of 512 bytes */
}

/* Whatever is missing at the end is missed, but for padding. */
static void
test_cut_short(gconstpointer data)
{
    const PackRow *row = data;
    const UnpackOptions options = usual_options();
    g_autoptr(GByteArray) packed = g_byte_array_new();

    row->make(packed);
    gsize end = packed->len;
    while (packed->data[end - 1] == 0)
        end--;
    for (gsize len = 6; len < end; len += len < 100 || len + 100 > end ? 1 : end / 50) {
        g_autoptr(GError) error = NULL;
        GByteArray cut = { packed->data, (guint)len };
        g_autoptr(GByteArray) out = unpack_bytes(&cut, &options, -1, &error);
        if (out != NULL) /* at the end of a stream it is whole */
            g_assert_cmpuint(out->len, <, PIECE);
        else
            g_assert_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_MEDIUM);
    }
}

/* A byte that is wrong gives an error, or is of those that say nothing of the contents. */
static void
test_damaged(gconstpointer data)
{
    const PackRow *row = data;
    const UnpackOptions options = usual_options();
    g_autoptr(GByteArray) packed = g_byte_array_new();

    row->make(packed);
    for (gsize at = 6; at < packed->len; at += at < 100 ? 1 : packed->len / 100 + 1) {
        g_autoptr(GError) error = NULL;
        packed->data[at] ^= 0x41;
        g_autoptr(GByteArray) out = unpack_bytes(packed, &options, -1, &error);
        packed->data[at] ^= 0x41;
        if (out != NULL)
            ROW_CMPMEM(out->data, out->len, piece(), PIECE);
        else
            g_assert_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_MEDIUM);
    }
}

typedef struct {
    const char *name;
    void (*make)(GByteArray *out);
    guint64 size_max, memory_max;
    const char *part; /* of the message; NULL: it is unpacked */
} LimitRow;

/* A megabyte of zeros in some hundred bytes. */
static void
make_bomb(GByteArray *out)
{
    g_autofree guint8 *zeros = g_malloc0(1 << 20);
    for (guint i = 0; i < 3; i++)
        pack_xz(out, zeros, 1 << 20, &plain);
}

static void
make_greedy(GByteArray *out)
{
    const PackXz how = { 9, 0 };
    pack_xz(out, piece(), PIECE, &how);
}

static const LimitRow limit_rows[] = {
    { "as-large-as-may-be", make_xz, PIECE, UNPACK_MEMORY_MAX, NULL },
    { "xz-too-large", make_xz, PIECE - 1, UNPACK_MEMORY_MAX, "more than 0 MiB come out" },
    { "gzip-too-large", make_gzip, PIECE - 1, UNPACK_MEMORY_MAX, "more than 0 MiB come out" },
    { "bomb", make_bomb, 2 << 20, UNPACK_MEMORY_MAX, "more than 2 MiB come out of it" },
    { "too-much-memory", make_greedy, 1 << 20, 60 << 20, "takes too much memory" },
    { "much-memory", make_greedy, 1 << 20, 70 << 20, NULL },
};

static void
test_limit(gconstpointer data)
{
    const LimitRow *row = data;
    UnpackOptions options = usual_options();
    g_autoptr(GByteArray) packed = g_byte_array_new();
    g_autoptr(GError) error = NULL;

    row->make(packed);
    options.size_max = row->size_max;
    options.memory_max = row->memory_max;
    g_autoptr(GByteArray) out = unpack_bytes(packed, &options, -1, &error);
    if (row->part == NULL)
        g_assert_no_error(error);
    else
        assert_told(error, PXE_RUN_ERROR_MEDIUM, row->part);
}

/* What would pass for its end with gzip(1), which warns, may be all that is left of the rest. */
static void
test_garbage_behind(void)
{
    const UnpackOptions options = usual_options();
    g_autoptr(GByteArray) packed = g_byte_array_new();
    g_autoptr(GError) error = NULL;

    make_gzip(packed);
    g_byte_array_append(packed, (const guint8 *)"garbage", 7);
    g_assert_null(unpack_bytes(packed, &options, -1, &error));
    assert_told(error, PXE_RUN_ERROR_MEDIUM, "cannot unpack 'the.iso': it is damaged");
}

static void
test_no_room(void)
{
    const UnpackOptions options = usual_options();
    g_autoptr(GByteArray) packed = g_byte_array_new();
    g_autoptr(GError) error = NULL;

    make_xz(packed);
    auto_fd full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    g_assert_null(unpack_bytes(packed, &options, full, &error));
    assert_told(error, PXE_RUN_ERROR_HOST, "No space left on device after 0 MiB in memory");
}

static gboolean
stop(guint64 done, guint64 size, gpointer data)
{
    guint *calls = data;

    g_assert_cmpuint(done, <=, size);
    (*calls)++;
    return FALSE;
}

static void
test_stopped(void)
{
    UnpackOptions options = usual_options();
    g_autoptr(GByteArray) packed = g_byte_array_new();
    g_autoptr(GError) error = NULL;
    guint calls = 0;

    options.func = stop;
    options.data = &calls;
    make_xz(packed);
    g_assert_null(unpack_bytes(packed, &options, -1, &error));
    g_assert_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_INTERNAL);
    g_assert_cmpuint(calls, ==, 1);
}

typedef struct {
    const char *name;
    const char *head;
    gsize len;
    const char *format; /* (nullable) */
} MagicRow;

static const MagicRow magic_rows[] = {
    { "xz", "\xfd\x37\x7a\x58\x5a\0\0\4", 8, "xz" },
    { "xz-cut", "\xfd\x37\x7a\x58\x5a\0", 5, NULL },
    { "gzip", "\x1f\x8b\x08", 3, "gzip" },
    { "gzip-cut", "\x1f\x8b", 1, NULL },
    { "compress", "\x1f\x9d\x90", 3, NULL },
    { "nothing", "", 0, NULL },
};

static void
test_magic(gconstpointer data)
{
    const MagicRow *row = data;
    const Decoder *decoder = unpack_decoder((const guint8 *)row->head, row->len);

    g_assert_cmpstr(decoder != NULL ? decoder->name : NULL, ==, row->format);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/unpack/bytes", pack_rows, test_unpack);
    g_test_add_func("/unpack/holes", test_holes);
    ROWS_ADD("/unpack/cut-short", pack_rows, test_cut_short);
    ROWS_ADD("/unpack/damaged", pack_rows, test_damaged);
    ROWS_ADD("/unpack/limit", limit_rows, test_limit);
    g_test_add_func("/unpack/garbage-behind", test_garbage_behind);
    g_test_add_func("/unpack/no-room", test_no_room);
    g_test_add_func("/unpack/stopped", test_stopped);
    ROWS_ADD("/unpack/magic", magic_rows, test_magic);
    return g_test_run();
}
