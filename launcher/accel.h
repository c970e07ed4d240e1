/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds out whether KVM really runs a guest here. */
#pragma once

#include <glib.h>

/* Give up on KVM after so long. */
#define ACCEL_PROBE_MS 200

gboolean accel_kvm_works(const char **ret_why_not);
