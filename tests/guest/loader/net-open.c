/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Server and path, for loaders from 12 on [libsa/dev_net.c: net_parse_rootpath]. */
#include "tests/guest/loader/net-open.h"

#include "tests/guest/bare/text.h"
#include "tests/guest/loader/console.h"
#include "tests/guest/loader/dhcp.h"
#include "tests/guest/loader/environment.h"

/* "nfs://address/path", "nfs:/path", "address:/path" or "/path"; there is no default. */
void
net_open_find_root(void)
{
    char text[DHCP_TEXT_SIZE], server[16];
    char *address = NULL, *path = text;

    text_copy(text, sizeof text, dhcp_config.root_path);
    if (*text == '\0')
        fail("no rootpath, no nfs");
    if (text_starts(text, "tftp:"))
        fail("root path %s: the double knows only NFS", text);
    if (text_starts(text, "nfs:"))
        path = text + strlen("nfs:");
    if (text_starts(path, "//")) {
        address = path + 2;
        for (path = address; *path != '/' && *path != '\0'; path++)
            ;
    } else if (*path != '/') {
        address = path;
        for (; *path != ':' && *path != '\0'; path++)
            ;
        if (*path == ':')
            *path++ = '\0';
    }
    text_copy(dhcp_config.root_path, DHCP_TEXT_SIZE, path);
    if (*path == '/')
        *path = '\0';
    if (address != NULL && !ip4_parse(address, &dhcp_config.server))
        fail("root path: '%s' is no address", address);
    ip4_text(server, sizeof server, dhcp_config.server);
    console_print("   Root is %s on %s\n", dhcp_config.root_path, server);
    env_set("boot.netif.server", server);
    env_set("boot.nfsroot.server", server);
    env_set("boot.nfsroot.path", dhcp_config.root_path);
}
