/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Takes a read request apart. */
#include "slirp-config/tftp-request.h"

#include <string.h>

/* Reads a NUL-terminated string of at most @cap - 1 bytes. */
static gboolean
get_string(Cursor *c, char *dst, gsize cap)
{
    const guint8 *nul = cursor_left(c) > 0 ? memchr(c->at, 0, cursor_left(c)) : NULL;
    if (nul == NULL || (gsize)(nul - c->at) >= cap)
        return FALSE;
    gsize len = (gsize)(nul - c->at) + 1;
    memcpy(dst, cursor_take(c, len), len);
    return TRUE;
}

/* Options that are unknown, or make no sense, are ignored, as RFC 2347 wants. */
static void
request_option(TftpRequest *request, const char *name, const char *value)
{
    guint64 number = 0;
    gboolean is_number = g_ascii_string_to_unsigned(value, 10, 0, G_MAXUINT32, &number, NULL);

    if (g_ascii_strcasecmp(name, "blksize") == 0 && is_number && number >= TFTP_BLKSIZE_MIN &&
        number <= TFTP_BLKSIZE_MAX)
        request->blksize = (guint)number;
    else if (g_ascii_strcasecmp(name, "tsize") == 0 && is_number)
        request->tsize = TRUE;
}

/**
 * tftp_request_parse:
 * @payload: what follows the opcode of an RRQ
 * @ret: (out): the request
 * @failure: (out): when FALSE is returned: the answer
 *
 * Source: RFC 1350 §5, RFC 2347, RFC 2348 (blksize), RFC 2349 (tsize)
 **/
gboolean
tftp_request_parse(Cursor payload, TftpRequest *ret, TftpFailure *failure)
{
    TftpRequest request = { .blksize = 0 };
    char mode[16], name[64], value[64];

    *failure = (TftpFailure){ TFTP_ERR_ILLEGAL, "malformed request" };
    if (!get_string(&payload, request.name, sizeof request.name) ||
        !get_string(&payload, mode, sizeof mode))
        return FALSE;
    if (g_ascii_strcasecmp(mode, "octet") != 0) {
        failure->text = "only octet mode is supported";
        return FALSE;
    }
    while (get_string(&payload, name, sizeof name) && get_string(&payload, value, sizeof value))
        request_option(&request, name, value);
    *ret = request;
    return TRUE;
}
