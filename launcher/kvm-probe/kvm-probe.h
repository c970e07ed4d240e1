/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kvm-probe.S as assembled, in the program. */
#pragma once

#include <glib.h>

extern const guint8 kvm_probe[];
extern const guint32 kvm_probe_size; /* bytes */
