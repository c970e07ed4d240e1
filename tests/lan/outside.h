/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's network for tests of the way outside. connect(), sendto(), recvfrom() and the reading
 * of /etc/resolv.conf are replaced for the whole program, libslirp included: 192.0.2.1 (a network
 * for documentation, RFC 5737) is this program's own sockets, 192.0.2.53 the host's name server,
 * and calls to any other address are counted.
 */
#pragma once

#include "base/bytes.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#define OUTSIDE_IP ip4_of(0xc0000201)

void outside_reset(void);
void outside_set_dns_port(guint16 port);
guint outside_calls(void);

Ip4Addr outside_address(const char *text);
void outside_address6(const char *text, guint8 ret[16]);

void outside_listen(int *ret_tcp, int *ret_udp, guint16 *ret_port);
gsize outside_receive(int fd, void *dst, gsize cap, struct sockaddr_in *ret_from);
void outside_answer(int fd, const void *bytes, gsize n, const struct sockaddr_in *to);
