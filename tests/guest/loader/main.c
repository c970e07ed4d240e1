/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The boot, stage by stage, in the order in which FreeBSD's loader goes through it. Everything here
 * runs once, so state is in variables of the files, and a failure ends it all.
 */
#include "tests/guest/bare/ports.h"
#include "tests/guest/loader/console.h"
#include "tests/guest/loader/dhcp.h"
#include "tests/guest/loader/environment.h"
#include "tests/guest/loader/generation.h"
#include "tests/guest/loader/load-kernel.h"
#include "tests/guest/loader/loader-conf.h"
#include "tests/guest/loader/manifest.h"
#include "tests/guest/loader/memory-map.h"
#include "tests/guest/loader/nfs-file.h"
#include "tests/guest/loader/real-call.h"

#include <stddef.h>

#define MANIFEST "/boot/double.manifest"

extern const char bss_end[];
void loader_main(void);

static void
greet(void)
{
    real_call_start();
    console_start();
    console_print_coloured(BRIGHT, "pxe-run guest double, %s: a bootstrap loader like FreeBSD %s\n",
                           generation.name, generation.releases);
    console_rule();
    console_print("BIOS and PXE are called %s\n", real_call_way);
    if (address_of(bss_end) > memory_low_top())
        fail("the PXE stack begins at 0x%x, within the double", memory_low_top());
}

static void
ignore_line(char *line, uint32_t number, void *data)
{
    (void)line;
    (void)number;
    (void)data;
}

static void
read_start_files(void)
{
    for (const StartFile *file = generation.start_files; file->path != NULL; file++) {
        if (!file->read)
            (void)nfs_file_exists(file->path);
        else if (text_file_read(file->path, ignore_line, NULL) == 0)
            console_print("   %s\n", file->path);
    }
    loader_conf_read_all();
}

void
loader_main(void)
{
    greet();
    console_stage("PXE: the network card's boot ROM is asked for its services");
    pxe_start();
    env_set("currdev", generation.device);
    env_set("loaddev", generation.device);
    generation.udp->start();

    console_stage("DHCP: an address, and where the files are");
    generation.udp->open();
    dhcp_run();
    generation.find_root();
    generation.udp->close();

    console_stage("NFS: the files that a loader starts with");
    read_start_files();
    console_stage("NFS: every file of the manifest is read and compared, one dot each");
    manifest_check(MANIFEST);

    console_stage("NFS: the kernel and its memory disk, a dot for 128 KiB");
    if (!load_kernel()) {
        console_print("   There is no kernel: this is the end.\n");
        for (;;)
            __asm__ volatile("cli; hlt");
    }
    loader_conf_find_root();
    console_stage("The kernel takes over");
    start_kernel();
}
