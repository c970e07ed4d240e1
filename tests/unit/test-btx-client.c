/* SPDX-License-Identifier: GPL-2.0-or-later */
/* images/btx-client.c: boot programs made here, whole, cut off and with impossible numbers. */
#include "base/buf.h"
#include "images/btx-client.h"

#include <string.h>

#define BTX_LEN  64
#define SEGMENTS 2

typedef struct {
    const char *name;
    guint16 paging;                /* of BTX's header */
    guint32 phoff;                 /* 0: where they are */
    guint16 phnum;                 /* 0: as many as there are */
    guint32 segments[SEGMENTS][3]; /* type, vaddr, memsz */
    guint32 memory_end;
} Row;

static const Row rows[] = {
    { "12.2", 0xff7, 0, 0, { { 1, 0, 0x52000 }, { 1, 0x53000, 0xc9e8 } }, 0xa000 + 0x5f9e8 },
    { "the-last-is-not-the-highest",
      0xff7,
      0,
      0,
      { { 1, 0x8000, 0x100 }, { 1, 0, 0x200 } },
      0x12100 },
    { "what-is-not-loaded-does-not-count",
      0xff7,
      0,
      0,
      { { 1, 0, 1 }, { 4, 0x80000, 1 } },
      0xa001 },
    { "more-pages-are-mapped", 0x1ff7, 0, 0, { { 1, 0, 1 } }, 0xe001 },
    { "nothing-is-loaded", 0xff7, 0, 0, { { 0, 0, 1 } }, 0 },
    { "headers-elsewhere", 0xff7, 0x7fffffff, 0, { { 1, 0, 1 } }, 0 },
    { "more-headers-than-there-are", 0xff7, 0, 0xffff, { { 1, 0, 1 } }, 0 },
    { "beyond-the-end-of-all-memory", 0xff7, 0, 0, { { 1, 0xffffffff, 2 } }, 0 },
    { "up-to-the-end-of-all-memory", 0xff7, 0, 0, { { 1, 0, 0xffffffff } }, 0 },
};

static void
put_le16(Buf *out, guint value)
{
    const guint8 bytes[] = { (guint8)value, (guint8)(value >> 8) };
    buf_bytes(out, bytes, sizeof bytes);
}

static void
put_le32(Buf *out, guint32 value)
{
    put_le16(out, value & 0xffff);
    put_le16(out, value >> 16);
}

/* A few bytes, BTX, the client's ELF header and its program headers. */
static void
make_program(Buf *out, const Row *row)
{
    const guint8 magic[] = { 0xeb, 0x0e, 'B', 'T', 'X', 1, 2, 0 };

    buf_bytes(out, "pxeldr", 6);
    buf_bytes(out, magic, sizeof magic);
    put_le16(out, row->paging);
    put_le16(out, BTX_LEN);
    buf_zeros(out, BTX_LEN - sizeof magic - 4);
    buf_bytes(out, "\177ELF", 4);
    buf_zeros(out, 0x1c - 4);
    put_le32(out, row->phoff != 0 ? row->phoff : 52);
    buf_zeros(out, 0x2c - 0x20);
    put_le16(out, row->phnum != 0 ? row->phnum : SEGMENTS);
    buf_zeros(out, 52 - 0x2e);
    for (guint i = 0; i < SEGMENTS; i++) {
        put_le32(out, row->segments[i][0]);
        put_le32(out, 0);
        put_le32(out, row->segments[i][1]);
        put_le32(out, 0);
        put_le32(out, 0);
        put_le32(out, row->segments[i][2]);
        buf_zeros(out, 8);
    }
}

static void
test_row(gconstpointer data)
{
    const Row *row = data;
    guint8 memory[1024];
    Buf out = buf_of(memory, sizeof memory, 0);

    make_program(&out, row);
    gsize whole = buf_len(&out);
    for (gsize len = 0; len <= whole; len++) {
        g_autofree guint8 *exact = g_memdup2(buf_data(&out), len);
        BtxClient client = btx_client_find(exact, len);
        if (client.major != 0)
            g_assert_cmpuint(client.major * 100 + client.minor, ==, 102);
        if (len == whole)
            g_assert_cmpuint(client.memory_end, ==, row->memory_end);
        else if (len < whole - 8)
            g_assert_cmpuint(client.memory_end, ==, 0);
    }
}

static void
test_none(void)
{
    g_assert_cmpuint(btx_client_find(NULL, 0).major, ==, 0);
    g_assert_cmpuint(btx_client_find((const guint8 *)"PXELINUX", 8).memory_end, ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *path = g_strconcat("/btx-client/", rows[i].name, NULL);
        g_test_add_data_func(path, &rows[i], test_row);
    }
    g_test_add_func("/btx-client/none", test_none);
    return g_test_run();
}
