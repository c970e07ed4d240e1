/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PXE's services as structures. All values are little endian but for addresses and UDP ports, which
 * are in the network's order. Every structure begins with the status.
 *
 * Source: Intel, Preboot Execution Environment (PXE) Specification 2.1, chapter 3 and §4.4.5 (the
 * structures by which a boot program finds the entry)
 */
#pragma once

#include "images/pxe-stack/wire.h"

#define PXE_VERSION    0x0201
#define PXE_NO_CALLOUT UINT32_MAX

#define PXE_PACKED __attribute__((packed))

typedef enum {
    PXE_START_UNDI = 0x00,
    PXE_UNDI_STARTUP = 0x01,
    PXE_UNDI_CLEANUP = 0x02,
    PXE_UNDI_INITIALIZE = 0x03,
    PXE_UNDI_RESET_ADAPTER = 0x04,
    PXE_UNDI_SHUTDOWN = 0x05,
    PXE_UNDI_OPEN = 0x06,
    PXE_UNDI_CLOSE = 0x07,
    PXE_UNDI_TRANSMIT = 0x08,
    PXE_UNDI_SET_MCAST_ADDRESS = 0x09,
    PXE_UNDI_SET_STATION_ADDRESS = 0x0a,
    PXE_UNDI_SET_PACKET_FILTER = 0x0b,
    PXE_UNDI_GET_INFORMATION = 0x0c,
    PXE_UNDI_GET_STATISTICS = 0x0d,
    PXE_UNDI_CLEAR_STATISTICS = 0x0e,
    PXE_UNDI_GET_MCAST_ADDRESS = 0x11,
    PXE_UNDI_GET_NIC_TYPE = 0x12,
    PXE_UNDI_GET_IFACE_INFO = 0x13,
    PXE_UNDI_ISR = 0x14,
    PXE_STOP_UNDI = 0x15, /* the specification gives UNDI_GET_STATE the same number */
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
    PXE_GET_CACHED_INFO = 0x71,
} PxeFunction;

/* Appendix: PXENV_STATUS codes */
typedef enum {
    PXE_SUCCESS = 0x00,
    PXE_FAILURE = 0x01,
    PXE_BAD_FUNCTION = 0x02,
    PXE_UNSUPPORTED = 0x03,
    PXE_KEEP_UNDI = 0x04,
    PXE_KEEP_ALL = 0x05,
    PXE_OUT_OF_RESOURCES = 0x06,
    PXE_ARP_TIMEOUT = 0x11,
    PXE_UDP_CLOSED = 0x18,
    PXE_UDP_IS_OPEN = 0x19,
    PXE_TFTP_CLOSED = 0x1a,
    PXE_TFTP_IS_OPEN = 0x1b,
    PXE_TFTP_CANNOT_ARP_ADDRESS = 0x30,
    PXE_TFTP_OPEN_TIMEOUT = 0x32,
    PXE_TFTP_UNKNOWN_OPCODE = 0x33,
    PXE_TFTP_READ_TIMEOUT = 0x35,
    PXE_TFTP_ERROR_OPCODE = 0x36,
    PXE_TFTP_FILE_NOT_FOUND = 0x3b,
    PXE_TFTP_ACCESS_VIOLATION = 0x3c,
    PXE_TFTP_NO_FILESIZE = 0x3e,
    PXE_TFTP_INVALID_PACKET_SIZE = 0x3f,
    PXE_UNDI_CANNOT_INITIALIZE = 0x63,
    PXE_UNDI_INVALID_STATE = 0x6a,
    PXE_UNDI_TRANSMIT_ERROR = 0x6b,
    PXE_UNDI_INVALID_PARAMETER = 0x6c,
} PxeStatus;

/* ---- what a boot program is given, §4.4.5 ---- */

typedef struct PXE_PACKED {
    char signature[6]; /* "PXENV+" */
    uint16_t version;
    uint8_t len, checksum;
    FarPointer entry;
    uint32_t protected_mode_offset;
    uint16_t protected_mode_selector, stack_segment, stack_size;
    uint16_t base_code_segment, base_code_size, base_data_segment, base_data_size;
    uint16_t undi_data_segment, undi_data_size, undi_code_segment, undi_code_size;
    FarPointer bangpxe;
} Pxenv;

