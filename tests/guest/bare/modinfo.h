/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What FreeBSD's loader hands to an i386 kernel: the loader builds it, the kernel reads it.
 *
 * The arguments lie on the stack behind a return address: boothowto, bootdev, 0, 0, 0, the address
 * of a BootInfo, that of the module list, that of the first free byte [libi386/elf32_freebsd.c:
 * elf32_exec]. The module list is a row of records { tag, size, bytes padded to four }, each
 * module's beginning with its name [sys/linker.h, libi386/bootinfo32.c].
 */
#pragma once

#include <stdint.h>

#define MODINFO_END      0
#define MODINFO_NAME     1
#define MODINFO_TYPE     2
#define MODINFO_ADDR     3
#define MODINFO_SIZE     4
#define MODINFO_METADATA 0x8000 /* or-ed with one of those below */

#define MODINFOMD_ELFHDR  0x0002
#define MODINFOMD_ENVP    0x0006
#define MODINFOMD_HOWTO   0x0007
#define MODINFOMD_KERNEND 0x0008
#define MODINFOMD_SMAP    0x1001

#define MODTYPE_KERNEL "elf kernel"

/* boothowto [sys/reboot.h] */
#define RB_VERBOSE  0x00000800u
#define RB_SERIAL   0x00001000u
#define RB_BOOTINFO 0x80000000u

#define BOOTINFO_VERSION 1

/* [machine/bootinfo.h] */
typedef struct {
    uint32_t version;
    uint32_t kernelname; /* address of the text */
    uint32_t nfs_diskless;
    uint32_t n_bios_used;
    uint32_t bios_geom[8];
    uint32_t size;
    uint8_t memsizes_valid;
    uint8_t bios_dev;
    uint8_t pad[2];
    uint32_t basemem, extmem; /* KiB */
    uint32_t symtab, esymtab;
    uint32_t kernend;
    uint32_t envp; /* "name=value" texts, an empty one ends them */
    uint32_t modulep;
} BootInfo;
