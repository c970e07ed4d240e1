/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Waits for a text on the serial line or on the screen; pure. */
#pragma once

#include <glib.h>

/* Of the serial line, so much is looked at; what is older cannot match any more. */
#define EXPECT_TAIL_MAX (64u << 10)

typedef struct Expect Expect;

Expect *expect_new(GRegex *regex);
void expect_free(Expect *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Expect, expect_free)

gboolean expect_feed_serial(Expect *self, const char *bytes, gsize len, gint64 now_us);
gboolean expect_feed_screen(Expect *self, const char *text);
gboolean expect_tick(Expect *self, gint64 now_us);
gboolean expect_finish(Expect *self);
const char *expect_serial_tail(const Expect *self);
const char *expect_serial_recent(const Expect *self);
const char *expect_matched(const Expect *self);
const char *expect_trouble(const Expect *self);
