/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QEMU's Machine Protocol over one inherited socket. */
#pragma once

#include "base/json.h"

typedef struct Qmp Qmp;

/* The answer to a command: (@ret, NULL), or (NULL, what QEMU says). Both borrowed. When QEMU is
 * gone all commands under way are answered with an error. */
typedef void (*QmpReplyFunc)(JsonObject *ret, const char *error, gpointer data);

/* An event by its name. @name is NULL once, when QEMU has closed the connection. */
typedef void (*QmpEventFunc)(const char *name, JsonObject *event_data, gpointer data);

Qmp *qmp_new(int fd, QmpEventFunc event, gpointer data);
void qmp_free(Qmp *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Qmp, qmp_free)

void
qmp_execute(Qmp *self, const char *command, JsonObject *args, QmpReplyFunc func, gpointer data);
gboolean qmp_has_greeted(const Qmp *self);
gboolean qmp_is_lost(const Qmp *self);
void qmp_drain(Qmp *self);
