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

/* A file of the root file system, in front of, or in addition to, the medium's. */
typedef struct {
    char *path;
    char *content;   /* text */
    gboolean append; /* behind the contents that the medium's own file has */
    const char *why;
} PlanFile;

/* What the user wants the kernel's root to be. */
typedef enum {
    ROOT_KIND_AUTO,
    ROOT_KIND_MFSROOT,
    ROOT_KIND_NFS,
} RootKind;

/* What the kernel takes as its root. */
typedef enum {
    PLAN_ROOT_NONE,    /* nothing that is known */
    PLAN_ROOT_MFSROOT, /* the medium's memory disk, as it is */
    PLAN_ROOT_IMAGE,   /* a memory disk that is made for this boot */
    PLAN_ROOT_NFS,
    PLAN_ROOT_COUNT
} PlanRootKind;

/* What the tree of an image, or of an NFS root, is made from. */
typedef enum {
    PLAN_BASE_EMPTY,
    PLAN_BASE_MFSROOT, /* what is in the medium's memory disk */
    PLAN_BASE_MEDIUM,
    PLAN_BASE_COUNT
} PlanRootBase;

typedef struct {
    PlanRootKind kind;
    PlanRootBase base; /* of PLAN_ROOT_IMAGE and PLAN_ROOT_NFS */
    char *image;       /* path of the memory disk, as the loader opens it; of PLAN_ROOT_IMAGE */
    char *hidden;      /* (nullable): path that the loader would open instead */
    const char *why;
} PlanRoot;

typedef struct {
    gboolean menu;           /* the user wants to see the loader's menu */
    gboolean serial;         /* the console is to be the serial line */
    Ip4Addr server;          /* address of the NFS server */
    const char *export_path; /* (nullable): of the tree there; "/" by default */
    Ip4Addr dns;             /* address of the name server */
    PxeStackMode pxe_stack;
    const Nic *nic;
    RootKind root_kind;
    gboolean root_changes;          /* the user changes files of the root */
    gboolean init;                  /* the user brings process 1 */
    guint init_major;               /* release that it was made on, or 0 */
    const char *const *loader_conf; /* (nullable): of the user's, as "name=value", checked */
    const char *const *modules;     /* (nullable): file names of kernel modules to load */
} PlanOptions;

#define PLAN_INIT       "/sbin/init"   /* where an init of the user's is put */
#define PLAN_KERNEL_DIR "/boot/kernel" /* where a kernel or a module of the user's is put */

typedef struct {
    char *root_path;    /* DHCP option 17; NULL when the boot program is not FreeBSD's */
    gboolean own_stack; /* our PXE stack is put in front of the boot program */
    PxeStackNeeds stack_needs;
    const char *stack_why; /* what decided it */
    PlanRoot root;
    GPtrArray *settings;      /* of PlanSetting: for loader.conf.local */
    GPtrArray *dhcp_settings; /* of PlanSetting: by DHCP, since they matter before the first file */
    GPtrArray *files;         /* of PlanFile */
    GPtrArray *warnings;      /* of char: what will not work, and what to do */
} BootPlan;

BootPlan *boot_plan_new(const Media *media, const PlanOptions *options);
void boot_plan_free(BootPlan *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BootPlan, boot_plan_free)

const char *plan_root_kind_name(PlanRootKind kind);
const char *plan_root_base_name(PlanRootBase base);

Vfs *boot_plan_overlay(const BootPlan *self, Vfs *medium, Vfs *given);
