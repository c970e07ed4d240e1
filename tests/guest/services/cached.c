/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GET_CACHED_INFO [PXE 2.1 §3.2]: three packets, each by pointer and by copy. */
#include "tests/guest/bare/text.h"
#include "tests/guest/loader/console.h"
#include "tests/guest/services/services.h"

#define PACKET_DISCOVER 1
#define PACKET_LAST     3
#define PACKET_NONE     9
#define PACKET_SIZE     1500
#define PACKET_FIXED    236
#define SHORT_COPY      100
#define BOOTP_OP        0 /* 1 request, 2 reply */

static uint8_t cached_copy[PACKET_SIZE + 1];

static void
check_copy(uint16_t type, const PxeCachedInfo *pointer, uint16_t size)
{
    PxeCachedInfo info = { .packet_type = type,
                           .buffer_size = size,
                           .buffer = far_pointer_to(cached_copy) };
    uint16_t len = pointer->buffer_size < size ? pointer->buffer_size : size;

    memset(cached_copy, 0x5a, sizeof cached_copy);
    service_expect(STATUS_SUCCESS, PXE_GET_CACHED_INFO, &info, "GET_CACHED_INFO, a copy");
    if (info.buffer_size > size || info.buffer_size < (len < PACKET_FIXED ? len : PACKET_FIXED))
        fail("packet %u: a copy of %u bytes, and %u were asked for", type, info.buffer_size, size);
    if (memcmp(cached_copy, far_pointer_get(pointer->buffer), info.buffer_size) != 0)
        fail("packet %u: the copy of %u bytes is another packet", type, info.buffer_size);
    if (cached_copy[size] != 0x5a)
        fail("packet %u: more than %u bytes were written", type, size);
}

void
services_check_cached(void)
{
    for (uint16_t type = PACKET_DISCOVER; type <= PACKET_LAST; type++) {
        PxeCachedInfo info = { .packet_type = type };
        service_expect(STATUS_SUCCESS, PXE_GET_CACHED_INFO, &info, "GET_CACHED_INFO");
        const uint8_t *packet = far_pointer_get(info.buffer);
        if (info.buffer_size < PACKET_FIXED ||
            packet[BOOTP_OP] != (type == PACKET_DISCOVER ? 1 : 2))
            fail("packet %u: %u bytes, operation %u", type, info.buffer_size, packet[BOOTP_OP]);
        check_copy(type, &info, PACKET_SIZE);
        check_copy(type, &info, SHORT_COPY);
    }
    PxeCachedInfo info = { .packet_type = PACKET_NONE };
    if (pxe_call(PXE_GET_CACHED_INFO, &info) == STATUS_SUCCESS)
        fail("GET_CACHED_INFO knows a packet %d", PACKET_NONE);
    console_print("   cached packets\n");
}
