/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Read requests: names, modes and options as clients write them, and as none should. */
#include "slirp-config/tftp-request.h"
#include "tests/lan/rows.h"

#include <string.h>

/* What follows the opcode; '|' stands for NUL. */
typedef struct {
    const char *name;
    const char *text;
    gboolean good;
    const char *file;
    guint blksize;
    gboolean tsize;
} Row;

static const Row rows[] = {
    { "plain", "pxeboot|octet|", TRUE, "pxeboot", 0, FALSE },
    { "ipxe", "pxeboot|octet|blksize|1432|tsize|0|", TRUE, "pxeboot", 1432, TRUE },
    { "loader-12", "/boot/loader.rc|octet|tsize|0|blksize|1428|", TRUE, "/boot/loader.rc", 1428,
      TRUE },
    { "mode-in-capitals", "a|OCTET|", TRUE, "a", 0, FALSE },
    { "mode-mixed", "a|Octet|", TRUE, "a", 0, FALSE },
    { "netascii", "a|netascii|", FALSE, NULL, 0, FALSE },
    { "mail", "a|mail|", FALSE, NULL, 0, FALSE },
    { "mode-longer", "a|octets|", FALSE, NULL, 0, FALSE },
    { "mode-empty", "a||", FALSE, NULL, 0, FALSE },
    { "mode-of-16-bytes", "a|0123456789abcdef|", FALSE, NULL, 0, FALSE },
    { "mode-missing", "a|", FALSE, NULL, 0, FALSE },
    { "mode-without-nul", "a|octet", FALSE, NULL, 0, FALSE },
    { "name-without-nul", "a", FALSE, NULL, 0, FALSE },
    { "nothing", "", FALSE, NULL, 0, FALSE },
    { "name-empty", "|octet|", TRUE, "", 0, FALSE },
    { "options-in-capitals", "a|octet|BLKSIZE|512|TSIZE|0|", TRUE, "a", 512, TRUE },
    { "options-twice", "a|octet|blksize|512|blksize|1024|", TRUE, "a", 1024, FALSE },
    { "unknown-option", "a|octet|windowsize|16|blksize|512|", TRUE, "a", 512, FALSE },
    { "unknown-option-last", "a|octet|blksize|512|multicast||", TRUE, "a", 512, FALSE },
    { "value-missing", "a|octet|blksize|", TRUE, "a", 0, FALSE },
    { "value-without-nul", "a|octet|blksize|512", TRUE, "a", 0, FALSE },
    { "value-empty", "a|octet|blksize||tsize|0|", TRUE, "a", 0, TRUE },
    { "option-empty", "a|octet|||||blksize|512|", TRUE, "a", 512, FALSE },
    { "blksize-7", "a|octet|blksize|7|", TRUE, "a", 0, FALSE },
    { "blksize-8", "a|octet|blksize|8|", TRUE, "a", 8, FALSE },
    { "blksize-65464", "a|octet|blksize|65464|", TRUE, "a", 65464, FALSE },
    { "blksize-65465", "a|octet|blksize|65465|", TRUE, "a", 0, FALSE },
    { "blksize-negative", "a|octet|blksize|-512|", TRUE, "a", 0, FALSE },
    { "blksize-huge", "a|octet|blksize|99999999999999999999|", TRUE, "a", 0, FALSE },
    { "blksize-words", "a|octet|blksize|512k|", TRUE, "a", 0, FALSE },
    { "blksize-spaces", "a|octet|blksize| 512|", TRUE, "a", 0, FALSE },
    { "tsize-words", "a|octet|tsize|yes|", TRUE, "a", 0, FALSE },
    { "garbage-behind", "a|octet|\xff\xfe\x01", TRUE, "a", 0, FALSE },
    { "option-of-64-bytes-ends-the-list",
      "a|octet|0123456789012345678901234567890123456789012345678901234567890123|1|blksize|512|",
      TRUE, "a", 0, FALSE },
    { "name-with-odd-bytes", "\x01\xff ../%s|octet|", TRUE, "\x01\xff ../%s", 0, FALSE },
};

static GByteArray *
request_bytes(const char *text)
{
    GByteArray *bytes = g_byte_array_new();
    g_byte_array_append(bytes, (const guint8 *)text, (guint)strlen(text));
    for (guint i = 0; i < bytes->len; i++) {
        if (bytes->data[i] == '|')
            bytes->data[i] = '\0';
    }
    return bytes;
}

static void
test_row(gconstpointer data)
{
    const Row *row = data;
    g_autoptr(GByteArray) bytes = request_bytes(row->text);
    TftpRequest request = { .name = "untouched" };
    TftpFailure failure = { 0, NULL };

    g_assert_cmpint(tftp_request_parse(cursor_of(bytes->data, bytes->len), &request, &failure), ==,
                    row->good);
    if (!row->good) {
        g_assert_cmpuint(failure.code, ==, TFTP_ERR_ILLEGAL);
        g_assert_nonnull(failure.text);
        g_assert_cmpstr(request.name, ==, "untouched");
        return;
    }
    g_assert_cmpstr(request.name, ==, row->file);
    g_assert_cmpuint(request.blksize, ==, row->blksize);
    g_assert_cmpint(request.tsize, ==, row->tsize);
}

/* Names up to 512 bytes. */
static void
test_long_names(void)
{
    for (gsize len = 510; len < 516; len++) {
        g_autofree char *name = g_strnfill(len, 'n');
        g_autofree char *text = g_strconcat(name, "|octet|", NULL);
        g_autoptr(GByteArray) bytes = request_bytes(text);
        TftpRequest request;
        TftpFailure failure;
        gboolean good = tftp_request_parse(cursor_of(bytes->data, bytes->len), &request, &failure);
        g_assert_cmpint(good, ==, len <= TFTP_NAME_MAX);
        if (good)
            g_assert_cmpstr(request.name, ==, name);
    }
}

/* A prefix without the mode fails; later ones are the same request with fewer options. */
static void
test_truncated(void)
{
    g_autoptr(GByteArray) bytes = request_bytes("pxeboot|octet|blksize|1432|tsize|0|");

    for (gsize len = 0; len < bytes->len; len++) {
        g_autofree guint8 *prefix = g_memdup2(bytes->data, len);
        TftpRequest request;
        TftpFailure failure;
        gboolean good = tftp_request_parse(cursor_of(prefix, len), &request, &failure);
        g_assert_cmpint(good, ==, len >= strlen("pxeboot|octet|"));
        if (good) {
            g_assert_true(request.blksize == 0 || request.blksize == 1432);
            g_assert_false(request.tsize);
        }
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/tftp-request", rows, test_row);
    g_test_add_func("/tftp-request/long-names", test_long_names);
    g_test_add_func("/tftp-request/truncated", test_truncated);
    return g_test_run();
}
