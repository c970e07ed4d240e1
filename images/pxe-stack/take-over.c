/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Takes card, memory and interrupts over from the PXE stack that has loaded us, and gives memory
 * and interrupts back to the BIOS at the end.
 *
 * Theory of operation: iPXE lives at the top of base memory, hidden by the BIOS's word at 0040:0013
 * and by a hook on interrupt 15h (memory map); others hook 1Ah (PXE installation check) and what
 * they need for their own console. It is asked for its cached packets and for the card's place on
 * the PCI bus, then told to stop. It does not restore everything; so every vector that still leads
 * into its memory is set to where all BIOSes since the IBM AT have the entry, which SeaBIOS keeps,
 * too.
 */
#include "images/pxe-stack/machine.h"
#include "images/pxe-stack/stack.h"
#include "images/pxe-stack/start.h"

#define BIOS_SEGMENT      0xf000
#define BIOS_IRET         0xff53 /* "dummy interrupt handler", the IBM AT's */
#define BDA_EBDA_SEGMENT  0x40e
#define BDA_BASE_KB       0x413
#define VECTORS           256
#define PXE_SEGMENT_MAX   0xa000 /* end of base memory */
#define MEMORY_MAP_VECTOR 0x15
#define CLOCK_VECTOR      0x1a

typedef struct __attribute__((packed)) {
    uint8_t vector;
    uint16_t offset;
} BiosEntry;

/* IBM Personal Computer AT, Technical Reference, "ORGS"; SeaBIOS src/romlayout.S has the same. */
static const BiosEntry bios_entries[] = {
    { 0x02, 0xe2c3 }, { 0x05, 0xff54 }, { 0x08, 0xfea5 }, { 0x09, 0xe987 }, { 0x0e, 0xef57 },
    { 0x10, 0xf065 }, { 0x11, 0xf84d }, { 0x12, 0xf841 }, { 0x13, 0xe3fe }, { 0x14, 0xe739 },
    { 0x15, 0xf859 }, { 0x16, 0xe82e }, { 0x17, 0xefd2 }, { 0x19, 0xe6f2 }, { 0x1a, 0xfe6e },
};

static uint16_t
low_read16(uint16_t address)
{
    uint16_t value;

    far_read(&value, (FarPointer){ address, 0 }, sizeof value);
    return value;
}

static void
low_write16(uint16_t address, uint16_t value)
{
    far_write((FarPointer){ address, 0 }, &value, sizeof value);
}

static FarPointer
vector_get(uint16_t vector)
{
    FarPointer value;

    far_read(&value, (FarPointer){ (uint16_t)(vector * 4), 0 }, sizeof value);
    return value;
}

static void
vector_set(uint16_t vector, FarPointer to)
{
    far_write((FarPointer){ (uint16_t)(vector * 4), 0 }, &to, sizeof to);
}

static FarPointer
bios_vector(uint16_t vector)
{
    for (uint8_t i = 0; i < sizeof bios_entries / sizeof *bios_entries; i++) {
        if (bios_entries[i].vector == vector)
            return (FarPointer){ bios_entries[i].offset, BIOS_SEGMENT };
    }
    return (FarPointer){ BIOS_IRET, BIOS_SEGMENT };
}

/* Puts back each vector that leads to @from or above it, in base memory. */
static void
vectors_restore(uint32_t from)
{
    for (uint16_t vector = 0; vector < VECTORS; vector++) {
        FarPointer at = vector_get(vector);
        uint32_t address = ((uint32_t)at.segment << 4) + at.offset;
        if (address >= from && at.segment < PXE_SEGMENT_MAX)
            vector_set(vector, bios_vector(vector));
    }
}

static void
print(const char *text)
{
    for (; *text != '\0'; text++)
        bios_print(*text);
}

static void
print_hex(uint16_t value, uint8_t digits)
{
    while (digits-- > 0)
        bios_print("0123456789abcdef"[value >> (digits * 4) & 15]);
}

static void
print_card(const Nic *nic)
{
    print("\r\nPXE stack of pxe-run: ");
    print(nic->driver->name);
    for (uint8_t i = 0; i < sizeof(Mac); i++) {
        bios_print(i == 0 ? ' ' : ':');
        print_hex(nic->mac.b[i], 2);
    }
    print("\r\n");
}

