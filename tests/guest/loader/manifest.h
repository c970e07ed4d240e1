/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

void manifest_check(const char *path);
