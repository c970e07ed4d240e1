/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text without a C library: %s %c %d %u %x %%, with a width, "0" and "-". The memory functions are
 * string instructions, which no compiler turns into calls of themselves.
 */
#include "tests/guest/bare/text.h"

void *
memcpy(void *to, const void *from, size_t n)
{
    void *at = to;
    __asm__ volatile("rep movsb" : "+D"(at), "+S"(from), "+c"(n) : : "memory");
    return to;
}

void *
memmove(void *to, const void *from, size_t n)
{
    if ((uintptr_t)to <= (uintptr_t)from || (uintptr_t)to >= (uintptr_t)from + n)
        return memcpy(to, from, n);
    char *at = (char *)to + n - 1;
    const char *last = (const char *)from + n - 1;
    __asm__ volatile("std; rep movsb; cld" : "+D"(at), "+S"(last), "+c"(n) : : "memory");
    return to;
}

void *
memset(void *to, int byte, size_t n)
{
    void *at = to;
    __asm__ volatile("rep stosb" : "+D"(at), "+c"(n) : "a"(byte) : "memory");
    return to;
}

int
memcmp(const void *a, const void *b, size_t n)
{
    const uint8_t *p = a, *q = b;

    for (; n > 0; n--, p++, q++) {
        if (*p != *q)
            return *p < *q ? -1 : 1;
    }
    return 0;
}

size_t
strlen(const char *text)
{
    const char *end = text;

    while (*end != '\0')
        end++;
    return (size_t)(end - text);
}

int
text_compare(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b)
        a++, b++;
    return (int)(uint8_t)*a - (int)(uint8_t)*b;
}

bool
text_equal(const char *a, const char *b)
{
    return text_compare(a, b) == 0;
}

bool
text_starts(const char *text, const char *start)
{
    return strlen(text) >= strlen(start) && memcmp(text, start, strlen(start)) == 0;
}

bool
text_ends(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);

    return len >= end_len && text_equal(text + len - end_len, end);
}

/* Returns: (nullable): where @c is first in @text */
const char *
text_find(const char *text, char c)
{
    for (; *text != '\0'; text++) {
        if (*text == c)
            return text;
    }
    return NULL;
}

/* Copies what fits into @size bytes, always with an end. */
void
text_copy(char *to, size_t size, const char *from)
{
    size_t len = strlen(from);

    if (len > size - 1)
        len = size - 1;
    memmove(to, from, len);
    to[len] = '\0';
}

static uint32_t
digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return (uint32_t)(c - '0');
    if (c >= 'a' && c <= 'f')
        return (uint32_t)(c - 'a' + 10);
    return UINT32_MAX;
}

/* Reads a whole number in @base, of small letters; FALSE when @text is anything else. */
bool
text_number(const char *text, uint32_t base, uint32_t *ret)
{
    uint32_t value = 0;

    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        uint32_t digit = digit_value(*text);
        if (digit >= base || value > (UINT32_MAX - digit) / base)
            return false;
        value = value * base + digit;
    }
    *ret = value;
    return true;
}

/* ---- format ---- */

typedef struct {
    uint32_t width;
    bool left, zeros;
} Field;

static void
put_field(TextPut put, void *data, const Field *field, const char *text, size_t len)
{
    size_t fill = field->width > len ? field->width - len : 0;

    for (size_t i = 0; i < fill && !field->left; i++)
        put(field->zeros ? '0' : ' ', data);
    for (size_t i = 0; i < len; i++)
        put(text[i], data);
    for (size_t i = 0; i < fill && field->left; i++)
        put(' ', data);
}

static void
put_number(
    TextPut put, void *data, const Field *field, uint32_t value, uint32_t base, bool negative)
{
    char digits[12];
    size_t at = sizeof digits;

    do {
        digits[--at] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    if (negative)
        digits[--at] = '-';
    put_field(put, data, field, digits + at, sizeof digits - at);
}

static const char *
read_field(const char *format, Field *ret)
{
    *ret = (Field){ 0 };
    for (; *format == '-' || *format == '0'; format++) {
        ret->left = ret->left || *format == '-';
        ret->zeros = ret->zeros || *format == '0';
    }
    for (; *format >= '0' && *format <= '9'; format++)
        ret->width = ret->width * 10 + (uint32_t)(*format - '0');
    return format;
}

void
text_format(TextPut put, void *data, const char *format, va_list args)
{
    Field field;

    for (; *format != '\0'; format++) {
        if (*format != '%') {
            put(*format, data);
            continue;
        }
        format = read_field(format + 1, &field);
        if (*format == 's') {
            const char *text = va_arg(args, const char *);
            put_field(put, data, &field, text, strlen(text));
        } else if (*format == 'c') {
            char c = (char)va_arg(args, int);
            put_field(put, data, &field, &c, 1);
        } else if (*format == 'd') {
            int value = va_arg(args, int);
            uint32_t size = value < 0 ? 0u - (uint32_t)value : (uint32_t)value;
            put_number(put, data, &field, size, 10, value < 0);
        } else if (*format == 'u') {
            put_number(put, data, &field, va_arg(args, uint32_t), 10, false);
        } else if (*format == 'x') {
            put_number(put, data, &field, va_arg(args, uint32_t), 16, false);
        } else {
            put(*format, data);
        }
    }
}

typedef struct {
    char *at;
    size_t left; /* besides the end */
} TextBuffer;

static void
put_to_buffer(char c, void *data)
{
    TextBuffer *buffer = data;

    if (buffer->left > 0) {
        *buffer->at++ = c;
        buffer->left--;
    }
}

/* As snprintf(), but for the result. */
void
text_print(char *to, size_t size, const char *format, ...)
{
    TextBuffer buffer = { to, size - 1 };
    va_list args;

    va_start(args, format);
    text_format(put_to_buffer, &buffer, format, args);
    va_end(args);
    *buffer.at = '\0';
}
