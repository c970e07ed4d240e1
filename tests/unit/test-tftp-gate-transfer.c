/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The gate during transfers: which acknowledgements libslirp sees, and which frame is sent again.
 */
#include "tests/lan/tftp-rig.h"

typedef enum {
    TO_NOBODY,
    TO_SERVER,
    TO_GUEST
} AckGoes;

typedef struct {
    const char *name;
    guint16 sent; /* the last block that the server sent; 0: an OACK */
    guint16 ack;
    AckGoes goes;
} AckRow;

static const AckRow ack_rows[] = {
    { "oack", 0, 0, TO_SERVER },
    { "first", 1, 1, TO_SERVER },
    { "right", 500, 500, TO_SERVER },
    { "again", 500, 499, TO_GUEST },
    { "oack-again", 1, 0, TO_GUEST },
    { "two-before", 500, 498, TO_NOBODY },
    { "ahead", 500, 501, TO_NOBODY },
    { "far-ahead", 500, 65535, TO_NOBODY },
    { "high-byte", 0x0102, 0x0201, TO_NOBODY },
    { "wrapped-around", 65535, 65535, TO_SERVER },
    { "again-around-the-wrap", 65535, 65534, TO_GUEST },
};

static void
test_ack_row(gconstpointer data)
{
    const AckRow *row = data;
    g_auto(TftpRig) rig;

    tftp_rig_init(&rig, tftp_rig_tree());
    tftp_rig_send_text(&rig, TFTP_RIG_PORT, TFTP_RRQ, "boot/pxeboot|octet|");
    frame_log_empty(&rig.server);
    tftp_rig_serve(&rig, TFTP_RIG_PORT, row->sent);
    tftp_rig_ack(&rig, TFTP_RIG_PORT, row->ack);
    g_assert_cmpuint(frame_log_count(&rig.server), ==, row->goes == TO_SERVER ? 1 : 0);
    g_assert_cmpuint(frame_log_count(&rig.guest), ==, row->goes == TO_GUEST ? 1 : 0);
    if (row->goes == TO_SERVER) {
        FrameUdp udp = frame_log_udp(&rig.server, 0);
        g_assert_cmpuint(frame_get16(udp.payload), ==, TFTP_ACK);
        g_assert_cmpuint(frame_get16(udp.payload + 2), ==, row->ack);
    } else if (row->goes == TO_GUEST) {
        FrameUdp udp = frame_log_udp(&rig.guest, 0);
        g_assert_cmpuint(udp.dst_port, ==, TFTP_RIG_PORT);
        g_assert_cmpuint(frame_get16(udp.payload + 2), ==, row->sent);
    }
}

/* After 65535 blocks the numbers start again at 0. */
static void
test_wrap(void)
{
    g_auto(TftpRig) rig;

    tftp_rig_init(&rig, tftp_rig_tree());
    tftp_rig_send_text(&rig, TFTP_RIG_PORT, TFTP_RRQ, "boot/pxeboot|octet|");
    tftp_rig_serve(&rig, TFTP_RIG_PORT, 65535);
    const Ip4Route route = frame_from_gateway();
    const guint8 block_0[5] = { 0, TFTP_DATA, 0, 0, 'x' };
    g_autoptr(GByteArray) frame =
        frame_udp4(&route, TFTP_PORT, TFTP_RIG_PORT, block_0, sizeof block_0);
    tftp_gate_output(rig.gate, (UdpHeader){ TFTP_PORT, TFTP_RIG_PORT },
                     cursor_of(frame->data + 42, frame->len - 42),
                     cursor_of(frame->data, frame->len));
    tftp_rig_ack(&rig, TFTP_RIG_PORT, 65535); /* again */
    g_assert_cmpuint(frame_log_count(&rig.guest), ==, 1);
    tftp_rig_ack(&rig, TFTP_RIG_PORT, 0);
    g_assert_cmpuint(frame_log_count(&rig.server), ==, 2);
}

