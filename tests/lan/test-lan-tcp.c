/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RPC over TCP at the boot server's address, as kernels mount their root: through libslirp. */
#include "tests/lan/lan-client-tcp.h"

typedef struct {
    LanHouse house;
    LanClient *client;
} Rig;

static void
rig_init(Rig *self)
{
    lan_house_init(&self->house, nfs_rig_tree());
    self->client = lan_client_new(&self->house);
    lan_client_start(self->client, DHCP_CLIENT_OTHER, 3);
    g_assert_true(lan_client_dhcp(self->client));
}

static void
rig_clear(Rig *self)
{
    lan_house_clear(&self->house);
    lan_client_free(self->client);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Rig, rig_clear)

/* Starts a call in @record, behind room for its mark. */
static Buf
call_begin(guint8 *record, gsize cap, guint32 xid, const guint32 program[3])
{
    static const guint32 auth[] = { 1, 20, 0, 0, 0, 0, 0, 0, 0 };
    Buf call = buf_of(record, cap, 4);

    buf_be32(&call, xid);
    buf_be32(&call, 0);
    buf_be32(&call, 2);
    for (guint i = 0; i < 3; i++)
        buf_be32(&call, program[i]);
    for (gsize i = 0; i < G_N_ELEMENTS(auth); i++)
        buf_be32(&call, auth[i]);
    return call;
}

static void
call_send(LanTcp *tcp, Buf *call)
{
    be32 mark = be32_of(0x80000000u | (guint32)buf_len(call));
    guint8 *p = buf_push(call, sizeof mark.b);

    g_assert(p != NULL);
    memcpy(p, mark.b, sizeof mark.b);
    lan_tcp_send(tcp, buf_data(call), buf_len(call));
}

/* Receives one reply, which must be that to @xid. Returns: (transfer full): its results */
static GBytes *
reply_receive(LanTcp *tcp, guint32 xid)
{
    guint8 mark[4];

    g_assert_true(lan_tcp_receive(tcp, mark, sizeof mark));
    g_assert_cmphex(mark[0] & 0x80, ==, 0x80);
    gsize len = frame_get32(mark) & 0x7fffffffu;
    g_autofree guint8 *reply = g_malloc(len);
    g_assert_true(lan_tcp_receive(tcp, reply, len));
    g_assert_cmpuint(len, >=, RPC_REPLY_HEADER);
    g_assert_cmphex(frame_get32(reply), ==, xid);
    g_assert_cmpuint(frame_get32(reply + 20), ==, RPC_SUCCESS);
    return g_bytes_new(reply + RPC_REPLY_HEADER, len - RPC_REPLY_HEADER);
}

/* MNT and LOOKUP, over UDP: a kernel has its handle from the loader. */
static NfsHandle
handle_of(LanClient *client, const char *path)
{
    LanObject object;
    g_assert_cmpuint(lan_client_walk(client, path, &object), ==, 0);
    return object.handle;
}

static void
send_read(LanTcp *tcp, guint32 xid, const NfsHandle *file, guint32 offset, guint32 count)
{
    static const guint32 read[] = { NFS_PROGRAM, 3, 6 };
    guint8 record[256];
    Buf call = call_begin(record, sizeof record, xid, read);

    nfs_rig_put_handle(&call, 3, file);
    buf_be64(&call, offset);
    buf_be32(&call, count);
    call_send(tcp, &call);
}

static void
check_read(LanTcp *tcp, guint32 xid, guint32 offset, guint32 count)
{
    g_autoptr(GBytes) results = reply_receive(tcp, xid), file = row_pattern_bytes(100000, 100000);
    Cursor c = cursor_of(g_bytes_get_data(results, NULL), g_bytes_get_size(results));

    g_assert_cmpuint(cursor_be32(&c), ==, 0);
    (void)nfs_rig_take_post_op(&c);
    g_assert_cmpuint(cursor_be32(&c), ==, count);
    cursor_skip(&c, 8);
    ROW_CMPMEM(cursor_take(&c, count), count, (const guint8 *)g_bytes_get_data(file, NULL) + offset,
               count);
}

/* The portmapper offers what is there, over TCP as well. */
static void
test_portmap(void)
{
    static const guint32 getport[] = { PMAP_PROGRAM, 2, 3 };
    g_auto(Rig) rig;
    g_auto(LanTcp) tcp = { 0 };
    guint8 record[256];

    rig_init(&rig);
    g_assert_true(lan_tcp_connect(&tcp, rig.client, rig.house.config.server, 111, 1023));
    Buf call = call_begin(record, sizeof record, 7, getport);
    buf_be32(&call, NFS_PROGRAM);
    buf_be32(&call, 3);
    buf_be32(&call, 6);
    buf_be32(&call, 0);
    call_send(&tcp, &call);
    g_autoptr(GBytes) results = reply_receive(&tcp, 7);
    g_assert_cmpuint(g_bytes_get_size(results), ==, 4);
    g_assert_cmpuint(frame_get32(g_bytes_get_data(results, NULL)), ==, NFS_PORT);
}

/* A whole file in large reads, several under way. */
static void
test_pipelined(void)
{
    g_auto(Rig) rig;
    g_auto(LanTcp) tcp = { 0 };

    rig_init(&rig);
    NfsHandle kernel = handle_of(rig.client, "/boot/kernel/kernel");
    g_assert_true(lan_tcp_connect(&tcp, rig.client, rig.house.config.server, 2049, 1023));
    for (guint32 i = 0; i < 3; i++)
        send_read(&tcp, i, &kernel, i * 32768, 32768);
    for (guint32 i = 0; i < 3; i++)
        check_read(&tcp, i, i * 32768, 32768);
}

