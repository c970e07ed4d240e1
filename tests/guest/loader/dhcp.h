/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The loader's own DHCP: it does not trust what the boot ROM has got. */
#pragma once

#include "tests/guest/loader/pxe.h"

#define DHCP_XID    4
#define DHCP_YIADDR 16
#define DHCP_SIADDR 20
#define DHCP_CHADDR 28

#define DHCP_TEXT_SIZE 128 /* FreeBSD's FNAME_SIZE */

typedef struct {
    Ip4 ip, netmask, gateway;
    Ip4 server; /* of the root */
    Mac mac;
    char root_path[DHCP_TEXT_SIZE]; /* as option 17 has it, then the path alone; may be empty */
    char host_name[DHCP_TEXT_SIZE];
} DhcpConfig;

extern DhcpConfig dhcp_config;

void dhcp_run(void);
bool dhcp_on_our_net(Ip4 address);
uint8_t *dhcp_put_pxe_client(uint8_t *at);
uint8_t *dhcp_put_freebsd_client(uint8_t *at);

void ip4_text(char *to, uint32_t size, Ip4 address);
bool ip4_parse(const char *text, Ip4 *ret);
bool ip4_is_zero(Ip4 address);
