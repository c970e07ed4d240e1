/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A network card and a clock for the protocol part of images/pxe-stack/, on the host: frames that
 * are to come in a queue, frames that were sent in another, and time that passes by being asked
 * for.
 */
#pragma once

#include "images/pxe-stack/net.h"

#include <glib.h>

#define WIRE_OUR_IP    "\xc0\xa8\x40\x0f" /* 192.168.64.15 */
#define WIRE_SERVER_IP "\xc0\xa8\x40\x04"
#define WIRE_ROUTER_IP "\xc0\xa8\x40\x01"
#define WIRE_FAR_IP    "\x0a\x01\x02\x03"

typedef struct PxeWire PxeWire;

/* Sees each frame that is sent, and may put answers on the wire. */
typedef void PxeWireFunc(PxeWire *self, const guint8 *frame, gsize len);

struct PxeWire {
    Nic nic;
    Net net;
    /* Each by itself, so that a sanitizer sees who goes beyond it. */
    Reassembly *reassembly;
    guint8 *tx;          /* ETH_FRAME_MAX bytes */
    guint8 *frame;       /* what nic.frame points to: exactly as long as it is */
    GQueue coming;       /* of GBytes */
    GPtrArray *sent;     /* of GBytes */
    PxeWireFunc *answer; /* (nullable) */
    gpointer answer_data;
};

typedef struct {
    const char *source, *destination; /* four bytes */
    guint16 source_port, port;
    guint16 id;
} WireUdp;

PxeWire *pxe_wire_new(void);
void pxe_wire_free(PxeWire *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PxeWire, pxe_wire_free)

Ip4 wire_ip(const char *bytes);
void pxe_wire_put(PxeWire *self, gconstpointer frame, gsize len);
void pxe_wire_put_arp(PxeWire *self, guint16 operation, const char *sender, const char *target);
GByteArray *wire_udp(const WireUdp *head, gconstpointer payload, gsize len);
GByteArray *wire_packet(const WireUdp *head, guint16 fragment, gconstpointer data, gsize len);
void pxe_wire_put_udp(PxeWire *self, const WireUdp *head, gconstpointer payload, gsize len);
