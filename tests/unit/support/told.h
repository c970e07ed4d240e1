/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an operator is told, and the form that it must have. */
#pragma once

#include "base/error.h"

#include <string.h>

/* An error of our domain, with @code and with @part in its message. */
static inline void
assert_told(const GError *error, PxeRunError code, const char *part)
{
    g_assert_nonnull(error);
    g_assert_cmpstr(g_quark_to_string(error->domain), ==, g_quark_to_string(PXE_RUN_ERROR));
    if (error->code != (int)code)
        g_error("code %d: %s", error->code, error->message);
    if (strstr(error->message, part) == NULL)
        g_error("'%s' is not in '%s'", part, error->message);
    g_assert_null(strchr(error->message, '\n'));
    g_assert_false(g_str_has_suffix(error->message, "."));
    g_assert_false(g_ascii_isupper(error->message[0]) && g_ascii_islower(error->message[1]));
}
