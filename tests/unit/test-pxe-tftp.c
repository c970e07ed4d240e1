/* SPDX-License-Identifier: GPL-2.0-or-later */
/* images/pxe-stack/tftp.c, against servers that are good, old, lossy or hostile. */
#include "images/pxe-stack/pxe.h"
#include "images/pxe-stack/tftp.h"
#include "tests/lan/rows.h"
#include "tests/unit/support/pxe-wire.h"

#include <string.h>

#define SERVER_PORT 4001
#define BLOCK       600

/* What the server does, each in its turn: to the request, to the first acknowledgement, … */
typedef struct {
    const char *name;
    const char *script; /* a letter for each packet that we send; see answer() */
    guint16 open, read; /* status; read: of the first that fails */
    gsize size;         /* bytes that were read */
} TransferRow;

static const TransferRow transfer_rows[] = {
    { "options", "OFFs.", PXE_SUCCESS, PXE_SUCCESS, 2 * BLOCK + 10 },
    { "no-options", "Dds", PXE_SUCCESS, PXE_SUCCESS, 512 + 512 + 10 },
    { "empty-file", "Oe.", PXE_SUCCESS, PXE_SUCCESS, 0 },
    { "request-lost", "--OFs.", PXE_SUCCESS, PXE_SUCCESS, BLOCK + 10 },
    { "block-lost", "OF-Fs.", PXE_SUCCESS, PXE_SUCCESS, 2 * BLOCK + 10 },
    { "old-block-again", "OF2s.", PXE_SUCCESS, PXE_SUCCESS, 2 * BLOCK + 10 },
    { "nobody", "-----", PXE_TFTP_OPEN_TIMEOUT, 0, 0 },
    { "dies", "OF-----", PXE_SUCCESS, PXE_TFTP_READ_TIMEOUT, BLOCK },
    { "no-file", "N", PXE_TFTP_FILE_NOT_FOUND, 0, 0 },
    { "not-allowed", "A", PXE_TFTP_ACCESS_VIOLATION, 0, 0 },
    { "error-on-the-way", "OFX", PXE_SUCCESS, PXE_TFTP_ERROR_OPCODE, BLOCK },
    { "error-of-two-bytes", "Y", PXE_TFTP_ERROR_OPCODE, 0, 0 },
    { "block-size-that-nobody-asked-for", "L.", PXE_TFTP_UNKNOWN_OPCODE, 0, 0 },
    { "block-size-of-nothing", "Z.", PXE_TFTP_UNKNOWN_OPCODE, 0, 0 },
    { "options-without-end", "U.", PXE_TFTP_UNKNOWN_OPCODE, 0, 0 },
    { "block-too-large", "OB", PXE_SUCCESS, PXE_TFTP_INVALID_PACKET_SIZE, 0 },
    { "somebody-else's-block", "OSFs.", PXE_SUCCESS, PXE_SUCCESS, 2 * BLOCK + 10 },
    { "data-of-three-bytes", "O3Fs.", PXE_SUCCESS, PXE_SUCCESS, BLOCK + 10 },
};

typedef struct {
    const char *script;
    guint16 block;
} Server;

static void
put(PxeWire *wire, guint16 our_port, guint16 from_port, gconstpointer payload, gsize len)
{
    const WireUdp head = {
        .source = WIRE_SERVER_IP,
        .destination = WIRE_OUR_IP,
        .source_port = from_port,
        .port = our_port,
    };
    pxe_wire_put_udp(wire, &head, payload, len);
}

static void
put_data(PxeWire *wire, guint16 our_port, guint16 from_port, guint16 block, gsize len)
{
    guint8 packet[2000] = { 0, 3 };

    be16_put(packet + 2, block);
    row_pattern(packet + 4, len, block);
    put(wire, our_port, from_port, packet, len + 4);
}

typedef struct {
    char letter;
    const char *packet;
    gsize len;
} Packet;

#define PACKET(letter, text)                                                                       \
    {                                                                                              \
        letter, text, sizeof(text) - 1                                                             \
    }

static const Packet packets[] = {
    PACKET('O', "\0\6blksize\000600\0TSIZE\0001210\0"),
    PACKET('L', "\0\6blksize\000601\0"),
    PACKET('Z', "\0\6blksize\0000\0"),
    PACKET('U', "\0\6blksize\000600"),
    PACKET('N', "\0\5\0\1not found"),
    PACKET('A', "\0\5\0\2"),
    PACKET('X', "\0\5\0\0"),
    PACKET('Y', "\0\5"),
    PACKET('3', "\0\3\0"),
};

