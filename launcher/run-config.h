/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the user asked for, checked. Nothing behind this point asks the command line again. */
#pragma once

#include "images/boot-changes.h"
#include "images/nic-table.h"
#include "images/pxe-stack.h"
#include "slirp-config/lan-config.h"

#include <gio/gio.h>

typedef enum {
    BOOT_ISO,
    BOOT_ROM
} BootFrom;
typedef enum {
    NET_RESTRICTED,
    NET_USER
} NetMode;
typedef enum {
    DISPLAY_AUTO,
    DISPLAY_WINDOW,
    DISPLAY_TEXT,
    DISPLAY_NONE
} DisplayMode;
typedef enum {
    CONSOLE_VGA,
    CONSOLE_SERIAL
} ConsoleMode;
typedef enum {
    ACCEL_AUTO,
    ACCEL_KVM,
    ACCEL_TCG
} AccelMode;

/* The text of each option, as GOption fills it in: bytes of any encoding. */
typedef struct {
    char *iso, *root, *bootfile, *boot, *nic, *mac, *net, *net_address, *accel, *display, *console;
    char *memory, *cpus, *timeout, *pcap, *expect, *qemu, *firmware_path, *log;
    char *address, *port, *socket, *pxe_stack, *server;
    char *from, *size, *ufs, *list, *extract, *directory; /* of `mfsroot` */
    char *output; /* where to write; cli_parse() hands it over */
    char *root_kind, *init, *kernel, *installerconfig, *install_cfg;
    char **overlays, **files, **modules, **loader_conf;
    gboolean menu, dry_run, quiet, json, version, no_cache;
    char **rest; /* what is no option */
} RunText;

typedef struct {
    RunText text;           /* owns the strings below */
    const char *iso, *root; /* one of them is set */
    const char *bootfile;   /* (nullable) */
    BootChanges changes;
    BootFrom boot;
    const Nic *nic;
    PxeStackMode pxe_stack;
    MacAddr mac;
    NetMode net;
    LanConfig lan;
    AccelMode accel;
    DisplayMode display;
    ConsoleMode console;
    guint memory_mb;
    guint cpus;
    guint timeout_s;  /* 0: none */
    GRegex *expect;   /* (nullable) */
    char **qemu_args; /* (nullable) (transfer none): what stands behind "--" */
    /* of `serve` */
    GInetAddress *address;
    guint port; /* 0: any that is free */
    /* of `layout` */
    const char *export_path; /* (nullable): of the tree on its server; "/" by default */
} RunConfig;

#define QEMU_DEFAULT      "qemu-system-x86_64"
#define MEMORY_DEFAULT_MB 1024
#define MEMORY_MIN_MB     32
#define MEMORY_MAX_MB     (1u << 20)
#define CPUS_MAX          64
#define TIMEOUT_MAX_S     (7 * 24 * 60 * 60)

gboolean run_config_validate(RunConfig *self, GError **error);
gboolean run_config_validate_changes(RunConfig *self, GError **error);
gboolean run_config_validate_serve(RunConfig *self, GError **error);
gboolean run_config_validate_layout(RunConfig *self, GError **error);
void run_config_clear(RunConfig *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(RunConfig, run_config_clear)
