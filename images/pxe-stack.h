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

/* The stack with the driver for one kind of card; named after the driver */
typedef struct PxeStackImage PxeStackImage;

extern const PxeStackImage pxe_stack_rtl8139, pxe_stack_e1000e, pxe_stack_virtio;

guint32 pxe_stack_begin(const PxeStackImage *self);
gsize pxe_stack_boot_program_max(const PxeStackImage *self);
GBytes *pxe_stack_prepend(const PxeStackImage *self, PxeStackFlags flags, GBytes *boot_program);
Vfs *
pxe_stack_tree(const PxeStackImage *self, PxeStackFlags flags, Vfs *tree, const char *bootfile);
