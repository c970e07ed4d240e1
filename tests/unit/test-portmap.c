/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The portmapper: what is asked for by loaders and tools, and what there is not. */
#include "tests/lan/nfs-rig.h"

#define UDP 17
#define TCP 6

typedef struct {
    const char *name;
    guint32 prog, vers, transport;
    guint32 port;     /* 0: not there */
    guint32 port_tcp; /* the same when TCP is offered as well */
} PortRow;

static const PortRow port_rows[] = {
    { "mount-1-of-the-7.0-loader", 100005, 1, UDP, MOUNTD_PORT, MOUNTD_PORT },
    { "mount-2", 100005, 2, UDP, MOUNTD_PORT, MOUNTD_PORT },
    { "mount-3-of-the-15.0-loader", 100005, 3, UDP, MOUNTD_PORT, MOUNTD_PORT },
    { "nfs-2", 100003, 2, UDP, 2049, 2049 },
    { "nfs-3", 100003, 3, UDP, 2049, 2049 },
    { "portmap-itself", 100000, 2, UDP, 111, 111 },
    { "nfs-4", 100003, 4, UDP, 0, 0 },
    { "mount-0", 100005, 0, UDP, 0, 0 },
    { "lock-manager", 100021, 4, UDP, 0, 0 },
    { "nfs-3-tcp", 100003, 3, TCP, 0, 2049 },
    { "mount-3-tcp", 100005, 3, TCP, 0, MOUNTD_PORT },
    { "no-transport", 100003, 3, 0, 0, 0 },
    { "sctp", 100003, 3, 132, 0, 0 },
};

static void
test_port_row(gconstpointer data)
{
    const PortRow *row = data;

    for (int tcp = 0; tcp < 2; tcp++) {
        g_auto(NfsRig) rig;
        nfs_rig_init(&rig);
        rig.server.tcp = tcp;
        Buf *call = nfs_rig_begin(&rig, 100000, 2, 3);
        buf_be32(call, row->prog);
        buf_be32(call, row->vers);
        buf_be32(call, row->transport);
        buf_be32(call, 0);
        Cursor results = nfs_rig_call(&rig);
        g_assert_cmpuint(cursor_be32(&results), ==, tcp ? row->port_tcp : row->port);
        nfs_rig_done(&results);
    }
}

/* The list and GETPORT say the same. */
static void
test_dump(void)
{
    for (int tcp = 0; tcp < 2; tcp++) {
        g_auto(NfsRig) rig;
        guint n = 0;
        nfs_rig_init(&rig);
        rig.server.tcp = tcp;
        (void)nfs_rig_begin(&rig, 100000, 2, 4);
        Cursor list = nfs_rig_call(&rig);
        g_autofree guint8 *copy = g_memdup2(list.at, list.left);
        list = cursor_of(copy, list.left);
        while (cursor_be32(&list) == 1) {
            guint32 entry[3];
            Buf *call = nfs_rig_begin(&rig, 100000, 2, 3);
            for (int i = 0; i < 3; i++)
                buf_be32(call, entry[i] = cursor_be32(&list));
            buf_be32(call, 0);
            Cursor results = nfs_rig_call(&rig);
            g_assert_cmpuint(cursor_be32(&results), ==, cursor_be32(&list));
            n++;
        }
        nfs_rig_done(&list);
        g_assert_cmpuint(n, ==, tcp ? 12 : 6);
    }
}

typedef struct {
    const char *name;
    guint32 vers, proc;
    guint args; /* words */
    guint32 stat;
    int result; /* -1: none */
} ProcRow;

static const ProcRow proc_rows[] = {
    { "null", 2, 0, 0, RPC_SUCCESS, -1 },
    { "set-is-refused", 2, 1, 4, RPC_SUCCESS, FALSE },
    { "unset-is-refused", 2, 2, 4, RPC_SUCCESS, FALSE },
    { "set-without-arguments", 2, 1, 3, RPC_GARBAGE_ARGS, -1 },
    { "getport-without-arguments", 2, 3, 0, RPC_GARBAGE_ARGS, -1 },
    { "getport-three-words", 2, 3, 3, RPC_GARBAGE_ARGS, -1 },
    { "callit", 2, 5, 4, RPC_PROC_UNAVAIL, -1 },
    { "behind-the-table", 2, 6, 0, RPC_PROC_UNAVAIL, -1 },
    { "rpcbind-3", 3, 3, 4, RPC_PROG_MISMATCH, 2 },
    { "rpcbind-4", 4, 3, 4, RPC_PROG_MISMATCH, 2 },
};

static void
test_proc_row(gconstpointer data)
{
    const ProcRow *row = data;
    g_auto(NfsRig) rig;
    Cursor results;

    nfs_rig_init(&rig);
    Buf *call = nfs_rig_begin(&rig, 100000, row->vers, row->proc);
    buf_zeros(call, row->args * 4);
    g_assert_cmpuint(nfs_rig_accept(&rig, &results), ==, row->stat);
    if (row->result >= 0)
        g_assert_cmpuint(cursor_be32(&results), ==, (guint32)row->result);
    if (row->stat == RPC_PROG_MISMATCH)
        g_assert_cmpuint(cursor_be32(&results), ==, 2); /* the highest */
    nfs_rig_done(&results);
}

static void
test_truncated(void)
{
    g_auto(NfsRig) rig;
    Cursor results;

    nfs_rig_init(&rig);
    for (gsize len = 0; len < 16; len++) {
        buf_zeros(nfs_rig_begin(&rig, 100000, 2, 3), len);
        g_assert_cmpuint(nfs_rig_accept(&rig, &results), ==, RPC_GARBAGE_ARGS);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/portmap/getport", port_rows, test_port_row);
    g_test_add_func("/portmap/dump", test_dump);
    ROWS_ADD("/portmap/procedure", proc_rows, test_proc_row);
    g_test_add_func("/portmap/truncated", test_truncated);
    return g_test_run();
}
