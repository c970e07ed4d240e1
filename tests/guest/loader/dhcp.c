/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DISCOVER and REQUEST, 236 + 312 bytes each [libstand/bootp.c: bootp]. The transaction number is
 * the boot ROM's with its bytes turned round, since the loader takes it as a number in one order
 * and sends it in the other. The option parser has the loader's weakness on purpose: it reads a
 * length behind every tag, PAD too, so that a server must not send PADs before the end.
 */
#include "tests/guest/loader/dhcp.h"

#include "tests/guest/loader/console.h"
#include "tests/guest/loader/environment.h"
#include "tests/guest/loader/generation.h"
#include "tests/guest/loader/xdr.h"

#define SERVER_PORT 67
#define CLIENT_PORT 68
#define FIXED_SIZE  236
#define VENDOR_SIZE 312
#define COOKIE      0x63825363u
#define LEASE_S     300u

#define DHCP_DISCOVER 1
#define DHCP_OFFER    2
#define DHCP_REQUEST  3
#define DHCP_ACK      5

#define OPTION_NETMASK       1
#define OPTION_GATEWAY       3
#define OPTION_HOST_NAME     12
#define OPTION_SWAP_SERVER   16
#define OPTION_ROOT_PATH     17
#define OPTION_ADDRESS       50
#define OPTION_LEASE         51
#define OPTION_MESSAGE_TYPE  53
#define OPTION_SERVER        54
#define OPTION_PARAMETERS    55
#define OPTION_CLASS         60
#define OPTION_USER_CLASS    77
#define OPTION_LIST_FIRST    246 /* "name=value;name=value" */
#define OPTION_VARIABLE      250 /* "name=value" */
#define OPTION_VARIABLE_LAST 254
#define OPTION_END           255

DhcpConfig dhcp_config;

static uint8_t dhcp_request[FIXED_SIZE + VENDOR_SIZE];
static uint8_t dhcp_reply[FIXED_SIZE + 1500];
static uint32_t dhcp_xid;
static uint8_t dhcp_expected; /* message type */
static bool dhcp_is_bootp;    /* the reply has no option 53 */
static Ip4 dhcp_server;

/* ---- addresses ---- */

bool
ip4_is_zero(Ip4 address)
{
    return be32_get(address.b) == 0;
}

void
ip4_text(char *to, uint32_t size, Ip4 address)
{
    text_print(to, size, "%u.%u.%u.%u", address.b[0], address.b[1], address.b[2], address.b[3]);
}

/* Reads "a.b.c.d". */
bool
ip4_parse(const char *text, Ip4 *ret)
{
    Ip4 address;

    for (int i = 0; i < 4; i++) {
        uint32_t value = 0, digits = 0;
        for (; *text >= '0' && *text <= '9' && digits < 4; text++, digits++)
            value = value * 10 + (uint32_t)(*text - '0');
        if (digits == 0 || value > 255 || *text != (i < 3 ? '.' : '\0'))
            return false;
        address.b[i] = (uint8_t)value;
        text++;
    }
    *ret = address;
    return true;
}

bool
dhcp_on_our_net(Ip4 address)
{
    uint32_t mask = be32_get(dhcp_config.netmask.b);

    return mask == 0 || ((be32_get(address.b) ^ be32_get(dhcp_config.ip.b)) & mask) == 0;
}

/* ---- the request ---- */

static uint8_t *
put_option(uint8_t *at, uint8_t option, const void *value, uint32_t len)
{
    at[0] = option;
    at[1] = (uint8_t)len;
    memcpy(at + 2, value, len);
    return at + 2 + len;
}

/* Up to 11: nine bytes, not what boot ROMs say behind them. */
uint8_t *
dhcp_put_pxe_client(uint8_t *at)
{
    return put_option(at, OPTION_CLASS, "PXEClient", 9);
}

/* From 12 on: a user class with its length in front, and a list of what is wanted. */
uint8_t *
dhcp_put_freebsd_client(uint8_t *at)
{
    static const uint8_t wanted[] = { OPTION_ROOT_PATH, OPTION_HOST_NAME, OPTION_SWAP_SERVER,
                                      OPTION_GATEWAY,   OPTION_NETMASK,   26, /* MTU */
                                      OPTION_SERVER };

    at = dhcp_put_pxe_client(at);
    at = put_option(at, OPTION_USER_CLASS, "\007FreeBSD", 8);
    return put_option(at, OPTION_PARAMETERS, wanted, sizeof wanted);
}

static void
build_request(uint8_t message_type)
{
    uint8_t *at = dhcp_request + FIXED_SIZE;

    memset(dhcp_request, 0, sizeof dhcp_request);
    dhcp_request[0] = 1; /* BOOTREQUEST */
    dhcp_request[1] = 1; /* Ethernet */
    dhcp_request[2] = sizeof(Mac);
    be32_put(dhcp_request + DHCP_XID, dhcp_xid);
    memcpy(dhcp_request + DHCP_CHADDR, &dhcp_config.mac, sizeof(Mac));
    be32_put(at, COOKIE);
    at = put_option(at + 4, OPTION_MESSAGE_TYPE, &message_type, 1);
    if (message_type == DHCP_REQUEST) {
        uint8_t lease[4];
        be32_put(lease, LEASE_S);
        at = put_option(at, OPTION_ADDRESS, dhcp_reply + DHCP_YIADDR, 4);
        at = put_option(at, OPTION_SERVER, &dhcp_server, 4);
        at = put_option(at, OPTION_LEASE, lease, 4);
    }
    at = generation.put_dhcp_identity(at);
    *at = OPTION_END;
}

/* ---- the reply ---- */

