/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UNDI [PXE 2.1 §4.2]: what it says of the card, and an ARP question in three pieces. */
#include "tests/guest/bare/text.h"
#include "tests/guest/loader/clock.h"
#include "tests/guest/loader/console.h"
#include "tests/guest/loader/dhcp.h"
#include "tests/guest/services/services.h"

#define NIC_TYPE_PCI  2
#define HARDWARE_ETH  1
#define MTU           1500
#define ETH_HEADER    14
#define ARP_SIZE      28
#define ARP_OPERATION 7 /* its low byte */
#define ARP_SENDER_IP 14
#define ANSWER_WAIT_S 5

typedef struct __attribute__((packed)) {
    uint16_t status;
    uint8_t type;
    uint16_t vendor, device;
    uint8_t class_base, class_sub, class_interface, revision;
    uint16_t bus_device_function, subsystem_vendor, subsystem_device;
} UndiNicType;

typedef struct __attribute__((packed)) {
    uint16_t status;
    char type[16];
    uint32_t speed, service_flags, reserved[4];
} UndiInterface;

typedef struct __attribute__((packed)) {
    uint16_t status;
    Ip4 ip;
    uint8_t mac[16];
} UndiMulticastMac;

typedef struct __attribute__((packed)) {
    uint16_t status;
    uint32_t transmitted, received, crc_errors, resource_errors;
} UndiStatistics;

typedef struct __attribute__((packed)) {
    uint16_t status;
    uint8_t filter;
} UndiFilter;

static uint8_t undi_question[ETH_HEADER + ARP_SIZE], undi_answer[MTU + ETH_HEADER];

static void
check_what_it_says(void)
{
    static const uint8_t group_mac[] = { 0x01, 0x00, 0x5e, 0x01, 0x02, 0x03 };
    const uint8_t *mac = pxe_cached_reply() + DHCP_CHADDR;
    PxeUndiInformation information = { 0 };
    UndiNicType nic = { 0 };
    UndiInterface interface = { 0 };
    UndiMulticastMac group = { .ip = { { 239, 129, 2, 3 } } };

    service_expect(STATUS_SUCCESS, PXE_UNDI_GET_INFORMATION, &information, "UNDI_GET_INFORMATION");
    if (memcmp(information.current_address, mac, sizeof(Mac)) != 0 ||
        memcmp(information.permanent_address, mac, sizeof(Mac)) != 0 ||
        information.hardware_type != HARDWARE_ETH || information.hardware_len != sizeof(Mac) ||
        information.mtu != MTU)
        fail("UNDI_GET_INFORMATION: type %u, %u bytes of address, MTU %u",
             information.hardware_type, information.hardware_len, information.mtu);
    service_expect(STATUS_SUCCESS, PXE_UNDI_GET_NIC_TYPE, &nic, "UNDI_GET_NIC_TYPE");
    if (nic.type != NIC_TYPE_PCI || nic.class_base != 2)
        fail("UNDI_GET_NIC_TYPE: type %u, class %u", nic.type, nic.class_base);
    service_expect(STATUS_SUCCESS, PXE_UNDI_GET_IFACE_INFO, &interface, "UNDI_GET_IFACE_INFO");
    interface.type[sizeof interface.type - 1] = '\0';
    if (!text_equal(interface.type, "DIX+802.3") || interface.speed == 0)
        fail("UNDI_GET_IFACE_INFO: '%s', %u bit/s", interface.type, interface.speed);
    service_expect(STATUS_SUCCESS, PXE_UNDI_GET_MCAST_ADDRESS, &group, "UNDI_GET_MCAST_ADDRESS");
    if (memcmp(group.mac, group_mac, sizeof group_mac) != 0)
        fail("UNDI_GET_MCAST_ADDRESS: %02x:%02x:%02x:…", group.mac[0], group.mac[1], group.mac[2]);
    console_print("   card %04x:%04x\n", nic.vendor, nic.device);
}

static void
build_question(void)
{
    static const uint8_t arp_question[] = { 0, 1, 8, 0, 6, 4, 0, 1 };
    uint8_t *arp = undi_question + ETH_HEADER;

    memset(undi_question, 0xff, sizeof(Mac));
    memcpy(undi_question + 6, pxe_cached_reply() + DHCP_CHADDR, sizeof(Mac));
    undi_question[12] = 0x08;
    undi_question[13] = 0x06;
    memcpy(arp, arp_question, sizeof arp_question);
    memcpy(arp + 8, undi_question + 6, sizeof(Mac));
    memcpy(arp + ARP_SENDER_IP, pxe_cached_reply() + DHCP_YIADDR, sizeof(Ip4));
    memset(arp + 18, 0, sizeof(Mac));
    memcpy(arp + 24, pxe_cached_reply() + DHCP_SIADDR, sizeof(Ip4));
}

