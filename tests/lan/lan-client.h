/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest without QEMU: one more host on the LAN that boots as iPXE or one of FreeBSD's loaders do,
 * with their retries, buffers and blind spots. It makes and reads its packets by hand.
 */
#pragma once

#include "tests/lan/lan-house.h"
#include "tests/lan/nfs-rig.h"

/* What a DHCP option said. */
typedef struct {
    gboolean there;
    guint8 len;
    guint8 bytes[255];
} LanOption;

typedef struct LanClient LanClient;

struct LanClient {
    LanHouse *house;
    LanPort *port;
    DhcpClient kind;
    guint32 nfs_vers; /* 2 or 3 */
    MacAddr mac;
    Ip4Addr ip;
    GQueue datagrams; /* of GBytes: UDP datagrams for us, from the IPv4 header on, whole */
    GQueue segments;  /* of GBytes: the same with TCP; see lan-client-tcp.h */
    guint frames_in, fragments_in;
    gsize longest_in;
    /* in-order reassembly, as iPXE's */
    GByteArray *partial;
    guint16 partial_id;
    gboolean loses_fragments; /* or none, as that of loaders of 12 and 13 */
    /* the last answer of ARP */
    gboolean arp_answered;
    MacAddr arp_mac;
    /* DHCP */
    guint32 dhcp_xid;
    Ip4Addr siaddr, dhcp_server;
    char bootfile[129];
    LanOption options[256];
    /* TFTP and RPC */
    guint16 tftp_port, rpc_port;
    guint32 rpc_xid;
    guint16 mount_port, nfs_port; /* as the portmapper said; 0: not asked yet */
};

LanClient *lan_client_new(LanHouse *house);
void lan_client_start(LanClient *self, DhcpClient kind, guint32 nfs_vers);
void lan_client_free(LanClient *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LanClient, lan_client_free)

/* A datagram, as it came. */
typedef struct {
    GBytes *owner;
    Ip4Addr src_ip;
    guint16 src_port, dst_port;
    const guint8 *payload;
    gsize len;
} LanDatagram;

void lan_datagram_clear(LanDatagram *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LanDatagram, lan_datagram_clear)

void lan_client_send(LanClient *self, const guint8 *frame, gsize len);
void lan_client_send_udp(LanClient *self,
                         Ip4Addr dst,
                         guint16 src_port,
                         guint16 dst_port,
                         const void *payload,
                         gsize len);
gboolean lan_client_receive(LanClient *self, guint16 port, LanDatagram *ret);
gboolean lan_client_arp_frame(LanClient *self, const guint8 *frame, gsize len, MacAddr *ret);
gboolean lan_client_arp(LanClient *self, Ip4Addr target, MacAddr *ret);
gboolean lan_client_dhcp(LanClient *self);

/* ---- TFTP ---- */

typedef struct {
    guint blksize;     /* 0: not asked for */
    gboolean tsize;    /* asked for */
    guint lose_every;  /* each so-many-th DATA frame is taken as lost; 0: none */
    guint ack_twice;   /* each so-many-th ACK is sent twice; 0: none */
    guint leave_after; /* blocks, the last of which is not acknowledged any more; 0: never */
} LanTftp;

typedef struct {
    GBytes *file; /* (transfer full) (nullable): NULL when there was an error, or no answer */
    int error;    /* code of the ERROR packet, -1: none */
    gint64 tsize; /* -1: not told */
    guint blksize, blocks;
} LanTftpResult;

void lan_tftp_result_clear(LanTftpResult *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LanTftpResult, lan_tftp_result_clear)

LanTftpResult lan_client_tftp(LanClient *self, const char *name, const LanTftp *how);
LanTftpResult lan_client_tftp_take(LanClient *self, const LanTftp *how);

/* ---- RPC, as a loader does it ---- */

guint16 lan_client_getport(LanClient *self, guint32 prog, guint32 vers);
guint32 lan_client_mount(LanClient *self, const char *path, NfsHandle *ret);

typedef struct {
    NfsHandle handle;
    NfsRigAttr attr;
} LanObject;

guint32 lan_client_lookup(LanClient *self, const NfsHandle *dir, const char *name, LanObject *ret);
guint32 lan_client_walk(LanClient *self, const char *path, LanObject *ret);
gssize
lan_client_read(LanClient *self, const NfsHandle *file, guint64 offset, guint32 count, guint8 *dst);
GBytes *lan_client_load(LanClient *self, const char *path, guint32 read_size);
char *lan_client_list(LanClient *self, const char *path);
