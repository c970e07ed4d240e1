/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Read requests of TFTP. */
#pragma once

#include "base/cursor.h"
#include "slirp-config/tftp-format.h"

#define TFTP_NAME_MAX 512 /* bytes of a file name in a request */

typedef struct {
    char name[TFTP_NAME_MAX + 1];
    guint blksize; /* 0: not asked for */
    gboolean tsize;
} TftpRequest;

/* Contents of an ERROR packet. */
typedef struct {
    guint16 code; /* TFTP error code */
    const char *text;
} TftpFailure;

gboolean tftp_request_parse(Cursor payload, TftpRequest *ret, TftpFailure *failure);
