/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compressed images. A byte says which format and whether the rest is a file as it is, which a
 * fuzzer seldom gets past the checksums; otherwise records are packed, each into a stream or member
 * of its own, and others damage the whole. What was packed comes out, and never more than may.
 */
#include "base/autofd.h"
#include "base/error.h"
#include "images/unpack.h"
#include "tests/fuzz/fuzz-input.h"
#include "tests/unit/support/packer.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define OUT_MAX    (3u << 19)  /* bytes that may come out: unpack.c's buffer, and half of it */
#define MEMORY_MAX (16u << 20) /* bytes that xz may use */
#define REPEATS    300
#define ZEROS      (64u << 10)
#define BLOCK      (16u << 10)

enum {
    CHOICE_XZ = 1,
    CHOICE_RAW = 2,
};

/* Of a record. */
enum {
    FLAG_PADDING = FUZZ_RECORD_FLAG(0),  /* zeros behind the stream */
    FLAG_REPEATED = FUZZ_RECORD_FLAG(1), /* what is packed is REPEATS times the record */
    FLAG_HOLE = FUZZ_RECORD_FLAG(2),     /* with zeros in front */
    FLAG_BLOCKS = FUZZ_RECORD_FLAG(3),   /* for threads of xz */
    FLAG_DAMAGE = FUZZ_RECORD_FLAG(4),   /* is not packed: places and what differs there */
};

typedef struct {
    GByteArray *packed, *plain;
    gboolean xz, damaged;
} Input;

static void
add_stream(Input *self, guint flags, const FuzzPiece *piece)
{
    static const guint8 padding[8];
    const PackXz how = { 0, (flags & FLAG_BLOCKS) != 0 ? BLOCK : 0 };
    guint start = self->plain->len;

    if ((flags & FLAG_HOLE) != 0) {
        g_byte_array_set_size(self->plain, start + ZEROS);
        memset(self->plain->data + start, 0, ZEROS);
    }
    for (guint i = 0; i < ((flags & FLAG_REPEATED) != 0 ? REPEATS : 1); i++)
        g_byte_array_append(self->plain, piece->bytes, (guint)piece->len);
    const guint8 *bytes = self->plain->len > start ? self->plain->data + start : padding;
    if (self->xz)
        pack_xz(self->packed, bytes, self->plain->len - start, &how);
    else
        pack_gzip(self->packed, bytes, self->plain->len - start);
    if ((flags & FLAG_PADDING) != 0)
        g_byte_array_append(self->packed, padding, sizeof padding);
}

static void
damage(Input *self, const FuzzPiece *piece)
{
    Cursor at = fuzz_piece_cursor(piece);

    while (cursor_left(&at) >= 3 && self->packed->len > 0) {
        guint16 place = cursor_be16(&at);
        guint8 difference = cursor_u8(&at);
        self->packed->data[place % self->packed->len] ^= difference;
        self->damaged = self->damaged || difference != 0;
    }
}

static Input
read_input(const guint8 *bytes, gsize len)
{
    Cursor at = cursor_of(bytes, len);
    guint8 choice = cursor_u8(&at);
    Input self = { g_byte_array_new(), g_byte_array_new(), (choice & CHOICE_XZ) != 0,
                   (choice & CHOICE_RAW) != 0 };
    guint flags;

    if (self.damaged) {
        gsize left = cursor_left(&at);
        g_byte_array_append(self.packed, cursor_take(&at, left), (guint)left);
        return self;
    }
    while (self.plain->len <= 2 * OUT_MAX) {
        g_auto(FuzzPiece) piece = { 0 };
        if (!fuzz_record_next(&at, &flags, &piece))
            break;
        if ((flags & FLAG_DAMAGE) != 0)
            damage(&self, &piece);
        else
            add_stream(&self, flags, &piece);
    }
    return self;
}

/* ---- unpacking ---- */

static int
memory_file(const GByteArray *bytes)
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);

    g_assert_cmpint(fd, >=, 0);
    if (bytes != NULL)
        g_assert_cmpint(write(fd, bytes->data, bytes->len), ==, (gssize)bytes->len);
    return fd;
}

/* Whether @fd has the first bytes of @expected, or all of them. */
static void
check_content(int fd, const GByteArray *expected, gboolean all)
{
    struct stat st;

    g_assert_cmpint(fstat(fd, &st), ==, 0);
    if (all)
        g_assert_cmpint(st.st_size, ==, expected->len);
    g_assert_cmpint(st.st_size, <=, expected->len);
    g_auto(FuzzPiece) found = fuzz_piece_new((gsize)st.st_size);
    g_assert_cmpint(pread(fd, found.bytes, found.len, 0), ==, st.st_size);
    g_assert_true(found.len == 0 || memcmp(found.bytes, expected->data, found.len) == 0);
}

static GByteArray *
content_of(int fd)
{
    GByteArray *content = g_byte_array_new();
    struct stat st;

    g_assert_cmpint(fstat(fd, &st), ==, 0);
    g_assert_cmpint(st.st_size, <=, OUT_MAX);
    g_byte_array_set_size(content, (guint)st.st_size);
    g_assert_cmpint(pread(fd, content->data, content->len, 0), ==, st.st_size);
    return content;
}

static void
check_unpacked(const Input *input, const Decoder *decoder)
{
    const UnpackOptions options = { .size_max = OUT_MAX,
                                    .memory_max = MEMORY_MAX,
                                    .place = "in memory" };
    g_autoptr(GError) error = NULL;
    auto_fd source = memory_file(input->packed), target = memory_file(NULL);

    gboolean ok = unpack_file(decoder, "input", source, target, &options, &error);
    g_autoptr(GByteArray) content = content_of(target);
    if (ok)
        g_assert_no_error(error);
    else
        g_assert_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_MEDIUM);
    if (!input->damaged) {
        g_assert_true(ok == (input->plain->len <= OUT_MAX));
        if (ok)
            check_content(target, input->plain, TRUE);
    }
}

int
LLVMFuzzerTestOneInput(const guint8 *bytes, gsize len)
{
    Input input = read_input(bytes, len);
    const Decoder *decoder = unpack_decoder(input.packed->data, input.packed->len);

    g_assert_true(input.damaged || input.packed->len == 0 || decoder != NULL);
    if (decoder != NULL)
        check_unpacked(&input, decoder);
    g_byte_array_unref(input.packed);
    g_byte_array_unref(input.plain);
    return 0;
}
