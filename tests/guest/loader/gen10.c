/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/guest/loader/dhcp.h"
#include "tests/guest/loader/forth-files.h"
#include "tests/guest/loader/generation.h"
#include "tests/guest/loader/pxe-open.h"

/* Seen of 10.2: without option 17 it asks for "/". */
static void
find_root(void)
{
    pxe_open_find_root("/", 1);
}

const Generation generation = {
    .name = "gen10",
    .releases = "8.2 to 11",
    .device = "pxe0:",
    .udp = &pxe_udp_stack,
    .nfs = &nfs3_client,
    .suffixes = { "", ".gz" },
    .start_files = forth_files,
    .next_wait = udp_wait_rising,
    .put_dhcp_identity = dhcp_put_pxe_client,
    .dhcp_sets_variables = true,
    .find_root = find_root,
    .read_size = pxe_open_read_size,
    .clock_repeats = 8, /* from 9 on; 8.3: 1 */
    .twiddles = true,   /* 10.4: every sixteenth time */
    .handle_len_variable = "boot.nfsroot.nfshandlelen",
};