/* What belongs to no transfer, or says nothing, goes nowhere. */
static void
test_strays(void)
{
    g_auto(TftpRig) rig;

    tftp_rig_init(&rig, tftp_rig_tree());
    tftp_rig_ack(&rig, TFTP_RIG_PORT, 0);                           /* nobody asked */
    tftp_rig_send_text(&rig, TFTP_RIG_PORT, TFTP_ERROR, "||stop|"); /* nobody asked */
    tftp_rig_serve(&rig, TFTP_RIG_PORT, 1);                         /* nobody asked */
    tftp_rig_send_text(&rig, TFTP_RIG_PORT, TFTP_RRQ, "boot/pxeboot|octet|");
    frame_log_empty(&rig.server);
    tftp_rig_ack(&rig, TFTP_RIG_PORT, 0); /* before anything was sent */
    tftp_rig_serve(&rig, TFTP_RIG_PORT, 1);
    tftp_rig_ack(&rig, TFTP_RIG_PORT + 1, 1);        /* another port */
    tftp_rig_send(&rig, TFTP_RIG_PORT, "\0\4\0", 3); /* cut short */
    tftp_rig_send(&rig, TFTP_RIG_PORT, "\0\4", 2);
    tftp_rig_send(&rig, TFTP_RIG_PORT, "\0", 1);
    tftp_rig_send(&rig, TFTP_RIG_PORT, "", 0);
    tftp_rig_send_text(&rig, TFTP_RIG_PORT, TFTP_DATA, "||x");
    tftp_rig_send_text(&rig, TFTP_RIG_PORT, TFTP_OACK, "tsize|1|");
    tftp_rig_send_text(&rig, TFTP_RIG_PORT, 77, "x");
    g_assert_cmpuint(frame_log_count(&rig.server), ==, 0);
    g_assert_cmpuint(frame_log_count(&rig.guest), ==, 0);
    g_assert_cmpuint(rig.errors, ==, 0);
}

/* A client's ERROR ends the transfer on both sides. */
static void
test_client_error(void)
{
    g_auto(TftpRig) rig;

    tftp_rig_init(&rig, tftp_rig_tree());
    tftp_rig_send_text(&rig, TFTP_RIG_PORT, TFTP_RRQ, "boot/pxeboot|octet|");
    tftp_rig_serve(&rig, TFTP_RIG_PORT, 1);
    tftp_rig_send_text(&rig, TFTP_RIG_PORT, TFTP_ERROR, "||stop|");
    g_assert_cmpuint(rig.errors, ==, 1);
    tftp_rig_ack(&rig, TFTP_RIG_PORT, 1);
    g_assert_cmpuint(frame_log_count(&rig.server), ==, 1);
}

/* A request from the same port starts anew: the old frame is not sent again. */
static void
test_asked_again(void)
{
    g_auto(TftpRig) rig;

    tftp_rig_init(&rig, tftp_rig_tree());
    tftp_rig_send_text(&rig, TFTP_RIG_PORT, TFTP_RRQ, "boot/pxeboot|octet|");
    tftp_rig_serve(&rig, TFTP_RIG_PORT, 5);
    tftp_rig_send_text(&rig, TFTP_RIG_PORT, TFTP_RRQ, "boot/pxeboot|octet|");
    tftp_rig_ack(&rig, TFTP_RIG_PORT, 4);
    tftp_rig_ack(&rig, TFTP_RIG_PORT, 5);
    g_assert_cmpuint(frame_log_count(&rig.guest), ==, 0);
    g_assert_cmpuint(frame_log_count(&rig.server), ==, 2);
}

static void
ask(TftpRig *rig, guint i)
{
    tftp_rig_send_text(rig, (guint16)(TFTP_RIG_PORT + i), TFTP_RRQ, "boot/pxeboot|octet|");
    tftp_rig_serve(rig, (guint16)(TFTP_RIG_PORT + i), 1);
}

/* Whether transfer @i is alive: its ACK reaches the server. */
static gboolean
is_alive(TftpRig *rig, guint i)
{
    guint before = frame_log_count(&rig->server);
    tftp_rig_ack(rig, (guint16)(TFTP_RIG_PORT + i), 1);
    return frame_log_count(&rig->server) == before + 1;
}

/* 25 transfers at once: there are 20 places, and the oldest are ended, in the server as well. */
static void
test_table_full(void)
{
    const guint n = TFTP_SESSIONS_MAX + 5;
    g_auto(TftpRig) rig;

    tftp_rig_init(&rig, tftp_rig_tree());
    for (guint i = 0; i < n; i++) {
        ask(&rig, i);
        g_assert_cmpuint(rig.errors, ==, i < TFTP_SESSIONS_MAX ? 0 : i - TFTP_SESSIONS_MAX + 1);
    }
    for (guint i = 0; i < n; i++)
        g_assert_cmpint(is_alive(&rig, i), ==, i >= 5);
    g_assert_cmpuint(frame_log_count(&rig.guest), ==, 0);
}

/* The one that goes on is not the oldest, whenever it was started. */
static void
test_table_full_but_busy(void)
{
    g_auto(TftpRig) rig;

    tftp_rig_init(&rig, tftp_rig_tree());
    for (guint i = 0; i < 10 * TFTP_SESSIONS_MAX; i++) {
        ask(&rig, i);
        g_assert_true(is_alive(&rig, 0));
    }
    g_assert_cmpuint(rig.errors, ==, 9 * TFTP_SESSIONS_MAX);
}

