/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QEMU's network card on the LAN: one end of a stream socketpair whose other end QEMU inherits. */
#pragma once

#include "slirp-config/lan.h"

/* Bytes that wait for QEMU at most: 500 full frames. From half of that on the LAN is held; the rest
 * is room for the answer to one frame: a 32-KiB READ in 23 fragments, or what libslirp sends in one
 * go. */
#define QEMU_PORT_QUEUE_SIZE ((gsize)768 << 10)

typedef struct QemuPort QemuPort;

QemuPort *qemu_port_new(Lan *lan, int fd, GMainContext *context);
void qemu_port_free(QemuPort *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuPort, qemu_port_free)

guint64 qemu_port_lost(const QemuPort *self);
