/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TFTP [PXE 2.1 §3.3]: a file packet by packet and at once, and one that is not there. */
#include "tests/guest/bare/crc32.h"
#include "tests/guest/bare/ports.h"
#include "tests/guest/bare/text.h"
#include "tests/guest/loader/console.h"
#include "tests/guest/loader/dhcp.h"
#include "tests/guest/services/services.h"

#define FILE_NAME     "services/data"
#define FILE_ABSENT   "services/absent"
#define PORT_TFTP     0x4500 /* 69, in the network's order */
#define PACKET_SIZE   1408
#define READ_FILE_AT  0x40000 /* behind the program and below every PXE stack */
#define READ_FILE_MAX 0x30000

typedef struct __attribute__((packed)) {
    uint16_t status;
    Ip4 server, gateway;
    char name[128];
    uint16_t port, packet_size;
} TftpOpen;

typedef struct __attribute__((packed)) {
    uint16_t status, packet_number, buffer_size;
    FarPointer buffer;
} TftpRead;

typedef struct __attribute__((packed)) {
    uint16_t status;
    Ip4 server, gateway;
    char name[128];
    uint32_t size;
} TftpFileSize;

typedef struct __attribute__((packed)) {
    uint16_t status;
    char name[128];
    uint32_t buffer_size, buffer;
    Ip4 server, gateway, multicast;
    uint16_t client_port, server_port, open_timeout, reopen_delay;
} TftpReadFile;

static uint8_t tftp_packet[PACKET_SIZE];

static Ip4
tftp_server(void)
{
    Ip4 ip;

    memcpy(&ip, pxe_cached_reply() + DHCP_SIADDR, sizeof ip);
    return ip;
}

static uint32_t
file_size(void)
{
    TftpFileSize size = { .server = tftp_server(), .name = FILE_NAME };

    service_expect(STATUS_SUCCESS, PXE_TFTP_GET_FSIZE, &size, "TFTP_GET_FSIZE");
    size.status = 0;
    text_copy(size.name, sizeof size.name, FILE_ABSENT);
    if (pxe_call(PXE_TFTP_GET_FSIZE, &size) == STATUS_SUCCESS)
        fail("TFTP_GET_FSIZE: " FILE_ABSENT " is there");
    text_copy(size.name, sizeof size.name, FILE_NAME);
    service_expect(STATUS_SUCCESS, PXE_TFTP_GET_FSIZE, &size, "TFTP_GET_FSIZE once more");
    return size.size;
}

static void
open_file(TftpOpen *open, const char *name)
{
    *open = (TftpOpen){ .server = tftp_server(), .port = PORT_TFTP, .packet_size = PACKET_SIZE };
    text_copy(open->name, sizeof open->name, name);
}

/* Returns: the CRC32 of what was read */
static uint32_t
read_by_packets(uint32_t size)
{
    uint32_t crc = 0, have = 0;
    uint16_t number = 0;
    TftpOpen open;
    TftpRead read;

    open_file(&open, FILE_NAME);
    service_expect(STATUS_SUCCESS, PXE_TFTP_OPEN, &open, "TFTP_OPEN");
    if (open.packet_size == 0 || open.packet_size > PACKET_SIZE)
        fail("TFTP_OPEN: packets of %u bytes, and %d were asked for", open.packet_size,
             PACKET_SIZE);
    do {
        read = (TftpRead){ .buffer_size = PACKET_SIZE, .buffer = far_pointer_to(tftp_packet) };
        service_expect(STATUS_SUCCESS, PXE_TFTP_READ, &read, "TFTP_READ");
        if (read.packet_number != ++number || read.buffer_size > open.packet_size)
            fail("TFTP_READ: packet %u of %u bytes, behind %u", read.packet_number,
                 read.buffer_size, number - 1u);
        crc = crc32_add(crc, tftp_packet, read.buffer_size);
        have += read.buffer_size;
    } while (read.buffer_size == open.packet_size && have <= size);
    if (have != size)
        fail("TFTP_READ: %u bytes, and TFTP_GET_FSIZE says %u", have, size);
    return crc;
}

static uint32_t
read_at_once(uint32_t size)
{
    TftpReadFile read = { .name = FILE_NAME,
                          .buffer_size = READ_FILE_MAX,
                          .buffer = READ_FILE_AT,
                          .server = tftp_server(),
                          .server_port = PORT_TFTP };

    service_expect(STATUS_SUCCESS, PXE_TFTP_READ_FILE, &read, "TFTP_READ_FILE");
    if (read.buffer_size != size)
        fail("TFTP_READ_FILE: %u bytes, and TFTP_GET_FSIZE says %u", read.buffer_size, size);
    return crc32_add(0, memory_at(READ_FILE_AT), size);
}

void
services_check_tftp(void)
{
    PxeNothing nothing = { 0 };
    TftpOpen open;
    uint32_t size = file_size();

    uint32_t crc = read_by_packets(size);
    service_expect(STATUS_SUCCESS, PXE_TFTP_CLOSE, &nothing, "TFTP_CLOSE");
    open_file(&open, FILE_ABSENT);
    service_expect(STATUS_TFTP_NOT_FOUND, PXE_TFTP_OPEN, &open, "TFTP_OPEN of what is not there");
    (void)pxe_call(PXE_TFTP_CLOSE, &nothing); /* whether that has opened something or not */
    if (read_at_once(size) != crc)
        fail("TFTP_READ_FILE and TFTP_READ give different bytes");
    console_print("   TFTP: %u bytes, CRC32 %08x\n", size, crc);
}
