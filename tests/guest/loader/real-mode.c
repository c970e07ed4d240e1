/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls are made in real mode, as by BTX 1.02: real-call.S leaves protected mode for each. */
#include "tests/guest/loader/exception.h"
#include "tests/guest/loader/real-call.h"

const char real_call_way[] = "in real mode, as BTX 1.02 does";

void
real_call_start(void)
{
    exception_start();
}

void
real_call_stop(void)
{
}
