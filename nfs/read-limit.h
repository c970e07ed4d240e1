/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How much of a file one client gets in a reply over UDP. Replies that are larger than a frame go
 * in fragments, and FreeBSD's loaders of 12 and 13 lose all of those: their IP puts each fragment
 * before the earlier ones, and then finds the datagram not to begin at its beginning [libsa/ip.c:
 * ip_reasm_add; seen with 12.2]. Later ones do take them, which saves two of three round trips, and
 * ask for them in the same words.
 *
 * Theory of operation: a client is found out by its first large READ, at no cost in time. It is
 * answered twice, in full, and with what fits a frame. Who has taken the fragments drops the second
 * answer, whose xid is done with, and reads on behind the first; who has not, behind the second.
 * From then on one answer is enough. NFSv3 lets a server answer less than was asked for (RFC 1813
 * §3.3.6); version 2 does not, and its clients are not asked.
 *
 * A READ that is asked again, with the same xid, is answered with what fits a frame in any case.
 */
#pragma once

#include "images/vfs.h"

/* Bytes of data in the largest READ reply of version 3 that is one frame: an MTU of 1500 without
 * the headers of IP and UDP, 20 and 8, those of an RPC reply, 24, and status, attributes and
 * lengths, 104. */
#define NFS3_READ_UNFRAGMENTED 1344

/* A READ as it is asked. */
typedef struct {
    guint32 xid;
    VfsId id;
    guint64 offset;
    guint32 count; /* bytes; 0: no READ */
} ReadLimitCall;

/* What is known of one client; all zero at first. */
typedef struct {
    ReadLimitCall last; /* the last READ that was answered in full */
    guint32 given;      /* bytes in that answer */
    gboolean shortened; /* it was answered with what fits a frame, too */
    gboolean doubtful;  /* and should be, now */
    gboolean taken;     /* the client has taken an answer in fragments */
    guint32 lost;       /* it has lost the answer to a READ of that many bytes */
} ReadLimit;

guint32 read_limit_count(ReadLimit *self, const ReadLimitCall *call);
void read_limit_answered(ReadLimit *self, const ReadLimitCall *call, guint32 given);
gboolean read_limit_is_doubtful(const ReadLimit *self);
