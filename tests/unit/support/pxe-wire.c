/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/support/pxe-wire.h"

#include "images/pxe-stack/machine.h"

#define TIMER_LOOKS 20 /* a timer has expired when it was looked at so often */

static const guint8 our_mac[] = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 };
static const guint8 server_mac[] = { 0x52, 0x55, 0xc0, 0xa8, 0x40, 4 };

static PxeWire *
wire_of(Nic *nic)
{
    return (PxeWire *)(gpointer)nic;
}

/* ---- what images/pxe-stack/nic.c and machine.c do on the real machine ---- */

bool
nic_send(Nic *self, uint16_t len)
{
    PxeWire *wire = wire_of(self);
    guint8 copy[ETH_FRAME_MAX];

    g_assert_cmpuint(len, <=, ETH_FRAME_MAX);
    memcpy(copy, self->tx, len);
    g_ptr_array_add(wire->sent, g_bytes_new(copy, len));
    if (wire->answer != NULL)
        wire->answer(wire, copy, len);
    return true;
}

void
nic_release(Nic *self)
{
    g_clear_pointer(&wire_of(self)->frame, g_free);
    self->frame = NULL;
}

uint16_t
nic_receive(Nic *self)
{
    PxeWire *wire = wire_of(self);
    gsize len;

    nic_release(self);
    g_autoptr(GBytes) frame = g_queue_pop_head(&wire->coming);
    if (frame == NULL)
        return 0;
    gconstpointer bytes = g_bytes_get_data(frame, &len);
    wire->frame = g_memdup2(bytes, len);
    self->frame = wire->frame;
    return (uint16_t)len;
}

void
timer_start(Timer *self, uint16_t ms)
{
    g_assert_cmpuint(ms, >, 0);
    self->left = TIMER_LOOKS;
}

bool
timer_expired(Timer *self)
{
    return self->left == 0 || --self->left == 0;
}

/* ---- frames ---- */

Ip4
wire_ip(const char *bytes)
{
    return ip4_get((const uint8_t *)bytes);
}

/* A frame that comes; as the card has it, without checksum. */
void
pxe_wire_put(PxeWire *self, gconstpointer frame, gsize len)
{
    g_queue_push_tail(&self->coming, g_bytes_new(frame, len));
}

void
pxe_wire_put_arp(PxeWire *self, guint16 operation, const char *sender, const char *target)
{
    static const guint8 kinds[] = { 0x08, 0x06, 0, 1, 8, 0, 6, 4, 0 };
    g_autoptr(GByteArray) frame = g_byte_array_new();
    guint8 number = (guint8)operation;

    g_byte_array_append(frame, our_mac, 6);
    g_byte_array_append(frame, server_mac, 6);
    g_byte_array_append(frame, kinds, sizeof kinds);
    g_byte_array_append(frame, &number, 1);
    g_byte_array_append(frame, server_mac, 6);
    g_byte_array_append(frame, (const guint8 *)sender, 4);
    g_byte_array_append(frame, our_mac, 6);
    g_byte_array_append(frame, (const guint8 *)target, 4);
    pxe_wire_put(self, frame->data, frame->len);
}

/* Returns: (transfer full): a UDP header, its checksum right, and @payload */
GByteArray *
wire_udp(const WireUdp *head, gconstpointer payload, gsize len)
{
    GByteArray *udp = g_byte_array_new();
    guint8 header[UDP_HEADER] = { 0 };

    be16_put(header, head->source_port);
    be16_put(header + 2, head->port);
    be16_put(header + 4, (uint16_t)(len + UDP_HEADER));
    g_byte_array_append(udp, header, sizeof header);
    g_byte_array_append(udp, payload, (guint)len);
    guint32 sum = checksum_pseudo_header(wire_ip(head->source), wire_ip(head->destination),
                                         (uint16_t)udp->len);
    guint16 checksum = checksum_fold(checksum_add(sum, udp->data, (uint16_t)udp->len));
    memcpy(udp->data + 6, &checksum, sizeof checksum);
    return udp;
}

/* Returns: (transfer full): a frame with @data in an IP packet; @fragment: flags and offset */
GByteArray *
wire_packet(const WireUdp *head, guint16 fragment, gconstpointer data, gsize len)
{
    static const guint8 type[] = { 0x08, 0x00 };
    GByteArray *frame = g_byte_array_new();
    guint8 ip[20] = { 0x45 };

    be16_put(ip + 2, (uint16_t)(sizeof ip + len));
    be16_put(ip + 4, head->id);
    be16_put(ip + 6, fragment);
    ip[8] = 64;
    ip[9] = 17;
    memcpy(ip + 12, head->source, 4);
    memcpy(ip + 16, head->destination, 4);
    guint16 checksum = checksum_fold(checksum_add(0, ip, sizeof ip));
    memcpy(ip + 10, &checksum, sizeof checksum);
    g_byte_array_append(frame, our_mac, 6);
    g_byte_array_append(frame, server_mac, 6);
    g_byte_array_append(frame, type, sizeof type);
    g_byte_array_append(frame, ip, sizeof ip);
    g_byte_array_append(frame, data, (guint)len);
    return frame;
}

void
pxe_wire_put_udp(PxeWire *self, const WireUdp *head, gconstpointer payload, gsize len)
{
    g_autoptr(GByteArray) udp = wire_udp(head, payload, len);
    g_autoptr(GByteArray) frame = wire_packet(head, 0, udp->data, udp->len);

    pxe_wire_put(self, frame->data, frame->len);
}

/* ---- the whole ---- */

static void
bytes_free(gpointer bytes)
{
    g_bytes_unref(bytes);
}

PxeWire *
pxe_wire_new(void)
{
    PxeWire *self = g_new0(PxeWire, 1);

    self->reassembly = g_new0(Reassembly, 1);
    self->tx = g_malloc0(ETH_FRAME_MAX);
    self->nic.tx = self->tx;
    self->nic.running = true;
    memcpy(&self->nic.mac, our_mac, sizeof our_mac);
    self->net.nic = &self->nic;
    self->net.reassembly = self->reassembly;
    self->net.ip = wire_ip(WIRE_OUR_IP);
    self->net.netmask = wire_ip("\xff\xff\xff\0");
    self->net.router = wire_ip(WIRE_ROUTER_IP);
    self->sent = g_ptr_array_new_with_free_func(bytes_free);
    return self;
}

void
pxe_wire_free(PxeWire *self)
{
    nic_release(&self->nic);
    g_queue_clear_full(&self->coming, bytes_free);
    g_ptr_array_unref(self->sent);
    g_free(self->reassembly);
    g_free(self->tx);
    g_free(self);
}
