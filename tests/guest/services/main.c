/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls what no loader of FreeBSD calls, and what it would call in other ways: both entry points,
 * services that are not there, every kind of cached packet, the clock, TFTP, all of UNDI. The
 * verdict is "SERVICES: OK", or "DOUBLE services: FAILED" at the first answer that PXE 2.1 does not
 * allow.
 */
#include "tests/guest/bare/ports.h"
#include "tests/guest/bare/text.h"
#include "tests/guest/loader/console.h"
#include "tests/guest/loader/generation.h"
#include "tests/guest/loader/real-call.h"
#include "tests/guest/services/services.h"

#define SERVICE_NONE ((PxeFunction)0x55)

void loader_main(void);

const Generation generation = { .name = "services" };

void
service_expect(uint16_t status, PxeFunction function, void *parameters, const char *what)
{
    uint16_t answer = pxe_call(function, parameters);

    if (answer != status)
        fail("%s (service 0x%02x): status 0x%x, not 0x%x", what, function, answer, status);
}

/* The way through PXENV+: BX = function, ES:DI = parameters, AX = 0 or 1, nothing on the stack. */
static void
check_registers(void)
{
    PxeCachedInfo info = { .packet_type = PXE_CACHED_REPLY };
    FarPointer at = far_pointer_to(&info);
    RealCall call = { .eax = 0xdead,
                      .ebx = PXE_GET_CACHED_INFO,
                      .esi = 0x12345678,
                      .edi = at.offset,
                      .es = at.segment,
                      .target = pxe_pxenv_entry() };

    real_call(&call);
    if ((call.eax & 0xffff) != 0 || info.status != STATUS_SUCCESS || info.buffer_size == 0)
        fail("through PXENV+: AX=0x%x, status 0x%x, %u bytes", call.eax & 0xffff, info.status,
             info.buffer_size);
    if (call.esi != 0x12345678 || (call.edi & 0xffff) != at.offset || call.es != at.segment)
        fail("through PXENV+: registers are not kept");
}

static void
check_unknown(void)
{
    PxeNothing nothing = { .status = STATUS_SUCCESS };

    service_expect(STATUS_UNSUPPORTED, SERVICE_NONE, &nothing, "a service that is not there");
}

void
loader_main(void)
{
    real_call_start();
    console_start();
    console_print("pxe-run services, calls are made %s\n", real_call_way);
    pxe_start();
    check_registers();
    check_unknown();
    services_check_cached();
    services_check_clock();
    services_check_udp();
    services_check_tftp();
    services_check_undi();
    pxe_stop();
    console_print_coloured(GREEN, "SERVICES: OK\n");
    console_print("The PXE stack is shut down.\n");
    for (;;)
        __asm__ volatile("cli; hlt");
}
