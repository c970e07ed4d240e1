/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration files with which the servers of a real network boot a tree as we do. */
#pragma once

#include "images/boot-plan.h"

typedef struct {
    Ip4Addr network, netmask;
    guint prefix_len;
    Ip4Addr first, last;   /* leases */
    Ip4Addr server;        /* DHCP, TFTP and NFS on one host */
    const char *directory; /* absolute: where the layout lies on that host */
    const char *bootfile;  /* below its tftp/, without '/' in front */
    const char *iso;       /* (nullable): file name of the boot CD */
} LayoutSite;

/* One file of the layout. */
typedef struct {
    const char *name;
    char *text;
} LayoutConfig;

#define LAYOUT_TFTP "tftp"    /* what TFTP serves */
#define LAYOUT_ROOT "pxeroot" /* what NFS serves */

gboolean layout_directory_check(const char *directory, GError **error);
gboolean layout_bootfile_check(const char *bootfile, GError **error);
char *layout_export_path(const char *directory);
GPtrArray *layout_configs(const LayoutSite *site, const BootPlan *plan);
