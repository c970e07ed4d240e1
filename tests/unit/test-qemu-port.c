/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QEMU's card on the LAN, with a test in QEMU's place at the other end of the socketpair: nothing
 * is lost in either direction, whatever the speed of the reader, and waiting costs no rounds of the
 * main loop.
 */
#include "tests/lan/port-rig.h"

#define FRAMES 20000

/* ---- out: from the LAN to QEMU ---- */

typedef struct {
    const char *name;
    guint reads_a_round; /* frames that QEMU reads between two rounds of our main loop */
    guint sends_a_round; /* frames that the host sends, unless it is held */
} SpeedRow;

static const SpeedRow speed_rows[] = {
    { "fast-reader", 100, 20 },
    { "equal", 20, 20 },
    { "slow-reader", 3, 20 },
    { "very-slow-reader", 1, 200 },
};

static void
test_out_row(gconstpointer data)
{
    const SpeedRow *row = data;
    guint8 frame[2048];
    guint32 sent = 0, read = 0;
    g_auto(PortRig) rig;

    port_rig_init(&rig);
    while (read < FRAMES) {
        for (guint i = 0; i < row->sends_a_round && !rig.held && sent < FRAMES; i++, sent++)
            host_send(&rig, sent, length_of(sent));
        for (guint i = 0; i < row->reads_a_round && read < sent; i++) {
            ssize_t len = qemu_read(&rig, frame, sizeof frame);
            if (len < 0)
                break;
            check_numbered(frame, (gsize)len, read, length_of(read));
            read++;
        }
        (void)port_rig_iterate(&rig, 1);
    }
    g_assert_cmpuint(qemu_port_lost(rig.port), ==, 0);
    g_assert_cmpint(qemu_read(&rig, frame, sizeof frame), ==, -1);
    if (row->reads_a_round < row->sends_a_round)
        g_assert_cmpuint(rig.holds, >, 0);
    (void)port_rig_iterate(&rig, 10);
    g_assert_false(rig.held);
}

/* QEMU reads nothing: the loop sleeps. Then it reads all: the frames come, and it sleeps again. */
static void
test_no_spin(void)
{
    guint8 frame[2048];
    guint32 sent = 0, read = 0;
    g_auto(PortRig) rig;

    port_rig_init(&rig);
    while (!rig.held)
        host_send(&rig, sent++, 1514);
    g_assert_cmpuint(port_rig_iterate(&rig, 1000), <=, 2);
    /* While the LAN is held, what QEMU sends waits, too. */
    g_assert_true(qemu_send_numbered(&rig, 0));
    g_assert_cmpuint(port_rig_iterate(&rig, 1000), <=, 2);
    g_assert_cmpuint(rig.received, ==, 0);
    while (read < sent) {
        ssize_t len = qemu_read(&rig, frame, sizeof frame);
        if (len < 0) {
            g_assert_cmpuint(port_rig_iterate(&rig, 10), >, 0);
            continue;
        }
        check_numbered(frame, (gsize)len, read++, 1514);
    }
    (void)port_rig_iterate(&rig, 10);
    g_assert_cmpuint(rig.received, ==, 1);
    g_assert_cmpuint(port_rig_iterate(&rig, 1000), ==, 0);
    g_assert_cmpuint(qemu_port_lost(rig.port), ==, 0);
}

typedef struct {
    const char *name;
    gsize len;
    gsize want;
} LengthRow;

static const LengthRow length_rows[] = {
    { "arp-is-padded", 42, 60 }, { "59-is-padded", 59, 60 }, { "60", 60, 60 }, { "61", 61, 61 },
    { "full", 1514, 1514 },
};

/* The same whether the frame goes out at once or has to wait in the ring. */
static void
test_length_row(gconstpointer data)
{
    const LengthRow *row = data;

    for (int queued = 0; queued < 2; queued++) {
        guint8 frame[2048];
        guint32 number = 0;
        ssize_t len;
        g_auto(PortRig) rig;

        port_rig_init(&rig);
        while (queued && !rig.held)
            host_send(&rig, number++, 1514);
        host_send(&rig, number, row->len);
        for (guint32 i = 0; i < number; i++) {
            while (qemu_read(&rig, frame, sizeof frame) < 0)
                (void)port_rig_iterate(&rig, 1);
        }
        while ((len = qemu_read(&rig, frame, sizeof frame)) < 0)
            (void)port_rig_iterate(&rig, 1);
        g_assert_cmpint(len, ==, (gssize)row->want);
        check_numbered(frame, row->len, number, row->len);
        for (gsize i = row->len; i < row->want; i++)
            g_assert_cmpuint(frame[i], ==, 0);
    }
}

