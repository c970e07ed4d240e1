/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The card's states and properties, for those who bring their own IP: FreeBSD's loaders from 12 on,
 * pxelinux, iPXE's undionly [PXE 2.1, UNDI API]. The frames themselves are in
 * services-undi-frames.c.
 */
#include "images/pxe-stack/machine.h"
#include "images/pxe-stack/stack.h"

#define UNDI_MTU           1500
#define UNDI_HARDWARE_TYPE 1 /* Ethernet, as in ARP */
#define UNDI_LINK_SPEED    100000000u

/* UNDI_GET_IFACE_INFO's ServiceFlags; no interrupts, so the caller must ask */
#define SERVICE_BROADCAST   0x00000001u
#define SERVICE_MULTICAST   0x00000002u
#define SERVICE_PROMISCUOUS 0x00000008u
#define SERVICE_RESET       0x00000040u
#define SERVICE_OPEN_CLOSE  0x00000080u

static uint16_t
start_with_filter(Stack *self, uint8_t filter)
{
    if (self->handed_back)
        return PXE_UNDI_INVALID_STATE;
    return nic_start(&self->nic, filter) ? PXE_SUCCESS : PXE_UNDI_CANNOT_INITIALIZE;
}

/* Multicast frames are all taken, as soon as some are wanted. */
static uint8_t
filter_with_multicast(uint8_t filter, const PxeMulticast *multicast)
{
    filter &= (uint8_t)~NIC_MULTICAST;
    return multicast->count > 0 ? filter | NIC_MULTICAST : filter;
}

/* PXENV_UNDI_STARTUP: there is nothing that INITIALIZE does not do. */
uint16_t
undi_startup(Stack *self, PxeParameters *p)
{
    (void)p;
    return self->handed_back ? PXE_UNDI_INVALID_STATE : PXE_SUCCESS;
}

/* PXENV_UNDI_CLEANUP */
uint16_t
undi_cleanup(Stack *self, PxeParameters *p)
{
    (void)p;
    nic_stop(&self->nic);
    return PXE_SUCCESS;
}

/* PXENV_UNDI_INITIALIZE: the card works, and receives nothing before it is opened. */
uint16_t
undi_initialize(Stack *self, PxeParameters *p)
{
    (void)p;
    return start_with_filter(self, 0);
}

/* PXENV_UNDI_RESET_ADAPTER */
uint16_t
undi_reset_adapter(Stack *self, PxeParameters *p)
{
    uint8_t filter = filter_with_multicast(self->nic.filter, &p->undi_multicast.multicast);

    nic_stop(&self->nic);
    return start_with_filter(self, filter);
}

/* PXENV_UNDI_SHUTDOWN: as after a reset; the card writes to no memory any more. */
uint16_t
undi_shutdown(Stack *self, PxeParameters *p)
{
    (void)p;
    nic_stop(&self->nic);
    self->udp_open = false;
    self->tftp.open = false;
    return PXE_SUCCESS;
}

/* PXENV_UNDI_OPEN */
uint16_t
undi_open(Stack *self, PxeParameters *p)
{
    const PxeUndiOpen *open = &p->undi_open;

    return start_with_filter(
        self, filter_with_multicast((uint8_t)open->filter & (NIC_FILTER_USUAL | NIC_PROMISCUOUS),
                                    &open->multicast));
}

/* PXENV_UNDI_CLOSE: as after INITIALIZE */
uint16_t
undi_close(Stack *self, PxeParameters *p)
{
    (void)p;
    self->sent_unreported = false;
    return self->nic.running ? start_with_filter(self, 0) : PXE_SUCCESS;
}

/* PXENV_UNDI_SET_MCAST_ADDRESS */
uint16_t
undi_set_mcast_address(Stack *self, PxeParameters *p)
{
    return start_with_filter(self,
                             filter_with_multicast(self->nic.filter, &p->undi_multicast.multicast));
}

