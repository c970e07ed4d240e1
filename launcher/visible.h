/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Foreign text (of a guest, an image, a user) as it may be shown on a terminal. */
#pragma once

#include <glib.h>

char *visible_line(const char *text);
char *visible_text(const char *text);
