/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of services. Parameters are copied in, and copied out again: the services themselves
 * see nothing but our own segment.
 */
#include "images/pxe-stack/machine.h"
#include "images/pxe-stack/stack.h"
#include "images/pxe-stack/start.h"

typedef struct __attribute__((packed)) {
    uint8_t function;
    uint8_t size; /* of the parameters */
    PxeService *call;
} ServiceEntry;

#define SERVICE(function, parameters, call)                                                        \
    {                                                                                              \
        function, sizeof(parameters), call                                                         \
    }

/* Those first that are called for every packet. */
static const ServiceEntry services[] = {
    SERVICE(PXE_UDP_READ, PxeUdpRead, udp_read),
    SERVICE(PXE_UNDI_ISR, PxeUndiIsr, undi_isr),
    SERVICE(PXE_UDP_WRITE, PxeUdpWrite, udp_write),
    SERVICE(PXE_UNDI_TRANSMIT, PxeUndiTransmit, undi_transmit),
    SERVICE(PXE_UDP_OPEN, PxeUdpOpen, udp_open),
    SERVICE(PXE_UDP_CLOSE, uint16_t, udp_close),
    SERVICE(PXE_TFTP_READ, PxeTftpRead, tftp_service_read),
    SERVICE(PXE_TFTP_OPEN, PxeTftpOpen, tftp_service_open),
    SERVICE(PXE_TFTP_CLOSE, uint16_t, tftp_service_close),
    SERVICE(PXE_TFTP_GET_FSIZE, PxeTftpFileSize, tftp_service_get_fsize),
    SERVICE(PXE_TFTP_READ_FILE, PxeTftpReadFile, tftp_service_read_file),
    SERVICE(PXE_GET_CACHED_INFO, PxeCachedInfo, get_cached_info),
    SERVICE(PXE_START_UNDI, PxeStartUndi, start_undi),
    SERVICE(PXE_STOP_UNDI, uint16_t, stop_undi),
    SERVICE(PXE_UNLOAD_STACK, uint16_t, unload_stack),
    SERVICE(PXE_UNDI_STARTUP, uint16_t, undi_startup),
    SERVICE(PXE_UNDI_CLEANUP, uint16_t, undi_cleanup),
    SERVICE(PXE_UNDI_INITIALIZE, uint16_t, undi_initialize),
    SERVICE(PXE_UNDI_RESET_ADAPTER, PxeUndiMulticast, undi_reset_adapter),
    SERVICE(PXE_UNDI_SHUTDOWN, uint16_t, undi_shutdown),
    SERVICE(PXE_UNDI_OPEN, PxeUndiOpen, undi_open),
    SERVICE(PXE_UNDI_CLOSE, uint16_t, undi_close),
    SERVICE(PXE_UNDI_SET_MCAST_ADDRESS, PxeUndiMulticast, undi_set_mcast_address),
    SERVICE(PXE_UNDI_SET_STATION_ADDRESS, PxeUndiStationAddress, undi_set_station_address),
    SERVICE(PXE_UNDI_SET_PACKET_FILTER, PxeUndiFilter, undi_set_packet_filter),
    SERVICE(PXE_UNDI_GET_INFORMATION, PxeUndiInformation, undi_get_information),
    SERVICE(PXE_UNDI_GET_STATISTICS, PxeUndiStatistics, undi_get_statistics),
    SERVICE(PXE_UNDI_CLEAR_STATISTICS, uint16_t, undi_clear_statistics),
    SERVICE(PXE_UNDI_GET_MCAST_ADDRESS, PxeUndiMulticastMac, undi_get_mcast_address),
    SERVICE(PXE_UNDI_GET_NIC_TYPE, PxeUndiNicType, undi_get_nic_type),
    SERVICE(PXE_UNDI_GET_IFACE_INFO, PxeUndiInterface, undi_get_iface_info),
};

/* Large, so behind everything else that changes. */
#define BUFFER __attribute__((section(".buffers,\"aw\",@nobits#"), aligned(16)))

static Stack stack;
static BUFFER uint8_t stack_tx[ETH_FRAME_MAX + 2];
static BUFFER Reassembly stack_reassembly;
static __attribute__((section(".buffers,\"aw\",@nobits#"), aligned(4096)))
uint8_t stack_nic_memory[NIC_MEMORY_SIZE];

/**
 * service_call:
 * @function: the service's number
 * @at: its parameters, in the caller's memory
 *
 * What entry.S calls for each call of a boot program.
 * Returns: PXENV_EXIT_SUCCESS or PXENV_EXIT_FAILURE; the status is in the parameters
 **/
uint16_t
service_call(uint16_t function, FarPointer at)
{
    PxeParameters p;

    for (uint8_t i = 0; i < sizeof services / sizeof *services; i++) {
        if (services[i].function != function)
            continue;
        far_read(&p, at, services[i].size);
        p.status = services[i].call(&stack, &p);
        far_write(at, &p, services[i].size);
        return p.status != PXE_SUCCESS;
    }
    p.status = PXE_UNSUPPORTED;
    far_write(at, &p.status, sizeof p.status);
    return true;
}

/**
 * stack_start:
 * @bangpxe_at: the boot ROM's !PXE
 *
 * Returns: whether the stack runs; else the boot ROM's is as it was
 **/
uint16_t
stack_start(FarPointer bangpxe_at)
{
    stack.nic.tx = stack_tx;
    stack.nic.memory = stack_nic_memory;
    stack.net.nic = &stack.nic;
    stack.tftp.net = &stack.net;
    stack.net.reassembly = &stack_reassembly;
    return take_over(&stack, bangpxe_at);
}

/* Starts the card, if it is not on. Returns: whether it is on */
bool
stack_card_on(Stack *self)
{
    return !self->handed_back && (self->nic.running || nic_start(&self->nic, NIC_FILTER_USUAL));
}
