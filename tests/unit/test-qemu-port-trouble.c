/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QEMU's card when something is wrong: QEMU reads nothing, sends without end, is gone; the host has
 * no memory. */
#include "tests/lan/port-rig.h"

#include <errno.h>
#include <sys/syscall.h>

#define FRAME_LARGEST 65536

/* A host that does not care about being held: what the ring cannot take is lost and counted. */
static void
test_ring_full(void)
{
    guint8 frame[2048];
    guint32 sent = 0, read = 0;
    g_auto(PortRig) rig;

    port_rig_init(&rig);
    while (qemu_port_lost(rig.port) < 10)
        host_send(&rig, sent++, 1514);
    g_assert_cmpuint(sent, >=, QEMU_PORT_QUEUE_SIZE / 1518 + 10);
    while (read < sent - 10) {
        ssize_t len = qemu_read(&rig, frame, sizeof frame);
        if (len < 0) {
            g_assert_cmpuint(port_rig_iterate(&rig, 10), >, 0);
            continue;
        }
        check_numbered(frame, (gsize)len, read++, 1514);
    }
    (void)port_rig_iterate(&rig, 10);
    g_assert_cmpint(qemu_read(&rig, frame, sizeof frame), ==, -1);
    g_assert_false(rig.held);
}

/* The largest frame goes out in its turn; one larger still, which QEMU would not take, is lost and
 * counted. */
static void
test_oversized_out(void)
{
    g_autofree guint8 *frame = g_malloc(FRAME_LARGEST);
    g_auto(PortRig) rig;

    port_rig_init(&rig);
    host_send(&rig, 0, 1514);
    host_send(&rig, 1, FRAME_LARGEST + 1);
    host_send(&rig, 2, FRAME_LARGEST);
    (void)port_rig_iterate(&rig, 1);
    g_assert_cmpuint(qemu_port_lost(rig.port), ==, 1);
    g_assert_cmpint(qemu_read(&rig, frame, FRAME_LARGEST), ==, 1514);
    g_assert_cmpint(qemu_read(&rig, frame, FRAME_LARGEST), ==, FRAME_LARGEST);
    check_numbered(frame, FRAME_LARGEST, 2, FRAME_LARGEST);
}

typedef struct {
    const char *name;
    guint32 len;
} OversizedRow;

static const OversizedRow oversized_rows[] = {
    { "by-one", FRAME_LARGEST + 1 },
    { "by-a-length", FRAME_LARGEST + 4 },
    { "three-times", 3 * FRAME_LARGEST },
    { "100-mb", 100u << 20 },
};

/* Sends all of @len bytes of no meaning as QEMU. */
static void
qemu_send_bytes(PortRig *rig, guint32 len)
{
    static const guint8 bytes[50000];

    while (len > 0) {
        ssize_t n = send(rig->qemu, bytes, MIN(len, sizeof bytes), MSG_DONTWAIT);
        len -= n > 0 ? (guint32)n : 0;
        (void)port_rig_iterate(rig, 1);
    }
}

/* A frame that no card has is stepped over, and the next one is taken. */
static void
test_oversized_in_row(gconstpointer data)
{
    const OversizedRow *row = data;
    be32 length = be32_of(row->len);
    g_auto(PortRig) rig;

    port_rig_init(&rig);
    g_assert_true(qemu_send_numbered(&rig, 0));
    g_assert_cmpint(send(rig.qemu, length.b, sizeof length.b, MSG_DONTWAIT), ==, sizeof length.b);
    qemu_send_bytes(&rig, row->len);
    g_assert_true(qemu_send_numbered(&rig, 1));
    (void)port_rig_iterate(&rig, 4);
    g_assert_cmpuint(rig.received, ==, 2);
}

/* Lengths without sense for ever, as from a guest that has put its card out of step: no memory, and
 * the others have their turns. */
static void
test_out_of_step(void)
{
    g_autofree guint8 *bytes = g_malloc(50000);
    g_auto(PortRig) rig;

    port_rig_init(&rig);
    row_pattern(bytes, 50000, 7);
    for (int i = 0; i < 2000; i++) {
        (void)send(rig.qemu, bytes, 50000, MSG_DONTWAIT);
        g_assert_cmpuint(port_rig_iterate(&rig, 1), <=, 1);
    }
    g_assert_cmpuint(rig.received, ==, 0);
}

static gboolean
count_turns(gpointer data)
{
    (*(guint *)data)++;
    return G_SOURCE_CONTINUE;
}

/* A guest that never stops sending leaves their turns to all others on the main loop: timeouts,
 * signals, QMP. */
