/* SPDX-License-Identifier: GPL-2.0-or-later */
/* With it, the C library's headers define recvfrom() themselves. */
#undef _FORTIFY_SOURCE

#include "tests/lan/outside.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define RESOLV_CONF "/etc/resolv.conf"
#define NAME_SERVER "192.0.2.53"

static struct {
    guint16 dns_port; /* of 192.0.2.53 */
    guint calls;      /* to any other address */
} outside;

/* Forgets the counted calls. */
void
outside_reset(void)
{
    outside.dns_port = 0;
    outside.calls = 0;
}

/* The host's name server listens on UDP @port of this program's. */
void
outside_set_dns_port(guint16 port)
{
    outside.dns_port = port;
}

/* Returns: calls to addresses that are not 192.0.2.1 and the name server's */
guint
outside_calls(void)
{
    return outside.calls;
}

/* ---- what is replaced ---- */

/* @ret: a pointer to a function */
static void
next_function(const char *name, gpointer ret)
{
    const gpointer function = dlsym(RTLD_NEXT, name);
    g_assert_nonnull(function);
    memcpy(ret, &function, sizeof function);
}

/* The address to use for @given; @copy holds it when it is another. */
static const struct sockaddr *
redirect(const struct sockaddr *given, struct sockaddr_in *copy)
{
    if (given == NULL || (given->sa_family != AF_INET && given->sa_family != AF_INET6))
        return given;
    memcpy(copy, given, given->sa_family == AF_INET ? sizeof *copy : 0);
    if (given->sa_family == AF_INET && copy->sin_addr.s_addr == inet_addr(NAME_SERVER))
        copy->sin_port = htons(outside.dns_port);
    else if (given->sa_family != AF_INET || ntohl(copy->sin_addr.s_addr) != ip4_get(OUTSIDE_IP))
        outside.calls++;
    if (given->sa_family != AF_INET || ntohl(copy->sin_addr.s_addr) >> 8 != 0xc00002)
        return given;
    copy->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return (const struct sockaddr *)(gconstpointer)copy;
}

int
connect(int fd, __CONST_SOCKADDR_ARG address, socklen_t len)
{
    int (*real)(int, const struct sockaddr *, socklen_t);
    struct sockaddr_in copy;

    next_function("connect", &real);
    return real(fd, redirect(address.__sockaddr__, &copy), len);
}

ssize_t
sendto(int fd, const void *bytes, size_t n, int flags, __CONST_SOCKADDR_ARG address, socklen_t len)
{
    ssize_t (*real)(int, const void *, size_t, int, const struct sockaddr *, socklen_t);
    struct sockaddr_in copy;

    next_function("sendto", &real);
    return real(fd, bytes, n, flags, redirect(address.__sockaddr__, &copy), len);
}

ssize_t
recvfrom(int fd,
         void *restrict bytes,
         size_t n,
         int flags,
         __SOCKADDR_ARG address,
         socklen_t *restrict len)
{
    ssize_t (*real)(int, void *, size_t, int, struct sockaddr *, socklen_t *);
    struct sockaddr_in *from = (struct sockaddr_in *)(gpointer)address.__sockaddr__;

    next_function("recvfrom", &real);
    ssize_t got = real(fd, bytes, n, flags, address.__sockaddr__, len);

    if (got < 0 || from == NULL || from->sin_family != AF_INET ||
        from->sin_addr.s_addr != htonl(INADDR_LOOPBACK))
        return got;
    from->sin_addr.s_addr = htonl(ip4_get(OUTSIDE_IP));
    if (outside.dns_port != 0 && from->sin_port == htons(outside.dns_port)) {
        from->sin_addr.s_addr = inet_addr(NAME_SERVER);
        from->sin_port = htons(53);
    }
    return got;
}

FILE *
fopen64(const char *restrict path, const char *restrict mode)
{
    static char resolv_conf[] = "nameserver " NAME_SERVER "\n";
    FILE *(*real)(const char *, const char *);

    next_function("fopen64", &real);
    if (g_str_equal(path, RESOLV_CONF))
        return fmemopen(resolv_conf, strlen(resolv_conf), "r");
    return real(path, mode);
}

/* ---- this program's sockets ---- */

Ip4Addr
outside_address(const char *text)
{
    Ip4Addr address;
    g_assert_cmpint(inet_pton(AF_INET, text, address.b), ==, 1);
    return address;
}

void
outside_address6(const char *text, guint8 ret[16])
{
    g_assert_cmpint(inet_pton(AF_INET6, text, ret), ==, 1);
}

/* Listens on one free port of all the host's IPv4 addresses. */
void
outside_listen(int *ret_tcp, int *ret_udp, guint16 *ret_port)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    struct sockaddr *any = (struct sockaddr *)&address;
    socklen_t len = sizeof address;

    *ret_tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    *ret_udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    g_assert_cmpint(bind(*ret_tcp, any, len), ==, 0);
    g_assert_cmpint(listen(*ret_tcp, 5), ==, 0);
    g_assert_cmpint(getsockname(*ret_tcp, any, &len), ==, 0);
    g_assert_cmpint(bind(*ret_udp, any, len), ==, 0);
    *ret_port = ntohs(address.sin_port);
}

/* Takes a datagram that must have come. Returns: its length */
gsize
outside_receive(int fd, void *dst, gsize cap, struct sockaddr_in *ret_from)
{
    socklen_t len = sizeof *ret_from;
    ssize_t n = recvfrom(fd, dst, cap, 0, (struct sockaddr *)ret_from, &len);
    g_assert_cmpint(n, >=, 0);
    return (gsize)n;
}

void
outside_answer(int fd, const void *bytes, gsize n, const struct sockaddr_in *to)
{
    const struct sockaddr *address = (const struct sockaddr *)to;
    g_assert_cmpint(sendto(fd, bytes, n, 0, address, sizeof *to), ==, (gssize)n);
}
