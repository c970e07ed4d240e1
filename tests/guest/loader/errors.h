/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Error numbers as FreeBSD has them [sys/errno.h]; those of NFS are the same. */
#pragma once

#define ENOENT       2
#define EIO          5
#define ENXIO        6
#define ENOTDIR      20
#define EINVAL       22
#define ETIMEDOUT    60
#define ENAMETOOLONG 63
#define EBADRPC      72