/* ---- in: from QEMU to the LAN ---- */

static void
test_in(void)
{
    guint32 sent = 0;
    g_auto(PortRig) rig;

    port_rig_init(&rig);
    while (rig.received < FRAMES) {
        if (sent < FRAMES && qemu_send_numbered(&rig, sent))
            sent++;
        else
            (void)port_rig_iterate(&rig, 1);
    }
    g_assert_cmpuint(port_rig_iterate(&rig, 100), ==, 0);
}

/* Both directions at once, QEMU slower than the host. */
static void
test_both(void)
{
    guint8 frame[2048];
    guint32 out = 0, in = 0, read = 0;
    g_auto(PortRig) rig;

    port_rig_init(&rig);
    while (read < FRAMES || rig.received < FRAMES) {
        for (guint i = 0; i < 8 && !rig.held && out < FRAMES; i++, out++)
            host_send(&rig, out, length_of(out));
        if (in < FRAMES && qemu_send_numbered(&rig, in))
            in++;
        for (guint i = 0; i < 2; i++) {
            ssize_t len = qemu_read(&rig, frame, sizeof frame);
            if (len < 0)
                break;
            check_numbered(frame, (gsize)len, read, length_of(read));
            read++;
        }
        (void)port_rig_iterate(&rig, 1);
    }
    g_assert_cmpuint(qemu_port_lost(rig.port), ==, 0);
}

/* One round takes a limited number of frames, so that others get their turn. */
static void
test_in_round(void)
{
    guint32 sent = 0;
    g_auto(PortRig) rig;

    port_rig_init(&rig);
    while (qemu_send_numbered(&rig, sent))
        sent++;
    g_assert_cmpuint(sent, >, 64);
    (void)port_rig_iterate(&rig, 1);
    g_assert_cmpuint(rig.received, <=, 64);
    g_assert_cmpuint(rig.received, >, 0);
    /* Those that were read and not taken come without that anything more is sent. */
    guint busy = port_rig_iterate(&rig, 1000);
    g_assert_cmpuint(rig.received, ==, sent);
    g_assert_cmpuint(busy, <=, sent / 32);
}

/* A stream has no seams: the frames come whole, wherever what is read ends. */
static void
test_in_pieces(void)
{
    g_autoptr(GByteArray) stream = g_byte_array_new();
    RowRandom random = { 1 };
    g_auto(PortRig) rig;

    port_rig_init(&rig);
    for (guint32 i = 0; i < 200; i++) {
        g_autoptr(GByteArray) frame = numbered(i, length_of(i));
        frame_add32(stream, frame->len);
        g_byte_array_append(stream, frame->data, frame->len);
    }
    for (gsize at = 0; at < stream->len;) {
        gsize len = MIN(1 + row_random_below(&random, at < 20000 ? 7 : 3000), stream->len - at);
        g_assert_cmpint(send(rig.qemu, stream->data + at, len, MSG_DONTWAIT), ==, (gssize)len);
        at += len;
        (void)port_rig_iterate(&rig, 2);
    }
    g_assert_cmpuint(rig.received, ==, 200);
    g_assert_cmpuint(port_rig_iterate(&rig, 100), ==, 0);
}

/* Empty frames and frames shorter than a header: ignored, and the next one is taken. */
static void
test_odd_frames_in(void)
{
    static const guint8 bytes[14];
    g_auto(PortRig) rig;

    port_rig_init(&rig);
    for (gsize len = 0; len < 14; len++) {
        g_assert_true(qemu_send(&rig, bytes, len));
        (void)port_rig_iterate(&rig, 2);
    }
    g_assert_cmpuint(rig.received, ==, 0);
    g_assert_true(qemu_send_numbered(&rig, 0));
    (void)port_rig_iterate(&rig, 2);
    g_assert_cmpuint(rig.received, ==, 1);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/qemu-port/out", speed_rows, test_out_row);
    g_test_add_func("/qemu-port/no-spin", test_no_spin);
    ROWS_ADD("/qemu-port/length", length_rows, test_length_row);
    g_test_add_func("/qemu-port/in", test_in);
    g_test_add_func("/qemu-port/both", test_both);
    g_test_add_func("/qemu-port/in-round", test_in_round);
    g_test_add_func("/qemu-port/in-pieces", test_in_pieces);
    g_test_add_func("/qemu-port/odd-frames-in", test_odd_frames_in);
    return g_test_run();
}
