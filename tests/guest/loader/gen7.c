/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/guest/loader/dhcp.h"
#include "tests/guest/loader/forth-files.h"
#include "tests/guest/loader/generation.h"
#include "tests/guest/loader/pxe-open.h"

/* 7.0 to 7.2 look at the second character of the path, so that "/" counts as none. */
static void
find_root(void)
{
    pxe_open_find_root("/pxeroot", 2);
}

const Generation generation = {
    .name = "gen7",
    .releases = "7.0 to 8.1",
    .device = "pxe0:",
    .udp = &pxe_udp_stack,
    .nfs = &nfs2_client,
    .suffixes = { ".split", ".gz.split", ".gz", "" },
    .start_files = forth_files,
    .next_wait = udp_wait_doubling,
    .put_dhcp_identity = dhcp_put_pxe_client,
    .find_root = find_root,
    .read_size = pxe_open_read_size,
    .twiddles = true,
};
