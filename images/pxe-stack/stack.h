/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All that the stack knows; there is one, in services.c, and everybody gets a pointer to it. */
#pragma once

#include "images/pxe-stack/net.h"
#include "images/pxe-stack/pxe.h"
#include "images/pxe-stack/tftp.h"

#define STACK_PACKETS     3    /* DHCPDISCOVER, DHCPACK, and the boot server's reply */
#define STACK_PACKET_SIZE 1260 /* of PXE 2.1's BOOTPLAYER: 236 bytes, and 1024 of options */

typedef struct {
    uint16_t len;
    uint8_t bytes[STACK_PACKET_SIZE];
} StackPacket;

typedef struct {
    Nic nic;
    Net net;
    Tftp tftp;
    StackPacket packets[STACK_PACKETS];
    bool handed_back; /* memory and vectors are not ours any more */
    bool udp_open;
    bool undi_is_wanted;  /* somebody will drive the card when the rest has been unloaded */
    bool sent_unreported; /* UNDI_ISR has not said yet that the last frame is sent */
    bool told_of_frame;   /* its last answer was a frame */
} Stack;

/* start.S: what whoever makes the boot program sets in the image's header */
extern const uint8_t stack_flags;        /* STACK_MERGES_FRAGMENTS or 0 */
extern const uint16_t stack_program_end; /* paragraphs of base memory that the boot program needs */
#define STACK_MERGES_FRAGMENTS 0x01

typedef uint16_t PxeService(Stack *self, PxeParameters *p);

/* services.c: what becomes of the status by itself */
bool stack_card_on(Stack *self);

/* services-control.c */
PxeService get_cached_info, start_undi, stop_undi, unload_stack;

/* services-udp.c */
PxeService udp_open, udp_close, udp_read, udp_write;

/* services-tftp.c */
PxeService tftp_service_open, tftp_service_read, tftp_service_close, tftp_service_get_fsize,
    tftp_service_read_file;

/* services-undi.c */
PxeService undi_startup, undi_cleanup, undi_initialize, undi_reset_adapter, undi_shutdown,
    undi_open, undi_close, undi_set_mcast_address, undi_set_station_address, undi_set_packet_filter,
    undi_get_information, undi_get_statistics, undi_clear_statistics, undi_get_mcast_address,
    undi_get_nic_type, undi_get_iface_info;

/* services-undi-frames.c */
PxeService undi_transmit, undi_isr;

/* take-over.c */
bool take_over(Stack *self, FarPointer bangpxe_at);
bool hand_back(void);
