/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/lan/lan-client-tcp.h"

#define PATIENCE                                                                                   \
    3000 /* rounds of the main loop; libslirp's TCP waits for its timers now and then */
#define MSS 1460

enum {
    FIN = 1,
    SYN = 2,
    RST = 4,
    PSH = 8,
    ACK = 16
};

static void
tcp_emit(LanTcp *self, guint flags, const void *bytes, gsize len)
{
    LanClient *client = self->client;
    const Ip4Route route = { client->mac, lan_mac_of(self->dst), client->ip, self->dst };
    g_autoptr(GByteArray) tcp = g_byte_array_new();

    frame_add16(tcp, self->src_port);
    frame_add16(tcp, self->dst_port);
    frame_add32(tcp, self->next_out);
    frame_add32(tcp, (flags & ACK) != 0 ? self->next_in : 0);
    frame_add16(tcp, 0x5000 | flags);
    frame_add16(tcp, self->window);
    frame_add32(tcp, 0);
    if (len > 0)
        g_byte_array_append(tcp, bytes, (guint)len);
    guint32 pseudo = frame_pseudo_sum(route.src_ip, route.dst_ip, tcp->len) - 17 + 6;
    frame_set16(tcp, 16, frame_checksum(pseudo, tcp->data, tcp->len));
    g_autoptr(GByteArray) frame = frame_ip4(&route, 6, 5, 0x4000, 0, tcp->data, tcp->len);
    self->next_out += (guint32)len + ((flags & (SYN | FIN)) != 0 ? 1 : 0);
    lan_client_send(client, frame->data, frame->len);
}

/* Takes one segment in; what was sent again, or comes too early, is passed over. */
static void
tcp_take(LanTcp *self, const guint8 *tcp, gsize len)
{
    guint flags = tcp[13];
    gsize header = (gsize)(tcp[12] >> 4) * 4;
    gsize data = len - header;

    if ((flags & RST) != 0) {
        self->reset = TRUE;
        return;
    }
    if ((flags & SYN) != 0) {
        self->connected = TRUE;
        self->next_in = frame_get32(tcp + 4) + 1;
        tcp_emit(self, ACK, NULL, 0);
        return;
    }
    if (frame_get32(tcp + 4) != self->next_in) {
        tcp_emit(self, ACK, NULL, 0);
        return;
    }
    g_byte_array_append(self->in, tcp + header, (guint)data);
    self->next_in += (guint32)data + ((flags & FIN) != 0 ? 1 : 0);
    self->finished = self->finished || (flags & FIN) != 0;
    if (data > 0 || (flags & FIN) != 0)
        tcp_emit(self, ACK, NULL, 0);
}

/* Takes in what has come for this connection, after a round of the main loop. */
static void
tcp_pump(LanTcp *self)
{
    GQueue others = G_QUEUE_INIT;
    GBytes *bytes;

    lan_house_pump(self->client->house);
    while ((bytes = g_queue_pop_head(&self->client->segments)) != NULL) {
        gsize len;
        const guint8 *ip = g_bytes_get_data(bytes, &len), *tcp = ip + 20;
        g_assert_cmpuint(len, >=, 40);
        if (frame_get16(tcp + 2) != self->src_port || frame_get16(tcp) != self->dst_port) {
            g_queue_push_tail(&others, bytes);
            continue;
        }
        guint32 pseudo =
            frame_pseudo_sum(ip4_of(frame_get32(ip + 12)), ip4_of(frame_get32(ip + 16)), len - 20);
        g_assert_cmphex(frame_checksum(pseudo - 17 + 6, tcp, len - 20), ==, 0);
        tcp_take(self, tcp, len - 20);
        g_bytes_unref(bytes);
    }
    self->client->segments = others;
}

/* Returns: whether the other end has taken the connection */
gboolean
lan_tcp_connect(LanTcp *self, LanClient *client, Ip4Addr dst, guint16 dst_port, guint16 src_port)
{
    *self = (LanTcp){
        .client = client,
        .dst = dst,
        .dst_port = dst_port,
        .src_port = src_port,
        .next_out = 1000,
        .window = 65535,
        .in = g_byte_array_new(),
    };
    tcp_emit(self, SYN, NULL, 0);
    for (guint i = 0; i < PATIENCE && !self->connected && !self->reset; i++)
        tcp_pump(self);
    return self->connected;
}

void
lan_tcp_clear(LanTcp *self)
{
    g_clear_pointer(&self->in, g_byte_array_unref);
}

void
lan_tcp_send(LanTcp *self, const void *bytes, gsize len)
{
    for (gsize at = 0; at < len; at += MSS) {
        tcp_emit(self, ACK | PSH, (const guint8 *)bytes + at, MIN(MSS, len - at));
        tcp_pump(self);
    }
}

/* Waits for @len bytes. Returns: whether they came */
gboolean
lan_tcp_receive(LanTcp *self, guint8 *dst, gsize len)
{
    for (guint i = 0; i < PATIENCE && self->in->len < len && !self->reset; i++)
        tcp_pump(self);
    if (self->in->len < len)
        return FALSE;
    memcpy(dst, self->in->data, len);
    g_byte_array_remove_range(self->in, 0, (guint)len);
    return TRUE;
}

void
lan_tcp_finish(LanTcp *self)
{
    tcp_emit(self, ACK | FIN, NULL, 0);
    tcp_pump(self);
}

void
lan_tcp_reset(LanTcp *self)
{
    tcp_emit(self, RST, NULL, 0);
    tcp_pump(self);
}

/* Returns: whether the other end closes, or has reset, the connection before long */
gboolean
lan_tcp_is_over(LanTcp *self)
{
    for (guint i = 0; i < PATIENCE && !self->reset && !self->finished; i++)
        tcp_pump(self);
    return self->reset || self->finished;
}
