/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

void net_open_find_root(void);