/* Connections do not get in each other's way, and one may break off in the middle. */
static void
test_many(void)
{
    LanTcp tcp[8];
    g_auto(Rig) rig;

    rig_init(&rig);
    NfsHandle kernel = handle_of(rig.client, "/boot/kernel/kernel");
    for (guint16 i = 0; i < G_N_ELEMENTS(tcp); i++) {
        g_assert_true(lan_tcp_connect(&tcp[i], rig.client, rig.house.config.server, 2049,
                                      (guint16)(1000 + i)));
        send_read(&tcp[i], i, &kernel, i, 1000);
    }
    lan_tcp_reset(&tcp[3]);
    for (guint16 i = 0; i < G_N_ELEMENTS(tcp); i++) {
        if (i != 3)
            check_read(&tcp[i], i, i, 1000);
    }
    lan_tcp_finish(&tcp[0]);
    g_assert_true(lan_tcp_is_over(&tcp[0]));
    for (gsize i = 0; i < G_N_ELEMENTS(tcp); i++)
        lan_tcp_clear(&tcp[i]);
}

/* A connection that breaks off in the middle of a call, and one in the middle of a reply: the next
 * one is served. */
static void
test_cut_in_the_middle(void)
{
    g_auto(Rig) rig;
    g_auto(LanTcp) last = { 0 };
    guint8 mark[4];

    rig_init(&rig);
    NfsHandle kernel = handle_of(rig.client, "/boot/kernel/kernel");
    for (guint16 i = 0; i < 4; i++) {
        g_auto(LanTcp) tcp = { 0 };
        g_assert_true(
            lan_tcp_connect(&tcp, rig.client, rig.house.config.server, 2049, (guint16)(700 + i)));
        if (i < 2) {
            lan_tcp_send(&tcp, "\x80\0\0\x64\0\0\0\1\0\0", 10);
        } else {
            send_read(&tcp, 1, &kernel, 0, 65536);
            g_assert_true(lan_tcp_receive(&tcp, mark, sizeof mark));
        }
        if (i % 2 == 0)
            lan_tcp_reset(&tcp);
        else
            lan_tcp_finish(&tcp);
    }
    g_assert_true(lan_tcp_connect(&last, rig.client, rig.house.config.server, 2049, 1023));
    send_read(&last, 2, &kernel, 5, 65536);
    check_read(&last, 2, 5, 65536);
}

/* No other port of the server's answers, nor does another host's. */
static void
test_closed_ports(void)
{
    g_auto(Rig) rig;

    rig_init(&rig);
    const struct {
        Ip4Addr host;
        guint16 port;
    } closed[] = { { rig.house.config.server, 80 }, { rig.house.config.gateway, 2049 } };
    for (gsize i = 0; i < G_N_ELEMENTS(closed); i++) {
        g_auto(LanTcp) tcp = { 0 };
        g_assert_false(lan_tcp_connect(&tcp, rig.client, closed[i].host, closed[i].port, 900));
    }
}

/* More connections at once than the queue of those that wait can hold, and than are kept: nothing
 * hangs, and the last one works. */
static void
test_flood(void)
{
    g_auto(Rig) rig;
    g_auto(LanTcp) last = { 0 };

    rig_init(&rig);
    NfsHandle kernel = handle_of(rig.client, "/boot/kernel/kernel");
    for (guint16 i = 0; i < 600; i++) {
        g_auto(LanTcp) tcp = { 0 };
        g_assert_true(
            lan_tcp_connect(&tcp, rig.client, rig.house.config.server, 2049, (guint16)(2000 + i)));
        if (i % 2 == 0)
            lan_tcp_reset(&tcp);
    }
    g_assert_true(lan_tcp_connect(&last, rig.client, rig.house.config.server, 2049, 1023));
    send_read(&last, 1, &kernel, 0, 8192);
    check_read(&last, 1, 0, 8192);
}

/* Whether a descriptor that the main loop watches is ready, that by which it wakes itself included.
 */
static gboolean
would_wake_up(GMainContext *context)
{
    GPollFD fds[32];
    int priority, timeout_ms;

    (void)g_main_context_prepare(context, &priority);
    int n = g_main_context_query(context, G_MAXINT, &timeout_ms, fds, G_N_ELEMENTS(fds));
    g_assert_cmpint(n, <=, G_N_ELEMENTS(fds));
    return g_poll(fds, (guint)n, 0) > 0;
}

/* A mount that nobody uses, which kernels keep for hours, does not keep the main loop awake. */
static void
test_idle(void)
{
    g_auto(Rig) rig;
    g_auto(LanTcp) tcp = { 0 };

    rig_init(&rig);
    NfsHandle kernel = handle_of(rig.client, "/boot/kernel/kernel");
    g_assert_true(lan_tcp_connect(&tcp, rig.client, rig.house.config.server, 2049, 1023));
    send_read(&tcp, 1, &kernel, 0, 8192);
    check_read(&tcp, 1, 0, 8192);
    for (int i = 0; i < 10; i++)
        lan_house_pump(&rig.house);
    g_assert_true(g_main_context_acquire(rig.house.context));
    g_assert_false(would_wake_up(rig.house.context));
    g_main_context_release(rig.house.context);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/lan-tcp/portmap", test_portmap);
    g_test_add_func("/lan-tcp/pipelined", test_pipelined);
    g_test_add_func("/lan-tcp/many", test_many);
    g_test_add_func("/lan-tcp/cut-in-the-middle", test_cut_in_the_middle);
    g_test_add_func("/lan-tcp/closed-ports", test_closed_ports);
    g_test_add_func("/lan-tcp/flood", test_flood);
    g_test_add_func("/lan-tcp/idle", test_idle);
    return g_test_run();
}
