/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loads the kernel and the modules that loader.conf names, counts down, and starts the kernel as an
 * i386 one [common/module.c, common/load_elf.c, libi386/elf32_freebsd.c]. Files are looked at
 * twice, as the loader does: once whether they are there, once to be read.
 */
#include "tests/guest/loader/load-kernel.h"

#include "tests/guest/bare/modinfo.h"
#include "tests/guest/bare/ports.h"
#include "tests/guest/bare/text.h"
#include "tests/guest/loader/clock.h"
#include "tests/guest/loader/console.h"
#include "tests/guest/loader/environment.h"
#include "tests/guest/loader/memory-map.h"
#include "tests/guest/loader/modules.h"
#include "tests/guest/loader/nfs-file.h"
#include "tests/guest/loader/pxe.h"
#include "tests/guest/loader/real-call.h"

#define KERNEL_DIRECTORY    "/boot/"
#define FIRST_PAGE          4096
#define CHUNK_SIZE          4096 /* of a file that is loaded as it is */
#define SEGMENT_MASK        0xff000000u
#define ENTRY_MASK          0x00ffffffu
#define AUTOBOOT_DELAY_S    10
#define KEY_POLL_MS         100
#define PROGRESS_STEP_BYTES (128u << 10)

typedef void (*KernelEntry)(uint32_t howto,
                            uint32_t bootdev,
                            uint32_t zero1,
                            uint32_t zero2,
                            uint32_t zero3,
                            uint32_t bootinfo,
                            uint32_t modulep,
                            uint32_t kernend);

static Modules loaded;
static BootInfo bootinfo;

/* ---- files into memory ---- */

static void
load_fits(const char *name, uint32_t address, uint32_t size)
{
    uint32_t top = memory_top();

    if (address < 0x100000 || address >= top || size > top - address)
        fail("%s: %u bytes at 0x%x are not all in memory, which ends at 0x%x", name, size, address,
             top);
}

/* Reads up to @size bytes to @address, with a dot for each step. Returns: their number */
static uint32_t
load_bytes(NfsFile *file, const char *name, uint32_t address, uint32_t size, uint32_t chunk)
{
    uint32_t done = 0;

    while (done < size) {
        uint32_t want = size - done < chunk ? size - done : chunk;
        load_fits(name, address + done, want);
        int32_t n = nfs_file_read(file, memory_at(address + done), want);
        if (n < 0)
            fail("%s: READ at %u: error %d", name, file->offset, -n);
        if (n == 0)
            break;
        if ((done + (uint32_t)n) / PROGRESS_STEP_BYTES > done / PROGRESS_STEP_BYTES)
            console_print(".");
        done += (uint32_t)n;
    }
    return done;
}

static void
open_or_fail(const char *path, NfsFile *file)
{
    int32_t r = nfs_file_open(path, file);

    if (r < 0)
        fail("%s: open: error %d", path, -r);
    console_print("   %s%s ", path, file->suffix);
}

/* ---- the kernel ---- */

static void
load_segment(NfsFile *file, Module *kernel, const ElfSegment *segment, uint32_t offset)
{
    uint32_t address = segment->vaddr + offset;

    if (segment->memsz < segment->filesz)
        fail("%s: a segment has more in the file than in memory", kernel->name);
    load_fits(kernel->name, address, segment->memsz);
    file->offset = segment->offset;
    if (load_bytes(file, kernel->name, address, segment->filesz, PROGRESS_STEP_BYTES) !=
        segment->filesz)
        fail("%s: the file ends inside a segment", kernel->name);
    memset(memory_at(address + segment->filesz), 0, segment->memsz - segment->filesz);
    if (kernel->address == 0 || address < kernel->address)
        kernel->address = address;
    if (address + segment->memsz > kernel->address + kernel->size)
        kernel->size = address + segment->memsz - kernel->address;
}

static void
load_elf(const char *path)
{
    static uint8_t page[FIRST_PAGE];
    Module *kernel = modules_add(&loaded, path, MODTYPE_KERNEL);
    ElfHeader *elf = &loaded.kernel;
    ElfSegment segment;
    NfsFile file;

    open_or_fail(path, &file);
    if (nfs_file_read(&file, page, sizeof page) != sizeof page)
        fail("%s: shorter than a page", path);
    memcpy(elf, page, sizeof *elf);
    if (memcmp(elf->ident, ELF_MAGIC, sizeof ELF_MAGIC - 1) != 0 || elf->type != ELF_ET_EXEC ||
        elf->machine != ELF_EM_386)
        fail("%s: not a 32-bit i386 kernel", path);
    if (elf->phoff > sizeof page || elf->phnum > (sizeof page - elf->phoff) / sizeof segment)
        fail("%s: program header not within first page", path);
    for (uint32_t i = 0; i < elf->phnum; i++) {
        memcpy(&segment, page + elf->phoff + i * sizeof segment, sizeof segment);
        if (segment.type == ELF_PT_LOAD)
            load_segment(&file, kernel, &segment, 0 - (elf->entry & SEGMENT_MASK));
    }
    if (kernel->size == 0)
        fail("%s: nothing to load", path);
    kernel->size = (kernel->size + 3) & ~3u;
    nfs_file_close(&file);
    console_print(" %u KiB\n", kernel->size / 1024);
}

