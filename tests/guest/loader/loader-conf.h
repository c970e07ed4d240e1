/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text files, and the settings in those that are loader.conf. */
#pragma once

#include <stdint.h>

/* Gets each line, without its end, and its number from 1. */
typedef void (*LineFunc)(char *line, uint32_t number, void *data);

int32_t text_file_read(const char *path, LineFunc line, void *data);
void loader_conf_read_all(void);
void loader_conf_find_root(void);
