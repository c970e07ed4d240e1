/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads and writes Ethernet headers; knows nothing of what they carry. */
#include "slirp-config/net/eth.h"

#include <string.h>

/**
 * eth_parse:
 * @frame: a frame; stepped to its payload
 * @ret: (out): its header
 *
 * Returns: FALSE for a frame shorter than its header
 **/
gboolean
eth_parse(Cursor *frame, EthHeader *ret)
{
    EthHeader header;

    header.dst = cursor_mac(frame);
    header.src = cursor_mac(frame);
    header.type = cursor_be16(frame);
    if (!cursor_ok(frame))
        return FALSE;
    *ret = header;
    return TRUE;
}

/* Puts a header in front of the payload in @frame. */
void
eth_push(Buf *frame, MacAddr dst, MacAddr src, guint16 type)
{
    guint8 *p = buf_push(frame, ETH_HEADER);
    if (p == NULL)
        return;
    be16 wire_type = be16_of(type);
    memcpy(p, dst.b, sizeof dst.b);
    memcpy(p + 6, src.b, sizeof src.b);
    memcpy(p + 12, wire_type.b, sizeof wire_type.b);
}
