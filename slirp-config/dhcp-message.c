/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads DHCP messages that pass on the LAN. */
#include "slirp-config/dhcp-message.h"

#include <string.h>

static const char *const dhcp_client_names[] = {
    [DHCP_CLIENT_OTHER] = "other",           [DHCP_CLIENT_IPXE] = "iPXE",
    [DHCP_CLIENT_PXE_ROM] = "PXE ROM",       [DHCP_CLIENT_LOADER_UDP] = "FreeBSD loader (up to 11)",
    [DHCP_CLIENT_LOADER] = "FreeBSD loader",
};
G_STATIC_ASSERT(G_N_ELEMENTS(dhcp_client_names) == DHCP_CLIENT_COUNT);

/*
 * What tells a client. FreeBSD sends user class 08 07 "FreeBSD", as RFC 3004 wants it; iPXE sends
 * the bare text.
 */
static const struct {
    guint8 option;
    gboolean whole; /* or only its beginning */
    const char *value;
    gsize len;
    DhcpClient client;
} dhcp_client_marks[] = {
    { DHCP_OPT_USER_CLASS, TRUE, "iPXE", 4, DHCP_CLIENT_IPXE },
    { DHCP_OPT_USER_CLASS, TRUE, "\007FreeBSD", 8, DHCP_CLIENT_LOADER },
    { DHCP_OPT_VENDOR_CLASS, TRUE, "PXEClient", 9, DHCP_CLIENT_LOADER_UDP },
    { DHCP_OPT_VENDOR_CLASS, FALSE, "PXEClient:", 10, DHCP_CLIENT_PXE_ROM },
};

/* The client that @value of @option speaks for; @so_far when it does not, or for a lesser one. */
static DhcpClient
dhcp_client_of(guint8 option, Cursor value, DhcpClient so_far)
{
    gsize len = cursor_left(&value);

    for (gsize i = 0; i < G_N_ELEMENTS(dhcp_client_marks); i++) {
        if (dhcp_client_marks[i].option != option || len < dhcp_client_marks[i].len ||
            (dhcp_client_marks[i].whole && len != dhcp_client_marks[i].len) ||
            memcmp(value.at, dhcp_client_marks[i].value, dhcp_client_marks[i].len) != 0)
            continue;
        /* A user class says more than a vendor class, whatever their order. */
        if (option == DHCP_OPT_USER_CLASS || so_far == DHCP_CLIENT_OTHER)
            return dhcp_client_marks[i].client;
    }
    return so_far;
}

static void
dhcp_parse_options(Cursor options, DhcpMessage *message)
{
    while (cursor_left(&options) > 0) {
        guint8 option = cursor_u8(&options);
        if (option == DHCP_OPT_END)
            return;
        if (option == DHCP_OPT_PAD)
            continue;
        Cursor value = cursor_sub(&options, cursor_u8(&options));
        if (!cursor_ok(&value))
            return;
        if (option == DHCP_OPT_MESSAGE_TYPE)
            message->type = cursor_u8(&value);
        else
            message->client = dhcp_client_of(option, value, message->client);
    }
}

/**
 * dhcp_message_parse:
 * @payload: a UDP payload
 * @ret: (out): what it says
 *
 * Returns: FALSE when it is no DHCP or BOOTP message; options that are cut short end the list
 **/
gboolean
dhcp_message_parse(Cursor payload, DhcpMessage *ret)
{
    DhcpMessage message = { 0 };

    message.op = cursor_u8(&payload);
    cursor_skip(&payload, 3);
    message.xid = cursor_be32(&payload);
    cursor_skip(&payload, 8);
    message.yiaddr = cursor_ip4(&payload);
    message.siaddr = cursor_ip4(&payload);
    cursor_skip(&payload, 4);
    message.chaddr = cursor_mac(&payload);
    cursor_skip(&payload, 10 + 64 + 128);
    guint32 cookie = cursor_be32(&payload);
    if (!cursor_ok(&payload) || (message.op != 1 && message.op != 2))
        return FALSE;
    if (cookie == DHCP_COOKIE)
        dhcp_parse_options(payload, &message);
    *ret = message;
    return TRUE;
}

/* Returns: (transfer none): the name of a kind of client, for people */
const char *
dhcp_client_name(DhcpClient client)
{
    return dhcp_client_names[client];
}