typedef struct PXE_PACKED {
    uint16_t segment;
    uint32_t physical;
    uint16_t size;
} PxeSegment;

/* Places in BangPxe.segments */
enum {
    PXE_SEGMENT_STACK,
    PXE_SEGMENT_UNDI_DATA,
    PXE_SEGMENT_UNDI_CODE,
    PXE_SEGMENT_UNDI_CODE_WRITE,
    PXE_SEGMENT_BASE_DATA,
    PXE_SEGMENT_BASE_CODE,
    PXE_SEGMENT_BASE_CODE_WRITE,
    PXE_SEGMENT_COUNT
};

typedef struct PXE_PACKED {
    char signature[4]; /* "!PXE" */
    uint8_t len, checksum, revision, reserved;
    FarPointer undi_rom, base_rom, entry, protected_mode_entry;
    uint32_t status_callout;
    uint8_t reserved2, n_segments;
    uint16_t first_selector;
    PxeSegment segments[PXE_SEGMENT_COUNT];
} BangPxe;

_Static_assert(sizeof(Pxenv) == 0x2c, "PXENV+");
_Static_assert(sizeof(BangPxe) == 0x58, "!PXE");

/* ---- parameters ---- */

/* GET_CACHED_INFO: packet types */
enum {
    PXE_PACKET_DISCOVER = 1,
    PXE_PACKET_ACK = 2,
    PXE_PACKET_REPLY = 3,
};

typedef struct PXE_PACKED {
    uint16_t status, packet_type, buffer_size;
    FarPointer buffer;
    uint16_t buffer_limit;
} PxeCachedInfo;

typedef struct PXE_PACKED {
    uint16_t status, ax, bx, dx, di, es;
} PxeStartUndi;

typedef struct PXE_PACKED {
    uint16_t status;
    Ip4 source_ip;
} PxeUdpOpen;

typedef struct PXE_PACKED {
    uint16_t status;
    Ip4 source_ip, destination_ip;
    uint8_t source_port[2], destination_port[2];
    uint16_t buffer_size;
    FarPointer buffer;
} PxeUdpRead;

typedef struct PXE_PACKED {
    uint16_t status;
    Ip4 ip, gateway;
    uint8_t source_port[2], destination_port[2];
    uint16_t buffer_size;
    FarPointer buffer;
} PxeUdpWrite;

#define PXE_MULTICAST_MAX 8

typedef struct PXE_PACKED {
    uint16_t count;
    Mac addresses[PXE_MULTICAST_MAX];
} PxeMulticast;

typedef struct PXE_PACKED {
    uint16_t status, open_flag, filter;
    PxeMulticast multicast;
} PxeUndiOpen;

typedef struct PXE_PACKED {
    uint16_t status;
    PxeMulticast multicast;
} PxeUndiMulticast; /* UNDI_RESET_ADAPTER, UNDI_SET_MCAST_ADDRESS */

typedef struct PXE_PACKED {
    uint16_t status;
    uint8_t protocol, broadcast;
    FarPointer destination, descriptor;
    uint32_t reserved[2];
} PxeUndiTransmit;

/* UNDI_TRANSMIT: which header we are to put in front */
enum {
    PXE_PROTOCOL_NONE,
    PXE_PROTOCOL_IP,
    PXE_PROTOCOL_ARP,
    PXE_PROTOCOL_RARP,
    PXE_PROTOCOL_COUNT
};

#define PXE_TRANSMIT_BLOCKS 8

typedef struct PXE_PACKED {
    uint8_t pointer_type; /* 1: a segment and offset; 0: a physical address */
    uint8_t reserved;
    uint16_t len;
    FarPointer data;
} PxeTransmitBlock;

typedef struct PXE_PACKED {
    uint16_t immediate_len;
    FarPointer immediate;
    uint16_t n_blocks;
    PxeTransmitBlock blocks[PXE_TRANSMIT_BLOCKS];
} PxeTransmitDescriptor;

typedef struct PXE_PACKED {
    uint16_t status;
    Mac address;
    uint8_t rest[10];
} PxeUndiStationAddress;

