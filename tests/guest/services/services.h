/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program that calls the services of a PXE stack one by one; each part of it is one file. */
#pragma once

#include "tests/guest/loader/pxe.h"

/* PXE 2.1, appendix: PXENV_STATUS codes */
enum {
    STATUS_SUCCESS = 0x00,
    STATUS_FAILURE = 0x01,
    STATUS_UNSUPPORTED = 0x03,
    STATUS_TFTP_NOT_FOUND = 0x3b
};

/* Calls and demands the status; ends the program with @what when it is another one. */
void service_expect(uint16_t status, PxeFunction function, void *parameters, const char *what);

void services_check_cached(void);
void services_check_clock(void);
void services_check_udp(void);
void services_check_tftp(void);
void services_check_undi(void);
