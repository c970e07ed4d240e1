/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sorted by name, as in FreeBSD's loader [libsa/environment.c]. Old values stay in the store. */
#include "tests/guest/loader/environment.h"

#include "tests/guest/bare/text.h"
#include "tests/guest/loader/console.h"

#define VARIABLES_MAX 256
#define STORE_SIZE    32768

static EnvVariable env_variables[VARIABLES_MAX];
static uint32_t env_n;
static char env_store[STORE_SIZE];
static uint32_t env_used;

static const char *
env_keep(const char *text)
{
    uint32_t size = strlen(text) + 1;

    if (size > STORE_SIZE - env_used)
        fail("no room for more variables");
    char *copy = env_store + env_used;
    memcpy(copy, text, size);
    env_used += size;
    return copy;
}

void
env_set(const char *name, const char *value)
{
    uint32_t at = 0;

    while (at < env_n && text_compare(env_variables[at].name, name) < 0)
        at++;
    if (at < env_n && text_equal(env_variables[at].name, name)) {
        if (!text_equal(env_variables[at].value, value))
            env_variables[at].value = env_keep(value);
        return;
    }
    if (env_n == VARIABLES_MAX)
        fail("more than %d variables", VARIABLES_MAX);
    memmove(&env_variables[at + 1], &env_variables[at], (env_n - at) * sizeof env_variables[0]);
    env_variables[at] = (EnvVariable){ env_keep(name), env_keep(value) };
    env_n++;
}

/* Sets what "name=value" of @len bytes says; text without "=" sets nothing. */
void
env_set_text(const char *text, uint32_t len)
{
    char copy[256];

    if (len >= sizeof copy)
        fail("a variable of %u bytes", len);
    memcpy(copy, text, len);
    copy[len] = '\0';
    char *equals = copy + strlen(copy);
    for (char *p = copy; *p != '\0'; p++) {
        if (*p == '=') {
            equals = p;
            break;
        }
    }
    if (*equals == '\0' || equals == copy)
        return;
    *equals = '\0';
    env_set(copy, equals + 1);
}

/* Returns: (nullable): the value */
const char *
env_get(const char *name)
{
    for (uint32_t i = 0; i < env_n; i++) {
        if (text_equal(env_variables[i].name, name))
            return env_variables[i].value;
    }
    return NULL;
}

/* Returns: (nullable): the variable at @index, in the order of the names */
const EnvVariable *
env_at(uint32_t index)
{
    return index < env_n ? &env_variables[index] : NULL;
}
