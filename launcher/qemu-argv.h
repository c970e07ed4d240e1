/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QEMU's command line, from the configuration; pure. */
#pragma once

#include "launcher/run-config.h"

/* Descriptor numbers in the child. */
enum {
    QEMU_FD_NET = 3,
    QEMU_FD_QMP = 4,
    QEMU_FD_SERIAL = 5,
    QEMU_FD_SCREEN = 6,
    QEMU_FD_CD = 7,
};

typedef struct {
    const char *qemu;
    gboolean kvm;
    const char *display; /* of QEMU: "none", "curses", "gtk", … */
    gboolean usb_keyboard;
    const char *rom; /* (nullable): path of the card's boot ROM; NULL: QEMU's own */
    /* For a command that somebody pastes: no inherited descriptors. */
    gboolean stand_alone;
    const char *bootfile;
} QemuSetup;

char **qemu_argv_build(const RunConfig *config, const QemuSetup *setup);
char *qemu_argv_quote(char *const *argv);
