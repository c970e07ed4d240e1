/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sends a request until an answer comes that is accepted [libsa/net.c: sendrecv]. The oldest
 * loaders wait 2, 4, 8 and 16 seconds, those from 9 on 2, 4, 6 and so on to 118.
 */
#include "tests/guest/loader/udp.h"

#include "tests/guest/loader/clock.h"
#include "tests/guest/loader/console.h"
#include "tests/guest/loader/errors.h"
#include "tests/guest/loader/generation.h"

#define FIRST_WAIT_S        2
#define DOUBLING_WAIT_MAX_S 20
#define RISING_WAIT_MAX_S   120

static uint32_t udp_users;

/* A file is opened: the loader's network device is opened with the first one. */
void
udp_open(void)
{
    if (udp_users++ == 0)
        generation.udp->open();
}

void
udp_close(void)
{
    if (--udp_users == 0)
        generation.udp->close();
}

uint32_t
udp_wait_doubling(uint32_t last_wait)
{
    uint32_t wait = last_wait == 0 ? FIRST_WAIT_S : last_wait * 2;
    return wait < DOUBLING_WAIT_MAX_S ? wait : 0;
}

uint32_t
udp_wait_rising(uint32_t last_wait)
{
    uint32_t wait = last_wait + FIRST_WAIT_S;
    return wait < RISING_WAIT_MAX_S ? wait : 0;
}

/* Returns: the reply's length; -ETIMEDOUT */
int32_t
udp_exchange(Ip4 to,
             uint16_t to_port,
             uint16_t from_port,
             const uint8_t *request,
             uint32_t request_len,
             uint8_t *reply,
             uint32_t reply_size,
             UdpAccept accept,
             void *data)
{
    uint32_t wait_s = 0;

    while ((wait_s = generation.next_wait(wait_s)) != 0) {
        if (wait_s != FIRST_WAIT_S)
            console_print("   no answer from %u.%u.%u.%u port %u, trying again\n", to.b[0], to.b[1],
                          to.b[2], to.b[3], to_port);
        uint32_t start = clock_seconds();
        if (generation.clock_twice_before_request)
            (void)clock_seconds();
        if (!generation.udp->send(to, to_port, from_port, request, request_len)) {
            while (clock_seconds_since(start) < wait_s)
                ;
            continue;
        }
        do {
            int32_t len = generation.udp->receive(from_port, reply, reply_size, wait_s);
            if (len >= 0 && accept(reply, (uint32_t)len, data))
                return len;
        } while (clock_seconds_since(start) < wait_s);
    }
    trouble("no answer from %u.%u.%u.%u port %u", to.b[0], to.b[1], to.b[2], to.b[3], to_port);
    return -ETIMEDOUT;
}
