/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nfs/rpc-record.h"
#include "slirp-config/rpc-streams.h"
#include "tests/lan/nfs-rig.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- a client on a socketpair ---- */

typedef struct {
    NfsRig nfs;
    RpcStreams *streams;
    int fd; /* the client's */
} Rig;

static int
rig_connect(Rig *self)
{
    int pair[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), ==,
                    0);
    rpc_streams_add(self->streams, pair[0]);
    return pair[1];
}

static void
rig_init(Rig *self)
{
    nfs_rig_init(&self->nfs);
    self->streams = rpc_streams_new(&self->nfs.server.rpc, NULL);
    self->fd = rig_connect(self);
}

static void
rig_clear(Rig *self)
{
    if (self->fd >= 0)
        (void)close(self->fd);
    rpc_streams_free(self->streams);
    nfs_rig_clear(&self->nfs);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Rig, rig_clear)

/* Lets the server do all that it can. Returns: whether it did anything */
static gboolean
settle(void)
{
    gboolean any = FALSE;
    while (g_main_context_iteration(NULL, FALSE))
        any = TRUE;
    return any;
}

/* A READ of @count bytes of the kernel as one record. */
static GByteArray *
read_call(Rig *self, guint32 offset, guint32 count)
{
    NfsHandle kernel = nfs_rig_handle(&self->nfs, 3, "/boot/kernel/kernel");
    Buf *call = nfs_rig_begin_on(&self->nfs, 3, 6, &kernel);
    GByteArray *record = g_byte_array_new();

    buf_be32(call, 0);
    buf_be32(call, offset);
    buf_be32(call, count);
    be32 mark = be32_of(0x80000000u | (guint32)buf_len(call));
    g_byte_array_append(record, mark.b, sizeof mark.b);
    g_byte_array_append(record, buf_data(call), (guint)buf_len(call));
    return record;
}

static void
client_send(int fd, const guint8 *bytes, gsize len)
{
    g_assert_true(send(fd, bytes, len, MSG_NOSIGNAL) == (gssize)len);
}

/* Reads exactly @len bytes, letting the server work when there are none. */
static void
client_receive(int fd, guint8 *bytes, gsize len)
{
    while (len > 0) {
        ssize_t n = recv(fd, bytes, len, 0);
        if (n < 0 && errno == EAGAIN) {
            g_assert_true(settle());
            continue;
        }
        g_assert_cmpint(n, >, 0);
        bytes += n;
        len -= (gsize)n;
    }
}

/* Receives a reply to a READ and checks its data. */
static void
check_read_reply(int fd, guint32 offset, guint32 count)
{
    guint8 mark[4];
    g_autoptr(GBytes) file = row_pattern_bytes(100000, 100000);
    const guint8 *want = (const guint8 *)g_bytes_get_data(file, NULL) + offset;

    client_receive(fd, mark, sizeof mark);
    Cursor c = cursor_of(mark, sizeof mark);
    guint32 len = cursor_be32(&c) & 0x7fffffffu;
    g_assert_cmpuint(len, <, 100000);
    g_autofree guint8 *reply = g_malloc(len);
    client_receive(fd, reply, len);
    c = cursor_of(reply, len);
    cursor_skip(&c, RPC_REPLY_HEADER);
    g_assert_cmpuint(cursor_be32(&c), ==, 0);
    (void)nfs_rig_take_post_op(&c);
    g_assert_cmpuint(cursor_be32(&c), ==, count);
    cursor_skip(&c, 4);
    g_assert_cmpuint(cursor_be32(&c), ==, count);
    ROW_CMPMEM(cursor_take(&c, count), count, want, count);
}

static gboolean
client_is_closed(int fd)
{
    guint8 byte;
    (void)settle();
    return recv(fd, &byte, 1, 0) == 0;
}

/* ---- tests ---- */

static void
test_one(void)
{
    g_auto(Rig) rig;
    rig_init(&rig);
    g_autoptr(GByteArray) call = read_call(&rig, 1000, 1024);

    client_send(rig.fd, call->data, call->len);
    check_read_reply(rig.fd, 1000, 1024);
}

