/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the user changes of what boots: files over the medium's, another kernel, more modules,
 * another process 1; and the trees that come of it.
 */
#pragma once

#include "images/boot-plan.h"
#include "images/mfsroot-key.h"
#include "images/program-file.h"

typedef struct {
    RootKind root_kind;
    const char *const *overlays;    /* (nullable): directories */
    const char *const *files;       /* (nullable): "GUEST=HOST" */
    const char *const *modules;     /* (nullable): files of kernel modules */
    const char *const *loader_conf; /* (nullable): "NAME=VALUE" */
    const char *kernel;             /* (nullable): file, compressed or not */
    const char *init;               /* (nullable): file */
    const char *installerconfig;    /* (nullable): file, for bsdinstall */
    const char *install_cfg;        /* (nullable): file, for sysinstall */
} BootChanges;

gboolean boot_changes_of_root(const BootChanges *self);
gboolean boot_changes_read_init(const BootChanges *self, ProgramFile *ret, GError **error);
Vfs *
boot_changes_over_medium(const BootChanges *self, Vfs *medium, Vfs **ret_given, GError **error);
gboolean boot_changes_check(const BootChanges *self,
                            const Media *media,
                            const BootPlan *plan,
                            const ProgramFile *init,
                            GError **error);

void boot_changes_add_kernel_to_key(const BootChanges *self, MfsrootKey *key);
void boot_changes_add_to_key(const BootChanges *self, MfsrootKey *key);
