/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ONC RPC over UDP, with the port mapper behind it. */
#pragma once

#include "tests/guest/loader/xdr.h"

#define RPC_MOUNT 100005
#define RPC_NFS   100003

void rpc_next_port(void);
int32_t rpc_call(uint32_t program,
                 uint32_t version,
                 uint32_t procedure,
                 const XdrOut *arguments,
                 uint32_t result_max,
                 const uint8_t **ret_result);
