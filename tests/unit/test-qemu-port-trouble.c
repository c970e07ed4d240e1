/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QEMU's card when something is wrong: QEMU reads nothing, sends without end, is gone; the host has
 * no memory. */
#include "tests/lan/port-rig.h"

#include <errno.h>
#include <sys/syscall.h>

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
    g_assert_cmpuint(sent, >=, QEMU_PORT_QUEUE_MAX + 10);
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

/* A frame larger than the ring's places goes out when nothing waits, else it is lost and counted.
 */
static void
test_oversized_out(void)
{
    guint8 frame[16384];
    guint32 number = 0;
    g_auto(PortRig) rig;

    port_rig_init(&rig);
    host_send(&rig, number, 9014);
    g_assert_cmpint(qemu_read(&rig, frame, sizeof frame), ==, 9014);
    while (!rig.held)
        host_send(&rig, number++, 1514);
    host_send(&rig, number, 9014);
    g_assert_cmpuint(qemu_port_lost(rig.port), ==, 1);
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
        for (;;) {
            g_autoptr(GByteArray) frame = numbered(sent, length_of(sent));
            if (send(rig.qemu, frame->data, frame->len, MSG_DONTWAIT) < 0)
                break;
            sent++;
        }
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

/* A socket that tells when its other end closes, as one of datagrams does not. */
static void
test_hung_up(void)
{
    g_auto(PortRig) rig;

    port_rig_init_type(&rig, SOCK_SEQPACKET);
    host_send(&rig, 0, 60);
    (void)close(rig.qemu);
    rig.qemu = -1;
    g_assert_cmpuint(port_rig_iterate(&rig, 1000), <=, 4);
    for (guint32 i = 0; i < 2000; i++)
        host_send(&rig, i, 1514);
    g_assert_cmpuint(port_rig_iterate(&rig, 1000), <=, 4);
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
    g_auto(PortRig) rig;

    port_rig_init(&rig);
    sendmsg_fails = 1000;
    for (guint32 i = 0; i < 5; i++)
        host_send(&rig, i, length_of(i));
    g_assert_cmpint(sendmsg_fails, ==, 999); /* those behind the first do not even try */
    guint busy = port_rig_iterate(&rig, 200);
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
    g_assert_cmpuint(port_rig_iterate(&rig, 1000), ==, 0);
    g_assert_cmpuint(qemu_port_lost(rig.port), ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/qemu-port-trouble/ring-full", test_ring_full);
    g_test_add_func("/qemu-port-trouble/oversized-out", test_oversized_out);
    g_test_add_func("/qemu-port-trouble/in-flood", test_in_flood);
    g_test_add_func("/qemu-port-trouble/gone", test_gone);
    g_test_add_func("/qemu-port-trouble/gone-while-congested", test_gone_while_congested);
    g_test_add_func("/qemu-port-trouble/hung-up", test_hung_up);
    g_test_add_func("/qemu-port-trouble/no-memory", test_no_memory);
    return g_test_run();
}
