/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Turns `--net-address NETWORK/PREFIX` into the address plan. */
#include "slirp-config/lan-config.h"

#include "base/error.h"

#include <arpa/inet.h>
#include <string.h>

#define HOST_GATEWAY 1
#define HOST_DNS     3
#define HOST_SERVER  4
#define HOST_GUEST   15

/* The guest's address, and libslirp's sixteen leases from there, must fit in front of the broadcast
 * address; and the loaders up to FreeBSD 10 throw away a mask shorter than the class's. */
#define PREFIX_MIN 8
#define PREFIX_MAX 26

static gboolean
lan_config_fail(GError **error, const char *text, const char *why)
{
    g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_USAGE, "--net-address '%s': %s", text, why);
    return FALSE;
}

/**
 * lan_config_parse:
 * @text: "A.B.C.D/N"
 * @ret: (out): the address plan
 * @error: PXE_RUN_ERROR_USAGE
 **/
gboolean
lan_config_parse(const char *text, LanConfig *ret, GError **error)
{
    const char *slash = strchr(text, '/');
    guint64 prefix = 0;
    Ip4Addr network;

    if (slash == NULL ||
        !g_ascii_string_to_unsigned(slash + 1, 10, PREFIX_MIN, PREFIX_MAX, &prefix, NULL))
        return lan_config_fail(
            error, text,
            "want NETWORK/PREFIX with a prefix of 8 to 26, as in " LAN_DEFAULT_NETWORK);
    g_autofree char *address = g_strndup(text, (gsize)(slash - text));
    if (inet_pton(AF_INET, address, network.b) != 1)
        return lan_config_fail(error, text, "no IPv4 address in front of the '/'");
    guint32 base = ip4_get(network);
    if ((base & (G_MAXUINT32 >> prefix)) != 0)
        return lan_config_fail(error, text, "bits are set behind the prefix; it must be a network");
    if (network.b[0] == 0 || network.b[0] == 127 || network.b[0] >= 224)
        return lan_config_fail(error, text, "not a network that hosts can have");
    *ret = (LanConfig){
        .network = network,
        .prefix_len = (guint)prefix,
        .gateway = ip4_of(base + HOST_GATEWAY),
        .dns = ip4_of(base + HOST_DNS),
        .server = ip4_of(base + HOST_SERVER),
        .guest = ip4_of(base + HOST_GUEST),
    };
    return TRUE;
}

/* Returns: the netmask that belongs to the prefix */
Ip4Addr
lan_config_netmask(const LanConfig *self)
{
    return ip4_of(G_MAXUINT32 << (32 - self->prefix_len));
}

/* The Ethernet address that libslirp gives its own IPv4 addresses; ours follows the same rule. */
MacAddr
lan_mac_of(Ip4Addr address)
{
    return (MacAddr){ { 0x52, 0x55, address.b[0], address.b[1], address.b[2], address.b[3] } };
}