static void
test_in_flood(void)
{
    guint32 sent = 0;
    guint turns = 0;
    g_auto(PortRig) rig;

    port_rig_init(&rig);
    g_autoptr(GSource) other = g_timeout_source_new(0);
    g_source_set_callback(other, count_turns, &turns, NULL);
    g_source_attach(other, rig.context);
    for (int i = 0; i < 100; i++) {
        while (qemu_send_numbered(&rig, sent))
            sent++;
        (void)port_rig_iterate(&rig, 1);
    }
    g_source_destroy(other);
    g_assert_cmpuint(rig.received, >=, 1000);
    g_assert_cmpuint(turns, >=, 90);
}

/* ---- QEMU is gone ---- */

static void
test_gone(void)
{
    g_auto(PortRig) rig;

    port_rig_init(&rig);
    (void)close(rig.qemu);
    rig.qemu = -1;
    g_assert_cmpuint(port_rig_iterate(&rig, 1000), <=, 4);
    for (guint32 i = 0; i < 2000; i++)
        host_send(&rig, i, 1514);
    g_assert_false(rig.held);
    g_assert_cmpuint(port_rig_iterate(&rig, 1000), <=, 4);
}

/* QEMU goes while frames wait for it: they are given up, the LAN is let go, nothing spins. */
static void
test_gone_while_congested(void)
{
    g_auto(PortRig) rig;

    port_rig_init(&rig);
    for (guint32 i = 0; !rig.held; i++)
        host_send(&rig, i, 1514);
    (void)close(rig.qemu);
    rig.qemu = -1;
    g_assert_cmpuint(port_rig_iterate(&rig, 1000), <=, 8);
    for (guint32 i = 0; i < 2000; i++)
        host_send(&rig, i, 1514);
    g_assert_cmpuint(port_rig_iterate(&rig, 1000), <=, 8);
    g_assert_false(rig.held);
}

/* ---- what is written, and the host has no memory for it ---- */

static int sendmsg_fails; /* so many of the next calls */
static int sendmsg_calls;

ssize_t
sendmsg(int fd, const struct msghdr *msg, int flags)
{
    sendmsg_calls++;
    if (sendmsg_fails > 0) {
        sendmsg_fails--;
        errno = ENOBUFS;
        return -1;
    }
    return syscall(SYS_sendmsg, fd, msg, flags);
}

/* What the LAN has in one turn goes in one write, before the loop waits; larger amounts do not wait
 * for the end of the turn. */
static void
test_one_write(void)
{
    guint8 frame[2048];
    g_auto(PortRig) rig;

    port_rig_init(&rig);
    sendmsg_calls = 0;
    for (guint32 i = 0; i < 20; i++)
        host_send(&rig, i, 1514);
    g_assert_cmpint(sendmsg_calls, ==, 0);
    (void)port_rig_iterate(&rig, 1);
    g_assert_cmpint(sendmsg_calls, ==, 1);
    for (guint32 i = 0; i < 20; i++) {
        g_assert_cmpint(qemu_read(&rig, frame, sizeof frame), ==, 1514);
        check_numbered(frame, 1514, i, 1514);
    }
    for (guint32 i = 0; i < 44; i++)
        host_send(&rig, i, 1514);
    g_assert_cmpint(sendmsg_calls, ==, 2);
}

/* The loop sleeps between the attempts, and all frames come in the end, in order. */
static void
test_no_memory(void)
{
    guint8 frame[2048];
    guint32 read = 0;
    g_auto(PortRig) rig;

    port_rig_init(&rig);
    sendmsg_fails = 1000;
    for (guint32 i = 0; i < 5; i++)
        host_send(&rig, i, length_of(i));
    guint busy = port_rig_iterate(&rig, 200);
    g_assert_cmpuint(busy, <=, 3);
    g_assert_cmpint(sendmsg_fails, >=, 996);
    g_assert_cmpint(sendmsg_fails, <, 1000);
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
    g_assert_cmpuint(port_rig_iterate(&rig, 1000), ==, 0);
    g_assert_cmpuint(qemu_port_lost(rig.port), ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/qemu-port-trouble/ring-full", test_ring_full);
    g_test_add_func("/qemu-port-trouble/oversized-out", test_oversized_out);
    ROWS_ADD("/qemu-port-trouble/oversized-in", oversized_rows, test_oversized_in_row);
    g_test_add_func("/qemu-port-trouble/out-of-step", test_out_of_step);
    g_test_add_func("/qemu-port-trouble/in-flood", test_in_flood);
    g_test_add_func("/qemu-port-trouble/gone", test_gone);
    g_test_add_func("/qemu-port-trouble/gone-while-congested", test_gone_while_congested);
    g_test_add_func("/qemu-port-trouble/one-write", test_one_write);
    g_test_add_func("/qemu-port-trouble/no-memory", test_no_memory);
    return g_test_run();
}
