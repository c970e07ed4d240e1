/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The client of bench-nfs.py: asks an NFS server on 127.0.0.1 the same thing over and over, and
 * prints what that took.
 *
 *     nfs-load echo PORT CALLS                              the floor: udp-echo
 *     nfs-load udp PORT MOUNT-PORT DIRECTORY FILE COUNT CALLS
 *     nfs-load tcp PORT MOUNT-PORT DIRECTORY FILE COUNT CALLS CONNECTIONS DEPTH
 *
 * COUNT is that of READ, from offsets one behind the other in the first 4 MiB; 0 stands for
 * GETATTR. UDP is lock-step, and the median of all calls is told; TCP has DEPTH calls under way on
 * each connection. Prints median nanoseconds (UDP), seconds, bytes of results.
 */
#include "base/buf.h"
#include "base/cursor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define FILE_SIZE       (4u << 20)
#define CONNECTIONS_MAX 64
#define REPLY_MAX       (1u << 20)
#define LAST_FRAGMENT   0x80000000u
#define ACCEPTED_HEADER 24

enum {
    NFS = 100003,
    MOUNT = 100005,
    MNT = 1,
    GETATTR = 1,
    LOOKUP = 3,
    READ = 6
};

typedef struct {
    guint8 bytes[64];
    guint32 len;
} Handle;

typedef struct {
    const char *directory, *file;
    guint16 port, mount_port;
    guint32 count;
    guint calls, connections, depth;
    Handle handle;
    guint32 asked; /* calls so far */
} Load;

static guint8 reply[REPLY_MAX];

static _Noreturn void
fail(const char *what)
{
    (void)fprintf(stderr, "nfs-load: %s: %s\n", what, g_strerror(errno));
    exit(1);
}

static gint64
now_ns(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (gint64)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int
connect_to(int type, guint16 port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
    const int yes = 1;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, type, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address) < 0)
        fail("connect");
    if (type == SOCK_STREAM)
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    return fd;
}

/* ---- calls ---- */

/* Starts a call with AUTH_SYS of root, behind four bytes for a mark. */
static Buf
call_begin(guint8 *memory, gsize cap, guint32 prog, guint32 proc)
{
    const guint32 words[] = { 0, 0, 0, 2, prog, 3, proc, 1, 20, 0, 0, 0, 0, 0, 0, 0 };
    Buf call = buf_of(memory, cap, 0);

    for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
        buf_be32(&call, words[i]);
    return call;
}

static void
put_opaque(Buf *call, const void *bytes, gsize len)
{
    buf_be32(call, (guint32)len);
    buf_bytes(call, bytes, len);
    buf_zeros(call, -len & 3);
}

/* One call over UDP. Returns: its results behind a status of 0 */
static Cursor
ask(int fd, Buf *call)
{
    if (send(fd, buf_data(call) + 4, buf_len(call) - 4, 0) < 0)
        fail("send");
    ssize_t n = recv(fd, reply, sizeof reply, 0);
    Cursor results = cursor_of(reply, n > 0 ? (gsize)n : 0);
    cursor_skip(&results, ACCEPTED_HEADER - 4);
    if (cursor_be32(&results) != 0 || cursor_be32(&results) != 0 || !cursor_ok(&results))
        fail("a call was refused");
    return results;
}

static Handle
take_handle(Cursor *results)
{
    Handle handle = { .len = cursor_be32(results) };
    const guint8 *bytes = cursor_take(results, handle.len);

    if (bytes == NULL || handle.len > sizeof handle.bytes)
        fail("no handle");
    memcpy(handle.bytes, bytes, handle.len);
    return handle;
}

static void
load_find_file(Load *self)
{
    guint8 memory[2048];
    int mount = connect_to(SOCK_DGRAM, self->mount_port), nfs = connect_to(SOCK_DGRAM, self->port);

    Buf call = call_begin(memory, sizeof memory, MOUNT, MNT);
    put_opaque(&call, self->directory, strlen(self->directory));
    Cursor results = ask(mount, &call);
    Handle directory = take_handle(&results);
    call = call_begin(memory, sizeof memory, NFS, LOOKUP);
    put_opaque(&call, directory.bytes, directory.len);
    put_opaque(&call, self->file, strlen(self->file));
    results = ask(nfs, &call);
    self->handle = take_handle(&results);
    (void)close(mount);
    (void)close(nfs);
}

/* The next call of the load. */
static Buf
load_call(Load *self, guint8 *memory, gsize cap)
{
    Buf call = call_begin(memory, cap, NFS, self->count > 0 ? READ : GETATTR);

    put_opaque(&call, self->handle.bytes, self->handle.len);
    if (self->count > 0) {
        buf_be64(&call, (guint64)self->asked * self->count % FILE_SIZE);
        buf_be32(&call, self->count);
    }
    buf_patch_be32(&call, 0, LAST_FRAGMENT | (guint32)(buf_len(&call) - 4));
    buf_patch_be32(&call, 4, ++self->asked);
    return call;
}

