/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * In what FreeBSD's loaders differ from release to release, as a table. Each double is linked with
 * one of gen7.c, gen10.c, gen12.c and gen15.c, which fills it in.
 */
#pragma once

#include "tests/guest/loader/nfs.h"
#include "tests/guest/loader/udp.h"

#include <stdbool.h>
#include <stdint.h>

#define SUFFIXES_MAX 4

typedef struct {
    const char *path;
    bool read; /* or only looked for */
} StartFile;

typedef struct {
    const char *name;     /* "gen10" */
    const char *releases; /* whose loaders it behaves like */
    const char *device;   /* what the loader calls the network: "pxe0:" */
    const UdpStack *udp;
    const NfsClient *nfs;
    /* What is appended to a file's name, in the order of the tries. */
    const char *suffixes[SUFFIXES_MAX];
    const StartFile *start_files; /* what the interpreter asks for first; NULL at the end */
    const char *conf_directory;   /* (nullable): its *.conf are read behind loader.conf */
    /* Seconds to wait for a reply before trying again, given the last wait, 0 at first; 0 ends. */
    uint32_t (*next_wait)(uint32_t last_wait);
    /* DHCP: appends what tells the server who asks. Returns: the new end */
    uint8_t *(*put_dhcp_identity)(uint8_t *at);
    bool dhcp_reads_whole_packet; /* or 312 bytes of options, however long the packet is */
    bool dhcp_sets_variables;     /* options 246 to 254 */
    bool netmask_may_be_short;    /* or is dropped when shorter than the address's class has it */
    void (*find_root)(void);      /* makes server and path out of option 17 */
    uint32_t (*read_size)(void);  /* of an NFS READ */
    uint32_t clock_repeats;       /* how often the clock must say the same again */
    bool clock_twice_before_request;
    /* UNDI: the next poll begins with GET_NEXT after a frame; or GET_NEXT comes right after it, and
     * what it brings is dropped [libi386/pxe.c: pxe_netif_receive]. */
    bool undi_goes_on;
    bool ip_takes_fragments;         /* or puts them together backwards, and drops them [libsa/ip.c:
                                        ip_reasm_add] */
    bool twiddles;                   /* turns a bar on the screen with each READ, by the BIOS */
    const char *handle_len_variable; /* (nullable): tells the kernel how long the handle is */
} Generation;

extern const Generation generation;
