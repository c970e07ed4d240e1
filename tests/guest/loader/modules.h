/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What has been loaded for the kernel, and what it is told about it. */
#pragma once

#include "tests/guest/bare/elf.h"

#include <stdint.h>

#define MODULES_MAX 8

typedef struct {
    char name[256];
    char type[64];
    uint32_t address, size;
} Module;

typedef struct {
    Module modules[MODULES_MAX]; /* the kernel first */
    uint32_t n;
    ElfHeader kernel;
} Modules;

Module *modules_add(Modules *self, const char *name, const char *type);
uint32_t modules_end(const Modules *self);
uint32_t modules_put(const Modules *self, uint32_t howto, uint32_t *ret_env, uint32_t *ret_list);
