/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is done so that a medium boots over the network: loader variables, DHCP variables, files in
 * front of the medium's. Each with the reason, which `pxe-run inspect` prints.
 */
#pragma once

#include "base/bytes.h"
#include "images/media.h"
#include "images/nic-table.h"
#include "images/pxe-stack.h"

/* A variable of the loader. */
typedef struct {
    char *name, *value;
    const char *why;
} PlanSetting;

/* A file that the guest sees in front of, or in addition to, the medium's. */
typedef struct {
    char *path;
    char *content;   /* text */
    gboolean append; /* behind the contents that the medium's own file has */
    const char *why;
} PlanFile;

typedef struct {
    gboolean menu;   /* the user wants to see the loader's menu */
    gboolean serial; /* the console is to be the serial line */
    Ip4Addr server;  /* address of the NFS server */
    Ip4Addr dns;     /* address of the name server */
    PxeStackMode pxe_stack;
    const Nic *nic;
} PlanOptions;

typedef struct {
    char *root_path;          /* DHCP option 17; NULL when the boot program is not FreeBSD's */
    gboolean own_stack;       /* our PXE stack is put in front of the boot program */
    const char *stack_why;    /* what decided it */
    GPtrArray *settings;      /* of PlanSetting: for loader.conf.local */
    GPtrArray *dhcp_settings; /* of PlanSetting: by DHCP, since they matter before the first file */
    GPtrArray *files;         /* of PlanFile */
    GPtrArray *warnings;      /* of char: what will not work, and what to do */
} BootPlan;

BootPlan *boot_plan_new(const Media *media, const PlanOptions *options);
void boot_plan_free(BootPlan *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BootPlan, boot_plan_free)

Vfs *boot_plan_overlay(const BootPlan *self, Vfs *medium);
