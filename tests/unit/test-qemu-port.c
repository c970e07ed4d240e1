/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QEMU's card on the LAN, with a test in QEMU's place at the other end of the socketpair: nothing
 * is lost in either direction, whatever the speed of the reader, and waiting costs no rounds of the
 * main loop.
 */
#include "slirp-config/qemu-port.h"
#include "tests/lan/frames.h"
#include "tests/lan/rows.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FRAMES 20000

typedef struct {
    GMainContext *context;
    Lan *lan;
    QemuPort *port;
    int qemu; /* QEMU's end; -1 when it is closed */
    LanPort *host;
    gboolean held;
    guint holds;
    guint32 received; /* frames that the host got, in order */
} Rig;

/* A frame of @len bytes that carries its number. */
static GByteArray *
numbered(guint32 number, gsize len)
{
    GByteArray *frame = frame_eth(MAC_BROADCAST, GUEST_MAC, 0x88b5);
    frame_add32(frame, number);
    g_byte_array_set_size(frame, (guint)len);
    row_pattern(frame->data + 18, len - 18, number);
    return frame;
}

static void
check_numbered(const guint8 *frame, gsize len, guint32 number, gsize want_len)
{
    g_autoptr(GByteArray) want = numbered(number, want_len);
    ROW_CMPMEM(frame, len, want->data, want->len);
}

/* Lengths from a small frame to a full one, in an odd order. */
static gsize
length_of(guint32 number)
{
    return 60 + number * 631 % (1514 - 60 + 1);
}

static void
host_input(gpointer host, const guint8 *frame, gsize len)
{
    Rig *rig = host;
    check_numbered(frame, len, rig->received, length_of(rig->received));
    rig->received++;
}

static void
host_hold(gpointer host, gboolean held)
{
    Rig *rig = host;
    rig->held = held;
    rig->holds += held ? 1 : 0;
}

static const LanPortOps host_ops = { "host", host_input, host_hold };

static void
rig_init_type(Rig *rig, int type)
{
    int ends[2];

    *rig = (Rig){ .context = g_main_context_new(), .lan = lan_new() };
    g_assert_cmpint(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends), ==, 0);
    rig->qemu = ends[1];
    rig->port = qemu_port_new(rig->lan, ends[0], rig->context);
    rig->host = lan_attach(rig->lan, &host_ops, rig, NULL);
}

static void
rig_init(Rig *rig)
{
    rig_init_type(rig, SOCK_DGRAM);
}

static void
rig_clear(Rig *rig)
{
    qemu_port_free(rig->port);
    lan_free(rig->lan);
    if (rig->qemu >= 0)
        (void)close(rig->qemu);
    g_main_context_unref(rig->context);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Rig, rig_clear)

/* Returns: how many rounds of the main loop had something to do, of @max */
static guint
rig_iterate(Rig *rig, guint max)
{
    guint busy = 0;
    for (guint i = 0; i < max; i++)
        busy += g_main_context_iteration(rig->context, FALSE) ? 1 : 0;
    return busy;
}

static void
host_send(Rig *rig, guint32 number, gsize len)
{
    g_autoptr(GByteArray) frame = numbered(number, len);
    lan_input(rig->host, frame->data, frame->len);
}

/* Reads one frame as QEMU. Returns: its length, or -1 when there is none */
static ssize_t
qemu_read(Rig *rig, guint8 *frame, gsize cap)
{
    return recv(rig->qemu, frame, cap, MSG_DONTWAIT | MSG_TRUNC);
}

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
    g_auto(Rig) rig;

    rig_init(&rig);
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
        (void)rig_iterate(&rig, 1);
    }
    g_assert_cmpuint(qemu_port_lost(rig.port), ==, 0);
    g_assert_cmpint(qemu_read(&rig, frame, sizeof frame), ==, -1);
    if (row->reads_a_round < row->sends_a_round)
        g_assert_cmpuint(rig.holds, >, 0);
    (void)rig_iterate(&rig, 10);
    g_assert_false(rig.held);
}

/* QEMU reads nothing: the loop sleeps. Then it reads all: the frames come, and it sleeps again. */
static void
test_no_spin(void)
{
    guint8 frame[2048];
    guint32 sent = 0, read = 0;
    g_auto(Rig) rig;

    rig_init(&rig);
    while (!rig.held)
        host_send(&rig, sent++, 1514);
    g_assert_cmpuint(rig_iterate(&rig, 1000), <=, 2);
    /* While the LAN is held, what QEMU sends waits, too. */
    g_autoptr(GByteArray) in = numbered(0, length_of(0));
    g_assert_cmpint(send(rig.qemu, in->data, in->len, MSG_DONTWAIT), ==, in->len);
    g_assert_cmpuint(rig_iterate(&rig, 1000), <=, 2);
    g_assert_cmpuint(rig.received, ==, 0);
    while (read < sent) {
        ssize_t len = qemu_read(&rig, frame, sizeof frame);
        if (len < 0) {
            g_assert_cmpuint(rig_iterate(&rig, 10), >, 0);
            continue;
        }
        check_numbered(frame, (gsize)len, read++, 1514);
    }
    (void)rig_iterate(&rig, 10);
    g_assert_cmpuint(rig.received, ==, 1);
    g_assert_cmpuint(rig_iterate(&rig, 1000), ==, 0);
    g_assert_cmpuint(qemu_port_lost(rig.port), ==, 0);
}

