/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reset-tcp PORT: resets the guest's TCP connections to that port, those of its kernel included, as
 * "ss -K" does; prints how many. For Linux in a guest, without libraries.
 */
#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TCP_STATE_ESTABLISHED 1

typedef struct {
    struct nlmsghdr header;
    struct inet_diag_req_v2 body;
} Request;

typedef struct {
    struct nlmsghdr header;
    struct nlmsgerr body;
} Reply;

/* Asks the kernel to reset one connection. Returns: whether it did */
static int
reset_connection(int netlink, const struct inet_diag_sockid *id)
{
    Request request = {
        .header = { .nlmsg_len = sizeof request,
                    .nlmsg_type = SOCK_DESTROY,
                    .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK },
        .body = { .sdiag_family = AF_INET,
                  .sdiag_protocol = IPPROTO_TCP,
                  .idiag_states = 1u << TCP_STATE_ESTABLISHED,
                  .id = *id },
    };
    Reply reply = { .header.nlmsg_type = NLMSG_DONE };

    if (send(netlink, &request, sizeof request, 0) != (ssize_t)sizeof request ||
        recv(netlink, &reply, sizeof reply, 0) < 0)
        return 0;
    return reply.header.nlmsg_type == NLMSG_ERROR && reply.body.error == 0;
}

/* Reads the connections from /proc/net/tcp, whose addresses are words of memory in hexadecimal. */
static int
reset_all(FILE *table, int netlink, unsigned port)
{
    char line[256];
    int count = 0;

    while (fgets(line, sizeof line, table) != NULL) {
        struct inet_diag_sockid id = { .idiag_cookie = { INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE } };
        unsigned source_port, target_port, state;

        if (sscanf(line, " %*d: %8x:%4x %8x:%4x %2x", &id.idiag_src[0], &source_port,
                   &id.idiag_dst[0], &target_port, &state) != 5 ||
            target_port != port || state != TCP_STATE_ESTABLISHED)
            continue;
        id.idiag_sport = htons((unsigned short)source_port);
        id.idiag_dport = htons((unsigned short)target_port);
        count += reset_connection(netlink, &id);
    }
    return count;
}

int
main(int argc, char **argv)
{
    FILE *table = fopen("/proc/net/tcp", "r");
    int netlink = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

    if (argc != 2 || table == NULL || netlink < 0) {
        perror("reset-tcp");
        return EXIT_FAILURE;
    }
    printf("%d\n", reset_all(table, netlink, (unsigned)strtoul(argv[1], NULL, 10)));
    fclose(table);
    close(netlink);
    return EXIT_SUCCESS;
}
