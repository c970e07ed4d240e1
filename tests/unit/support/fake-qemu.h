/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QEMU's end of a QMP connection, played by a test. */
#pragma once

#include "launcher/qmp.h"

#define FAKE_GREETING "{\"QMP\": {\"version\": {}, \"capabilities\": []}}\r\n"

typedef struct {
    int fd;
    GString *got; /* what was sent to it */
    Qmp *qmp;     /* (transfer none): the client */
} FakeQemu;

FakeQemu *fake_qemu_new(QmpEventFunc event, gpointer data);
void fake_qemu_free(FakeQemu *self);
void fake_qemu_say(FakeQemu *self, const char *text);
char *fake_qemu_commands(FakeQemu *self);
void fake_qemu_turn(void);
