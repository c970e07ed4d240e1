/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theory of operation: a stream is fragments, each with its length in front; those up to one with
 * the last-fragment bit make up a record. In the usual case a record is one fragment and all there:
 * then it is handed out where it lies, without a copy. Else its pieces are gathered, up to
 * RPC_RECORD_MAX. A length is compared with what is still allowed before anything is set aside for
 * it, and memory grows with what has come, not with what was announced.
 */
#include "nfs/rpc-record.h"

#define LAST_FRAGMENT 0x80000000u

/* Reads the mark of the next fragment, which may come in pieces. Returns: whether it is complete */
static gboolean
reader_take_mark(RpcRecordReader *self, Cursor *bytes)
{
    while (self->mark_len < RPC_RECORD_MARK && cursor_left(bytes) > 0)
        self->mark[self->mark_len++] = cursor_u8(bytes);
    if (self->mark_len < RPC_RECORD_MARK)
        return FALSE;
    Cursor mark = cursor_of(self->mark, sizeof self->mark);
    guint32 word = cursor_be32(&mark);
    self->mark_len = 0;
    self->in_fragment = TRUE;
    self->last = (word & LAST_FRAGMENT) != 0;
    self->fragment_left = word & ~LAST_FRAGMENT;
    return TRUE;
}

static gsize
reader_gathered(const RpcRecordReader *self)
{
    return self->record != NULL ? self->record->len : 0;
}

static void
reader_gather(RpcRecordReader *self, Cursor *bytes)
{
    gsize n = MIN(self->fragment_left, cursor_left(bytes));

    if (n == 0)
        return;
    if (self->record == NULL)
        self->record = g_byte_array_new();
    g_byte_array_append(self->record, cursor_take(bytes, n), (guint)n);
    self->fragment_left -= (guint32)n;
}

/**
 * rpc_record_next:
 * @self: the reader of this stream
 * @bytes: what has come; what is taken is stepped over
 * @ret_record: (out): a whole record; good as long as @bytes' memory, and until the next call
 *
 * Returns: RPC_RECORD_WHOLE, and then it is to be called again with the rest of @bytes
 *
 * Source: RFC 5531 §11
 **/
RpcRecordStatus
rpc_record_next(RpcRecordReader *self, Cursor *bytes, Cursor *ret_record)
{
    if (self->given)
        rpc_record_clear(self);
    for (;;) {
        if (!self->in_fragment && !reader_take_mark(self, bytes))
            return RPC_RECORD_MORE;
        if (self->fragment_left > RPC_RECORD_MAX - reader_gathered(self))
            return RPC_RECORD_BAD;
        if (self->last && self->record == NULL && self->fragment_left <= cursor_left(bytes)) {
            *ret_record = cursor_sub(bytes, self->fragment_left);
            self->in_fragment = FALSE;
            return RPC_RECORD_WHOLE;
        }
        reader_gather(self, bytes);
        if (self->fragment_left > 0)
            return RPC_RECORD_MORE;
        self->in_fragment = FALSE;
        if (self->last) {
            *ret_record = cursor_of(self->record->data, self->record->len);
            self->given = TRUE;
            return RPC_RECORD_WHOLE;
        }
    }
}

/* Forgets what has come so far, and frees it. */
void
rpc_record_clear(RpcRecordReader *self)
{
    g_clear_pointer(&self->record, g_byte_array_unref);
    *self = (RpcRecordReader){ .mark_len = 0 };
}

/**
 * rpc_record_put_mark:
 * @reply: holds one reply behind RPC_RECORD_MARK bytes that were kept free at @mark_at
 * @mark_at: what buf_mark() said in front of these
 *
 * Makes the reply a record of one fragment.
 **/
void
rpc_record_put_mark(Buf *reply, gsize mark_at)
{
    gsize len = buf_mark(reply) - mark_at - RPC_RECORD_MARK;
    buf_patch_be32(reply, mark_at, LAST_FRAGMENT | (guint32)len);
}