typedef struct PXE_PACKED {
    uint16_t status;
    uint8_t filter;
} PxeUndiFilter;

typedef struct PXE_PACKED {
    uint16_t status, base_io, interrupt, mtu, hardware_type, hardware_len;
    uint8_t current_address[16], permanent_address[16];
    uint16_t rom_segment, rx_buffers, tx_buffers;
} PxeUndiInformation;

typedef struct PXE_PACKED {
    uint16_t status;
    uint32_t sent, received, checksum_errors, no_buffer;
} PxeUndiStatistics;

typedef struct PXE_PACKED {
    uint16_t status;
    Ip4 ip;
    uint8_t mac[16];
} PxeUndiMulticastMac;

#define PXE_NIC_TYPE_PCI 2

typedef struct PXE_PACKED {
    uint16_t status;
    uint8_t type;
    uint16_t vendor, device;
    uint8_t base_class, subclass, programming_interface, revision;
    uint16_t pci_address, subvendor, subdevice;
} PxeUndiNicType;

typedef struct PXE_PACKED {
    uint16_t status;
    char type[16];
    uint32_t link_speed, service_flags, reserved[4];
} PxeUndiInterface;

typedef struct PXE_PACKED {
    uint16_t status, function;
    uint16_t buffer_len, frame_len, header_len;
    FarPointer frame;
    uint8_t protocol, packet_type;
} PxeUndiIsr;

/* PxeUndiIsr.function on the way in, and on the way out */
enum {
    PXE_ISR_IN_START = 1,
    PXE_ISR_IN_PROCESS = 2,
    PXE_ISR_IN_GET_NEXT = 3,
    PXE_ISR_OUT_OURS = 0,
    PXE_ISR_OUT_NOT_OURS = 1,
    PXE_ISR_OUT_DONE = 0,
    PXE_ISR_OUT_TRANSMIT = 2,
    PXE_ISR_OUT_RECEIVE = 3,
};

/* PxeUndiIsr.packet_type */
enum {
    PXE_FRAME_DIRECTED,
    PXE_FRAME_BROADCAST,
    PXE_FRAME_MULTICAST,
};

#define PXE_FILE_NAME_SIZE 128

typedef struct PXE_PACKED {
    uint16_t status;
    Ip4 server, gateway;
    char name[PXE_FILE_NAME_SIZE];
    uint8_t port[2];
    uint16_t packet_size;
} PxeTftpOpen;

typedef struct PXE_PACKED {
    uint16_t status, packet_number, buffer_size;
    FarPointer buffer;
} PxeTftpRead;

typedef struct PXE_PACKED {
    uint16_t status;
    char name[PXE_FILE_NAME_SIZE];
    uint32_t buffer_size, buffer; /* a physical address */
    Ip4 server, gateway, multicast;
    uint8_t client_port[2], port[2];
    uint16_t open_timeout_s, reopen_delay_s;
} PxeTftpReadFile;

typedef struct PXE_PACKED {
    uint16_t status;
    Ip4 server, gateway;
    char name[PXE_FILE_NAME_SIZE];
    uint32_t file_size;
} PxeTftpFileSize;

typedef union {
    uint16_t status;
    PxeCachedInfo cached_info;
    PxeStartUndi start_undi;
    PxeUdpOpen udp_open;
    PxeUdpRead udp_read;
    PxeUdpWrite udp_write;
    PxeUndiOpen undi_open;
    PxeUndiMulticast undi_multicast;
    PxeUndiTransmit undi_transmit;
    PxeUndiStationAddress undi_station_address;
    PxeUndiFilter undi_filter;
    PxeUndiInformation undi_information;
    PxeUndiStatistics undi_statistics;
    PxeUndiMulticastMac undi_multicast_mac;
    PxeUndiNicType undi_nic_type;
    PxeUndiInterface undi_interface;
    PxeUndiIsr undi_isr;
    PxeTftpOpen tftp_open;
    PxeTftpRead tftp_read;
    PxeTftpReadFile tftp_read_file;
    PxeTftpFileSize tftp_file_size;
} PxeParameters;