/* A host that does not care about being held: what the ring cannot take is lost and counted. */
static void
test_ring_full(void)
{
    guint8 frame[2048];
    guint32 sent = 0, read = 0;
    g_auto(Rig) rig;

    rig_init(&rig);
    while (qemu_port_lost(rig.port) < 10)
        host_send(&rig, sent++, 1514);
    g_assert_cmpuint(sent, >=, QEMU_PORT_QUEUE_MAX + 10);
    while (read < sent - 10) {
        ssize_t len = qemu_read(&rig, frame, sizeof frame);
        if (len < 0) {
            g_assert_cmpuint(rig_iterate(&rig, 10), >, 0);
            continue;
        }
        check_numbered(frame, (gsize)len, read++, 1514);
    }
    (void)rig_iterate(&rig, 10);
    g_assert_cmpint(qemu_read(&rig, frame, sizeof frame), ==, -1);
    g_assert_false(rig.held);
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
        g_auto(Rig) rig;

        rig_init(&rig);
        while (queued && !rig.held)
            host_send(&rig, number++, 1514);
        host_send(&rig, number, row->len);
        for (guint32 i = 0; i < number; i++) {
            while (qemu_read(&rig, frame, sizeof frame) < 0)
                (void)rig_iterate(&rig, 1);
        }
        while ((len = qemu_read(&rig, frame, sizeof frame)) < 0)
            (void)rig_iterate(&rig, 1);
        g_assert_cmpint(len, ==, (gssize)row->want);
        check_numbered(frame, row->len, number, row->len);
        for (gsize i = row->len; i < row->want; i++)
            g_assert_cmpuint(frame[i], ==, 0);
    }
}

/* A frame larger than the ring's places goes out when nothing waits, else it is lost and counted.
 */
static void
test_oversized_out(void)
{
    guint8 frame[16384];
    guint32 number = 0;
    g_auto(Rig) rig;

    rig_init(&rig);
    host_send(&rig, number, 9014);
    g_assert_cmpint(qemu_read(&rig, frame, sizeof frame), ==, 9014);
    while (!rig.held)
        host_send(&rig, number++, 1514);
    host_send(&rig, number, 9014);
    g_assert_cmpuint(qemu_port_lost(rig.port), ==, 1);
}

/* ---- in: from QEMU to the LAN ---- */

static void
test_in(void)
{
    guint32 sent = 0;
    g_auto(Rig) rig;

    rig_init(&rig);
    while (rig.received < FRAMES) {
        g_autoptr(GByteArray) frame = numbered(sent, length_of(sent));
        if (sent < FRAMES && send(rig.qemu, frame->data, frame->len, MSG_DONTWAIT) >= 0)
            sent++;
        else
            (void)rig_iterate(&rig, 1);
    }
    g_assert_cmpuint(rig_iterate(&rig, 100), ==, 0);
}

/* Both directions at once, QEMU slower than the host. */
static void
test_both(void)
{
    guint8 frame[2048];
    guint32 out = 0, in = 0, read = 0;
    g_auto(Rig) rig;

    rig_init(&rig);
    while (read < FRAMES || rig.received < FRAMES) {
        g_autoptr(GByteArray) next = numbered(in, length_of(in));
        for (guint i = 0; i < 8 && !rig.held && out < FRAMES; i++, out++)
            host_send(&rig, out, length_of(out));
        if (in < FRAMES && send(rig.qemu, next->data, next->len, MSG_DONTWAIT) >= 0)
            in++;
        for (guint i = 0; i < 2; i++) {
            ssize_t len = qemu_read(&rig, frame, sizeof frame);
            if (len < 0)
                break;
            check_numbered(frame, (gsize)len, read, length_of(read));
            read++;
        }
        (void)rig_iterate(&rig, 1);
    }
    g_assert_cmpuint(qemu_port_lost(rig.port), ==, 0);
}

/* One round takes a limited number of frames, so that others get their turn. */
static void
test_in_round(void)
{
    guint32 sent = 0;
    g_auto(Rig) rig;

    rig_init(&rig);
    for (;;) {
        g_autoptr(GByteArray) frame = numbered(sent, length_of(sent));
        if (send(rig.qemu, frame->data, frame->len, MSG_DONTWAIT) < 0)
            break;
        sent++;
    }
    g_assert_cmpuint(sent, >, 64);
    (void)rig_iterate(&rig, 1);
    g_assert_cmpuint(rig.received, <=, 64);
    g_assert_cmpuint(rig.received, >, 0);
}