static void
answer(PxeWire *wire, const guint8 *frame, gsize len)
{
    Server *server = wire->answer_data;
    guint16 our_port;

    if (frame[13] == 0x06) {
        pxe_wire_put_arp(wire, 2, WIRE_SERVER_IP, WIRE_OUR_IP);
        return;
    }
    g_assert_cmpuint(len, >=, 42);
    our_port = be16_get(frame + 34);
    char letter = *server->script != '\0' ? *server->script++ : '-';
    for (gsize i = 0; i < G_N_ELEMENTS(packets); i++) {
        if (packets[i].letter == letter)
            put(wire, our_port, SERVER_PORT, packets[i].packet, packets[i].len);
    }
    if (letter == '2') /* the same block once more, then the next one */
        put_data(wire, our_port, SERVER_PORT, server->block, BLOCK);
    if (letter == 'S')
        put_data(wire, our_port, SERVER_PORT + 1, (guint16)(server->block + 1), 3);
    if (strchr("FDdse2BS", letter) == NULL)
        return;
    gsize size = strchr("F2S", letter) != NULL ? BLOCK
                 : letter == 's'               ? 10
                 : letter == 'e'               ? 0
                                               : 512;
    put_data(wire, our_port, SERVER_PORT, ++server->block, letter == 'B' ? BLOCK + 1 : size);
}

static void
test_transfer(gconstpointer data)
{
    const TransferRow *row = data;
    g_autoptr(PxeWire) wire = pxe_wire_new();
    Server server = { .script = row->script };
    Tftp tftp = { .net = &wire->net };
    const TftpRequest request = {
        .server = wire_ip(WIRE_SERVER_IP),
        .block_size = BLOCK,
        .name = "boot/loader",
    };
    guint16 status, len;
    gsize size = 0;
    const guint8 *block;

    wire->answer = answer;
    wire->answer_data = &server;
    g_assert_cmpuint(tftp_open(&tftp, &request), ==, row->open);
    g_assert_cmpint(tftp.open, ==, row->open == PXE_SUCCESS);
    if (!tftp.open)
        return;
    do {
        status = tftp_read(&tftp, &block, &len);
        if (status != PXE_SUCCESS)
            break;
        g_autofree guint8 *want = g_malloc(len + 1u);
        row_pattern(want, len, tftp.block);
        ROW_CMPMEM(block, len, want, len);
        size += len;
        tftp_taken(&tftp);
    } while (!tftp.ended);
    g_assert_cmpuint(status, ==, row->read);
    g_assert_cmpuint(size, ==, row->size);
    if (tftp.ended) {
        g_assert_cmpuint(tftp_read(&tftp, &block, &len), ==, PXE_SUCCESS);
        g_assert_cmpuint(len, ==, 0);
    }
    tftp_close(&tftp);
    g_assert_false(tftp.open);
}

/* The request, byte for byte; and the size that the server tells. */
static void
test_request(void)
{
    static const char want[] = "\0\1a\0octet\0blksize\000600\0tsize\0000";
    g_autoptr(PxeWire) wire = pxe_wire_new();
    Server server = { .script = "O." };
    Tftp tftp = { .net = &wire->net };
    const TftpRequest request = {
        .server = wire_ip(WIRE_SERVER_IP),
        .block_size = BLOCK,
        .name = "a",
    };
    gsize len;

    wire->answer = answer;
    wire->answer_data = &server;
    g_assert_cmpuint(tftp_open(&tftp, &request), ==, PXE_SUCCESS);
    const guint8 *frame = g_bytes_get_data(g_ptr_array_index(wire->sent, 1), &len);
    ROW_CMPMEM(frame + 42, len - 42, want, sizeof want);
    g_assert_true(tftp.has_file_size);
    g_assert_cmpuint(tftp.file_size, ==, 1210);
    g_assert_cmpuint(tftp.block_size, ==, BLOCK);
    tftp_close(&tftp);
    frame = g_bytes_get_data(g_ptr_array_index(wire->sent, 2), &len);
    g_assert_cmpuint(frame[43], ==, 5); /* it was not read to its end */
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/pxe-tftp/transfer", transfer_rows, test_transfer);
    g_test_add_func("/pxe-tftp/request", test_request);
    return g_test_run();
}