/* PXENV_UNDI_SET_STATION_ADDRESS: holds from the next start on, as the specification wants */
uint16_t
undi_set_station_address(Stack *self, PxeParameters *p)
{
    const PxeUndiStationAddress *station = &p->undi_station_address;
    uint8_t filter = self->nic.filter;
    bool was_running = self->nic.running;

    if ((station->address.b[0] & 1) != 0)
        return PXE_UNDI_INVALID_PARAMETER;
    if (memcmp(&self->nic.mac, &station->address, sizeof(Mac)) == 0)
        return PXE_SUCCESS;
    nic_stop(&self->nic);
    self->nic.mac = station->address;
    return was_running ? start_with_filter(self, filter) : PXE_SUCCESS;
}

/* PXENV_UNDI_SET_PACKET_FILTER */
uint16_t
undi_set_packet_filter(Stack *self, PxeParameters *p)
{
    uint8_t filter = p->undi_filter.filter & (NIC_FILTER_USUAL | NIC_PROMISCUOUS);

    return start_with_filter(self, filter | (self->nic.filter & NIC_MULTICAST));
}

/* PXENV_UNDI_GET_INFORMATION. Interrupt 0 says that there is none: the card is polled. */
uint16_t
undi_get_information(Stack *self, PxeParameters *p)
{
    PxeUndiInformation *information = &p->undi_information;

    memset(information, 0, sizeof *information);
    information->base_io = self->nic.io;
    information->mtu = UNDI_MTU;
    information->hardware_type = UNDI_HARDWARE_TYPE;
    information->hardware_len = sizeof(Mac);
    memcpy(information->current_address, &self->nic.mac, sizeof(Mac));
    memcpy(information->permanent_address, &self->nic.permanent_mac, sizeof(Mac));
    information->rx_buffers = 1;
    information->tx_buffers = 1;
    return PXE_SUCCESS;
}

/* PXENV_UNDI_GET_STATISTICS */
uint16_t
undi_get_statistics(Stack *self, PxeParameters *p)
{
    PxeUndiStatistics *statistics = &p->undi_statistics;

    memset(statistics, 0, sizeof *statistics);
    statistics->sent = self->nic.frames_sent;
    statistics->received = self->nic.frames_received;
    return PXE_SUCCESS;
}

/* PXENV_UNDI_CLEAR_STATISTICS */
uint16_t
undi_clear_statistics(Stack *self, PxeParameters *p)
{
    (void)p;
    self->nic.frames_sent = 0;
    self->nic.frames_received = 0;
    return PXE_SUCCESS;
}

/* PXENV_UNDI_GET_MCAST_ADDRESS [RFC 1112 §6.4] */
uint16_t
undi_get_mcast_address(Stack *self, PxeParameters *p)
{
    PxeUndiMulticastMac *multicast = &p->undi_multicast_mac;
    const uint8_t *ip = (const uint8_t *)&multicast->ip;
    const Mac mac = { { 1, 0, 0x5e, ip[1] & 0x7f, ip[2], ip[3] } };

    (void)self;
    memset(multicast->mac, 0, sizeof multicast->mac);
    memcpy(multicast->mac, &mac, sizeof mac);
    return PXE_SUCCESS;
}

/* PXENV_UNDI_GET_NIC_TYPE. See unload_stack() for what follows from the question. */
uint16_t
undi_get_nic_type(Stack *self, PxeParameters *p)
{
    const Nic *nic = &self->nic;

    self->undi_is_wanted = true;
    p->undi_nic_type = (PxeUndiNicType){
        .type = PXE_NIC_TYPE_PCI,
        .vendor = nic->vendor,
        .device = nic->device,
        .programming_interface = nic->class[0],
        .subclass = nic->class[1],
        .base_class = nic->class[2],
        .revision = nic->revision,
        .pci_address = nic->pci_address,
        .subvendor = nic->subvendor,
        .subdevice = nic->subdevice,
    };
    return PXE_SUCCESS;
}

/* PXENV_UNDI_GET_IFACE_INFO: "DIX+802.3" is Ethernet's name there. */
uint16_t
undi_get_iface_info(Stack *self, PxeParameters *p)
{
    (void)self;
    p->undi_interface = (PxeUndiInterface){
        .type = "DIX+802.3",
        .link_speed = UNDI_LINK_SPEED,
        .service_flags = SERVICE_BROADCAST | SERVICE_MULTICAST | SERVICE_PROMISCUOUS |
                         SERVICE_RESET | SERVICE_OPEN_CLOSE,
    };
    return PXE_SUCCESS;
}
