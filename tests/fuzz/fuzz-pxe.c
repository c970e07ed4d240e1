/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The protocol part of images/pxe-stack/, compiled for the host. An input is a byte that says what
 * the stack does, and records: a word of 16 bits, its length in the lower 11 and flags above, and
 * bytes. Each is a frame that comes, or with flag 1 the payload of a TFTP server's datagram; with
 * flag 0 the checksums are made right.
 *
 * The stack's words for numbers on the wire are not those of base/, so that nothing of fuzz-input.h
 * can be used here.
 */
#include "images/pxe-stack/tftp.h"
#include "tests/unit/support/pxe-wire.h"

#include <string.h>

#define RECORD_MAX  2047
#define RECORDS_MAX 64
#define MEND        (1u << 11)
#define FROM_TFTP   (1u << 12)
#define READS_MAX   100
#define MERGE       255 /* the first byte; 0: takes datagrams, else TFTP */

int LLVMFuzzerTestOneInput(const guint8 *bytes, gsize len);

typedef struct {
    const guint8 *at;
    gsize left;
    guint records;
    guint16 our_port; /* that the stack has sent from last */
} Input;

static void
mend(guint8 *frame, gsize len)
{
    guint8 *ip = frame + ETH_HEADER;
    gsize header = len > ETH_HEADER ? (gsize)(ip[0] & 15) * 4 : 0;

    if (header < 20 || len < ETH_HEADER + header + UDP_HEADER)
        return;
    be16_put(ip + 10, 0);
    be16_put(ip + 10, checksum_fold(checksum_add(0, ip, (uint16_t)header)));
    be16_put(ip + header + 6, 0); /* there is none: RFC 768 */
}

static void
put_from_tftp(PxeWire *wire, const Input *input, const guint8 *payload, gsize len)
{
    const WireUdp head = {
        .source = WIRE_SERVER_IP,
        .destination = WIRE_OUR_IP,
        .source_port = 4069,
        .port = input->our_port,
        .id = (guint16)input->records,
    };
    pxe_wire_put_udp(wire, &head, payload, MIN(len, UDP_PAYLOAD_MAX));
}

/* Puts the next record on the wire. Returns: FALSE when there is none */
static gboolean
put_next(PxeWire *wire, Input *input)
{
    if (input->left < 2 || input->records++ == RECORDS_MAX)
        return FALSE;
    guint word = be16_get(input->at);
    gsize len = MIN(word & RECORD_MAX, input->left - 2);
    g_autofree guint8 *record = g_malloc(len + 1);
    memcpy(record, input->at + 2, len);
    input->at += 2 + len;
    input->left -= 2 + len;
    if ((word & FROM_TFTP) != 0) {
        put_from_tftp(wire, input, record, len);
    } else if (len >= ETH_HEADER) { /* no card gives less */
        if ((word & MEND) != 0)
            mend(record, len);
        pxe_wire_put(wire, record, len);
    }
    return TRUE;
}

/* Looks at every byte, so that the sanitizers do. */
static guint
look_at(const uint8_t *bytes, gsize len)
{
    guint sum = 0;
    for (gsize i = 0; i < len; i++)
        sum += bytes[i];
    return sum;
}

static void
check_sent(const PxeWire *wire)
{
    for (guint i = 0; i < wire->sent->len; i++) {
        gsize len = g_bytes_get_size(g_ptr_array_index(wire->sent, i));
        g_assert_cmpuint(len, >=, ETH_HEADER);
        g_assert_cmpuint(len, <=, ETH_FRAME_MAX);
    }
}

static void
run_net(PxeWire *wire, Input *input)
{
    Datagram datagram;

    while (put_next(wire, input))
        ;
    while (net_poll(&wire->net, &datagram)) {
        g_assert_cmpuint(datagram.len, <=, NET_REASSEMBLY_SIZE);
        (void)look_at(datagram.payload, datagram.len);
    }
}

/* Frames as UNDI shows them. */
static void
run_merge(PxeWire *wire, Input *input)
{
    uint16_t len;

    while (put_next(wire, input))
        ;
    while ((len = nic_receive(&wire->nic)) > 0) {
        const uint8_t *frame = ip_merge(&wire->net, wire->nic.frame, &len);
        g_assert_cmpuint(len, <=, ETH_HEADER + IP_HEADER + NET_REASSEMBLY_SIZE);
        if (frame != NULL)
            (void)look_at(frame, len);
    }
}

/* For each frame that the stack sends the next record comes. */
static void
answer(PxeWire *wire, const guint8 *frame, gsize len)
{
    Input *input = wire->answer_data;

    if (len >= ETH_HEADER + 20 + UDP_HEADER && be16_get(frame + 12) == ETH_TYPE_IP4)
        input->our_port = be16_get(frame + ETH_HEADER + 20);
    if (be16_get(frame + 12) == ETH_TYPE_ARP)
        pxe_wire_put_arp(wire, 2, WIRE_SERVER_IP, WIRE_OUR_IP);
    else
        (void)put_next(wire, input);
}

static void
run_tftp(PxeWire *wire, Input *input, guint16 block_size)
{
    Tftp tftp = { .net = &wire->net };
    const TftpRequest request = {
        .server = wire_ip(WIRE_SERVER_IP),
        .block_size = block_size,
        .name = "boot/kernel",
    };
    const uint8_t *block;
    uint16_t len;

    wire->answer = answer;
    wire->answer_data = input;
    if (tftp_open(&tftp, &request) != 0)
        return;
    g_assert_cmpuint(tftp.block_size, <=, TFTP_BLOCK_SIZE_MAX);
    for (guint i = 0; i < READS_MAX && tftp_read(&tftp, &block, &len) == 0; i++) {
        g_assert_cmpuint(len, <=, tftp.block_size);
        (void)look_at(block, len);
        tftp_taken(&tftp);
        if (len < tftp.block_size)
            break;
    }
    tftp_close(&tftp);
}

int
LLVMFuzzerTestOneInput(const guint8 *bytes, gsize len)
{
    g_autoptr(PxeWire) wire = pxe_wire_new();
    Input input = { bytes, len, 0, 0 };

    if (len == 0)
        return 0;
    guint8 way = *input.at++;
    input.left--;
    if (way == 0)
        run_net(wire, &input);
    else if (way == MERGE)
        run_merge(wire, &input);
    else
        run_tftp(wire, &input, (guint16)(512 + way * 4));
    check_sent(wire);
    return 0;
}