/* One packet of the boot ROM's, into our memory; a packet that it does not have stays empty. */
static void
packet_take(StackPacket *self, FarPointer entry, uint16_t type)
{
    PxeCachedInfo info = { .packet_type = type };

    if (foreign_call(entry, PXE_GET_CACHED_INFO, &info) != 0 || info.status != PXE_SUCCESS)
        return;
    self->len = info.buffer_size < STACK_PACKET_SIZE ? info.buffer_size : STACK_PACKET_SIZE;
    far_read(self->bytes, info.buffer, self->len);
}

static bool
card_find(Stack *self, FarPointer entry)
{
    PxeUndiNicType type = { 0 };

    if (foreign_call(entry, PXE_UNDI_GET_NIC_TYPE, &type) != 0 || type.type != PXE_NIC_TYPE_PCI)
        return false;
    return nic_find(&self->nic, type.pci_address);
}

/* Offsets in a DHCP packet [RFC 2131 §2], and options [RFC 2132 §3] */
#define DHCP_YIADDR        16
#define DHCP_CHADDR        28
#define DHCP_OPTIONS       240
#define DHCP_OPTION_PAD    0
#define DHCP_OPTION_MASK   1
#define DHCP_OPTION_ROUTER 3
#define DHCP_OPTION_END    255

/* The value of an option of four bytes or more, its first four; 0: not there */
static Ip4
dhcp_address(const StackPacket *packet, uint8_t option)
{
    const uint8_t *bytes = packet->bytes;

    for (uint16_t at = DHCP_OPTIONS; at + 1u < packet->len && bytes[at] != DHCP_OPTION_END;) {
        uint16_t next = at + 1;
        if (bytes[at] != DHCP_OPTION_PAD)
            next = (uint16_t)(at + 2 + bytes[at + 1]);
        if (bytes[at] == option && bytes[at + 1] >= sizeof(Ip4) && next <= packet->len)
            return ip4_get(bytes + at + 2);
        at = next;
    }
    return 0;
}

static void
net_configure(Stack *self)
{
    const StackPacket *ack = &self->packets[PXE_PACKET_ACK - PXE_PACKET_DISCOVER];

    self->net.ip = ip4_get(ack->bytes + DHCP_YIADDR);
    self->net.netmask = dhcp_address(ack, DHCP_OPTION_MASK);
    self->net.router = dhcp_address(ack, DHCP_OPTION_ROUTER);
    memcpy(&self->nic.mac, ack->bytes + DHCP_CHADDR, sizeof(Mac));
}

/* Failures are of no interest: what the other one leaves is taken from it. */
static void
stop_other_stack(FarPointer entry)
{
    static const uint8_t calls[] = {
        PXE_UNDI_CLOSE,
        PXE_UNDI_SHUTDOWN,
        PXE_UNLOAD_STACK,
        PXE_STOP_UNDI,
    };

    for (uint8_t i = 0; i < sizeof calls; i++) {
        uint16_t parameters[8] = { 0 };
        (void)foreign_call(entry, calls[i], parameters);
    }
}

static uint8_t
negated_sum(const void *bytes, uint16_t len)
{
    uint8_t sum = 0;

    for (const uint8_t *p = bytes; len > 0; len--)
        sum = (uint8_t)(sum - *p++);
    return sum;
}

/* Everything is one segment; the base code has none of its own, so that its end is UNDI's. */
static void
structures_fill(void)
{
    uint16_t segment = own_segment(), size = (uint16_t)(uintptr_t)resident_end;

    pxenv = (Pxenv){
        .signature = { 'P', 'X', 'E', 'N', 'V', '+' },
        .version = PXE_VERSION,
        .len = sizeof pxenv,
        .entry = far_pointer_to(pxenv_entry),
        .stack_segment = segment,
        .stack_size = (uint16_t)(uintptr_t)stack_top,
        .base_code_segment = segment,
        .base_code_size = size,
        .base_data_segment = segment,
        .base_data_size = size,
        .undi_data_segment = segment,
        .undi_data_size = size,
        .undi_code_segment = segment,
        .undi_code_size = size,
        .bangpxe = far_pointer_to(&bangpxe),
    };
    pxenv.checksum = negated_sum(&pxenv, sizeof pxenv);
    bangpxe = (BangPxe){
        .signature = { '!', 'P', 'X', 'E' },
        .len = sizeof bangpxe,
        .entry = far_pointer_to(bangpxe_entry),
        .status_callout = PXE_NO_CALLOUT,
        .n_segments = PXE_SEGMENT_COUNT,
    };
    for (uint8_t i = 0; i < PXE_SEGMENT_COUNT; i++)
        bangpxe.segments[i] = (PxeSegment){ segment, (uint32_t)segment << 4, size };
    bangpxe.checksum = negated_sum(&bangpxe, sizeof bangpxe);
}

