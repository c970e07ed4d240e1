/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes, behind the last module, the environment and the module list, each at a page's start
 * [libi386/bootinfo32.c: bi_load32, bi_copymodules32].
 */
#include "tests/guest/loader/modules.h"

#include "tests/guest/bare/modinfo.h"
#include "tests/guest/bare/ports.h"
#include "tests/guest/bare/text.h"
#include "tests/guest/loader/console.h"
#include "tests/guest/loader/environment.h"
#include "tests/guest/loader/memory-map.h"

#define PAGE_SIZE 4096u

static uint32_t
next_page(uint32_t address)
{
    return (address + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
}

Module *
modules_add(Modules *self, const char *name, const char *type)
{
    if (self->n == MODULES_MAX)
        fail("more than %d modules", MODULES_MAX);
    Module *module = &self->modules[self->n++];
    *module = (Module){ .address = 0 };
    text_copy(module->name, sizeof module->name, name);
    text_copy(module->type, sizeof module->type, type);
    return module;
}

/* Returns: where the next one goes */
uint32_t
modules_end(const Modules *self)
{
    uint32_t end = 0;

    for (uint32_t i = 0; i < self->n; i++) {
        const Module *module = &self->modules[i];
        if (module->address + module->size > end)
            end = module->address + module->size;
    }
    return next_page(end);
}

/* "name=value" and a NUL for each variable, one more NUL at the end. */
static uint32_t
put_environment(uint32_t address)
{
    char *at = memory_at(address);
    const EnvVariable *variable;

    for (uint32_t i = 0; (variable = env_at(i)) != NULL; i++) {
        uint32_t size = strlen(variable->name) + 1 + strlen(variable->value) + 1;
        text_print(at, size, "%s=%s", variable->name, variable->value);
        at += size;
    }
    *at++ = '\0';
    return address_of(at);
}

static uint32_t
put_record(uint32_t address, uint32_t tag, const void *bytes, uint32_t size)
{
    uint8_t *at = memory_at(address);

    memcpy(at, &tag, sizeof tag);
    memcpy(at + 4, &size, sizeof size);
    memset(at + 8, 0, (size + 3) & ~3u);
    memcpy(at + 8, bytes, size);
    return address + 8 + ((size + 3) & ~3u);
}

/* What only the kernel's entry has. @kernend: 0 when it is not known yet */
static uint32_t
put_kernel_metadata(
    const Modules *self, uint32_t at, uint32_t howto, uint32_t env, uint32_t kernend)
{
    const MemoryMap *map = memory_map();

    at = put_record(at, MODINFO_METADATA | MODINFOMD_ELFHDR, &self->kernel, sizeof self->kernel);
    at = put_record(at, MODINFO_METADATA | MODINFOMD_HOWTO, &howto, sizeof howto);
    at = put_record(at, MODINFO_METADATA | MODINFOMD_ENVP, &env, sizeof env);
    at = put_record(at, MODINFO_METADATA | MODINFOMD_KERNEND, &kernend, sizeof kernend);
    return put_record(at, MODINFO_METADATA | MODINFOMD_SMAP, map->ranges,
                      map->n * sizeof map->ranges[0]);
}

static uint32_t
put_list(const Modules *self, uint32_t at, uint32_t howto, uint32_t env, uint32_t kernend)
{
    for (uint32_t i = 0; i < self->n; i++) {
        const Module *module = &self->modules[i];
        at = put_record(at, MODINFO_NAME, module->name, strlen(module->name) + 1);
        at = put_record(at, MODINFO_TYPE, module->type, strlen(module->type) + 1);
        at = put_record(at, MODINFO_ADDR, &module->address, sizeof module->address);
        at = put_record(at, MODINFO_SIZE, &module->size, sizeof module->size);
        if (i == 0)
            at = put_kernel_metadata(self, at, howto, env, kernend);
    }
    return put_record(at, MODINFO_END, "", 0);
}

/* Returns: the first free byte behind it all, a page's start */
uint32_t
modules_put(const Modules *self, uint32_t howto, uint32_t *ret_env, uint32_t *ret_list)
{
    *ret_env = modules_end(self);
    *ret_list = next_page(put_environment(*ret_env));
    /* Its length does not depend on what it says. */
    uint32_t kernend = next_page(put_list(self, *ret_list, howto, *ret_env, 0));
    (void)put_list(self, *ret_list, howto, *ret_env, kernend);
    return kernend;
}
