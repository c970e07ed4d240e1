/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client's TFTP: options, retries, and frames that it takes as lost. RFC 1350, RFC 2347 */
#include "tests/lan/dhcp-bytes.h"
#include "tests/lan/lan-client.h"

#include <stdlib.h>

void
lan_tftp_result_clear(LanTftpResult *self)
{
    g_clear_pointer(&self->file, g_bytes_unref);
}

static void
tftp_request(LanClient *self, const char *name, const LanTftp *how)
{
    g_autoptr(GByteArray) request = g_byte_array_new();
    g_autofree char *blksize = g_strdup_printf("%u", how->blksize);
    const char *const strings[] = {
        name, "octet", how->blksize != 0 ? "blksize" : NULL, blksize, how->tsize ? "tsize" : NULL,
        "0",
    };

    frame_add16(request, 1);
    for (gsize i = 0; i < G_N_ELEMENTS(strings); i += 2) {
        for (gsize k = i; k < i + 2 && strings[i] != NULL; k++)
            g_byte_array_append(request, (const guint8 *)strings[k], (guint)strlen(strings[k]) + 1);
    }
    lan_client_send_udp(self, self->house->config.gateway, self->tftp_port, 69, request->data,
                        request->len);
}

static void
tftp_ack(LanClient *self, guint16 block)
{
    const guint8 ack[4] = { 0, 4, (guint8)(block >> 8), (guint8)block };
    lan_client_send_udp(self, self->house->config.gateway, self->tftp_port, 69, ack, sizeof ack);
}

/* Options that were not asked for, or a larger block, would be refused by a client. */
static void
tftp_take_oack(const LanDatagram *oack, const LanTftp *how, LanTftpResult *result)
{
    const char *at = (const char *)oack->payload + 2,
               *end = (const char *)oack->payload + oack->len;

    g_assert_cmpint(end[-1], ==, '\0');
    while (at < end) {
        const char *value = at + strlen(at) + 1;
        g_assert_true(value < end);
        if (g_str_equal(at, "blksize")) {
            g_assert_cmpuint(how->blksize, !=, 0);
            result->blksize = (guint)strtoul(value, NULL, 10);
            g_assert_cmpuint(result->blksize, <=, how->blksize);
        } else {
            g_assert_cmpstr(at, ==, "tsize");
            g_assert_true(how->tsize);
            result->tsize = strtoll(value, NULL, 10);
        }
        at = value + strlen(value) + 1;
    }
}

/* Whether number @n of something is one of those that a policy of @every picks. */
static gboolean
picked(guint n, guint every)
{
    return every != 0 && n % every == 0;
}

static gboolean
tftp_receive(LanClient *self, LanDatagram *ret)
{
    if (!lan_client_receive(self, self->tftp_port, ret))
        return FALSE;
    g_assert_cmpuint(ret->src_port, ==, 69);
    g_assert_true(ip4_equal(ret->src_ip, self->house->config.gateway));
    g_assert_cmpuint(ret->len, >=, 4);
    return TRUE;
}

/* Gets what a request from `tftp_port`, which has been sent, asked for. */
LanTftpResult
lan_client_tftp_take(LanClient *self, const LanTftp *how)
{
    LanTftpResult result = { NULL, -1, -1, 512, 0 };
    g_autoptr(GByteArray) file = g_byte_array_new();
    guint data_frames = 0, acks = 0;

    for (;;) {
        g_auto(LanDatagram) datagram = { 0 };
        guint16 expected = (guint16)(result.blocks + 1);
        if (!tftp_receive(self, &datagram))
            return result;
        guint16 opcode = frame_get16(datagram.payload), block = frame_get16(datagram.payload + 2);
        if (opcode == 5) {
            result.error = block;
            return result;
        }
        if (opcode == 6) {
            g_assert_cmpuint(result.blocks, ==, 0);
            tftp_take_oack(&datagram, how, &result);
            tftp_ack(self, 0);
            continue;
        }
        g_assert_cmpuint(opcode, ==, 3);
        if (picked(++data_frames, how->lose_every)) {
            tftp_ack(self, (guint16)(expected - 1)); /* after a timeout, were there time */
            continue;
        }
        if (block != expected)
            continue; /* sent again; it has been acknowledged */
        gsize len = datagram.len - 4;
        g_assert_cmpuint(len, <=, result.blksize);
        g_byte_array_append(file, datagram.payload + 4, (guint)len);
        result.blocks++;
        if (result.blocks == how->leave_after)
            break;
        tftp_ack(self, block);
        if (picked(++acks, how->ack_twice))
            tftp_ack(self, block);
        if (len < result.blksize)
            break;
    }
    result.file = g_byte_array_free_to_bytes(g_steal_pointer(&file));
    return result;
}

/* Gets a file, from a port of its own. */
LanTftpResult
lan_client_tftp(LanClient *self, const char *name, const LanTftp *how)
{
    self->tftp_port++;
    tftp_request(self, name, how);
    return lan_client_tftp_take(self, how);
}
