/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ethernet II headers. Source: RFC 894, IEEE 802.3 clause 3. */
#pragma once

#include "base/buf.h"
#include "base/cursor.h"

#define ETH_HEADER    14
#define ETH_MIN_FRAME 60   /* without the frame check sequence */
#define ETH_MTU       1500 /* payload bytes of a frame on our LAN */

#define ETH_TYPE_IP4 0x0800
#define ETH_TYPE_ARP 0x0806
#define ETH_TYPE_IP6 0x86dd

typedef struct {
    MacAddr dst, src;
    guint16 type;
} EthHeader;

gboolean eth_parse(Cursor *frame, EthHeader *ret);
void eth_push(Buf *frame, MacAddr dst, MacAddr src, guint16 type);

/* Where finished frames go. The frame is borrowed for the call. */
typedef void (*FrameFunc)(const guint8 *frame, gsize len, gpointer data);
