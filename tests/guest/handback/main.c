/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a PXE stack leaves behind. Started by one, it uses the network card in both ways, shuts the
 * stack down as FreeBSD's loader does [libi386/pxe.c: pxe_cleanup], prints the interrupt vectors,
 * the size of the base memory and what pci.c sees, and stands still with interrupts off: nothing
 * may change a byte of memory then. Started from a CD it prints the same, which is then what the
 * BIOS has set.
 *
 * The card is left open until a key is pressed, so that a test can see what an open card does.
 */
#include "tests/guest/bare/ports.h"
#include "tests/guest/bare/text.h"
#include "tests/guest/handback/pci.h"
#include "tests/guest/loader/clock.h"
#include "tests/guest/loader/console.h"
#include "tests/guest/loader/dhcp.h"
#include "tests/guest/loader/generation.h"
#include "tests/guest/loader/memory-map.h"
#include "tests/guest/loader/pxe.h"
#include "tests/guest/loader/real-call.h"

#define VECTORS           256u
#define VECTORS_PER_LINE  4u
#define KEYBOARD_STATUS   0x64
#define KEYBOARD_DATA     0x60
#define KEYBOARD_HAS_DATA 0x01
#define TIMER_WAIT_MS     120 /* two ticks of the BIOS's timer interrupt at least */
#define BDA_TIMER_TICKS   0x46c

extern FarPointer pxenv_pointer;
void loader_main(void);

const Generation generation = { .name = "handback" };

static void
print_bios_state(void)
{
    for (uint32_t i = 0; i < VECTORS; i++)
        console_print("%s%04x:%04x%s", i % VECTORS_PER_LINE == 0 ? "VECTORS " : "",
                      memory_read16(i * 4 + 2), memory_read16(i * 4),
                      (i + 1) % VECTORS_PER_LINE == 0 ? "\n" : " ");
    console_print("BASE MEMORY %u KiB\n", memory_low_top() / 1024);
    pci_print();
}

/* The BIOS alone: its services are asked for too, with its timer's interrupts. */
static void
show_bios(void)
{
    uint16_t ticks = memory_read16(BDA_TIMER_TICKS);

    console_print("no PXE stack; RTC at second %u, %u KiB of memory, %s\n", clock_seconds(),
                  memory_top() / 1024, console_key_pressed() ? "a key" : "no key");
    clock_wait_ms(TIMER_WAIT_MS);
    if (memory_read16(BDA_TIMER_TICKS) == ticks)
        fail("INT 15h waited without one timer interrupt");
    print_bios_state();
    console_print_coloured(GREEN, "HANDBACK: BIOS\n");
}

static void
open_card(void)
{
    PxeUdpOpen udp = { 0 };
    PxeUndiOpen undi = { .packet_filter = UNDI_FILTER_DIRECTED | UNDI_FILTER_BROADCAST };
    PxeNothing nothing = { 0 };

    memcpy(&udp.src_ip, pxe_cached_reply() + DHCP_YIADDR, sizeof udp.src_ip);
    if (pxe_call(PXE_UDP_OPEN, &udp) != 0)
        fail("PXENV_UDP_OPEN: status 0x%x", udp.status);
    if (pxe_call(PXE_UDP_CLOSE, &nothing) != 0)
        fail("PXENV_UDP_CLOSE: status 0x%x", nothing.status);
    if (pxe_call(PXE_UNDI_OPEN, &undi) != 0)
        fail("PXENV_UNDI_OPEN: status 0x%x", undi.status);
}

/* By the ports: memory stays as it is. */
static void
wait_for_key(void)
{
    while ((port_read8(KEYBOARD_STATUS) & KEYBOARD_HAS_DATA) == 0)
        __asm__ volatile("pause");
    (void)port_read8(KEYBOARD_DATA);
}

void
loader_main(void)
{
    real_call_start();
    console_start();
    console_print("pxe-run hand-back, calls are made %s\n", real_call_way);
    if (memcmp(far_pointer_get(pxenv_pointer), "PXENV+", 6) != 0) {
        show_bios();
    } else {
        pxe_start();
        open_card();
        console_print("HANDBACK: OPEN\n");
        wait_for_key();
        pxe_stop();
        print_bios_state();
        console_print_coloured(GREEN, "HANDBACK: DONE\n");
    }
    for (;;)
        __asm__ volatile("cli; hlt");
}
