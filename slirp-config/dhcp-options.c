/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rules, from what real clients do:
 *  - iPXE waits three seconds for a proxy DHCP server unless option 175.176 says that there is
 * none; it is given no root path, which it would try to boot from a SAN [ipxe usr/autoboot.c].
 *  - FreeBSD's loaders ask anew and use only the answer to their own request. Without option 17 the
 *    old ones ask for "/pxeroot" and those from 12 on give up.
 *  - Their option parser reads a length behind every tag, PAD included, so no PAD may come before
 *    END; behind END it is harmless [libstand/bootp.c: vend_rfc1048].
 *  - Up to 10 they read 312 bytes of options at most.
 */
#include "slirp-config/dhcp-options.h"

#include <string.h>

#define IPXE_NO_PXEDHCP 176 /* encapsulated in option 175: do not wait for proxy DHCP */

static void
put_option(Buf *out, guint8 option, const void *value, gsize len)
{
    if (len > 255) {
        out->bad = TRUE;
        return;
    }
    buf_u8(out, option);
    buf_u8(out, (guint8)len);
    buf_bytes(out, value, len);
}

static void
put_ipxe_options(const DhcpPolicy *policy, Buf *out)
{
    static const guint8 no_pxedhcp[] = { IPXE_NO_PXEDHCP, 1, 1 };
    (void)policy;
    put_option(out, DHCP_OPT_IPXE, no_pxedhcp, sizeof no_pxedhcp);
}

static void
put_loader_options(const DhcpPolicy *policy, Buf *out)
{
    gsize len = policy->root_path != NULL ? strlen(policy->root_path) : 0;

    if (len > DHCP_ROOT_PATH_MAX)
        out->bad = TRUE;
    if (len > 0)
        put_option(out, DHCP_OPT_ROOT_PATH, policy->root_path, len);
    for (guint8 i = 0; i < DHCP_VARIABLES_MAX; i++) {
        const char *variable = policy->variables[i];
        if (variable != NULL)
            put_option(out, (guint8)(DHCP_OPT_VARIABLE_FIRST + i), variable, strlen(variable));
    }
}

/* Indexed by client; NULL: libslirp's answer is complete. */
static void (*const put_client_options[])(const DhcpPolicy *, Buf *) = {
    [DHCP_CLIENT_OTHER] = NULL,
    [DHCP_CLIENT_IPXE] = put_ipxe_options,
    [DHCP_CLIENT_PXE_ROM] = NULL,
    [DHCP_CLIENT_LOADER_UDP] = put_loader_options,
    [DHCP_CLIENT_LOADER] = put_loader_options,
};
G_STATIC_ASSERT(G_N_ELEMENTS(put_client_options) == DHCP_CLIENT_COUNT);

/* Returns: whether libslirp's OFFER or ACK lacks something that @client needs */
gboolean
dhcp_options_needed(DhcpClient client)
{
    return put_client_options[client] != NULL;
}

/* Copies options up to END or the first one that is cut short, without the PADs. */
static void
copy_options(Cursor options, Buf *out)
{
    while (cursor_left(&options) > 0) {
        guint8 option = cursor_u8(&options);
        if (option == DHCP_OPT_PAD)
            continue;
        if (option == DHCP_OPT_END)
            return;
        Cursor value = cursor_sub(&options, cursor_u8(&options));
        if (!cursor_ok(&value))
            return;
        put_option(out, option, value.at, cursor_left(&value));
    }
}

/**
 * dhcp_options_complete:
 * @policy: what is to be told
 * @client: who asked
 * @reply: the payload of the server's reply
 * @out: gets the completed payload, of at least the size that BOOTP has
 *
 * Returns: FALSE, and @out is not to be used, when @reply is no reply that can be completed, or the
 *   options do not fit
 **/
gboolean
dhcp_options_complete(const DhcpPolicy *policy, DhcpClient client, Cursor reply, Buf *out)
{
    DhcpMessage message;

    if (!dhcp_message_parse(reply, &message) || message.op != 2 ||
        (message.type != DHCP_OFFER && message.type != DHCP_ACK) || !dhcp_options_needed(client))
        return FALSE;
    buf_bytes(out, cursor_take(&reply, DHCP_FIXED_SIZE), DHCP_FIXED_SIZE);
    gsize vendor_at = buf_mark(out);
    buf_be32(out, cursor_be32(&reply));
    copy_options(reply, out);
    put_client_options[client](policy, out);
    buf_u8(out, DHCP_OPT_END);
    gsize used = buf_mark(out) - vendor_at;
    if (!buf_ok(out) || used > DHCP_VENDOR_SIZE)
        return FALSE;
    buf_zeros(out, DHCP_VENDOR_SIZE - used);
    return buf_ok(out);
}
