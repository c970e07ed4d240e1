/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPv4 fragments in. Source: RFC 791 §3.2, RFC 815. */
#pragma once

#include "slirp-config/net/ip4.h"

#define IP4_REASSEMBLY_MAX        4                  /* datagrams under way at once */
#define IP4_REASSEMBLY_TIMEOUT_US (30 * 1000 * 1000) /* RFC 791: 15 s at least */

typedef struct Ip4Reassembly Ip4Reassembly;

Ip4Reassembly *ip4_reassembly_new(void);
void ip4_reassembly_free(Ip4Reassembly *self);
void ip4_reassembly_reset(Ip4Reassembly *self);
gboolean ip4_reassembly_put(Ip4Reassembly *self,
                            const Ip4Header *header,
                            Cursor payload,
                            gint64 now_us,
                            Cursor *ret_datagram);
