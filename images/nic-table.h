/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The network cards that can be chosen, and what each needs elsewhere. */
#pragma once

#include "images/pxe-stack.h"

#define NIC_DEFAULT "rtl8139"

typedef struct {
    const char *name;               /* on the command line */
    const char *device;             /* QEMU's device */
    const char *rom;                /* iPXE's boot ROM for it, as Debian's ipxe-qemu has it */
    const char *chip;               /* iPXE's name of the driver: ${net0/chip} */
    const char *freebsd;            /* FreeBSD's drivers, for people */
    const PxeStackImage *own_stack; /* NULL: images/pxe-stack/ has no driver for it */
} Nic;

/* Ended by an entry whose name is NULL. */
extern const Nic nic_table[];

const Nic *nic_find(const char *name, GError **error);
