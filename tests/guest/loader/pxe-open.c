/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Server and path, for loaders up to 11 [libi386/pxe.c: pxe_open]. */
#include "tests/guest/loader/pxe-open.h"

#include "tests/guest/bare/text.h"
#include "tests/guest/loader/console.h"
#include "tests/guest/loader/dhcp.h"
#include "tests/guest/loader/environment.h"

#define READ_SIZE     1024
#define READ_SIZE_MAX 7168

/* "address:path"; a name that is no address leaves the server as it is. */
static void
split_root_path(void)
{
    char *path = dhcp_config.root_path;
    const char *colon = text_find(path, ':');
    Ip4 server;

    if (colon == NULL || colon == path)
        return;
    path[colon - path] = '\0';
    if (ip4_parse(path, &server))
        dhcp_config.server = server;
    text_copy(path, DHCP_TEXT_SIZE, colon + 1);
}

/* @default_path: when option 17 is shorter than @len_min, which is looked at before the split */
void
pxe_open_find_root(const char *default_path, uint32_t len_min)
{
    char server[16], gateway[16];

    if (strlen(dhcp_config.root_path) < len_min)
        text_copy(dhcp_config.root_path, DHCP_TEXT_SIZE, default_path);
    split_root_path();
    ip4_text(server, sizeof server, dhcp_config.server);
    ip4_text(gateway, sizeof gateway, dhcp_config.gateway);
    console_print("   pxe_open: server addr: %s\n", server);
    console_print("   pxe_open: server path: %s\n", dhcp_config.root_path);
    console_print("   pxe_open: gateway ip:  %s\n", gateway);
    env_set("boot.nfsroot.server", server);
    env_set("boot.nfsroot.path", dhcp_config.root_path);
}

/*
 * Of an NFS READ: 1 KiB in these loaders, or what double.read_size says, for datagrams that come in
 * fragments. The reply with its headers must fit into the 8 KiB of pxe-udp.c.
 */
uint32_t
pxe_open_read_size(void)
{
    const char *text = env_get("double.read_size");
    uint32_t size;

    if (text == NULL)
        return READ_SIZE;
    if (!text_number(text, 10, &size) || size < READ_SIZE || size > READ_SIZE_MAX)
        fail("double.read_size is %s", text);
    return size;
}