/* ---- UDP, in lock-step ---- */

static int
compare(const void *a, const void *b)
{
    guint32 left = *(const guint32 *)a, right = *(const guint32 *)b;
    return left < right ? -1 : left > right;
}

static void
load_udp(Load *self)
{
    guint8 memory[2048];
    g_autofree guint32 *took = g_new(guint32, self->calls);
    int fd = connect_to(SOCK_DGRAM, self->port);
    gint64 begin = now_ns(), bytes = 0;

    for (guint i = 0; i < self->calls; i++) {
        Buf call = load_call(self, memory, sizeof memory);
        gint64 before = now_ns();
        if (send(fd, buf_data(&call) + 4, buf_len(&call) - 4, 0) < 0)
            fail("send");
        ssize_t n = recv(fd, reply, sizeof reply, 0);
        took[i] = (guint32)(now_ns() - before);
        if (n < 4 || memcmp(reply, buf_data(&call) + 4, 4) != 0)
            fail("a reply is wrong");
        bytes += n;
    }
    gint64 all = now_ns() - begin;
    qsort(took, self->calls, sizeof *took, compare);
    (void)printf("%u %.6f %" G_GINT64_FORMAT "\n", took[self->calls / 2], (double)all / 1e9, bytes);
    (void)close(fd);
}

/* ---- TCP, with calls under way ---- */

static void
stream_send(Load *self, int fd)
{
    guint8 memory[2048];
    Buf call = load_call(self, memory, sizeof memory);

    if (send(fd, buf_data(&call), buf_len(&call), MSG_NOSIGNAL) != (ssize_t)buf_len(&call))
        fail("send");
}

static void
stream_receive(int fd, gsize len)
{
    for (gsize got = 0; got < len;) {
        ssize_t n = recv(fd, reply + got, len - got, 0);
        if (n <= 0)
            fail("recv");
        got += (gsize)n;
    }
}

/* Takes one reply. Returns: its bytes */
static gsize
stream_take(int fd)
{
    stream_receive(fd, 4);
    Cursor mark = cursor_of(reply, 4);
    gsize len = cursor_be32(&mark) & ~LAST_FRAGMENT;
    if (len < ACCEPTED_HEADER + 4 || len > sizeof reply)
        fail("a reply is wrong");
    stream_receive(fd, len);
    Cursor status = cursor_of(reply + ACCEPTED_HEADER - 4, 8);
    if (cursor_be64(&status) != 0)
        fail("a call was refused");
    return len;
}

static void
load_tcp(Load *self)
{
    int fds[CONNECTIONS_MAX];
    gint64 begin = now_ns(), bytes = 0;

    for (guint i = 0; i < self->connections; i++)
        fds[i] = connect_to(SOCK_STREAM, self->port);
    for (guint i = 0; i < self->connections * self->depth; i++)
        stream_send(self, fds[i % self->connections]);
    for (guint i = 0; i < self->calls; i++) {
        bytes += (gint64)stream_take(fds[i % self->connections]);
        if (self->asked < self->calls)
            stream_send(self, fds[i % self->connections]);
    }
    (void)printf("0 %.6f %" G_GINT64_FORMAT "\n", (double)(now_ns() - begin) / 1e9, bytes);
    for (guint i = 0; i < self->connections; i++)
        (void)close(fds[i]);
}

int
main(int argc, char **argv)
{
    guint n[8] = { 0 };

    for (int i = 2; i < argc && i < 10; i++)
        n[i - 2] = (guint)strtoul(argv[i], NULL, 10);
    if (argc == 4 && g_str_equal(argv[1], "echo")) {
        Load load = { .port = (guint16)n[0], .calls = n[1] };
        load_udp(&load);
        return 0;
    }
    gboolean tcp = argc == 10 && g_str_equal(argv[1], "tcp");
    if (!tcp && (argc != 8 || !g_str_equal(argv[1], "udp")))
        return 2;
    Load load = { .port = (guint16)n[0],
                  .mount_port = (guint16)n[1],
                  .directory = argv[4],
                  .file = argv[5],
                  .count = n[4],
                  .calls = n[5],
                  .connections = n[6],
                  .depth = n[7] };
    if (load.connections > CONNECTIONS_MAX || load.calls < load.connections * load.depth)
        return 2;
    load_find_file(&load);
    if (tcp)
        load_tcp(&load);
    else
        load_udp(&load);
    return 0;
}