static void
test_byte_by_byte(void)
{
    g_auto(Rig) rig;
    rig_init(&rig);
    g_autoptr(GByteArray) call = read_call(&rig, 0, 10);

    for (guint i = 0; i < call->len; i++) {
        client_send(rig.fd, call->data + i, 1);
        (void)settle();
    }
    check_read_reply(rig.fd, 0, 10);
}

/* Many calls at once, large replies, and a client that reads nothing until all are sent: the server
 * stops, holds no more than it may, and goes on when the client reads. */
static void
test_slow_reader(void)
{
    const guint calls = 500;
    g_auto(Rig) rig;
    rig_init(&rig);
    g_autoptr(GByteArray) call = read_call(&rig, 5, 32768);
    guint sent = 0, received = 0;

    while (sent < calls && send(rig.fd, call->data, call->len, MSG_NOSIGNAL) == call->len) {
        sent++;
        (void)settle();
    }
    g_assert_cmpuint(sent, >, 20);
    while (received < sent) {
        check_read_reply(rig.fd, 5, 32768);
        received++;
    }
    g_assert_false(settle());
    g_assert_cmpuint(rpc_streams_count(rig.streams), ==, 1);
}

/* A client that sends all that it has and shuts down its half still gets every reply. */
static void
test_half_closed(void)
{
    g_auto(Rig) rig;
    rig_init(&rig);
    g_autoptr(GByteArray) call = read_call(&rig, 0, 32768);

    for (guint i = 0; i < 40; i++)
        client_send(rig.fd, call->data, call->len);
    (void)shutdown(rig.fd, SHUT_WR);
    for (guint i = 0; i < 40; i++)
        check_read_reply(rig.fd, 0, 32768);
    g_assert_true(client_is_closed(rig.fd));
    g_assert_cmpuint(rpc_streams_count(rig.streams), ==, 0);
}

typedef struct {
    const char *name;
    const char *bytes;
    gsize len;
} GarbageRow;

static const GarbageRow garbage_rows[] = {
    { "http", "GET / HTTP/1.1\r\n\r\n", 18 },
    { "two-gibibytes", "\xff\xff\xff\xff", 4 },
    { "two-gibibytes-not-last", "\x7f\xff\xff\xff", 4 },
    { "one-more-than-the-largest", "\x80\x01\x10\1", 4 },
    { "empty-record", "\x80\0\0\0", 4 },
    { "a-reply", "\x80\0\0\xc\0\0\0\1\0\0\0\1\0\0\0\2", 16 },
};

static const GarbageRow unfinished_rows[] = {
    { "nothing", "", 0 },
    { "half-a-mark", "\x80\0", 2 },
    { "a-mark", "\x80\0\0\x40", 4 },
    { "largest-record-announced", "\x80\x01\x10\0\0\0\0\1", 8 },
    { "empty-fragments", "\0\0\0\0\0\0\0\0\0\0\0\0", 12 },
};

/* What is no RPC ends the connection; what came before it is answered. */
static void
test_garbage_row(gconstpointer data)
{
    const GarbageRow *row = data;
    g_auto(Rig) rig;
    rig_init(&rig);
    g_autoptr(GByteArray) bytes = read_call(&rig, 7, 100);

    g_byte_array_append(bytes, (const guint8 *)row->bytes, (guint)row->len);
    client_send(rig.fd, bytes->data, bytes->len);
    check_read_reply(rig.fd, 7, 100);
    g_assert_true(client_is_closed(rig.fd));
    g_assert_cmpuint(rpc_streams_count(rig.streams), ==, 0);
}

/* What never becomes a call: it holds no memory for what was announced, nor anybody else up. */
static void
test_unfinished_row(gconstpointer data)
{
    const GarbageRow *row = data;
    g_auto(Rig) rig;
    rig_init(&rig);
    g_autoptr(GByteArray) call = read_call(&rig, 9, 900);
    int other = rig_connect(&rig);

    client_send(other, (const guint8 *)row->bytes, row->len);
    (void)settle();
    g_assert_cmpuint(rpc_streams_count(rig.streams), ==, 2);
    client_send(rig.fd, call->data, call->len);
    check_read_reply(rig.fd, 9, 900);
    (void)close(other);
    (void)settle();
    g_assert_cmpuint(rpc_streams_count(rig.streams), ==, 1);
}

