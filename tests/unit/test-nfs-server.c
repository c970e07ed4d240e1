/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The programs together: which versions there are, and what differs between UDP and TCP. */
#include "tests/lan/nfs-rig.h"

typedef struct {
    const char *name;
    guint32 prog, vers;
    guint32 stat;
    guint32 low, high; /* of PROG_MISMATCH */
} VersionRow;

static const VersionRow version_rows[] = {
    { "portmap-1", PMAP_PROGRAM, 1, RPC_PROG_MISMATCH, 2, 2 },
    { "portmap-2", PMAP_PROGRAM, 2, RPC_SUCCESS, 0, 0 },
    { "rpcbind-3", PMAP_PROGRAM, 3, RPC_PROG_MISMATCH, 2, 2 },
    { "rpcbind-4", PMAP_PROGRAM, 4, RPC_PROG_MISMATCH, 2, 2 },
    { "mount-0", MOUNT_PROGRAM, 0, RPC_PROG_MISMATCH, 1, 3 },
    { "mount-1", MOUNT_PROGRAM, 1, RPC_SUCCESS, 0, 0 },
    { "mount-2", MOUNT_PROGRAM, 2, RPC_SUCCESS, 0, 0 },
    { "mount-3", MOUNT_PROGRAM, 3, RPC_SUCCESS, 0, 0 },
    { "mount-4", MOUNT_PROGRAM, 4, RPC_PROG_MISMATCH, 1, 3 },
    { "nfs-1", NFS_PROGRAM, 1, RPC_PROG_MISMATCH, 2, 3 },
    { "nfs-2", NFS_PROGRAM, 2, RPC_SUCCESS, 0, 0 },
    { "nfs-3", NFS_PROGRAM, 3, RPC_SUCCESS, 0, 0 },
    { "nfs-4", NFS_PROGRAM, 4, RPC_PROG_MISMATCH, 2, 3 },
    { "nfs-huge", NFS_PROGRAM, G_MAXUINT32, RPC_PROG_MISMATCH, 2, 3 },
    { "lock-manager", 100021, 4, RPC_PROG_UNAVAIL, 0, 0 },
    { "status-monitor", 100024, 1, RPC_PROG_UNAVAIL, 0, 0 },
    { "nfs-acl", 100227, 3, RPC_PROG_UNAVAIL, 0, 0 },
    { "program-0", 0, 0, RPC_PROG_UNAVAIL, 0, 0 },
};

/* NULL, as clients probe; with arguments, too, which it has none of. */
static void
test_version_row(gconstpointer data)
{
    const VersionRow *row = data;
    g_auto(NfsRig) rig;
    Cursor results;

    nfs_rig_init(&rig);
    for (gsize body = 0; body <= 400; body += 100) {
        rig.transport = body % 200 == 0 ? RPC_UDP : RPC_TCP;
        buf_zeros(nfs_rig_begin(&rig, row->prog, row->vers, 0), body);
        g_assert_cmpuint(nfs_rig_accept(&rig, &results), ==, row->stat);
        if (row->stat == RPC_PROG_MISMATCH) {
            g_assert_cmpuint(cursor_be32(&results), ==, row->low);
            g_assert_cmpuint(cursor_be32(&results), ==, row->high);
        }
        nfs_rig_done(&results);
    }
}

/* The largest READ of each transport and version: as FSINFO tells it, and never more. */
typedef struct {
    const char *name;
    RpcTransport transport;
    guint32 vers, wanted, given;
} ReadRow;

static const ReadRow read_rows[] = {
    { "udp-most", RPC_UDP, 3, 32768, 32768 },        { "udp-one-more", RPC_UDP, 3, 32769, 32768 },
    { "udp-huge", RPC_UDP, 3, G_MAXUINT32, 32768 },  { "tcp-most", RPC_TCP, 3, 65536, 65536 },
    { "tcp-one-more", RPC_TCP, 3, 65537, 65536 },    { "tcp-huge", RPC_TCP, 3, G_MAXUINT32, 65536 },
    { "udp-2-most", RPC_UDP, 2, 8192, 8192 },        { "udp-2-one-more", RPC_UDP, 2, 8193, 8192 },
    { "tcp-2-huge", RPC_TCP, 2, G_MAXUINT32, 8192 },
};

static void
test_read_row(gconstpointer data)
{
    const ReadRow *row = data;
    g_auto(NfsRig) rig;

    nfs_rig_init(&rig);
    rig.transport = row->transport;
    NfsHandle kernel = nfs_rig_handle(&rig, row->vers, "/boot/kernel/kernel");
    Buf *call = nfs_rig_begin_on(&rig, row->vers, 6, &kernel);
    buf_zeros(call, row->vers == 2 ? 4 : 8);
    buf_be32(call, row->wanted);
    buf_zeros(call, row->vers == 2 ? 4 : 0);
    Cursor results = nfs_rig_call(&rig);
    g_assert_cmpuint(cursor_be32(&results), ==, 0);
    cursor_skip(&results, row->vers == 2 ? 68 : 4 + 84 + 4 + 4);
    g_assert_cmpuint(cursor_be32(&results), ==, row->given);
    g_autoptr(GBytes) file = row_pattern_bytes(100000, 100000);
    ROW_CMPMEM(cursor_take(&results, row->given), row->given, g_bytes_get_data(file, NULL),
               row->given);
    nfs_rig_done(&results);
}

static void
test_fsinfo(void)
{
    static const struct {
        RpcTransport transport;
        guint32 rtmax;
    } cases[] = { { RPC_UDP, 32768 }, { RPC_TCP, 65536 } };
    g_auto(NfsRig) rig;

    nfs_rig_init(&rig);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        rig.transport = cases[i].transport;
        NfsHandle root = nfs_rig_handle(&rig, 3, "/");
        (void)nfs_rig_begin_on(&rig, 3, 19, &root);
        Cursor results = nfs_rig_call(&rig);
        g_assert_cmpuint(cursor_be32(&results), ==, 0);
        (void)nfs_rig_take_post_op(&results);
        g_assert_cmpuint(cursor_be32(&results), ==, cases[i].rtmax);
        g_assert_cmpuint(cursor_be32(&results), ==, cases[i].rtmax);
    }
}

static void
test_ports(void)
{
    g_auto(NfsRig) rig;

    nfs_rig_init(&rig);
    g_assert_true(nfs_server_has_port(&rig.server, PMAP_PORT));
    g_assert_true(nfs_server_has_port(&rig.server, NFS_PORT));
    g_assert_true(nfs_server_has_port(&rig.server, MOUNTD_PORT));
    g_assert_false(nfs_server_has_port(&rig.server, 69));
    rig.server.ports[NFS_DAEMON_NFS] = 69;
    g_assert_true(nfs_server_has_port(&rig.server, 69));
    g_assert_false(nfs_server_has_port(&rig.server, NFS_PORT));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/nfs-server/version", version_rows, test_version_row);
    ROWS_ADD("/nfs-server/read", read_rows, test_read_row);
    g_test_add_func("/nfs-server/fsinfo", test_fsinfo);
    g_test_add_func("/nfs-server/ports", test_ports);
    return g_test_run();
}
