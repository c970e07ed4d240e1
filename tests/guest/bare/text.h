/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The few functions of <string.h> and <stdio.h> that the guests need; there is no C library. */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The compiler itself calls these. */
void *memcpy(void *to, const void *from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *text);

int text_compare(const char *a, const char *b);
bool text_equal(const char *a, const char *b);
bool text_starts(const char *text, const char *start);
bool text_ends(const char *text, const char *end);
const char *text_find(const char *text, char c);
void text_copy(char *to, size_t size, const char *from);
bool text_number(const char *text, uint32_t base, uint32_t *ret);

typedef void (*TextPut)(char c, void *data);

void text_format(TextPut put, void *data, const char *format, va_list args);
void text_print(char *to, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