/* The header as immediate data, the packet in two blocks: pointer behind length, as DATABLK[]. */
static void
send_question(void)
{
    PxeTransmitDescriptor pieces = { .immediate_len = ETH_HEADER,
                                     .immediate = far_pointer_to(undi_question),
                                     .blocks = 2 };
    PxeUndiTransmit transmit = { .descriptor = far_pointer_to(&pieces) };
    const uint8_t *at = undi_question + ETH_HEADER;

    for (int i = 0; i < 2; i++, at += ARP_SIZE / 2) {
        const struct __attribute__((packed)) {
            uint8_t type, reserved;
            uint16_t len;
            FarPointer data;
        } block = { 1, 0, ARP_SIZE / 2, far_pointer_to(at) };
        _Static_assert(sizeof block == sizeof pieces.block[0], "a data block");
        memcpy(pieces.block[i], &block, sizeof block);
    }
    service_expect(STATUS_SUCCESS, PXE_UNDI_TRANSMIT, &transmit, "UNDI_TRANSMIT");
}

/* One frame, in as many pieces as the stack gives it. Returns: its length; 0: none */
static uint32_t
receive_frame(void)
{
    PxeUndiIsr isr = { .function = UNDI_ISR_IN_START };
    uint32_t have = 0;

    (void)pxe_call(PXE_UNDI_ISR, &isr);
    for (uint16_t function = UNDI_ISR_IN_PROCESS;; function = UNDI_ISR_IN_GET_NEXT) {
        isr = (PxeUndiIsr){ .function = function };
        service_expect(STATUS_SUCCESS, PXE_UNDI_ISR, &isr, "UNDI_ISR");
        if (isr.function == UNDI_ISR_OUT_DONE || isr.function == UNDI_ISR_OUT_BUSY)
            return 0;
        if (isr.function != UNDI_ISR_OUT_RECEIVE)
            continue;
        if (isr.frame_len > sizeof undi_answer || have + isr.buffer_len > isr.frame_len)
            fail("UNDI_ISR: %u bytes of a frame of %u, behind %u", isr.buffer_len, isr.frame_len,
                 have);
        memcpy(undi_answer + have, far_pointer_get(isr.frame), isr.buffer_len);
        have += isr.buffer_len;
        if (have == isr.frame_len)
            return have;
    }
}

static void
check_frames(void)
{
    const uint8_t *arp = undi_answer + ETH_HEADER;
    uint32_t start = clock_seconds(), len;

    build_question();
    send_question();
    do {
        if (clock_seconds_since(start) > ANSWER_WAIT_S)
            fail("UNDI: no ARP answer");
        len = receive_frame();
    } while (len < ETH_HEADER + ARP_SIZE || undi_answer[13] != 0x06 || arp[ARP_OPERATION] != 2 ||
             memcmp(arp + ARP_SENDER_IP, pxe_cached_reply() + DHCP_SIADDR, sizeof(Ip4)) != 0);
    if (memcmp(undi_answer, pxe_cached_reply() + DHCP_CHADDR, sizeof(Mac)) != 0)
        fail("UNDI_ISR: the ARP answer is not to us");
}

void
services_check_undi(void)
{
    PxeUndiOpen open = { .packet_filter = UNDI_FILTER_DIRECTED | UNDI_FILTER_BROADCAST };
    UndiFilter filter = { .filter = UNDI_FILTER_DIRECTED };
    UndiStatistics statistics = { 0 };
    PxeUndiOpen reset = {
        0
    }; /* its list of groups is laid out as that of RESET_ADAPTER, further on */
    PxeNothing nothing = { 0 };

    check_what_it_says();
    service_expect(STATUS_SUCCESS, PXE_UNDI_OPEN, &open, "UNDI_OPEN");
    check_frames();
    service_expect(STATUS_SUCCESS, PXE_UNDI_SET_PACKET_FILTER, &filter, "UNDI_SET_PACKET_FILTER");
    check_frames();
    service_expect(STATUS_SUCCESS, PXE_UNDI_GET_STATISTICS, &statistics, "UNDI_GET_STATISTICS");
    if (statistics.transmitted == 0 || statistics.received == 0)
        fail("UNDI_GET_STATISTICS: %u sent, %u received", statistics.transmitted,
             statistics.received);
    service_expect(STATUS_SUCCESS, PXE_UNDI_RESET_ADAPTER, &reset, "UNDI_RESET_ADAPTER");
    check_frames();
    service_expect(STATUS_SUCCESS, PXE_UNDI_CLOSE, &nothing, "UNDI_CLOSE");
    service_expect(STATUS_SUCCESS, PXE_UNDI_OPEN, &open, "UNDI_OPEN once more");
    check_frames();
    console_print("   UNDI\n");
}
