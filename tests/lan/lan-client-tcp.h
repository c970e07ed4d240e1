/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TCP of a host on the LAN, as much as a wire that loses nothing needs: no retransmission. */
#pragma once

#include "tests/lan/frames.h"
#include "tests/lan/lan-client.h"

typedef struct {
    LanClient *client;
    Ip4Addr dst;
    guint16 dst_port, src_port;
    guint32 next_out, next_in;
    guint16 window;     /* that we offer; may be changed */
    gboolean connected; /* SYN was answered by SYN */
    gboolean reset, finished;
    GByteArray *in;
} LanTcp;

gboolean
lan_tcp_connect(LanTcp *self, LanClient *client, Ip4Addr dst, guint16 dst_port, guint16 src_port);
void lan_tcp_clear(LanTcp *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LanTcp, lan_tcp_clear)

void lan_tcp_send(LanTcp *self, const void *bytes, gsize len);
gboolean lan_tcp_receive(LanTcp *self, guint8 *dst, gsize len);
void lan_tcp_finish(LanTcp *self);
void lan_tcp_reset(LanTcp *self);
gboolean lan_tcp_is_over(LanTcp *self);