/* ---- other modules ---- */

/* A file of any kind, put into memory as it is: what is compressed stays so and says so. */
static void
load_raw(const char *path, const char *type)
{
    char name[sizeof loaded.modules[0].name];
    NfsFile file;

    if (!nfs_file_exists(path))
        fail("%s: not there, and loader.conf wants it loaded", path);
    open_or_fail(path, &file);
    text_print(name, sizeof name, "%s%s", path, file.suffix);
    uint32_t address = modules_end(&loaded);
    Module *module = modules_add(&loaded, name, type);
    module->address = address;
    module->size = load_bytes(&file, path, address, UINT32_MAX, CHUNK_SIZE);
    nfs_file_close(&file);
    console_print(" %u KiB%s\n", module->size / 1024, *file.suffix != '\0' ? ", as it is" : "");
}

/* For NAME_load="YES": the file NAME_name, as a module of the type NAME_type. */
static void
load_named_modules(void)
{
    const EnvVariable *variable;

    for (uint32_t i = 0; (variable = env_at(i)) != NULL; i++) {
        char name[64], key[80], path[256];
        if (!text_ends(variable->name, "_load") || !text_equal(variable->value, "YES"))
            continue;
        text_copy(name, sizeof name, variable->name);
        name[strlen(name) - strlen("_load")] = '\0';
        text_print(key, sizeof key, "%s_name", name);
        const char *file = env_get(key);
        text_print(key, sizeof key, "%s_type", name);
        const char *type = env_get(key);
        text_print(path, sizeof path, "%s/%s.ko", env_get("module_path"), name);
        load_raw(file != NULL ? file : path, type != NULL ? type : "elf module");
    }
}

/* Returns: FALSE when there is no kernel, which is none of the double's business */
bool
load_kernel(void)
{
    const char *kernel = env_get("kernel");
    char directory[128], path[160];

    text_print(directory, sizeof directory, KERNEL_DIRECTORY "%s",
               kernel != NULL ? kernel : "kernel");
    env_set("module_path", directory);
    text_print(path, sizeof path, "%s/linker.hints", directory);
    (void)nfs_file_exists(path);
    text_print(path, sizeof path, "%s/kernel.ko", directory);
    if (nfs_file_exists(path))
        fail("%s is there, and no release has it", path);
    text_print(path, sizeof path, "%s/kernel", directory);
    if (!nfs_file_exists(path))
        return false;
    env_set("kernelname", path);
    load_elf(path);
    load_named_modules();
    return true;
}

/* ---- the start ---- */

/* autoboot_delay: seconds, "-1" for none and no key either, "NO" for a prompt. */
static void
count_down(void)
{
    const char *text = env_get("autoboot_delay");
    uint32_t delay_s = AUTOBOOT_DELAY_S;

    if (text != NULL && text_equal(text, "-1"))
        return;
    if (text != NULL && text_equal(text, "NO"))
        fail("autoboot_delay is NO, and the double has no prompt");
    if (text != NULL && !text_number(text, 10, &delay_s))
        fail("autoboot_delay is %s", text);
    console_print("   Booting in %u seconds, a key starts at once ", delay_s);
    uint32_t start = clock_seconds();
    while (clock_seconds_since(start) < delay_s && !console_key_pressed())
        clock_wait_ms(KEY_POLL_MS);
    console_print("\n");
}

static uint32_t
boot_howto(void)
{
    static const struct {
        const char *name;
        uint32_t flag;
    } flags[] = { { "boot_serial", RB_SERIAL }, { "boot_verbose", RB_VERBOSE } };
    uint32_t howto = RB_BOOTINFO;

    for (uint32_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        const char *value = env_get(flags[i].name);
        if (value != NULL && !text_equal(value, "NO"))
            howto |= flags[i].flag;
    }
    return howto;
}

void
start_kernel(void)
{
    const Module *kernel = &loaded.modules[0];
    uint32_t howto = boot_howto(), entry = loaded.kernel.entry & ENTRY_MASK;
    KernelEntry kernel_entry;

    count_down();
    bootinfo = (BootInfo){ .version = BOOTINFO_VERSION,
                           .kernelname = address_of(kernel->name),
                           .size = sizeof bootinfo,
                           .memsizes_valid = 1,
                           .basemem = memory_low_top() / 1024,
                           .extmem = memory_top() / 1024 - 1024 };
    bootinfo.kernend = modules_put(&loaded, howto, &bootinfo.envp, &bootinfo.modulep);
    console_print("   Start at 0x%x\n", entry);
    pxe_stop();
    real_call_stop();
    void *at = memory_at(entry);
    memcpy(&kernel_entry, &at, sizeof kernel_entry); /* ISO C has no other way from data to code */
    kernel_entry(howto, 0, 0, 0, 0, address_of(&bootinfo), bootinfo.modulep, bootinfo.kernend);
    fail("the kernel has returned");
}
