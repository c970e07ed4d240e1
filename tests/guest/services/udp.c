/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UDP [PXE 2.1 §3.4]: its states, and one question to the TFTP server, for a file that is not
 * there. */
#include "tests/guest/bare/text.h"
#include "tests/guest/loader/clock.h"
#include "tests/guest/loader/console.h"
#include "tests/guest/loader/dhcp.h"
#include "tests/guest/services/services.h"

#define PORT_TFTP      0x4500 /* 69, in the network's order */
#define PORT_OURS      0x3412
#define TFTP_ERROR     5
#define TFTP_NOT_FOUND 1
#define ANSWER_WAIT_S  5
#define ANSWER_SIZE    512

static const char udp_question[] = "\0\1services/absent\0octet"; /* and a zero byte behind it */
static uint8_t udp_answer[ANSWER_SIZE];

static Ip4
address_at(uint32_t offset)
{
    Ip4 ip;

    memcpy(&ip, pxe_cached_reply() + offset, sizeof ip);
    return ip;
}

static void
ask(void)
{
    PxeUdpWrite write = { .ip = address_at(DHCP_SIADDR),
                          .src_port = PORT_OURS,
                          .dest_port = PORT_TFTP,
                          .buffer_size = sizeof udp_question,
                          .buffer = far_pointer_to(udp_question) };

    service_expect(STATUS_SUCCESS, PXE_UDP_WRITE, &write, "UDP_WRITE");
}

/* @port: what UDP_READ is to look for; 0 is any */
static void
read_answer(uint16_t port)
{
    Ip4 us = address_at(DHCP_YIADDR), server = address_at(DHCP_SIADDR);
    uint32_t start = clock_seconds();
    PxeUdpRead read;
    uint16_t status;

    do {
        read = (PxeUdpRead){ .dest_ip = us,
                             .dest_port = port,
                             .buffer_size = sizeof udp_answer,
                             .buffer = far_pointer_to(udp_answer) };
        status = pxe_call(PXE_UDP_READ, &read);
    } while (status != STATUS_SUCCESS && clock_seconds_since(start) < ANSWER_WAIT_S);
    if (status != STATUS_SUCCESS)
        fail("UDP_READ: no answer, status 0x%x", status);
    if (memcmp(&read.src_ip, &server, sizeof server) != 0 || read.src_port != PORT_TFTP ||
        memcmp(&read.dest_ip, &us, sizeof us) != 0 || read.dest_port != PORT_OURS)
        fail("UDP_READ: from port 0x%04x to port 0x%04x", read.src_port, read.dest_port);
    if (read.buffer_size < 5 || udp_answer[1] != TFTP_ERROR || udp_answer[3] != TFTP_NOT_FOUND)
        fail("UDP_READ: %u bytes that are no TFTP error", read.buffer_size);
}

void
services_check_udp(void)
{
    PxeUdpOpen open = { .src_ip = address_at(DHCP_YIADDR) };
    PxeUdpRead read = { .buffer_size = sizeof udp_answer, .buffer = far_pointer_to(udp_answer) };
    PxeNothing nothing = { 0 };

    if (pxe_call(PXE_UDP_READ, &read) == STATUS_SUCCESS)
        fail("UDP_READ reads before UDP_OPEN");
    service_expect(STATUS_SUCCESS, PXE_UDP_OPEN, &open, "UDP_OPEN");
    service_expect(STATUS_FAILURE, PXE_UDP_READ, &read, "UDP_READ while nothing is there");
    ask();
    read_answer(PORT_OURS);
    ask();
    read_answer(0);
    service_expect(STATUS_SUCCESS, PXE_UDP_CLOSE, &nothing, "UDP_CLOSE");
    console_print("   UDP\n");
}
