/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Datagrams, by the PXE stack's UDP services or by our own UDP over its UNDI ones. */
#pragma once

#include "tests/guest/loader/pxe.h"

#define UDP_PAYLOAD_MAX 17000 /* an NFS READ of 16384 bytes */

typedef struct {
    void (*start)(void); /* once */
    void (*open)(void);  /* when the first file is opened */
    void (*close)(void); /* when the last file is closed */
    Mac (*mac)(void);
    /* FALSE: it could not be sent now */
    bool (*send)(
        Ip4 to, uint16_t to_port, uint16_t from_port, const uint8_t *payload, uint32_t len);
    /* May wait up to @wait_s. Returns: the length of a payload that came to @port; -1: nothing came
     */
    int32_t (*receive)(uint16_t port, uint8_t *payload, uint32_t size, uint32_t wait_s);
} UdpStack;

extern const UdpStack pxe_udp_stack;
extern const UdpStack undi_stack;

typedef bool (*UdpAccept)(const uint8_t *payload, uint32_t len, void *data);

void udp_open(void);
void udp_close(void);
int32_t udp_exchange(Ip4 to,
                     uint16_t to_port,
                     uint16_t from_port,
                     const uint8_t *request,
                     uint32_t request_len,
                     uint8_t *reply,
                     uint32_t reply_size,
                     UdpAccept accept,
                     void *data);
uint32_t udp_wait_doubling(uint32_t last_wait);
uint32_t udp_wait_rising(uint32_t last_wait);
