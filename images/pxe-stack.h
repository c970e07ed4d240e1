/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The PXE stack of images/pxe-stack/, as the boot program's forerunner. */
#pragma once

#include "images/vfs.h"

/* Who answers the boot program's PXE calls. */
typedef enum {
    PXE_STACK_AUTO, /* ours, where it can */
    PXE_STACK_IPXE,
    PXE_STACK_OWN
} PxeStackMode;

gsize pxe_stack_boot_program_max(void);
GBytes *pxe_stack_prepend(GBytes *boot_program);
Vfs *pxe_stack_tree(Vfs *tree, const char *bootfile);
