/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes what passes on the LAN to a capture file, with nanosecond times. */
#pragma once

#include "slirp-config/lan.h"

typedef struct Pcap Pcap;

Pcap *pcap_open(const char *path, GError **error);
void pcap_attach(Pcap *self, Lan *lan);
gboolean pcap_close(Pcap *self, GError **error);
