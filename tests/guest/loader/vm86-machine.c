/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the processor needs for virtual-8086 mode under a monitor: a task state segment with the
 * monitor's stack and an I/O bitmap that lets every port through, gates, page tables that map
 * addresses to themselves, and hardware interrupts away from the exceptions' vectors.
 *
 * In virtual-8086 mode only what real mode can address is there, and of that not the pages that
 * hold nothing but the double's own code: a PXE stack that strays gets a page fault. Source: Intel
 * SDM volume 3 §7.2 (TSS), §4.3 (32-bit paging), §20.3 (virtual-8086 interrupts)
 */
#include "tests/guest/bare/ports.h"
#include "tests/guest/loader/vm86-monitor.h"

#define CODE32         0x08
#define DATA32         0x10
#define TSS            0x18
#define INTERRUPT_GATE 0x8e00
#define CR0_PG         0x80000000u
#define CR4_PSE        0x00000010u

#define PAGE_SIZE     4096u
#define PAGE_ENTRIES  1024u
#define PAGE_PRESENT  0x01u
#define PAGE_WRITABLE 0x02u
#define PAGE_USER     0x04u
#define PAGE_LARGE    0x80u
#define LARGE_SIZE    (PAGE_ENTRIES * PAGE_SIZE)
#define REAL_MODE_END 0x110000u /* what FFFF:FFFF reaches, and PXE stacks test gate A20 by */

#define PORTS 65536

/* The two interrupt controllers. Source: Intel 8259A, initialization command words */
#define PIC1             0x20
#define PIC2             0xa0
#define PIC_BEGIN        0x11 /* edges, cascade, with ICW4 */
#define PIC1_CASCADE     0x04
#define PIC2_CASCADE     0x02
#define PIC_8086         0x01
#define PIC1_BIOS_VECTOR 0x08
#define PIC2_BIOS_VECTOR 0x70

typedef struct __attribute__((packed)) {
    uint32_t link, esp0, ss0, unused[22];
    uint16_t trap, io_bitmap_offset;
    uint8_t io_bitmap[PORTS / 8]; /* a zero bit allows */
    uint8_t io_bitmap_end;
} Tss;

typedef struct __attribute__((packed)) {
    uint16_t offset_low, selector, type, offset_high;
} Gate;

typedef struct __attribute__((packed)) {
    uint16_t limit;
    uint32_t base;
} TablePointer;

extern const char low_code_end[], text_end[];
extern Tss vm86_tss;

Tss vm86_tss;
static uint64_t vm86_gdt[4];
static Gate vm86_gates[VM86_TRAPS];
static uint32_t page_directory[PAGE_ENTRIES] __attribute__((aligned(PAGE_SIZE)));
static uint32_t page_table[PAGE_ENTRIES] __attribute__((aligned(PAGE_SIZE)));

static void
start_segments(void)
{
    uint64_t tss = address_of(&vm86_tss);
    TablePointer pointer = { sizeof vm86_gdt - 1, address_of(vm86_gdt) };

    vm86_tss.ss0 = DATA32;
    vm86_tss.io_bitmap_offset = __builtin_offsetof(Tss, io_bitmap);
    vm86_tss.io_bitmap_end = 0xff;
    vm86_gdt[CODE32 / 8] = 0x00cf9a000000ffffu;
    vm86_gdt[DATA32 / 8] = 0x00cf92000000ffffu;
    vm86_gdt[TSS / 8] = 0x0000890000000000u | (tss >> 24 & 0xff) << 56 | (tss & 0xffffff) << 16 |
                        (sizeof vm86_tss - 1);
    __asm__ volatile("lgdt %0" : : "m"(pointer));
    __asm__ volatile("ltr %w0" : : "r"(TSS));
}

static void
start_gates(void)
{
    TablePointer pointer = { sizeof vm86_gates - 1, address_of(vm86_gates) };

    for (uint32_t i = 0; i < VM86_TRAPS; i++) {
        uint32_t handler = address_of(vm86_traps) + i * VM86_TRAP_SIZE;
        vm86_gates[i] =
            (Gate){ (uint16_t)handler, CODE32, INTERRUPT_GATE, (uint16_t)(handler >> 16) };
    }
    __asm__ volatile("lidt %0" : : "m"(pointer));
}

static void
start_paging(void)
{
    uint32_t flags = PAGE_PRESENT | PAGE_WRITABLE, register_value;

    for (uint32_t i = 0; i < PAGE_ENTRIES; i++) {
        uint32_t page = i * PAGE_SIZE;
        bool own_code =
            page >= address_of(low_code_end) && page + PAGE_SIZE <= address_of(text_end);
        page_table[i] = page | flags | (page < REAL_MODE_END && !own_code ? PAGE_USER : 0);
        page_directory[i] = i * LARGE_SIZE | flags | PAGE_LARGE;
    }
    page_directory[0] = address_of(page_table) | flags | PAGE_USER;
    __asm__ volatile("mov %%cr4, %0" : "=r"(register_value));
    __asm__ volatile("mov %0, %%cr4" : : "r"(register_value | CR4_PSE));
    __asm__ volatile("mov %0, %%cr3" : : "r"(page_directory));
    __asm__ volatile("mov %%cr0, %0" : "=r"(register_value));
    __asm__ volatile("mov %0, %%cr0" : : "r"(register_value | CR0_PG) : "memory");
}

static void
pic_set_vector(uint16_t pic, uint8_t vector, uint8_t cascade)
{
    uint16_t data = pic + 1;
    uint8_t mask = port_read8(data);

    port_write8(pic, PIC_BEGIN);
    port_write8(data, vector);
    port_write8(data, cascade);
    port_write8(data, PIC_8086);
    port_write8(data, mask);
}

/* To be called once, in flat 32-bit mode with interrupts off. */
void
vm86_machine_start(void)
{
    start_segments();
    start_gates();
    start_paging();
    pic_set_vector(PIC1, VM86_IRQ_BASE, PIC1_CASCADE);
    pic_set_vector(PIC2, VM86_IRQ_BASE + 8, PIC2_CASCADE);
}

/* Leaves the machine as a kernel expects it: no paging, interrupts where the BIOS has them. */
void
vm86_machine_stop(void)
{
    uint32_t cr0;

    pic_set_vector(PIC1, PIC1_BIOS_VECTOR, PIC1_CASCADE);
    pic_set_vector(PIC2, PIC2_BIOS_VECTOR, PIC2_CASCADE);
    __asm__ volatile("mov %%cr0, %0" : "=r"(cr0));
    __asm__ volatile("mov %0, %%cr0" : : "r"(cr0 & ~CR0_PG) : "memory");
}
