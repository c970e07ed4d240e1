/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PXE stack's services, as structures in memory that real mode reaches. All values are little
 * endian but for addresses and ports, which are in the network's order.
 * Source: PXE 2.1 §3 (data structures), §3.3–3.5 (services)
 */
#pragma once

#include "tests/guest/loader/real-call.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    uint8_t b[4];
} Ip4;

typedef struct {
    uint8_t b[6];
} Mac;

typedef enum {
    PXE_UNDI_RESET_ADAPTER = 0x04,
    PXE_UNDI_SHUTDOWN = 0x05,
    PXE_UNDI_OPEN = 0x06,
    PXE_UNDI_CLOSE = 0x07,
    PXE_UNDI_TRANSMIT = 0x08,
    PXE_UNDI_SET_PACKET_FILTER = 0x0b,
    PXE_UNDI_GET_INFORMATION = 0x0c,
    PXE_UNDI_GET_STATISTICS = 0x0d,
    PXE_UNDI_GET_MCAST_ADDRESS = 0x11,
    PXE_UNDI_GET_NIC_TYPE = 0x12,
    PXE_UNDI_GET_IFACE_INFO = 0x13,
    PXE_UNDI_ISR = 0x14,
    PXE_TFTP_OPEN = 0x20,
    PXE_TFTP_CLOSE = 0x21,
    PXE_TFTP_READ = 0x22,
    PXE_TFTP_READ_FILE = 0x23,
    PXE_TFTP_GET_FSIZE = 0x25,
    PXE_UDP_OPEN = 0x30,
    PXE_UDP_CLOSE = 0x31,
    PXE_UDP_READ = 0x32,
    PXE_UDP_WRITE = 0x33,
    PXE_UNLOAD_STACK = 0x70,
    PXE_GET_CACHED_INFO = 0x71
} PxeFunction;

#define PXE_CACHED_REPLY 3 /* PXENV_PACKET_TYPE_CACHED_REPLY, FreeBSD's BINL_REPLY */

typedef struct __attribute__((packed)) {
    uint16_t status, packet_type, buffer_size;
    FarPointer buffer;
    uint16_t buffer_limit;
} PxeCachedInfo;

typedef struct __attribute__((packed)) {
    uint16_t status;
    Ip4 src_ip;
} PxeUdpOpen;

typedef struct __attribute__((packed)) {
    uint16_t status;
    uint8_t reserved[10];
} PxeNothing; /* services without arguments */

typedef struct __attribute__((packed)) {
    uint16_t status;
    Ip4 src_ip, dest_ip;
    uint16_t src_port, dest_port;
    uint16_t buffer_size;
    FarPointer buffer;
} PxeUdpRead;

typedef struct __attribute__((packed)) {
    uint16_t status;
    Ip4 ip, gateway;
    uint16_t src_port, dest_port;
    uint16_t buffer_size;
    FarPointer buffer;
} PxeUdpWrite;

typedef struct __attribute__((packed)) {
    uint16_t status, base_io, interrupt, mtu, hardware_type, hardware_len;
    uint8_t current_address[16], permanent_address[16];
    uint16_t rom, rx_buffers, tx_buffers;
} PxeUndiInformation;

typedef struct __attribute__((packed)) {
    uint16_t status, open_flag, packet_filter;
    uint16_t multicast_count;
    Mac multicast[8];
} PxeUndiOpen;

#define UNDI_FILTER_DIRECTED  1
#define UNDI_FILTER_BROADCAST 2

typedef struct __attribute__((packed)) {
    uint16_t status;
    uint8_t protocol, broadcast; /* protocol 0: the frame has its header */
    FarPointer destination, descriptor;
    uint32_t reserved[2];
} PxeUndiTransmit;

typedef struct __attribute__((packed)) {
    uint16_t immediate_len;
    FarPointer immediate;
    uint16_t blocks;
    uint8_t block[8][8];
} PxeTransmitDescriptor;

typedef struct __attribute__((packed)) {
    uint16_t status, function;
    uint16_t buffer_len, frame_len, header_len;
    FarPointer frame;
    uint8_t protocol, packet_type;
} PxeUndiIsr;

/* PxeUndiIsr.function, on the way in and on the way out */
#define UNDI_ISR_IN_START    1
#define UNDI_ISR_IN_PROCESS  2
#define UNDI_ISR_IN_GET_NEXT 3
#define UNDI_ISR_OUT_DONE    0
#define UNDI_ISR_OUT_RECEIVE 3
#define UNDI_ISR_OUT_BUSY    4

void pxe_start(void);
FarPointer pxe_pxenv_entry(void);
uint16_t pxe_call(PxeFunction function, void *parameters);
const uint8_t *pxe_cached_reply(void);
void pxe_stop(void);
