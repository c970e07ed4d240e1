/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the one kind of capture that the traces are: classic libpcap, little-endian, microseconds.
 * Source: draft-ietf-opsawg-pcap */
#include "tests/lan/trace-file.h"

#include "base/cursor.h"

#define PCAP_MAGIC_US     0xa1b2c3d4u
#define PCAP_HEADER       24
#define LINKTYPE_ETHERNET 1

static const char *const trace_kind_names[] = {
    [TRACE_UNKNOWN] = "unknown", [TRACE_ARP] = "ARP", [TRACE_DHCP] = "DHCP",
    [TRACE_TFTP] = "TFTP",       [TRACE_RPC] = "RPC", [TRACE_TCP] = "TCP",
};
G_STATIC_ASSERT(G_N_ELEMENTS(trace_kind_names) == TRACE_KIND_COUNT);

/* Returns: (transfer none): the name of a kind of packet */
const char *
trace_kind_name(TraceKind kind)
{
    return trace_kind_names[kind];
}

static TraceKind
packet_kind(const TracePacket *packet, FrameUdp *ret_udp)
{
    const guint8 *frame = packet->frame;

    if (packet->len < 14 + 28)
        return TRACE_UNKNOWN;
    guint16 type = frame_get16(frame + 12);
    if (type == 0x0806)
        return TRACE_ARP;
    if (type == 0x0800 && frame[14] == 0x45 && frame[14 + 9] == 6)
        return TRACE_TCP;
    if (type != 0x0800 || !frame_take_udp(frame, packet->len, ret_udp))
        return TRACE_UNKNOWN;
    if (ret_udp->dst_port == 67)
        return TRACE_DHCP;
    if (ret_udp->dst_port == 69)
        return TRACE_TFTP;
    /* The mount daemon's port is any: a call is told by its message type and RPC version. */
    return ret_udp->len >= 24 && frame_get32(ret_udp->payload + 4) == 0 &&
                   frame_get32(ret_udp->payload + 8) == 2
               ? TRACE_RPC
               : TRACE_UNKNOWN;
}

/* Returns: FALSE when @file is no capture of the expected kind, or ends in the middle of a packet
 */
static gboolean
read_packets(Cursor file, GArray *packets)
{
    Cursor header = cursor_sub(&file, PCAP_HEADER);
    guint32 magic = cursor_le32(&header);

    cursor_skip(&header, 4 + 4 + 4 + 4);
    if (cursor_le32(&header) != LINKTYPE_ETHERNET || magic != PCAP_MAGIC_US)
        return FALSE;
    while (cursor_left(&file) > 0) {
        TracePacket packet = { .number = packets->len + 1 };
        packet.time_us = (gint64)cursor_le32(&file) * 1000000;
        packet.time_us += cursor_le32(&file);
        packet.len = cursor_le32(&file);
        gsize wire_len = cursor_le32(&file);
        packet.frame = cursor_take(&file, packet.len);
        if (packet.frame == NULL || wire_len != packet.len)
            return FALSE;
        packet.kind = packet_kind(&packet, &packet.udp);
        g_array_append_val(packets, packet);
    }
    return TRUE;
}

/* Reads the trace @name. A packet of unknown kind ends the test: nothing may be skipped. */
void
trace_file_init(TraceFile *self, const char *name)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *base = g_strconcat(name, ".pcap", NULL);
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "..", "data", "traces", base, NULL);
    char *contents;
    gsize len;

    if (!g_file_get_contents(path, &contents, &len, &error))
        g_error("%s", error->message);
    self->name = g_strdup(name);
    self->bytes = g_bytes_new_take(contents, len);
    self->packets = g_array_new(FALSE, FALSE, sizeof(TracePacket));
    if (!read_packets(cursor_of(contents, len), self->packets))
        g_error("%s: no capture as expected, or cut short", path);
    for (guint i = 0; i < trace_file_count(self); i++) {
        if (trace_file_at(self, i)->kind == TRACE_UNKNOWN)
            g_error("%s: packet %u is of no known kind", path, i + 1);
    }
}

void
trace_file_clear(TraceFile *self)
{
    g_clear_pointer(&self->name, g_free);
    g_clear_pointer(&self->bytes, g_bytes_unref);
    g_clear_pointer(&self->packets, g_array_unref);
}

guint
trace_file_count(const TraceFile *self)
{
    return self->packets->len;
}

/* Returns: (transfer none): packet @i, counted from 0 */
const TracePacket *
trace_file_at(const TraceFile *self, guint i)
{
    g_assert_cmpuint(i, <, self->packets->len);
    return &g_array_index(self->packets, TracePacket, i);
}
