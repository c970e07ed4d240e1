/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the PXE stack's entry point as FreeBSD's loader does and calls it [libi386/pxe.c]. */
#include "tests/guest/loader/pxe.h"

#include "tests/guest/bare/ports.h"
#include "tests/guest/bare/text.h"
#include "tests/guest/loader/console.h"

#define PXENV_VERSION_BANGPXE 0x0201 /* from here on there can be a !PXE */
#define CACHED_REPLY_MAX      1260   /* 236 and 1024 bytes, as large as FreeBSD's copy */
#define CACHED_REPLY_MIN      236

typedef struct __attribute__((packed)) {
    char signature[6]; /* "PXENV+" */
    uint16_t version;
    uint8_t len, checksum;
    FarPointer entry;
    uint8_t protected_mode[26];
    FarPointer bangpxe;
} Pxenv;

typedef struct __attribute__((packed)) {
    char signature[4]; /* "!PXE" */
    uint8_t len, checksum, revision, reserved;
    FarPointer undi_rom, base_rom, entry;
} BangPxe;

extern FarPointer bangpxe_pointer, pxenv_pointer;

static FarPointer pxe_entry, pxe_entry_of_pxenv;
static bool pxe_entry_is_bangpxe;
static uint8_t pxe_reply[CACHED_REPLY_MAX];

static bool
sums_to_zero(const void *bytes, uint32_t len)
{
    const uint8_t *p = bytes;
    uint8_t sum = 0;

    for (; len > 0; len--)
        sum = (uint8_t)(sum + *p++);
    return sum == 0;
}

static const BangPxe *
find_bangpxe(const Pxenv *pxenv)
{
    const BangPxe *bangpxe = far_pointer_get(pxenv->bangpxe);

    if (pxenv->version < PXENV_VERSION_BANGPXE || memcmp(bangpxe->signature, "!PXE", 4) != 0 ||
        !sums_to_zero(bangpxe, bangpxe->len))
        return NULL;
    return bangpxe;
}

static void
take_cached_reply(void)
{
    PxeCachedInfo info = { .packet_type = PXE_CACHED_REPLY };

    if (pxe_call(PXE_GET_CACHED_INFO, &info) != 0)
        fail("PXENV_GET_CACHED_INFO: status 0x%x", info.status);
    if (info.buffer_size < CACHED_REPLY_MIN || info.buffer_size > CACHED_REPLY_MAX)
        fail("PXENV_GET_CACHED_INFO: a packet of %u bytes", info.buffer_size);
    memcpy(pxe_reply, far_pointer_get(info.buffer), info.buffer_size);
}

void
pxe_start(void)
{
    const Pxenv *pxenv = far_pointer_get(pxenv_pointer);

    if (memcmp(pxenv->signature, "PXENV+", 6) != 0 || !sums_to_zero(pxenv, pxenv->len))
        fail("no PXENV+ at %x:%x", pxenv_pointer.segment, pxenv_pointer.offset);
    const BangPxe *bangpxe = find_bangpxe(pxenv);
    if (bangpxe != far_pointer_get(bangpxe_pointer))
        console_print("   PXENV+ and the stack name different !PXE structures\n");
    pxe_entry_of_pxenv = pxenv->entry;
    pxe_entry_is_bangpxe = bangpxe != NULL;
    pxe_entry = bangpxe != NULL ? bangpxe->entry : pxenv->entry;
    console_print("   PXE version %u.%u, real mode entry point @%04x:%04x\n", pxenv->version >> 8,
                  pxenv->version & 0xffu, pxe_entry.segment, pxe_entry.offset);
    take_cached_reply();
}

/* The other way to call the stack, which loaders take only when there is no !PXE. */
FarPointer
pxe_pxenv_entry(void)
{
    return pxe_entry_of_pxenv;
}

/*
 * @parameters: in low memory, such as the stack; begins with the status
 *
 * Through !PXE the arguments are three words on the stack, through PXENV+ they are in BX and ES:DI.
 * Returns: the status; 0 is success
 */
uint16_t
pxe_call(PxeFunction function, void *parameters)
{
    FarPointer at = far_pointer_to(parameters);
    RealCall call = { .ebx = function,
                      .edi = at.offset,
                      .es = at.segment,
                      .flags = FLAG_INTERRUPTS,
                      .target = pxe_entry };
    uint16_t status;

    if (pxe_entry_is_bangpxe) {
        call.n_words = 3;
        call.words[0] = at.segment;
        call.words[1] = at.offset;
        call.words[2] = (uint16_t)function;
    }
    real_call(&call);
    memcpy(&status, parameters, sizeof status);
    return status;
}

/* Returns: (transfer none): the DHCP reply that the boot ROM had, at least its fixed part */
const uint8_t *
pxe_cached_reply(void)
{
    return pxe_reply;
}

/* The card is as after a reset then, and the stack may be overwritten. */
void
pxe_stop(void)
{
    PxeNothing nothing = { 0 };

    if (pxe_call(PXE_UNDI_SHUTDOWN, &nothing) != 0)
        console_print("   PXENV_UNDI_SHUTDOWN: status 0x%x\n", nothing.status);
    nothing = (PxeNothing){ 0 };
    if (pxe_call(PXE_UNLOAD_STACK, &nothing) != 0)
        console_print("   PXENV_UNLOAD_STACK: status 0x%x\n", nothing.status);
}
