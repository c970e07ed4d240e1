/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DHCP messages: reads one, tells the client by its options. Source: RFC 2131, RFC 2132. */
#pragma once

#include "base/buf.h"
#include "base/cursor.h"

#define DHCP_SERVER_PORT 67
#define DHCP_CLIENT_PORT 68
#define DHCP_FIXED_SIZE  236 /* op to file */
#define DHCP_COOKIE      0x63825363u

/* The vendor area of a BOOTP-sized DHCP message: cookie and options. The loaders of FreeBSD up to
 * 10 read no more than that [libstand/bootp.c]. */
#define DHCP_VENDOR_SIZE 312

enum {
    DHCP_DISCOVER = 1,
    DHCP_OFFER = 2,
    DHCP_REQUEST = 3,
    DHCP_ACK = 5
};

enum {
    DHCP_OPT_PAD = 0,
    DHCP_OPT_ROUTER = 3,
    DHCP_OPT_DNS = 6,
    DHCP_OPT_ROOT_PATH = 17,
    DHCP_OPT_MESSAGE_TYPE = 53,
    DHCP_OPT_VENDOR_CLASS = 60,
    DHCP_OPT_USER_CLASS = 77,
    DHCP_OPT_IPXE = 175,
    DHCP_OPT_VARIABLE_FIRST = 250, /* FreeBSD loaders from 8 on: 250 to 254 are `name=value` each */
    DHCP_OPT_VARIABLE_LAST = 254,
    DHCP_OPT_END = 255,
};

typedef enum {
    DHCP_CLIENT_OTHER,      /* a kernel, dhclient, anything */
    DHCP_CLIENT_IPXE,       /* user class "iPXE" */
    DHCP_CLIENT_PXE_ROM,    /* vendor class "PXEClient:Arch:…" of another PXE ROM */
    DHCP_CLIENT_LOADER_UDP, /* FreeBSD loader up to 11: vendor class "PXEClient", nothing more */
    DHCP_CLIENT_LOADER,     /* FreeBSD loader from 12 on: user class "FreeBSD" */
    DHCP_CLIENT_COUNT
} DhcpClient;

typedef struct {
    guint8 op; /* 1 request, 2 reply */
    guint32 xid;
    MacAddr chaddr;
    Ip4Addr yiaddr, siaddr;
    guint8 type; /* option 53, 0 without */
    DhcpClient client;
} DhcpMessage;

gboolean dhcp_message_parse(Cursor payload, DhcpMessage *ret);
const char *dhcp_client_name(DhcpClient client);
