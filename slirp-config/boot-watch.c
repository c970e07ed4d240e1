/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tap on the LAN that follows DHCP and TFTP. One TFTP transfer is followed at a time, the one
 * that was asked for last: boot programs know no other way.
 */
#include "slirp-config/boot-watch.h"

#include "base/log.h"
#include "slirp-config/net/udp4.h"
#include "slirp-config/tftp-format.h"
#include "slirp-config/tftp-gate.h"

#include <string.h>

#define BOOT_WORD_MAX 32 /* an option's name or value in an OACK, and NUL */

struct BootWatch {
    BootEventFunc func;
    gpointer data;
    DhcpClient client;
    /* the transfer */
    gboolean transferring;
    Ip4Addr guest, server;
    guint16 port; /* the guest's */
    guint blksize;
    guint16 last_block;
    BootEvent tftp;
};

static void
watch_dhcp(BootWatch *self, Cursor payload)
{
    BootEvent event = { 0 };
    DhcpMessage message;

    if (!dhcp_message_parse(payload, &message))
        return;
    if (message.op == 1)
        self->client = message.client;
    if (message.type == DHCP_DISCOVER)
        event.kind = BOOT_DHCP_DISCOVER;
    else if (message.type == DHCP_ACK)
        event.kind = BOOT_DHCP_ACK;
    else
        return;
    event.client = self->client;
    event.address = message.yiaddr;
    self->func(&event, self->data);
}

/* The printable form of the NUL-terminated string that is next, cut to what fits. */
static void
take_text(Cursor *payload, char dst[BOOT_NAME_MAX])
{
    gsize left = cursor_left(payload);
    const guint8 *nul = left > 0 ? memchr(payload->at, 0, left) : NULL;
    gsize len = nul != NULL ? (gsize)(nul - payload->at) : left;

    const guint8 *text = cursor_take(payload, len);
    g_autofree char *escaped = log_escape(text, len);
    (void)g_strlcpy(dst, escaped, BOOT_NAME_MAX);
    cursor_skip(payload, nul != NULL ? 1 : 0);
}

static void
watch_request(BootWatch *self, const Ip4Header *ip, guint16 port, Cursor payload)
{
    self->transferring = TRUE;
    self->guest = ip->src;
    self->server = ip->dst;
    self->port = port;
    self->blksize = TFTP_BLKSIZE_DEFAULT;
    self->last_block = 0;
    self->tftp = (BootEvent){ .kind = BOOT_TFTP_REQUEST };
    take_text(&payload, self->tftp.name);
    self->func(&self->tftp, self->data);
}

/* The NUL-terminated string that is next; "" when it does not end, or is longer than any option. */
static void
take_word(Cursor *payload, char dst[BOOT_WORD_MAX])
{
    gsize left = cursor_left(payload);
    const guint8 *nul = left > 0 ? memchr(payload->at, 0, left) : NULL;
    const guint8 *text = cursor_take(payload, nul != NULL ? (gsize)(nul - payload->at) + 1 : left);
    gsize len = nul != NULL ? (gsize)(nul - text) : BOOT_WORD_MAX;

    dst[0] = '\0';
    if (len < BOOT_WORD_MAX)
        memcpy(dst, text, len + 1);
}

/* Source: RFC 2347 (OACK), RFC 2348 (blksize), RFC 2349 (tsize) */
static void
watch_oack(BootWatch *self, Cursor payload)
{
    char name[BOOT_WORD_MAX], value[BOOT_WORD_MAX];
    guint64 number;

    while (cursor_left(&payload) > 0) {
        take_word(&payload, name);
        take_word(&payload, value);
        if (!g_ascii_string_to_unsigned(value, 10, 0, G_MAXUINT64, &number, NULL))
            continue;
        if (g_ascii_strcasecmp(name, "tsize") == 0)
            self->tftp.size = number;
        else if (g_ascii_strcasecmp(name, "blksize") == 0 && number >= TFTP_BLKSIZE_MIN &&
                 number <= TFTP_BLKSIZE_MAX)
            self->blksize = (guint)number;
    }
}

static void
watch_data(BootWatch *self, Cursor payload)
{
    guint16 block = cursor_be16(&payload);
    gsize len = cursor_left(&payload);

    if (block != (guint16)(self->last_block + 1))
        return; /* sent again */
    self->last_block = block;
    self->tftp.bytes += len;
    gboolean last = len < self->blksize;
    self->tftp.kind = last ? BOOT_TFTP_END : BOOT_TFTP_BLOCK;
    self->transferring = !last;
    self->func(&self->tftp, self->data);
}

static void
watch_error(BootWatch *self, Cursor payload)
{
    BootEvent event = { .kind = BOOT_TFTP_ERROR };
    char text[BOOT_NAME_MAX];

    cursor_skip(&payload, 2);
    take_text(&payload, text);
    g_autofree char *both = g_strdup_printf("%s: %s", self->tftp.name, text);
    (void)g_strlcpy(event.name, both, sizeof event.name);
    self->transferring = FALSE;
    self->func(&event, self->data);
}

static void
watch_tftp_reply(BootWatch *self, Cursor payload)
{
    guint16 opcode = cursor_be16(&payload);

    if (!self->transferring)
        return;
    if (opcode == TFTP_OACK)
        watch_oack(self, payload);
    else if (opcode == TFTP_DATA)
        watch_data(self, payload);
    else if (opcode == TFTP_ERROR)
        watch_error(self, payload);
}

static void
watch_tap(const char *from, const guint8 *frame, gsize len, gpointer data)
{
    BootWatch *self = data;
    Cursor cursor = cursor_of(frame, len), datagram, payload;
    EthHeader eth;
    Ip4Header ip;
    UdpHeader udp;

    (void)from;
    if (!eth_parse(&cursor, &eth) || eth.type != ETH_TYPE_IP4 ||
        !ip4_parse(&cursor, &ip, &datagram) || ip.proto != IP_PROTO_UDP || ip4_is_fragment(&ip))
        return;
    Cursor ports = datagram; /* look before the checksum of what is not for us is computed */
    guint16 src_port = cursor_be16(&ports), dst_port = cursor_be16(&ports);
    gboolean dhcp = src_port == DHCP_SERVER_PORT || dst_port == DHCP_SERVER_PORT;
    if (!dhcp && dst_port != TFTP_PORT && src_port != TFTP_PORT)
        return;
    if (!udp4_parse(&ip, &datagram, &udp, &payload))
        return;
    if (dhcp) {
        watch_dhcp(self, payload);
    } else if (udp.src_port == TFTP_PORT && udp.dst_port == self->port &&
               ip4_equal(ip.src, self->server) && ip4_equal(ip.dst, self->guest)) {
        watch_tftp_reply(self, payload);
    } else if (udp.dst_port == TFTP_PORT && cursor_be16(&payload) == TFTP_RRQ) {
        watch_request(self, &ip, udp.src_port, payload);
    }
}

/**
 * boot_watch_new:
 * @lan: the LAN to watch
 * @func: gets each event
 * @data: for @func
 *
 * Returns: (transfer full): a watch; free it after the last frame
 **/
BootWatch *
boot_watch_new(Lan *lan, BootEventFunc func, gpointer data)
{
    BootWatch *self = g_new0(BootWatch, 1);
    self->func = func;
    self->data = data;
    lan_add_tap(lan, watch_tap, self);
    return self;
}

/* @self: (nullable) (transfer full): the watch */
void
boot_watch_free(BootWatch *self)
{
    g_free(self);
}