/* Places are free again when a client ends its transfer, or asks anew from the same port. */
static void
test_places_used_again(void)
{
    g_auto(TftpRig) rig;

    tftp_rig_init(&rig, tftp_rig_tree());
    for (guint i = 0; i < TFTP_SESSIONS_MAX; i++)
        ask(&rig, i);
    for (guint i = 0; i < 100; i++)
        ask(&rig, i % TFTP_SESSIONS_MAX);
    g_assert_cmpuint(rig.errors, ==, 0);
    tftp_rig_send_text(&rig, TFTP_RIG_PORT + 7, TFTP_ERROR, "||stop|");
    g_assert_cmpuint(rig.errors, ==, 1);
    ask(&rig, 100);
    g_assert_cmpuint(rig.errors, ==, 1);
    for (guint i = 0; i < TFTP_SESSIONS_MAX; i++)
        g_assert_cmpint(is_alive(&rig, i), ==, i != 7);
    g_assert_true(is_alive(&rig, 100));
}

/* A client is an address and a port, for libslirp and for us. */
static void
test_other_address(void)
{
    Ip4Route other = frame_to_gateway(), back = frame_from_gateway();
    const UdpHeader ports = { TFTP_RIG_PORT, TFTP_PORT };
    g_auto(TftpRig) rig;

    tftp_rig_init(&rig, tftp_rig_tree());
    other.src_ip = back.dst_ip = ip4_of(0xc0a84010);
    g_autoptr(GByteArray) ack = frame_udp4(&other, TFTP_RIG_PORT, TFTP_PORT, "\0\4\0\1", 4);
    g_autoptr(GByteArray) stop = frame_udp4(&other, TFTP_RIG_PORT, TFTP_PORT, "\0\5\0\0", 5);
    g_autoptr(GByteArray) data = frame_udp4(&back, TFTP_PORT, TFTP_RIG_PORT, "\0\3\0\2x", 5);
    ask(&rig, 0);
    frame_log_empty(&rig.server);
    tftp_gate_input(rig.gate, &other, ports, cursor_of(ack->data + 42, 4),
                    cursor_of(ack->data, ack->len));
    tftp_gate_input(rig.gate, &other, ports, cursor_of(stop->data + 42, 5),
                    cursor_of(stop->data, stop->len));
    tftp_gate_output(rig.gate, (UdpHeader){ TFTP_PORT, TFTP_RIG_PORT },
                     cursor_of(data->data + 42, 5), cursor_of(data->data, data->len));
    g_assert_cmpuint(frame_log_count(&rig.server) + rig.errors, ==, 0);
    g_assert_true(is_alive(&rig, 0));
}

/* At the end libslirp is told to close what is still open. */
static void
test_end(void)
{
    g_auto(TftpRig) rig;

    tftp_rig_init(&rig, tftp_rig_tree());
    for (guint i = 0; i < 3; i++)
        ask(&rig, i);
    tftp_gate_end(rig.gate);
    g_assert_cmpuint(rig.errors, ==, 3);
    tftp_gate_end(rig.gate);
    g_assert_cmpuint(rig.errors, ==, 3);
}

/* A frame that is larger than one on the LAN can be is not remembered. */
static void
test_oversized(void)
{
    const Ip4Route route = frame_from_gateway();
    guint8 data[1600] = { 0, TFTP_DATA, 0, 1 };
    g_auto(TftpRig) rig;

    tftp_rig_init(&rig, tftp_rig_tree());
    tftp_rig_send_text(&rig, TFTP_RIG_PORT, TFTP_RRQ, "boot/pxeboot|octet|");
    frame_log_empty(&rig.server);
    g_autoptr(GByteArray) frame = frame_udp4(&route, TFTP_PORT, TFTP_RIG_PORT, data, sizeof data);
    tftp_gate_output(rig.gate, (UdpHeader){ TFTP_PORT, TFTP_RIG_PORT },
                     cursor_of(frame->data + 42, frame->len - 42),
                     cursor_of(frame->data, frame->len));
    tftp_rig_ack(&rig, TFTP_RIG_PORT, 1);
    g_assert_cmpuint(frame_log_count(&rig.server), ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/tftp-gate-transfer/ack", ack_rows, test_ack_row);
    g_test_add_func("/tftp-gate-transfer/wrap", test_wrap);
    g_test_add_func("/tftp-gate-transfer/strays", test_strays);
    g_test_add_func("/tftp-gate-transfer/client-error", test_client_error);
    g_test_add_func("/tftp-gate-transfer/asked-again", test_asked_again);
    g_test_add_func("/tftp-gate-transfer/table-full", test_table_full);
    g_test_add_func("/tftp-gate-transfer/table-full-but-busy", test_table_full_but_busy);
    g_test_add_func("/tftp-gate-transfer/places-used-again", test_places_used_again);
    g_test_add_func("/tftp-gate-transfer/other-address", test_other_address);
    g_test_add_func("/tftp-gate-transfer/end", test_end);
    g_test_add_func("/tftp-gate-transfer/oversized", test_oversized);
    return g_test_run();
}