/* Whether we have nothing in base memory. */
static bool
in_upper_memory(void)
{
    return own_segment() >= PXE_SEGMENT_MAX;
}

/* Returns: the other stack's entry, which is called through either structure alike; 0:0: there is
 * none */
static FarPointer
other_entry(FarPointer at)
{
    BangPxe other;

    far_read(&other, at, sizeof other);
    if (memcmp(other.signature, "!PXE", sizeof other.signature) != 0)
        return (FarPointer){ 0, 0 };
    return other.entry;
}

static FarPointer
hook_set(uint16_t vector, const uint8_t *hook)
{
    FarPointer next = vector_get(vector);

    vector_set(vector, far_pointer_to(hook));
    return next;
}

static bool
hook_is_last(uint16_t vector, const uint8_t *hook)
{
    FarPointer at = vector_get(vector);

    return at.segment == own_segment() && at.offset == (uint16_t)(uintptr_t)hook;
}

/* Returns: where the BIOS's own data begins, in KiB */
static uint16_t
bios_memory_end(void)
{
    return low_read16(BDA_EBDA_SEGMENT) >> 6;
}

static bool
give_up(const char *why)
{
    print("\r\nPXE stack of pxe-run: ");
    print(why);
    print(", the boot ROM's stack stays\r\n");
    return false;
}

/**
 * take_over:
 * @self: the stack, its buffers set up
 * @bangpxe_at: the other stack's !PXE
 *
 * Returns: FALSE when we have no driver for the card, or no memory: nothing has been changed then
 **/
bool
take_over(Stack *self, FarPointer bangpxe_at)
{
    FarPointer entry = other_entry(bangpxe_at);
    uint32_t others_memory = (uint32_t)low_read16(BDA_BASE_KB) << 10;

    if (entry.segment == 0 || !card_find(self, entry))
        return give_up("no driver for this card");
    if (!in_upper_memory() && stack_program_end > own_segment())
        return give_up("the boot program needs the memory");
    for (uint8_t i = 0; i < STACK_PACKETS; i++)
        packet_take(&self->packets[i], entry, PXE_PACKET_DISCOVER + i);
    stop_other_stack(entry);
    vectors_restore(others_memory);
    bios_memory_rewrite();
    nic_take(&self->nic);
    net_configure(self);
    print_card(&self->nic);
    structures_fill();
    low_write16(BDA_BASE_KB, bios_memory_end());
    if (!in_upper_memory()) {
        low_write16(BDA_BASE_KB, own_segment() >> 6);
        int15_next = hook_set(MEMORY_MAP_VECTOR, int15_hook);
    }
    int1a_next = hook_set(CLOCK_VECTOR, int1a_hook);
    if (!nic_start(&self->nic, NIC_FILTER_USUAL))
        print("The card does not start\r\n");
    return true;
}

/**
 * hand_back:
 *
 * Restores the interrupts that we have hooked and the size of base memory, which ends at the BIOS's
 *own area. Returns: FALSE when somebody has hooked one behind us, who would lead to nowhere
 **/
bool
hand_back(void)
{
    bool hooks_map = !in_upper_memory();

    if ((hooks_map && !hook_is_last(MEMORY_MAP_VECTOR, int15_hook)) ||
        !hook_is_last(CLOCK_VECTOR, int1a_hook))
        return false;
    if (hooks_map)
        vector_set(MEMORY_MAP_VECTOR, int15_next);
    vector_set(CLOCK_VECTOR, int1a_next);
    low_write16(BDA_BASE_KB, bios_memory_end());
    return true;
}