/* Empty datagrams and frames shorter than a header: ignored, and the next one is taken. */
static void
test_odd_frames_in(void)
{
    static const guint8 bytes[14];
    g_auto(Rig) rig;

    rig_init(&rig);
    for (gsize len = 0; len < 14; len++) {
        g_assert_cmpint(send(rig.qemu, bytes, len, MSG_DONTWAIT), ==, (gssize)len);
        (void)rig_iterate(&rig, 2);
    }
    g_assert_cmpuint(rig.received, ==, 0);
    g_autoptr(GByteArray) frame = numbered(0, length_of(0));
    g_assert_cmpint(send(rig.qemu, frame->data, frame->len, MSG_DONTWAIT), ==, frame->len);
    (void)rig_iterate(&rig, 2);
    g_assert_cmpuint(rig.received, ==, 1);
}

/* ---- QEMU is gone ---- */

static void
test_gone(void)
{
    g_auto(Rig) rig;

    rig_init(&rig);
    (void)close(rig.qemu);
    rig.qemu = -1;
    g_assert_cmpuint(rig_iterate(&rig, 1000), <=, 4);
    for (guint32 i = 0; i < 2000; i++)
        host_send(&rig, i, 1514);
    g_assert_false(rig.held);
    g_assert_cmpuint(rig_iterate(&rig, 1000), <=, 4);
}

/* QEMU goes while frames wait for it: they are given up, the LAN is let go, nothing spins. */
static void
test_gone_while_congested(void)
{
    g_auto(Rig) rig;

    rig_init(&rig);
    for (guint32 i = 0; !rig.held; i++)
        host_send(&rig, i, 1514);
    (void)close(rig.qemu);
    rig.qemu = -1;
    g_assert_cmpuint(rig_iterate(&rig, 1000), <=, 8);
    for (guint32 i = 0; i < 2000; i++)
        host_send(&rig, i, 1514);
    g_assert_cmpuint(rig_iterate(&rig, 1000), <=, 8);
    g_assert_false(rig.held);
}

/* A socket that tells when its other end closes, as one of datagrams does not. */
static void
test_hung_up(void)
{
    g_auto(Rig) rig;

    rig_init_type(&rig, SOCK_SEQPACKET);
    host_send(&rig, 0, 60);
    (void)close(rig.qemu);
    rig.qemu = -1;
    g_assert_cmpuint(rig_iterate(&rig, 1000), <=, 4);
    for (guint32 i = 0; i < 2000; i++)
        host_send(&rig, i, 1514);
    g_assert_cmpuint(rig_iterate(&rig, 1000), <=, 4);
    g_assert_false(rig.held);
}

/* ---- the host has no memory for a datagram ---- */

static int sendmsg_fails; /* so many of the next calls */

ssize_t
sendmsg(int fd, const struct msghdr *msg, int flags)
{
    if (sendmsg_fails > 0) {
        sendmsg_fails--;
        errno = ENOBUFS;
        return -1;
    }
    return syscall(SYS_sendmsg, fd, msg, flags);
}

/* The loop sleeps between the attempts, and all frames come in the end, in order. */
static void
test_no_memory(void)
{
    guint8 frame[2048];
    guint32 read = 0;
    g_auto(Rig) rig;

    rig_init(&rig);
    sendmsg_fails = 1000;
    for (guint32 i = 0; i < 5; i++)
        host_send(&rig, i, length_of(i));
    g_assert_cmpint(sendmsg_fails, ==, 999); /* those behind the first do not even try */
    guint busy = rig_iterate(&rig, 200);
    g_assert_cmpuint(busy, <=, 3);
    g_assert_cmpint(sendmsg_fails, >=, 996);
    sendmsg_fails = 0;
    while (read < 5) {
        ssize_t len = qemu_read(&rig, frame, sizeof frame);
        if (len < 0) {
            busy += g_main_context_iteration(rig.context, TRUE) ? 1 : 0; /* sleeps */
            continue;
        }
        check_numbered(frame, (gsize)len, read, length_of(read));
        read++;
    }
    g_assert_cmpuint(busy, <=, 4);
    g_assert_cmpuint(rig_iterate(&rig, 1000), ==, 0);
    g_assert_cmpuint(qemu_port_lost(rig.port), ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/qemu-port/out", speed_rows, test_out_row);
    g_test_add_func("/qemu-port/no-spin", test_no_spin);
    g_test_add_func("/qemu-port/ring-full", test_ring_full);
    ROWS_ADD("/qemu-port/length", length_rows, test_length_row);
    g_test_add_func("/qemu-port/oversized-out", test_oversized_out);
    g_test_add_func("/qemu-port/in", test_in);
    g_test_add_func("/qemu-port/both", test_both);
    g_test_add_func("/qemu-port/in-round", test_in_round);
    g_test_add_func("/qemu-port/odd-frames-in", test_odd_frames_in);
    g_test_add_func("/qemu-port/gone", test_gone);
    g_test_add_func("/qemu-port/gone-while-congested", test_gone_while_congested);
    g_test_add_func("/qemu-port/hung-up", test_hung_up);
    g_test_add_func("/qemu-port/no-memory", test_no_memory);
    return g_test_run();
}
