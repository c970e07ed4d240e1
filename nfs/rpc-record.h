/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Record marking: RPC messages on a byte stream. Source: RFC 5531 §11. */
#pragma once

#include "base/buf.h"
#include "base/cursor.h"

#define RPC_RECORD_MARK 4 /* bytes in front of a fragment: last-fragment bit, 31 bits of length */

/* The largest record that is taken in, in bytes. The largest honest one is a WRITE, which is
 * refused whole, of as much as FSINFO allows. */
#define RPC_RECORD_MAX (68u << 10)

typedef enum {
    RPC_RECORD_WHOLE, /* a record is there */
    RPC_RECORD_MORE,  /* all bytes were taken, and more must come */
    RPC_RECORD_BAD,   /* a record that is too large: the stream cannot go on */
} RpcRecordStatus;

/* What of a record has come so far; all zero at first. Allocates only for a record that comes in
 * pieces. */
typedef struct {
    guint8 mark[RPC_RECORD_MARK];
    guint mark_len;        /* bytes of the next mark that are there */
    guint32 fragment_left; /* bytes of the current fragment that are not */
    gboolean in_fragment, last;
    GByteArray *record; /* (nullable): the record's earlier pieces */
    gboolean given;     /* @record was handed out and is done with */
} RpcRecordReader;

RpcRecordStatus rpc_record_next(RpcRecordReader *self, Cursor *bytes, Cursor *ret_record);
void rpc_record_clear(RpcRecordReader *self);

void rpc_record_put_mark(Buf *reply, gsize mark_at);
