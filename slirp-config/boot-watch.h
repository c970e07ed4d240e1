/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads what passes on the LAN and tells how far the boot is; changes nothing. */
#pragma once

#include "slirp-config/dhcp-message.h"
#include "slirp-config/lan.h"

typedef enum {
    BOOT_DHCP_DISCOVER,
    BOOT_DHCP_ACK,
    BOOT_TFTP_REQUEST,
    BOOT_TFTP_BLOCK,
    BOOT_TFTP_END,
    BOOT_TFTP_ERROR,
    BOOT_EVENT_COUNT
} BootEventKind;

#define BOOT_NAME_MAX 128

typedef struct {
    BootEventKind kind;
    DhcpClient client;        /* DHCP_* */
    Ip4Addr address;          /* DHCP_ACK: what the client got */
    char name[BOOT_NAME_MAX]; /* TFTP_*: the file, escaped for output; TFTP_ERROR: "name: text" */
    guint64 bytes;            /* TFTP_BLOCK, _END: so far */
    guint64 size;             /* TFTP_BLOCK, _END: of the file, 0 while unknown */
} BootEvent;

typedef void (*BootEventFunc)(const BootEvent *event, gpointer data);

typedef struct BootWatch BootWatch;

BootWatch *boot_watch_new(Lan *lan, BootEventFunc func, gpointer data);
void boot_watch_free(BootWatch *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BootWatch, boot_watch_free)