static void
set_variables(const char *text, uint32_t len, bool list)
{
    while (len > 0) {
        uint32_t n = 0;
        while (n < len && !(list && text[n] == ';'))
            n++;
        env_set_text(text, n);
        n = n < len ? n + 1 : n;
        text += n;
        len -= n;
    }
}

static void
take_text(char *to, const uint8_t *value, uint32_t len)
{
    if (len >= DHCP_TEXT_SIZE)
        fail("a DHCP option of %u bytes would overrun FreeBSD's loader", len);
    memcpy(to, value, len);
    to[len] = '\0';
}

/* Returns: FALSE when this is not the reply that is waited for */
static bool
take_option(uint8_t option, const uint8_t *value, uint32_t len)
{
    if (option == OPTION_NETMASK)
        memcpy(&dhcp_config.netmask, value, sizeof(Ip4));
    else if (option == OPTION_GATEWAY)
        memcpy(&dhcp_config.gateway, value, sizeof(Ip4));
    else if (option == OPTION_SWAP_SERVER)
        memcpy(&dhcp_config.server, value, sizeof(Ip4));
    else if (option == OPTION_SERVER)
        memcpy(&dhcp_server, value, sizeof(Ip4));
    else if (option == OPTION_ROOT_PATH)
        take_text(dhcp_config.root_path, value, len);
    else if (option == OPTION_HOST_NAME)
        take_text(dhcp_config.host_name, value, len);
    else if (option == OPTION_MESSAGE_TYPE)
        dhcp_is_bootp = false;
    else if (generation.dhcp_sets_variables && option >= OPTION_LIST_FIRST &&
             option <= OPTION_VARIABLE_LAST)
        set_variables((const char *)value, len, option < OPTION_VARIABLE);
    return option != OPTION_MESSAGE_TYPE || *value == dhcp_expected;
}

/* @len: of the options; those beyond the packet are zeros */
static bool
parse_options(const uint8_t *at, uint32_t len)
{
    const uint8_t *end = at + len;

    at += 4; /* the cookie */
    while (end - at >= 2) {
        uint8_t option = at[0], size = at[1];
        at += 2;
        if (option == OPTION_END)
            return true;
        if (size > end - at) {
            trouble("DHCP option %u goes beyond the packet", option);
            return false;
        }
        if (!take_option(option, at, size))
            return false;
        at += size;
    }
    return true;
}

static bool
accept_reply(const uint8_t *reply, uint32_t len, void *data)
{
    (void)data;
    if (len < FIXED_SIZE || be32_get(reply + DHCP_XID) != dhcp_xid)
        return false;
    dhcp_is_bootp = true;
    if (be32_get(reply + FIXED_SIZE) != COOKIE)
        return true;
    memset(dhcp_reply + len, 0, sizeof dhcp_reply - len);
    return parse_options(reply + FIXED_SIZE,
                         generation.dhcp_reads_whole_packet ? len - FIXED_SIZE : VENDOR_SIZE);
}

static bool
exchange(uint8_t message_type, uint8_t expected)
{
    static const Ip4 broadcast = { { 255, 255, 255, 255 } };

    build_request(message_type);
    dhcp_expected = expected;
    return udp_exchange(broadcast, SERVER_PORT, CLIENT_PORT, dhcp_request, sizeof dhcp_request,
                        dhcp_reply, sizeof dhcp_reply, accept_reply, NULL) >= 0;
}

/* The mask of the address's class, if the server has sent none or one that will not do. */
static void
settle_netmask(void)
{
    uint8_t first = dhcp_config.ip.b[0];
    uint32_t natural = first < 128 ? 0xff000000u : first < 192 ? 0xffff0000u : 0xffffff00u;
    uint32_t mask = be32_get(dhcp_config.netmask.b);

    if (mask == 0 || (!generation.netmask_may_be_short && (natural & mask) != natural))
        be32_put(dhcp_config.netmask.b, natural);
    if (!dhcp_on_our_net(dhcp_config.gateway))
        dhcp_config.gateway = (Ip4){ 0 };
}

static void
set_netif_variables(void)
{
    const Mac *mac = &dhcp_config.mac;
    char text[20];

    ip4_text(text, sizeof text, dhcp_config.ip);
    env_set("boot.netif.ip", text);
    ip4_text(text, sizeof text, dhcp_config.netmask);
    env_set("boot.netif.netmask", text);
    ip4_text(text, sizeof text, dhcp_config.gateway);
    env_set("boot.netif.gateway", text);
    text_print(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", mac->b[0], mac->b[1], mac->b[2],
               mac->b[3], mac->b[4], mac->b[5]);
    env_set("boot.netif.hwaddr", text);
}

/* Fills in dhcp_config and the variables that follow from it; fails when there is no answer. */
void
dhcp_run(void)
{
    const uint8_t *cached = pxe_cached_reply() + DHCP_XID;
    char address[16], server[16];

    dhcp_xid = (uint32_t)cached[3] << 24 | (uint32_t)cached[2] << 16 | (uint32_t)cached[1] << 8 |
               cached[0];
    dhcp_config.mac = generation.udp->mac();
    if (!exchange(DHCP_DISCOVER, DHCP_OFFER))
        fail("bootp: no reply");
    if (!dhcp_is_bootp && !exchange(DHCP_REQUEST, DHCP_ACK))
        fail("DHCPREQUEST failed");
    memcpy(&dhcp_config.ip, dhcp_reply + DHCP_YIADDR, sizeof(Ip4));
    if (ip4_is_zero(dhcp_config.server))
        memcpy(&dhcp_config.server, dhcp_reply + DHCP_SIADDR, sizeof(Ip4));
    settle_netmask();
    set_netif_variables();
    ip4_text(address, sizeof address, dhcp_config.ip);
    ip4_text(server, sizeof server, dhcp_server);
    console_print("   This machine is %s, says %s\n", address, server);
}
