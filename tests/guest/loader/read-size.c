/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/guest/loader/read-size.h"

#include "tests/guest/bare/text.h"
#include "tests/guest/loader/environment.h"

#include <stddef.h>

#define READ_SIZE_DEFAULT 1024
#define READ_SIZE_MAX     16384

/* [libsa/nfs.c: set_nfs_read_size] */
uint32_t
read_size_by_variable(void)
{
    const char *text = env_get("nfs.read_size");
    uint32_t size;

    if (text == NULL || !text_number(text, 10, &size) || size < READ_SIZE_DEFAULT)
        return READ_SIZE_DEFAULT;
    return size < READ_SIZE_MAX ? size : READ_SIZE_MAX;
}
