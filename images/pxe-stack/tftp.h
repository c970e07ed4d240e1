/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A TFTP client that reads one file at a time, a block at a time.
 *
 * Theory of operation: a block is acknowledged when the next one is asked for, so the server waits
 * with the caller. A server that takes no options answers the request with the first block, which
 * stays in the card's ring until it is asked for. What is not answered is sent again after a
 * second.
 *
 * Source: RFC 1350, RFC 2347 (options), RFC 2348 (blksize), RFC 2349 (tsize)
 */
#pragma once

#include "images/pxe-stack/net.h"

#define TFTP_PORT           69
#define TFTP_BLOCK_SIZE     512 /* without options */
#define TFTP_BLOCK_SIZE_MAX 1456

typedef struct {
    Net *net;
    bool open;
    bool first_is_here; /* the server has sent the first block at once: it is in @first */
    bool ended;
    bool has_file_size;
    uint16_t block_size;
    uint16_t block; /* the last one received; 0: none */
    uint16_t next_port;
    uint32_t file_size;
    UdpPeer peer;
    const char *name; /* until the file is open */
    Datagram first;
} Tftp;

typedef struct {
    Ip4 server, gateway;
    uint16_t port;       /* 0: the usual one */
    uint16_t block_size; /* at most */
    const char *name;    /* NUL-terminated, as long as tftp_open() runs */
} TftpRequest;

/* All return a status of PXE's. */
uint16_t tftp_open(Tftp *self, const TftpRequest *request);
uint16_t tftp_read(Tftp *self, const uint8_t **ret, uint16_t *ret_len);
void tftp_taken(Tftp *self);
void tftp_close(Tftp *self);
