/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The LAN as a run sets it up, with everybody on it but QEMU: libslirp's gateway, the boot server,
 * the watch. */
#pragma once

#include "images/vfs.h"
#include "slirp-config/boot-server.h"
#include "slirp-config/boot-tcp.h"
#include "slirp-config/boot-watch.h"
#include "slirp-config/gateway.h"

#define LAN_HOUSE_BOOTFILE "boot/pxeboot"
#define LAN_HOUSE_ROOT     "192.168.64.4:/"
/* Of the file handles; those in the fuzzers' inputs are made with it. */
#define LAN_HOUSE_KEY      G_GUINT64_CONSTANT(0x0123456789abcdef)
#define LAN_HOUSE_VARIABLE "boot.nfsroot.options=nolockd"

typedef struct {
    GMainContext *context;
    LanConfig config;
    DhcpPolicy policy;
    Lan *lan;
    Gateway *gateway;
    BootServer *server;
    BootTcp *tcp;
    BootWatch *watch;
    Vfs *tree;
    guint events[BOOT_EVENT_COUNT];
    guint mounts;
    guint64 bytes_read; /* by NFS */
} LanHouse;

/* What a test may want otherwise. */
typedef struct {
    LanConfig lan;
    const char *bootfile;  /* as DHCP tells it */
    const char *root_path; /* as DHCP tells it to FreeBSD's loaders */
    gboolean outside;      /* as `--net user` has it */
} LanHouseSetup;

void lan_house_init(LanHouse *self, Vfs *tree);
LanHouseSetup lan_house_default(void);
void lan_house_init_with(LanHouse *self, Vfs *tree, const LanHouseSetup *setup);
void lan_house_clear(LanHouse *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LanHouse, lan_house_clear)

void lan_house_pump(LanHouse *self);
