/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stands in front of libslirp's TFTP server: lets through only requests that this file has written
 * anew, for files that the tree has, and answers all others itself.
 */
#pragma once

#include "images/vfs.h"
#include "slirp-config/net/udp4.h"

#define TFTP_PORT         69
#define TFTP_SESSIONS_MAX 20 /* as many as libslirp has */

/* Where libslirp looks for files: a request names a descriptor of ours. */
#define TFTP_ROOT "/proc/self/fd"

typedef struct TftpGate TftpGate;

TftpGate *tftp_gate_new(Ip4Addr server, FrameFunc to_guest, FrameFunc to_server, gpointer data);
void tftp_gate_free(TftpGate *self);
void tftp_gate_set_tree(TftpGate *self, Vfs *vfs);

void tftp_gate_input(
    TftpGate *self, const Ip4Route *from_guest, UdpHeader ports, Cursor payload, Cursor frame);
void tftp_gate_output(TftpGate *self, UdpHeader ports, Cursor payload, Cursor frame);
void tftp_gate_end(TftpGate *self);
