/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers of TFTP. Source: RFC 1350 §5, RFC 2347. */
#pragma once

enum {
    TFTP_RRQ = 1,
    TFTP_WRQ = 2,
    TFTP_DATA = 3,
    TFTP_ACK = 4,
    TFTP_ERROR = 5,
    TFTP_OACK = 6,
};

enum {
    TFTP_ERR_UNDEFINED = 0,
    TFTP_ERR_NOT_FOUND = 1,
    TFTP_ERR_ACCESS = 2,
    TFTP_ERR_FULL = 3,
    TFTP_ERR_ILLEGAL = 4,
};

#define TFTP_BLKSIZE_DEFAULT 512
#define TFTP_BLKSIZE_MIN     8     /* RFC 2348 */
#define TFTP_BLKSIZE_MAX     65464 /* RFC 2348; libslirp lowers it to 1428 */
