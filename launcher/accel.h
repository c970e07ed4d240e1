/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds out whether KVM really runs a guest here. */
#pragma once

#include <glib.h>

/* Give up on KVM after so long; and on the child that tries it, after so much longer. */
#define ACCEL_PROBE_MS 200
#define ACCEL_END_MS   50

/* What a trial can end with. */
typedef enum {
    ACCEL_WORKS,
    ACCEL_NO_DEVICE,
    ACCEL_NO_VM,
    ACCEL_NO_GUEST,
    ACCEL_RESULT_COUNT
} AccelResult;

/* As ioctl(2). */
typedef int (*AccelIoctl)(int fd, gulong request, guintptr arg);

gboolean accel_kvm_works(const char **ret_why_not);

/* The two halves of it. */
AccelResult accel_try(int kvm, AccelIoctl call);
AccelResult accel_in_child(AccelResult (*func)(void));
