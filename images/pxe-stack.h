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

/* What a boot program needs beyond PXE 2.1; in the image's header, see pxe-stack/stack.h. */
typedef enum {
    PXE_STACK_PLAIN = 0,
    PXE_STACK_MERGES_FRAGMENTS =
        1, /* UNDI shows it datagrams in one piece, larger than a frame can be */
} PxeStackFlags;

/* What to tell the stack of the boot program. */
typedef struct {
    PxeStackFlags flags;
    guint32 memory_end; /* where the base memory ends that the boot program needs, its stack
                         * included; 0: not known */
} PxeStackNeeds;

/* The stack with the driver for one kind of card; named after the driver */
typedef struct PxeStackImage PxeStackImage;

/* What there is of base memory, in bytes, with our stack in upper memory: the BIOS's own data are
 * behind. */
#define PXE_STACK_BASE_MEMORY 0x9f000u

extern const PxeStackImage pxe_stack_rtl8139, pxe_stack_e1000e, pxe_stack_virtio;

gsize pxe_stack_boot_program_max(const PxeStackImage *self, const PxeStackNeeds *needs);
GBytes *
pxe_stack_prepend(const PxeStackImage *self, const PxeStackNeeds *needs, GBytes *boot_program);
Vfs *pxe_stack_tree(const PxeStackImage *self,
                    const PxeStackNeeds *needs,
                    Vfs *tree,
                    const char *bootfile);
