/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * BTX, which FreeBSD's loader runs on, and its client, the loader proper. Both are in the boot
 * program, one behind the other, and go to fixed places in base memory.
 */
#pragma once

#include <glib.h>

/* All zero: there is no BTX in it. */
typedef struct {
    guint major, minor;
    guint32 memory_end; /* first byte of base memory that the client does not use, but for the stack
                         * that grows down from the end of it all; 0: not known */
} BtxClient;

/* What BTX and the client need at the end of base memory: arguments, 4 KiB, and a stack, of which
 * FreeBSD says that 25 KiB are enough mostly [stand/i386/loader/Makefile: LOADERSIZE]. */
#define BTX_STACK_SIZE (36u << 10)

BtxClient btx_client_find(const guint8 *bytes, gsize len);
