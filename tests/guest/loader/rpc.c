/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * As libstand's rpc.c: credentials AUTH_UNIX of 20 bytes that are all zero, transaction numbers
 * from 1, a source port that counts down from 1023 with every file opened, port numbers asked of
 * the port mapper once. A reply must have an empty verifier and at least one word of results.
 */
#include "tests/guest/loader/rpc.h"

#include "tests/guest/loader/console.h"
#include "tests/guest/loader/dhcp.h"
#include "tests/guest/loader/errors.h"
#include "tests/guest/loader/udp.h"

#define RPC_VERSION      2
#define RPC_REPLY        1
#define RPC_AUTH_UNIX    1
#define RPC_AUTH_LEN     20
#define CALL_HEADER      (6 * 4 + 2 * 4 + RPC_AUTH_LEN + 2 * 4)
#define REPLY_HEADER     (6 * 4)
#define REPLY_SEEN       (4 * 4) /* what must be there before anything is looked at */
#define PORTMAP          100000
#define PORTMAP_VERSION  2
#define PORTMAP_GETPORT  3
#define PORTMAP_PORT     111
#define PORTMAP_CACHE    8
#define UDP_PROTOCOL     17
#define FIRST_PORT_AFTER 1024

static struct {
    uint32_t program, version;
    uint16_t port;
} rpc_ports[PORTMAP_CACHE];
static uint32_t rpc_n_ports;
static uint32_t rpc_xid;
static uint16_t rpc_port = FIRST_PORT_AFTER;
static uint8_t rpc_request[CALL_HEADER + sizeof(XdrOut)];
static uint8_t rpc_reply[UDP_PAYLOAD_MAX];

/* A file is about to be opened. */
void
rpc_next_port(void)
{
    rpc_port--;
}

/* The first tests of a reply; what fails them is as if it had not come. */
static bool
accept_reply(const uint8_t *reply, uint32_t len, void *data)
{
    (void)data;
    if (len <= REPLY_SEEN || be32_get(reply) != rpc_xid || be32_get(reply + 4) != RPC_REPLY)
        return false;
    if (be32_get(reply + 8) == 0)
        return true;
    console_print("   recvrpc: reject, astat=%u, errno=%u\n", be32_get(reply + 8),
                  be32_get(reply + 12));
    return false;
}

static uint32_t
build_call(uint32_t program, uint32_t version, uint32_t procedure, const XdrOut *arguments)
{
    uint8_t *at = rpc_request;
    const uint32_t words[] = { ++rpc_xid, 0, RPC_VERSION, program, version, procedure };

    memset(rpc_request, 0, CALL_HEADER);
    for (uint32_t i = 0; i < sizeof words / sizeof words[0]; i++, at += 4)
        be32_put(at, words[i]);
    be32_put(at, RPC_AUTH_UNIX);
    be32_put(at + 4, RPC_AUTH_LEN);
    memcpy(rpc_request + CALL_HEADER, arguments->bytes, arguments->len);
    return CALL_HEADER + arguments->len;
}

static int32_t
check_reply(uint32_t len, uint32_t program, uint32_t procedure)
{
    if (len <= REPLY_HEADER) {
        trouble("reply of %u bytes to program %u procedure %u, accept status %u", len, program,
                procedure, len == REPLY_HEADER ? be32_get(rpc_reply + 20) : 0);
        return -EBADRPC;
    }
    if (be32_get(rpc_reply + 16) != 0) {
        trouble("reply with a verifier of %u bytes", be32_get(rpc_reply + 16));
        return -EBADRPC;
    }
    if (be32_get(rpc_reply + 20) != 0) {
        console_print("   callrpc: error = %u\n", be32_get(rpc_reply + 20));
        trouble("program %u procedure %u: accept status %u", program, procedure,
                be32_get(rpc_reply + 20));
        return -EBADRPC;
    }
    return (int32_t)(len - REPLY_HEADER);
}

static int32_t
call_port(uint16_t port,
          uint32_t program,
          uint32_t version,
          uint32_t procedure,
          const XdrOut *arguments,
          uint32_t result_max)
{
    uint32_t len = build_call(program, version, procedure, arguments);
    uint32_t size = REPLY_HEADER + result_max;

    if (size > sizeof rpc_reply)
        size = sizeof rpc_reply;
    int32_t n = udp_exchange(dhcp_config.server, port, rpc_port, rpc_request, len, rpc_reply, size,
                             accept_reply, NULL);
    return n < 0 ? n : check_reply((uint32_t)n, program, procedure);
}

/* Returns: the UDP port; -errno */
static int32_t
find_port(uint32_t program, uint32_t version)
{
    XdrOut arguments = { 0 };

    for (uint32_t i = 0; i < rpc_n_ports; i++) {
        if (rpc_ports[i].program == program && rpc_ports[i].version == version)
            return rpc_ports[i].port;
    }
    xdr_word(&arguments, program);
    xdr_word(&arguments, version);
    xdr_word(&arguments, UDP_PROTOCOL);
    xdr_word(&arguments, 0);
    int32_t n = call_port(PORTMAP_PORT, PORTMAP, PORTMAP_VERSION, PORTMAP_GETPORT, &arguments, 4);
    if (n < 0)
        return n;
    uint32_t port = be32_get(rpc_reply + REPLY_HEADER);
    if (port == 0 || port > UINT16_MAX)
        fail("the port mapper says port %u for program %u version %u", port, program, version);
    if (rpc_n_ports == PORTMAP_CACHE)
        rpc_n_ports--;
    rpc_ports[rpc_n_ports].program = program;
    rpc_ports[rpc_n_ports].version = version;
    rpc_ports[rpc_n_ports++].port = (uint16_t)port;
    return (int32_t)port;
}

/*
 * @result_max: the room that FreeBSD's loader has for the results; what is longer is cut off
 * @ret_result: (out): the results, until the next call
 *
 * Returns: the length of the results, not 0; -errno
 */
int32_t
rpc_call(uint32_t program,
         uint32_t version,
         uint32_t procedure,
         const XdrOut *arguments,
         uint32_t result_max,
         const uint8_t **ret_result)
{
    int32_t port = find_port(program, version);

    if (port < 0)
        return port;
    int32_t len = call_port((uint16_t)port, program, version, procedure, arguments, result_max);
    *ret_result = rpc_reply + REPLY_HEADER;
    return len;
}
