/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/guest/loader/dhcp.h"
#include "tests/guest/loader/generation.h"
#include "tests/guest/loader/net-open.h"
#include "tests/guest/loader/read-size.h"

#include <stddef.h>

/* As 15.0 does: the root twice, each module once to see whether it is there and once to read it. */
static const StartFile lua_files[] = {
    { "/", false },
    { "/", false },
    { "/boot/lua/loader.lua", true },
    { "/boot/lua/cli.lua", false },
    { "/boot/lua/cli.lua", true },
    { "/boot/lua/config.lua", false },
    { "/boot/lua/config.lua", true },
    { "/boot/lua/local.lua", false },
    { NULL, false },
};

const Generation generation = {
    .name = "gen15",
    .releases = "15",
    .device = "net0:",
    .udp = &undi_stack,
    .nfs = &nfs3_client,
    .suffixes = { "", ".gz", ".bz2" },
    .start_files = lua_files,
    .conf_directory = "/boot/loader.conf.d",
    .next_wait = udp_wait_rising,
    .put_dhcp_identity = dhcp_put_freebsd_client,
    .dhcp_reads_whole_packet = true,
    .dhcp_sets_variables = true,
    .netmask_may_be_short = true,
    .find_root = net_open_find_root,
    .read_size = read_size_by_variable,
    .clock_repeats = 8,
    .undi_goes_on = true,
    .ip_takes_fragments = true,
    .handle_len_variable = "boot.nfsroot.nfshandlelen",
};