/* Fragments that never come to a last one: closed at the limit of a record. */
static void
test_endless_fragments(void)
{
    static const guint8 fragment[4 + 1000] = { 0, 0, 1000 >> 8, 1000 & 0xff };
    g_auto(Rig) rig;
    rig_init(&rig);
    gsize fed = 0;

    while (send(rig.fd, fragment, sizeof fragment, MSG_NOSIGNAL) == sizeof fragment) {
        fed += 1000;
        g_assert_cmpuint(fed, <=, RPC_RECORD_MAX + 1000);
        (void)settle();
    }
    g_assert_cmpint(errno, ==, EPIPE);
    g_assert_cmpuint(rpc_streams_count(rig.streams), ==, 0);
}

/* A call in fragments of one byte, all sent at once. */
static void
test_fragments_of_one_byte(void)
{
    g_auto(Rig) rig;
    rig_init(&rig);
    g_autoptr(GByteArray) call = read_call(&rig, 11, 700), bytes = g_byte_array_new();

    for (guint i = 4; i < call->len; i++) {
        const guint8 fragment[] = { i + 1 == call->len ? 0x80 : 0, 0, 0, 1, call->data[i] };
        g_byte_array_append(bytes, fragment, sizeof fragment);
    }
    client_send(rig.fd, bytes->data, bytes->len);
    check_read_reply(rig.fd, 11, 700);
}

static void
test_cut_off(void)
{
    g_auto(Rig) rig;
    rig_init(&rig);
    g_autoptr(GByteArray) call = read_call(&rig, 0, 32768);

    for (guint i = 0; i < 30; i++)
        client_send(rig.fd, call->data, call->len);
    client_send(rig.fd, call->data, call->len / 2);
    (void)settle();
    (void)close(rig.fd);
    rig.fd = -1;
    (void)settle();
    g_assert_cmpuint(rpc_streams_count(rig.streams), ==, 0);
}

/* The place of the connection that was silent longest is taken, not that of one in use. */
static void
test_full_table(void)
{
    int fds[RPC_STREAMS_MAX];
    g_auto(Rig) rig;
    rig_init(&rig);
    g_autoptr(GByteArray) call = read_call(&rig, 3, 30);

    for (guint i = 0; i < RPC_STREAMS_MAX - 1; i++)
        fds[i] = rig_connect(&rig);
    g_assert_cmpuint(rpc_streams_count(rig.streams), ==, RPC_STREAMS_MAX);
    client_send(rig.fd, call->data, call->len);
    check_read_reply(rig.fd, 3, 30);
    fds[RPC_STREAMS_MAX - 1] = rig_connect(&rig);
    g_assert_cmpuint(rpc_streams_count(rig.streams), ==, RPC_STREAMS_MAX);
    g_assert_true(client_is_closed(fds[0]));
    client_send(rig.fd, call->data, call->len);
    check_read_reply(rig.fd, 3, 30);
    for (guint i = 0; i < RPC_STREAMS_MAX; i++)
        (void)close(fds[i]);
    (void)settle();
    g_assert_cmpuint(rpc_streams_count(rig.streams), ==, 1);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rpc-streams/one", test_one);
    g_test_add_func("/rpc-streams/byte-by-byte", test_byte_by_byte);
    g_test_add_func("/rpc-streams/slow-reader", test_slow_reader);
    g_test_add_func("/rpc-streams/half-closed", test_half_closed);
    ROWS_ADD("/rpc-streams/garbage", garbage_rows, test_garbage_row);
    ROWS_ADD("/rpc-streams/unfinished", unfinished_rows, test_unfinished_row);
    g_test_add_func("/rpc-streams/endless-fragments", test_endless_fragments);
    g_test_add_func("/rpc-streams/fragments-of-one-byte", test_fragments_of_one_byte);
    g_test_add_func("/rpc-streams/cut-off", test_cut_off);
    g_test_add_func("/rpc-streams/full-table", test_full_table);
    return g_test_run();
}
