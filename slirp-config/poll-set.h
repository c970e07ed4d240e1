/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptors on a source of the main loop, for somebody who names them anew in each round. */
#pragma once

#include <glib.h>

typedef struct PollSet PollSet;

PollSet *poll_set_new(GSource *source);
void poll_set_free(PollSet *self);

void poll_set_begin(PollSet *self);
guint poll_set_add(PollSet *self, int fd, GIOCondition condition);
void poll_set_end(PollSet *self);

GIOCondition poll_set_ready(const PollSet *self, guint index);
gboolean poll_set_any_ready(const PollSet *self);
