/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stands in for FreeBSD's kernel: starts as one, takes apart what the loader has handed over, says
 * what it would mount as its root, and ends. A real loader starts it as well as our doubles do.
 * It never touches a device but for the screen, the serial line, the clock and the power switch.
 */
#include "tests/guest/bare/crc32.h"
#include "tests/guest/bare/modinfo.h"
#include "tests/guest/bare/ports.h"
#include "tests/guest/bare/text.h"
#include "tests/guest/kernel/screen.h"

#include <stdbool.h>

/* QEMU's PIIX4: power management registers at 0x600, where SeaBIOS puts them. Sleep type 0 with
 * the enable bit is S5. Source: ACPI 1.0 §4.7.3.2, PM1 control */
#define PM1_CONTROL     0x604
#define PM1_SLEEP_S5    0x2000
#define CMOS_INDEX      0x70
#define CMOS_DATA       0x71
#define CMOS_SECONDS    0
#define POWER_OFF_AFTER 2 /* ticks of the clock: at least one second, so that people can read */

#define MODULES_MAX 32
#define RECORDS_MAX 1024

/* In the order of the arguments on the stack. */
typedef struct {
    uint32_t return_address;
    uint32_t boothowto, bootdev, zero[3];
    uint32_t bootinfo, modulep, kernend;
} KernelArguments;

typedef struct {
    const char *name, *type;
    uint32_t address, size;
    uint32_t envp;
} Module;

void kernel_main(const KernelArguments *arguments);

static __attribute__((noreturn)) void
kernel_fail(Screen *screen, const char *what, uint32_t value)
{
    screen->attribute = SCREEN_RED;
    screen_print(screen, "KERNEL DOUBLE: FAILED %s (0x%x)\n", what, value);
    for (;;)
        __asm__ volatile("hlt");
}

/* ---- modules ---- */

static uint32_t
record_word(uint32_t address)
{
    uint32_t word;
    memcpy(&word, memory_at(address), sizeof word);
    return word;
}

static void
module_take(Module *module, uint32_t tag, uint32_t value)
{
    if (tag == MODINFO_TYPE)
        module->type = memory_at(value);
    else if (tag == MODINFO_ADDR)
        module->address = record_word(value);
    else if (tag == MODINFO_SIZE)
        module->size = record_word(value);
    else if (tag == (MODINFO_METADATA | MODINFOMD_ENVP))
        module->envp = record_word(value);
}

/* Reads the module list. Returns: the number of modules */
static uint32_t
modules_read(Screen *screen, uint32_t at, uint32_t end, Module *modules)
{
    uint32_t n = 0;

    for (uint32_t records = 0; records < RECORDS_MAX; records++) {
        uint32_t tag = record_word(at), size = record_word(at + 4), value = at + 8;
        if (tag == MODINFO_END)
            return n;
        if (size > end - value)
            kernel_fail(screen, "a module record goes beyond the end of what was loaded", at);
        if (tag == MODINFO_NAME) {
            if (n == MODULES_MAX)
                kernel_fail(screen, "too many modules", n);
            modules[n++] = (Module){ .name = memory_at(value), .type = "(none)" };
        } else if (n == 0) {
            kernel_fail(screen, "the module list does not begin with a name", tag);
        } else {
            module_take(&modules[n - 1], tag, value);
        }
        at = value + ((size + 3) & ~3u);
    }
    kernel_fail(screen, "the module list has no end", at);
}

/* ---- the environment ---- */

/* Returns: (nullable): the value of @name */
static const char *
env_get(const char *env, const char *name)
{
    size_t len = strlen(name);

    for (; *env != '\0'; env += strlen(env) + 1) {
        if (text_starts(env, name) && env[len] == '=')
            return env + len + 1;
    }
    return NULL;
}

static void
env_show(Screen *screen, const char *env)
{
    for (; *env != '\0'; env += strlen(env) + 1) {
        if (text_starts(env, "vfs.root.mountfrom") || text_starts(env, "boot.nfsroot."))
            screen_print(screen, "  %s\n", env);
    }
}

/* As nfs_diskless.c does: "X", two digits a byte, "X"; 32 bytes unless nfshandlelen says other. */
static void
env_check_handle(Screen *screen, const char *env)
{
    const char *handle = env_get(env, "boot.nfsroot.nfshandle");
    const char *len_text = env_get(env, "boot.nfsroot.nfshandlelen");
    uint32_t len = 32;

    if (handle == NULL)
        return;
    if (len_text != NULL && (!text_number(len_text, 10, &len) || len == 0 || len > 64))
        kernel_fail(screen, "bad NFS handle length", len);
    if (strlen(handle) != 2 * len + 2 || handle[0] != 'X' || handle[2 * len + 1] != 'X')
        kernel_fail(screen, "bad NFS handle", len);
}

/* ---- the end ---- */

static uint8_t
clock_tick(void)
{
    port_write8(CMOS_INDEX, CMOS_SECONDS);
    return port_read8(CMOS_DATA);
}

static void
power_off(Screen *screen)
{
    screen_print(screen, "KERNEL DOUBLE: powers off\n");
    for (int i = 0; i < POWER_OFF_AFTER; i++) {
        uint8_t tick = clock_tick();
        while (clock_tick() == tick)
            ;
    }
    port_write16(PM1_CONTROL, PM1_SLEEP_S5);
}

static const char *
find_environment(Screen *screen, const Module *modules, uint32_t n)
{
    const char *env = NULL;

    for (uint32_t i = 0; i < n; i++) {
        const Module *module = &modules[i];
        uint32_t crc = crc32_add(0, memory_at(module->address), module->size);
        screen_print(screen, "  %s (%s): %u bytes, CRC32 %08x\n", module->name, module->type,
                     module->size, crc);
        if (module->envp != 0)
            env = memory_at(module->envp);
    }
    if (env == NULL)
        kernel_fail(screen, "no module carries the environment", n);
    return env;
}

/* @arguments: where the loader's stack pointer was */
void
kernel_main(const KernelArguments *arguments)
{
    Screen screen;
    Module modules[MODULES_MAX];

    screen_start(&screen);
    screen.attribute = SCREEN_BRIGHT;
    screen_print(&screen, "KERNEL DOUBLE: started\n");
    screen.attribute = SCREEN_PLAIN;
    screen_print(&screen, "  boothowto 0x%x, modules at 0x%x, first free byte 0x%x\n",
                 arguments->boothowto, arguments->modulep, arguments->kernend);
    const BootInfo *bootinfo = memory_at(arguments->bootinfo);
    if ((arguments->boothowto & RB_BOOTINFO) == 0 || bootinfo->version != BOOTINFO_VERSION)
        kernel_fail(&screen, "no bootinfo", arguments->boothowto);
    if (bootinfo->modulep != arguments->modulep || bootinfo->kernend != arguments->kernend)
        kernel_fail(&screen, "bootinfo disagrees with the arguments", bootinfo->modulep);

    uint32_t n = modules_read(&screen, arguments->modulep, arguments->kernend, modules);
    const char *env = find_environment(&screen, modules, n);
    env_show(&screen, env);
    env_check_handle(&screen, env);

    const char *root = env_get(env, "vfs.root.mountfrom");
    const char *off = env_get(env, "double.poweroff");
    screen.attribute = SCREEN_GREEN;
    screen_print(&screen, "KERNEL DOUBLE: root=%s\n", root != NULL ? root : "(not set)");
    screen.attribute = SCREEN_PLAIN;
    if (off != NULL && text_equal(off, "YES"))
        power_off(&screen);
}
