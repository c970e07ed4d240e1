/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The loader's variables, which the kernel gets all of. */
#pragma once

#include <stdint.h>

typedef struct {
    const char *name, *value;
} EnvVariable;

void env_set(const char *name, const char *value);
void env_set_text(const char *text, uint32_t len);
const char *env_get(const char *name);
const EnvVariable *env_at(uint32_t index);
