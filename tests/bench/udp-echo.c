/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The floor of bench-nfs.py: `udp-echo SIZE` answers each datagram on a port of 127.0.0.1, which it
 * prints, with SIZE bytes that begin with the first four of the question. It does nothing else.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

int
main(int argc, char **argv)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    static char question[65536], answer[65536];
    size_t size = argc > 1 ? (size_t)strtoul(argv[1], NULL, 10) : 0;
    socklen_t len = sizeof address;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (size < 4 || size > sizeof answer || fd < 0 ||
        bind(fd, (const struct sockaddr *)&address, sizeof address) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) < 0)
        return 1;
    (void)printf("%u\n", ntohs(address.sin_port));
    (void)fflush(stdout);
    for (;;) {
        len = sizeof address;
        if (recvfrom(fd, question, sizeof question, 0, (struct sockaddr *)&address, &len) < 4)
            return 1;
        memcpy(answer, question, 4);
        (void)sendto(fd, answer, size, 0, (const struct sockaddr *)&address, len);
    }
}
